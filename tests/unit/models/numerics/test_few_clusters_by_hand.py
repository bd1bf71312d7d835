"""Counting the clusters that carry information, on rows that can be counted by eye."""

import numpy as np
import pytest

from core_trial.errors import DesignError
from core_trial.models.numerics.few_clusters import (
    FEWEST_CLUSTERS_FOR_SANDWICH,
    in_design,
    informative,
    refuse_one,
)


def arm_of(sizes, singles):
    """Codes and arms: clusters of these sizes in arm 1, people on their own in arm 0."""
    codes = np.concatenate(
        [np.repeat(np.arange(len(sizes)), sizes), len(sizes) + np.arange(singles)]
    )
    return codes, np.r_[np.ones(sum(sizes)), np.zeros(singles)].astype(int)


def test_singletons_say_nothing_of_clusters():
    found = informative(*arm_of([4, 2, 1], 5), labels=["control", "intervention"])
    control, treated = found.groups
    assert (control.clusters, control.informative, control.verdict) == (5, 0, "none")
    assert (treated.clusters, treated.informative) == (3, 2)
    assert treated.effective == pytest.approx(36 / 20)
    assert treated.weighted_size == pytest.approx(21 / 7)
    assert found.worst.label == "intervention"


def test_people_on_their_own_alone_are_independent():
    found = informative(np.arange(6), np.array([0, 0, 0, 1, 1, 1]))
    assert (found.verdict, found.warning) == ("none", "")


@pytest.mark.parametrize(
    ("clusters", "verdict"),
    [
        (FEWEST_CLUSTERS_FOR_SANDWICH - 1, "few"),
        (FEWEST_CLUSTERS_FOR_SANDWICH, "enough"),
        (2, "few"),
        (1, "one"),
    ],
)
def test_the_number_of_equal_clusters_decides(clusters, verdict):
    assert informative(*arm_of([5] * clusters, 30)).verdict == verdict


def test_unequal_clusters_count_for_fewer():
    found = informative(*arm_of([100] + [2] * 30, 30))
    assert found.worst.effective == pytest.approx(160**2 / (100**2 + 30 * 4))
    assert found.verdict == "few"
    assert "31 clusters" in found.warning
    assert "worth 2.5 equal ones" in found.warning


@pytest.mark.parametrize(("singles", "verdict"), [(5, "none"), (2, "one")])
def test_a_single_pair_matters_only_among_few(singles, verdict):
    """A pair and k more: sum n^2 / sum n = (4 + k) / (2 + k), 1.29 with 5 and 1.5 with 2."""
    assert informative(np.r_[0, 0, 1 + np.arange(singles)], np.zeros(singles + 2, int)).verdict == (
        verdict
    )


def test_one_cluster_is_refused_with_the_reason():
    with pytest.raises(DesignError, match="cannot be learnt from one"):
        refuse_one(informative(*arm_of([12], 30)))
    refuse_one(informative(*arm_of([6, 6], 30)))


def test_a_cluster_in_both_arms_counts_in_both():
    found = informative(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1]))
    assert [g.informative for g in found.groups] == [2, 2]


def test_the_comparison_between_clusters_is_found_in_the_design():
    codes, arm = arm_of([3, 3], 4)
    sex = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    X = np.column_stack([np.ones(10), sex, arm])
    found = in_design(X, ["Intercept", "sex[F]", "arm[peer]"], codes)
    assert [g.label for g in found.groups] == ["the reference level of arm", "arm[peer]"]
    numbers = in_design(X, ["Intercept", "sex", "arm"], codes)
    assert [g.label for g in numbers.groups] == ["arm = 0", "arm = 1"]


def test_three_arms_are_three_groups():
    codes = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5])
    arm = np.array([1, 1, 1, 1, 2, 2, 2, 2, 0, 0])
    X = np.column_stack([arm == 1, arm == 2]).astype(float)
    found = in_design(X, ["arm[b]", "arm[c]"], codes)
    assert sorted((g.label, g.informative) for g in found.groups) == [
        ("arm[b]", 2),
        ("arm[c]", 2),
        ("the reference level of arm", 0),
    ]


def test_without_such_a_comparison_all_rows_are_one_group():
    X = np.column_stack([np.ones(4), [0, 1, 0, 1], [0.5, 1.0, 2.0, 3.0]])
    found = in_design(X, ["Intercept", "sex", "age"], np.array([0, 0, 1, 1]))
    assert [(g.label, g.informative) for g in found.groups] == [("", 2)]
