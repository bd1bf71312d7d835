"""A point is in a row's region exactly when it prints as that row does."""

import numpy as np
import pytest

from core_trial.models.inference import wald
from core_trial.report.number import effect, p_value
from core_trial.report.styles import LANCET
from core_trial.synthesis.regions import Bounds, Line, Region
from core_trial.trials.core.generator.targets import published
from core_trial.trials.core.words import INSTRUMENTS, Visit

TARGETS = published()
RATIOS = ("readmission", "time_to_readmission", "acute_days", "readmission_days")
SCORES = tuple(f"{i.outcome}_{v}" for i in INSTRUMENTS for v in (Visit.MONTH_4, Visit.MONTH_18))
LINES = {
    **{name: TARGETS.line(name, ratio=True) for name in RATIOS},
    **{name: TARGETS.line(name, ratio=False) for name in (*SCORES, "cmht_contacts")},
    "adjusted": TARGETS.line("recovery_month_4", ratio=False, level="missingness_adjusted"),
}
#: Points along each edge of a region, and how far from the centre they are pulled or pushed: 1 is
#: the border itself, which is left out since ties count as noise in print.
ALONG = np.linspace(0, 1, 12, endpoint=False)
RADII = (0.05, 0.3, 0.6, 0.9, 0.99, 0.9999, 1.0001, 1.01, 1.1, 1.5, 2.5, 5.0)


def printed(line, b, s):
    """The row that an estimate and its standard error give, all four numbers."""
    w = wald(b, s)
    report = np.exp if line.ratio else np.asarray
    estimate, low, high = (float(report(x)) for x in (b, w.low[0], w.high[0]))
    p = p_value(float(w.p_value[0]), LANCET) if line.p_value else ""
    return effect(estimate, low, high, 2, LANCET), p


@pytest.mark.parametrize("name", LINES)
def test_region_holds_exactly_what_prints_as_the_row(name):
    line = LINES[name]
    region = Region.of(line)
    wanted = f"{line.estimate} ({line.low} to {line.high})", line.p_value
    corners = zip(region.vertices, np.roll(region.vertices, -1, axis=0), strict=True)
    border = [here + t * (there - here) for here, there in corners for t in ALONG]
    for point in border:
        for radius in RADII:
            b, s = region.aim + radius * (point - region.aim)
            assert region.gauge(b, s) == pytest.approx(radius, rel=1e-6)
            if s > 0:
                assert (radius < 1) == (printed(line, b, s) == wanted), (b, s)


@pytest.mark.parametrize("name", LINES)
def test_gauge_is_zero_in_the_middle_and_one_on_the_border(name):
    region = Region.of(LINES[name])
    assert region.gauge(*region.aim) == pytest.approx(0, abs=1e-9)
    for vertex in region.vertices:
        assert region.gauge(*vertex) == pytest.approx(1, rel=1e-6)
    halfway = (region.vertices[0] + region.aim) / 2
    assert region.gauge(*halfway) == pytest.approx(0.5, rel=1e-6)
    assert tuple(halfway) in region


def test_gauge_of_arrays_is_that_of_their_elements():
    region = Region.of(LINES["readmission"])
    b, s = np.array([-0.42, -0.5, 0.1]), np.array([0.2, 0.21, 0.3])
    single = [float(region.gauge(x, y)) for x, y in zip(b, s, strict=True)]
    assert region.gauge(b, s).tolist() == pytest.approx(single)


def test_a_row_that_contradicts_itself_has_no_region():
    with pytest.raises(ValueError, match="no estimate and standard error print as"):
        Region.of(Line("0·66", "0·43", "0·99", "0·5000", ratio=True))
    with pytest.raises(ValueError, match="no estimate"):
        Region.of(Line("2·00", "1·00", "5·00"))


def test_the_sign_of_a_rounded_zero_is_that_of_its_interval():
    region = Region.of(Line("0·00", "–0·50", "0·49", "0·9900"))
    assert region.aim[0] < 0


def test_bounds_measure_in_half_widths():
    bounds = Bounds.of("8·6")
    assert (bounds.low, bounds.high) == (8.55, 8.65)
    assert bounds.gauge(np.array([8.6, 8.65, 8.7])).tolist() == pytest.approx([0, 1, 2])
    assert bounds.nearest(9.0) == pytest.approx(8.6 + 0.75 * 0.05)
    assert bounds.nearest(8.61) == 8.61
