"""The trial profile as a diagram: screened, randomised, followed up and analysed.

Measures are millimetres from the upper left corner.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.declaration.layout import FlowSection, Stage
from core_trial.declaration.trial import Trial
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.figure import BLACK, TWO_COLUMNS, Figure, blank, place
from core_trial.report.flow import RANDOMISED, TITLE, cell, reasons, sections
from core_trial.report.styles import LANCET, Style
from core_trial.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_LINE, _PAD, _GAP, _EDGE = 3.2, 1.8, 6.0, 0.5
#: Boxes on the way to randomisation, boxes beside it, boxes of an arm: parts of the width.
_TRUNK, _ASIDE, _ARM = 0.33, 0.41, 0.46
#: Characters to a millimetre, a little fewer than there are.
_CHARACTERS = 0.68

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """Lines of text in a frame; the upper left corner is at (left, top)."""

    lines: tuple[str, ...]
    left: float
    top: float
    width: float

    @property
    def wrapped(self) -> tuple[str, ...]:
        """The lines as they fit across the box."""
        fits = int(self.width * _CHARACTERS)
        wrapped = (textwrap.wrap(line, fits, subsequent_indent="    ") for line in self.lines)
        return tuple(part for parts in wrapped for part in parts)

    @property
    def bottom(self) -> float:
        """Lower edge: the box is as high as its lines need."""
        return self.top + _LINE * len(self.wrapped) + 2 * _PAD

    @property
    def middle(self) -> float:
        """Half-way across."""
        return self.left + self.width / 2

    @property
    def centre(self) -> float:
        """Half-way down."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes, and lines through points that end in an arrow head."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[Point, ...], ...]

    @property
    def height(self) -> float:
        """Lower edge of the lowest box."""
        return max((box.bottom for box in self.boxes), default=0.0) + _EDGE


def flow_figure(results: Results, trial: Trial, style: Style = LANCET) -> Figure:
    """Draw the trial profile, as reports after CONSORT have it.

    Parameters
    ----------
    results
        Holds the flow counts; a step without a count is left out.
    trial
        The declaration.
    style
        How numbers are spelt.

    References
    ----------
    Schulz KF, Altman DG, Moher D. CONSORT 2010 statement. BMJ 2010; 340: c332.
    """
    diagram = lay_out(results, trial, style)
    downwards = sorted(diagram.boxes, key=lambda box: (box.top, box.left))
    return Figure(
        name="flow_diagram",
        title=TITLE,
        alt="Flow diagram. " + ". ".join("; ".join(box.lines) for box in downwards) + ".",
        paint=partial(_paint, results, trial, style),
        width=style.columns[1],
        note=cells.note(results, cells.invented(results, trial, "flow_diagram")),
    )


def lay_out(results: Results, trial: Trial, style: Style, width: float = TWO_COLUMNS) -> Diagram:
    """Place every box: down the middle to randomisation, then down each arm."""
    parts = sections(results, trial)
    trunk, asides = _before_randomisation(results, parts, style, width)
    last, across = trunk[-1], _ARM * width
    arms = [
        _stack(
            _arm_lines(results, trial, parts, arm, style), left, last.bottom + _GAP, _ARM * width
        )
        for arm, left in zip(PRINTED_ARMS, (_EDGE, width - across - _EDGE), strict=True)
    ]
    arrows = [*_down(trunk), *(arrow for arm in arms for arrow in _down(arm))]
    arrows += [((trunk[0].middle, box.centre), (box.left, box.centre)) for box in asides]
    arrows += [_elbow(last, arm[0]) for arm in arms]
    return Diagram((*trunk, *asides, *(box for arm in arms for box in arm)), tuple(arrows))


def _before_randomisation(
    results: Results, parts: Sequence[FlowSection], style: Style, width: float
) -> tuple[list[Box], list[Box]]:
    """Boxes down to randomisation, and beside them those who left on the way, with reasons."""
    trunk, asides, top = list[Box](), list[Box](), _EDGE
    trunk_width, aside_width = _TRUNK * width, _ASIDE * width
    for section in (part for part in parts if part.stage == Stage.BEFORE):
        for step, label in section.steps.items():
            lines = _step_lines(results, step, label, style)
            if step in section.leaving and (lines := (*lines, *_why(results, step, style))):
                left = width - aside_width - _EDGE
                asides.append(Box(lines, left, max(top - _GAP / 2, _EDGE), aside_width))
                top = asides[-1].bottom + _GAP / 2
            elif lines:
                trunk.append(Box(lines, (width - trunk_width) / 2, top, trunk_width))
                top = trunk[-1].bottom + _GAP
    lines = _randomised_lines(results, parts, style)
    trunk.append(Box(lines, (width - trunk_width) / 2, top, trunk_width))
    return trunk, asides


