"""Sample sizes: hand algebra, published values of other programs, and simulated trials."""

import math

import numpy as np
import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from core_trial.analyses.power import Binary, Continuous, Test, power
from core_trial.analyses.sample_size import controls, sample_size
from core_trial.errors import DesignError

Z = special.ndtri(0.975) + special.ndtri(0.8)
FIXTURE = Continuous(difference=0.5, within=0.9, between=0.1, control=1.0)
#: Bisection stops at 1e-12 of the upper end of a shrinking interval.
NUMERICAL = 1e-9


def test_ten_clusters_of_ten_by_hand():
    """The clustered mean has variance 0.1/10 + 0.9/100; the controls' may add the rest."""
    allowed = (0.5 / Z) ** 2
    by_hand = 1.0 / (allowed - (0.1 / 10 + 0.9 / 100))
    assert controls(FIXTURE, clusters=10, size=10) == pytest.approx(by_hand, rel=NUMERICAL)
    assert round(by_hand, 2) == 77.81


def test_both_arms_by_hand():
    """n is (z + z)^2 (p q (1 + (m - 1) rho) + p q) / d^2 with the alternative's variances."""
    outcome = Binary(clustered=0.35, control=0.5, icc=0.03, pooled=False)
    by_hand = Z**2 * (0.35 * 0.65 * (1 + 19 * 0.03) + 0.25) / 0.15**2
    found = sample_size(outcome, size=20, attrition=0.1)
    assert found.clustered == pytest.approx(by_hand, rel=NUMERICAL)
    assert found.recruited_clustered == found.recruited_controls == math.ceil(by_hand / 0.9)
    assert found.clusters == math.ceil(by_hand / 20)


def test_the_pooled_error_by_hand():
    """Fleiss: z sqrt(2 p q) of the mean proportion, plus z sqrt(p1 q1 + p2 q2), over d."""
    by_hand = (
        special.ndtri(0.975) * math.sqrt(2 * 0.425 * 0.575)
        + special.ndtri(0.8) * math.sqrt(0.35 * 0.65 + 0.25)
    ) ** 2 / 0.15**2
    found = sample_size(Binary(clustered=0.35, control=0.5), size=1)
    assert found.clustered == pytest.approx(by_hand, rel=NUMERICAL)


def test_without_clusters_it_is_what_other_programs_print():
    """R 4.2.2: power.prop.test(p1=.5, p2=.35, power=.8); power.t.test(delta=.5, power=.8).

    The corrected 183 a group is Stata's ``sampsi .5 .35, power(.8)`` by its documented formula.
    """
    proportions = Binary(clustered=0.35, control=0.5)
    assert sample_size(proportions, size=1).clustered == pytest.approx(169.3114, abs=5e-5)
    corrected = sample_size(proportions, size=1, test=Test(continuity=True))
    assert corrected.recruited_controls == 183
    means = Continuous(difference=0.5, within=1, between=0, control=1)
    by_t = sample_size(means, size=1, test=Test(distribution="t"))
    assert by_t.clustered == pytest.approx(63.76576, abs=5e-6)


def test_the_continuity_correction_is_fleisss():
    """n/4 (1 + sqrt(1 + 2 (r + 1) / (n r d)))^2 from the uncorrected n."""
    outcome = Binary(clustered=0.35, control=0.5, icc=0.03)
    for ratio in (0.5, 1.0, 2.0):
        plain = sample_size(outcome, size=10, ratio=ratio).clustered
        by_hand = plain / 4 * (1 + math.sqrt(1 + 2 * (ratio + 1) / (plain * ratio * 0.15))) ** 2
        found = sample_size(outcome, size=10, ratio=ratio, test=Test(continuity=True))
        assert found.clustered == pytest.approx(by_hand, rel=NUMERICAL)


def test_unequal_clusters_count_as_larger_ones():
    """(1 + v^2) m in place of m, so a variation of 1 doubles the size that counts."""
    outcome = Binary(clustered=0.35, control=0.5, icc=0.03, pooled=False)
    doubled = Z**2 * (0.35 * 0.65 * (1 + (2 * 10 - 1) * 0.03) + 0.25) / 0.15**2
    assert sample_size(outcome, size=10, cv=1.0).clustered == pytest.approx(doubled, rel=NUMERICAL)


def test_students_power_is_scipys_non_central_t():
    V, c = (0.1 / 10 + 0.9 / 100, 1 / 78), 78
    df = sum(V) ** 2 / (V[0] ** 2 / 9 + V[1] ** 2 / (c - 1))
    expected = stats.nct.sf(stats.t.ppf(0.975, df), df, 0.5 / math.sqrt(sum(V)))
    found = power(FIXTURE, 100, c, size=10, test=Test(distribution="t"))
    assert found == pytest.approx(expected, rel=1e-6)


