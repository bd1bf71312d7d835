"""The little HTML that the pages share: one style sheet, one frame around a page, escaping.

Pages load nothing from anywhere, and are well-formed XML too, so that any parser reads them.
"""

from __future__ import annotations

import re
from html import escape

__all__ = ["STYLE", "escape", "page", "paragraph"]

#: Rules only above and below, as in a printed journal; every colour follows the reader's theme.
_RULES = """
.core-trial { font-family: "Source Sans 3", "Helvetica Neue", Helvetica, Arial, sans-serif;
  font-size: 0.9375rem; line-height: 1.35; width: fit-content; max-width: 100%; margin: 0 0 2rem; }
.core-trial table { table-layout: auto; margin: 0; border-collapse: collapse;
  font-size: inherit; border: 0;
  border-top: 2px solid currentColor; border-bottom: 2px solid currentColor;
  font-variant-numeric: lining-nums tabular-nums; }
.core-trial caption { text-align: left; font-weight: 700; padding: 0 0 0.5rem; font-size: 1.0625rem;
  color: inherit; caption-side: top; }
.core-trial .remark { font-weight: 400; font-size: 0.9375rem; }
.core-trial th, .core-trial td { text-align: left; vertical-align: top; border: 0; max-width: none;
  padding: 0.2rem 1.1rem 0.2rem 0; font-weight: 400; background: transparent; white-space: normal; }
.core-trial tr { background: transparent !important; }
.core-trial td { white-space: nowrap; }
.core-trial td.wrap { white-space: normal; max-width: 24rem; overflow-wrap: anywhere; }
.core-trial .plain td.wrap { max-width: none; }
.core-trial th.right, .core-trial td.right { text-align: right; }
.core-trial thead th { font-weight: 700; vertical-align: bottom; padding-bottom: 0.35rem;
  border-bottom: 1px solid currentColor; }
.core-trial th:last-child, .core-trial td:last-child { padding-right: 0; }
.core-trial .ct-group th { font-weight: 700; padding-top: 0.6rem; }
.core-trial tbody:first-of-type .ct-group th { padding-top: 0.35rem; }
.core-trial .ct-member th { padding-left: 1.1rem; min-width: 6rem; }
.core-trial .ct-row th { font-weight: 700; padding-top: 0.6rem; }
.core-trial .ct-row td { padding-top: 0.6rem; }
.core-trial .plain .ct-row th { font-weight: 400; padding-top: 0.2rem; }
.core-trial .plain .ct-row td { padding-top: 0.2rem; }
.core-trial tbody:last-of-type tr:last-child > * { padding-bottom: 0.4rem; }
.core-trial .notes { margin: 0.5rem 0 0; font-size: 0.8125rem; width: 0; min-width: 100%;
  max-width: none; }
.core-trial img { display: block; max-width: 100%; height: auto; background: #fff; }
.core-trial figcaption { margin: 0.5rem 0 0; font-size: 0.9375rem; font-weight: 700; }
.core-trial figcaption + .notes { font-weight: 400; }
@media (max-width: 48rem) {
  .core-trial .scroll { overflow-x: auto; }
  .core-trial tbody th { min-width: 12rem; }
}
@media print {
  .core-trial { font-size: 9pt; max-width: none; break-inside: auto; }
  .core-trial caption { font-size: 10pt; }
  .core-trial .notes { font-size: 7.5pt; }
  .core-trial thead { display: table-header-group; }
  .core-trial tr, .core-trial img { break-inside: avoid; }
  .core-trial img { width: auto !important; }
  .core-trial .ct-group { break-after: avoid; }
}
""".strip()

#: The rules, each selector with the class three times: a notebook's own rules for tables, such as
#: ``:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th``, name two classes and an element.
STYLE = _RULES.replace(".core-trial ", ".core-trial.core-trial.core-trial ")

_PAGE_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 64rem; color: #111; background: #fff;
  font-family: "Source Sans 3", "Helvetica Neue", Helvetica, Arial, sans-serif; line-height: 1.45; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 0.75rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; break-after: avoid; }
p { max-width: 46rem; }
nav ul { list-style: none; padding: 0; margin: 0 0 2rem; columns: 2; }
.number { white-space: nowrap; }
nav a { color: inherit; }
details { margin: 0 0 2rem; }
summary { cursor: pointer; font-weight: 700; margin: 0 0 0.75rem; }
@page { size: A4; margin: 18mm 16mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  nav { display: none; }
}
""".strip()

_NEGATIVE = re.compile(r"(?<![^\s(])–\d[\d·]*")
_UNBROKEN = r'<span class="number">\g<0></span>'
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, body: str) -> str:
    """A whole HTML page around a body that is HTML already.

    Parameters
    ----------
    title
        Plain text, for the browser's window and for screen readers.
    body
        What goes into ``<main>``.
    """
    return f"""<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="Content-Security-Policy" content="{_POLICY}" />
<title>{escape(title)}</title>
<style>
{_PAGE_STYLE}
{STYLE}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def paragraph(text: str) -> str:
    """Plain text as an escaped paragraph; a minus stays on the line of its number."""
    return f"<p>{_NEGATIVE.sub(_UNBROKEN, escape(text))}</p>"
