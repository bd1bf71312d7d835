"""The second programme's own tools, where the answer is known without it."""

import numpy as np
import pytest
from scipy import integrate, stats

from core_trial.witness.intercepts import quadrature
from core_trial.witness.likelihood import climb, curvature, parabola
from core_trial.witness.linear import mixed
from core_trial.witness.plan import Sample
from core_trial.witness.sandwiches import Groups, few, welch

#: Differences of a quadratic have rounding errors only.
ROUNDING = 1e-6


def rows(sizes, y=None, arm=None):
    """People in clusters of these sizes."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    n = len(codes)
    arm = codes % 2 == 0 if arm is None else np.asarray(arm, bool)
    y = np.arange(n) % 2 if y is None else np.asarray(y)
    return Sample(
        y=y.astype(float), time=np.ones(n), entry=np.full(n, -np.inf),
        X=np.column_stack([np.ones(n), arm]),
        names=("Intercept", "arm"), arm=arm, codes=codes, named=np.ones(n, bool),
        inside=np.ones(n), offset=np.zeros(n), labels=tuple(map(str, range(len(sizes)))),
    )  # fmt: skip


def test_the_top_of_a_normal_likelihood():
    A, top = np.array([[4.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])

    def likelihood(theta):
        gap = theta - top
        return -0.5 * np.einsum("bi,ij,bj->b", gap, A, gap)

    found = climb(likelihood, np.zeros(2))
    assert found.point == pytest.approx(top, abs=ROUNDING)
    assert found.cov == pytest.approx(np.linalg.inv(A), rel=ROUNDING)
    assert curvature(likelihood, np.zeros(2))[1] == pytest.approx(A @ top, rel=ROUNDING)


def test_a_parabola_finds_the_top_between_flat_values():
    assert parabola(lambda x: -((x - 0.3) ** 2), 0.2999) == pytest.approx(0.3, abs=1e-9)


@pytest.mark.parametrize("poisson", [False, True], ids=["logistic", "poisson"])
def test_many_nodes_are_the_integral(poisson):
    data = rows([3, 4, 2])
    theta = np.array([-0.3, 0.5, 0.9])

    def cluster(b, g):
        own = data.codes == g
        eta = data.X[own] @ theta[:2] + theta[2] * b
        value = data.y[own] * eta - (np.exp(eta) if poisson else np.logaddexp(0, eta))
        return np.exp(value.sum()) * stats.norm.pdf(b)

    exact = sum(np.log(integrate.quad(cluster, -12, 12, args=(g,))[0]) for g in range(3))
    found = quadrature(data, poisson=poisson, points=41)(theta[None])[0]
    assert found == pytest.approx(exact, rel=1e-9)


def test_balanced_restricted_likelihood_is_the_analysis_of_variance():
    rng = np.random.default_rng(1)
    sizes, arm = [5] * 12, np.repeat(np.arange(12) % 2 == 0, 5)
    y = rng.normal(size=60) + np.repeat(rng.normal(size=12), 5) + arm
    found = mixed(rows(sizes, y, arm), reml=True, by_arm=False, kenward_roger=True, normal=False)
    means = y.reshape(12, 5).mean(axis=1)
    within = ((y.reshape(12, 5) - means[:, None]) ** 2).sum() / 48
    between = 5 * sum(means[k::2].var(ddof=1) * 5 for k in (0, 1)) / 10
    assert found.residual[0] == pytest.approx(within, rel=1e-6)
    assert found.tau == pytest.approx((between - within) / 5, rel=1e-6)
    assert found.df(np.array([0.0, 1.0])) == pytest.approx(10.0, rel=1e-6)  # 12 clusters, 2 arms
    assert found.beta[1] == pytest.approx(means[::2].mean() - means[1::2].mean(), rel=1e-9)


@pytest.mark.parametrize(("clusters", "verdict"), [(38, True), (40, False)])
def test_fewer_than_twenty_equal_clusters_in_an_arm_are_few(clusters, verdict):
    assert few(rows([4] * clusters)) is verdict


def test_welch_of_two_groups_by_hand():
    change = np.array([1.0, -1.0, 2.0, -2.0, 0.5])
    member = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1.0]])
    parts = np.array([2.0, 8.25])
    expected = parts.sum() ** 2 / (parts[0] ** 2 / 1 + parts[1] ** 2 / 2)
    assert welch(change, Groups(member, np.array([2.0, 3.0]))) == pytest.approx(expected)