def test_students_t_asks_for_more_and_less_so_with_many_clusters():
    few = controls(FIXTURE, clusters=10, size=10, test=Test(distribution="t"))
    assert few > controls(FIXTURE, clusters=10, size=10) * 1.05
    normal = sample_size(FIXTURE, size=2).clustered
    many = sample_size(FIXTURE, size=2, test=Test(distribution="t")).clustered
    assert normal < many < normal * 1.1


@pytest.mark.parametrize(("sizes", "cv"), [([10] * 10, 0.0), ([4, 16] * 5, 0.6)])
def test_simulated_trials_have_the_power(sizes, cv):
    """4,000 trials, analysed by the known variances; the standard error of a power is 0.006.

    With unequal clusters the mean over participants has the variance that the formula gives.
    """
    rng = np.random.default_rng(7)
    sizes, trials, c = np.array(sizes), 4000, 78
    assert sizes.std() / sizes.mean() == pytest.approx(cv)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    between = rng.normal(0, math.sqrt(0.1), (trials, len(sizes)))[:, cluster]
    treated = 0.5 + between + rng.normal(0, math.sqrt(0.9), (trials, len(cluster)))
    difference = treated.mean(axis=1) - rng.normal(0, 1, (trials, c)).mean(axis=1)
    V = (0.9 + 10 * (1 + cv**2) * 0.1) / 100 + 1 / c
    assert difference.var() == pytest.approx(V, rel=0.07)
    found = np.mean(difference / math.sqrt(V) > special.ndtri(0.975))
    assert found == pytest.approx(power(FIXTURE, 100, c, size=10, cv=cv), abs=0.02)


@examples(60)
@given(
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
    st.floats(0, 0.3),
    st.floats(1, 40),
    st.floats(0, 1),
    st.floats(0.3, 3),
    st.sampled_from(["normal", "t"]),
)
def test_the_size_found_has_the_power_and_one_less_has_not(
    p, q, icc, size, cv, ratio, distribution
):
    if abs(p - q) < 0.05:
        return
    outcome, test = Binary(clustered=p, control=q, icc=icc), Test(distribution=distribution)
    found = sample_size(outcome, size=size, cv=cv, ratio=ratio, test=test)
    n, c = found.clustered, found.controls
    assert power(outcome, n, c, size=size, cv=cv, test=test) >= 0.8 - 1e-6
    if n > max(2 * size, 2 / ratio) * 1.01:
        assert power(outcome, 0.999 * n, 0.999 * c, size=size, cv=cv, test=test) < 0.8
    assert found.clusters * size >= n - 1e-5 * size


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"size": 0.5}, "at least one participant"),
        ({"cv": -1.0}, "coefficient of variation"),
        ({"ratio": 0.0}, "ratio of controls"),
        ({"attrition": 1.0}, "attrition"),
        ({"test": Test(power=0.04)}, "power must lie"),
        ({"test": Test(significance=0.0)}, "significance"),
        ({"test": Test(continuity=True)}, "for proportions"),
    ],
)
def test_inputs_out_of_range_are_refused(change, complaint):
    with pytest.raises(DesignError, match=complaint):
        sample_size(FIXTURE, **({"size": 10} | change))


def test_designs_that_cannot_be_are_refused():
    with pytest.raises(DesignError, match="difference must not be zero"):
        sample_size(Binary(clustered=0.5, control=0.5), size=5)
    with pytest.raises(DesignError, match="a proportion lies between 0 and 1"):
        sample_size(Binary(clustered=1.5, control=0.5), size=5)
    with pytest.raises(DesignError, match="add clusters"):
        controls(FIXTURE, clusters=3, size=10)
    with pytest.raises(DesignError, match="two clusters"):
        controls(FIXTURE, clusters=1, size=100, test=Test(distribution="t"))


@pytest.mark.parametrize(
    ("clustered", "control", "ratio", "wanted"),
    [(0.05, 0.20, 4, (51.1, 204.3)), (0.10, 0.30, 3, (43.3, 130.0))],
)
def test_unequal_arms_are_pooled_by_their_sizes(clustered, control, ratio, wanted):
    """Fleiss, Tytun and Ury 1980: the common proportion is (p1 + r p2) / (1 + r)."""
    found = sample_size(Binary(clustered=clustered, control=control), size=1, ratio=ratio)
    assert (round(found.clustered, 1), round(found.controls, 1)) == wanted


@pytest.mark.parametrize("icc", [-0.01, 1.01])
def test_an_impossible_intraclass_correlation_is_refused(icc):
    with pytest.raises(DesignError, match="between 0 and 1"):
        Binary(clustered=0.35, control=0.5, icc=icc)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_proportion_that_cannot_vary_is_refused(p):
    with pytest.raises(DesignError, match="a proportion lies between 0 and 1"):
        Binary(clustered=p, control=0.5)


@pytest.mark.parametrize(("clustered", "size"), [(100, 0.99), (0, 10), (-5, 10)])
def test_power_refuses_empty_arms_and_clusters(clustered, size):
    with pytest.raises(DesignError):
        power(Binary(clustered=0.35, control=0.5), clustered, 100, size=size)