def _step_lines(results: Results, step: str, label: str, style: Style) -> tuple[str, ...]:
    text = cell(results, Place("flow", "", step), style)
    return (f"{label} (n={text})",) if text else ()


def _why(results: Results, step: str, style: Style) -> Iterator[str]:
    """A line for every reason of those who left at a step."""
    for reason in reasons(results, step):
        yield f"{cell(results, Place('flow', '', f'{step}: {reason}'), style)} {reason}"


def _randomised_lines(
    results: Results, parts: Sequence[FlowSection], style: Style
) -> tuple[str, ...]:
    steps = {s: x for p in parts if p.stage == Stage.RANDOMISED for s, x in p.steps.items()}
    label = steps.pop(RANDOMISED, "Randomised")
    head = _step_lines(results, RANDOMISED, label, style)
    counted = ((cell(results, Place("flow", "", s), style), s) for s in steps)
    return (
        *(head or (label,)),
        *(f"{n} {steps[s][0].lower()}{steps[s][1:]}" for n, s in counted if n),
    )


def _arm_lines(
    results: Results, trial: Trial, parts: Sequence[FlowSection], arm: Group, style: Style
) -> Iterator[tuple[str, ...]]:
    """The boxes of one arm: allocated, and followed up."""
    n = cell(results, Place("flow", arm, RANDOMISED), style)
    label = trial.arm.label(arm)
    yield (f"{label} (n={n})" if n else label,)
    for section in (part for part in parts if part.stage == Stage.AFTER):
        for steps in section.boxes or (tuple(section.steps),):
            named = ((section.steps[s], cell(results, Place("flow", arm, s), style)) for s in steps)
            if lines := tuple(f"{text}: {n}" for text, n in named if n):
                yield lines


def _stack(texts: Iterable[tuple[str, ...]], left: float, top: float, width: float) -> list[Box]:
    boxes: list[Box] = []
    for lines in texts:
        boxes.append(Box(lines, left, boxes[-1].bottom + _GAP if boxes else top, width))
    return boxes


def _down(boxes: Sequence[Box]) -> Iterator[tuple[Point, ...]]:
    for upper, lower in pairwise(boxes):
        yield (upper.middle, upper.bottom), (lower.middle, lower.top)


def _elbow(upper: Box, lower: Box) -> tuple[Point, ...]:
    """Down, across and down again."""
    bend = (upper.bottom + lower.top) / 2
    return (
        (upper.middle, upper.bottom),
        (upper.middle, bend),
        (lower.middle, bend),
        (lower.middle, lower.top),
    )


def _paint(results: Results, trial: Trial, style: Style, width: float) -> Drawing:
    diagram = lay_out(results, trial, style, width)
    drawing = blank(width, diagram.height)
    axes = place(drawing, 0, 0, width, diagram.height)
    axes.set(xlim=(0, width), ylim=(diagram.height, 0))
    axes.set_axis_off()
    for points in diagram.arrows:
        _paint_arrow(axes, points)
    for box in diagram.boxes:
        _paint_box(axes, box)
    return drawing


def _paint_box(axes: Axes, box: Box) -> None:
    from matplotlib.patches import Rectangle

    size = (box.width, box.bottom - box.top)
    axes.add_patch(Rectangle((box.left, box.top), *size, fill=False, edgecolor=BLACK, lw=0.6))
    for i, line in enumerate(box.wrapped):
        y = box.top + _PAD + (i + 0.5) * _LINE
        axes.text(box.left + 2 * _PAD, y, line, va="center", parse_math=False)


def _paint_arrow(axes: Axes, points: Sequence[Point]) -> None:
    across, down = zip(*points, strict=True)
    axes.plot(across, down, color=BLACK, linewidth=0.6, solid_joinstyle="miter")
    axes.annotate(
        "",
        points[-1],
        xytext=points[-2],
        arrowprops={"arrowstyle": "-|>", "color": BLACK, "lw": 0.6, "shrinkA": 0, "shrinkB": 0},
    )
