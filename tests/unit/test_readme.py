"""The README shows what the program prints today."""

from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- table 2: begin -->\n", "<!-- table 2: end -->"


def test_table_2_of_the_readme_is_current(study):
    shown = README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert shown.strip() == study.table2.to_markdown().strip()
