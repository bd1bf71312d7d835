"""Draws of each conditional model against its posterior, integrated on a grid.

A mean of T draws is compared within `TOLERANCE` of its own Monte Carlo errors. The draws are nearly
independent (autocorrelation at lag 1 below 0.4), for which the errors are enlarged by 1.5.
"""

import numpy as np
import pytest
from scipy import special, stats

from core_trial.models.many.imputation.linear_draw import _ratios, draw_linear
from core_trial.models.many.imputation.negative_binomial import NegativeBinomial
from core_trial.models.many.imputation.normal import _donors
from core_trial.models.many.imputation.ordered import Ordered, _truncated
from core_trial.models.many.imputation.step import Step

TOLERANCE = 4.5
ENLARGED = 1.5
NONE, NO_CODES = np.empty(0), np.empty(0, dtype=np.intp)
PROBABILITIES = np.array([0.01, 0.16])  # prior precisions of intercept and slope
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def step_of(kind, y, *, worker=None, workers=0, levels=NONE, penalty=None):
    """A variable whose own column is the second of three: ones, own, x; one missing row."""
    members = {"starts": NO_CODES, "present": NO_CODES, "sizes": NONE}
    members |= {"worker_known": NO_CODES, "worker_missing": NO_CODES}
    if workers:
        present, starts = np.unique(worker, return_index=True)
        sizes = np.bincount(worker, minlength=workers).astype(float)
        members = {"starts": starts, "present": present, "sizes": sizes}
        members |= {"worker_known": worker, "worker_missing": np.array([0])}
    return Step(
        name="y",
        kind=kind,
        own=1,
        known=np.arange(len(y)),
        missing=np.array([0]),
        values=y,
        levels=levels,
        centre=0.0,
        scale=1.0,
        penalty=PROBABILITIES if penalty is None else penalty,
        **members,
    )


def agree(draws, mean, sd=None):
    """Whether draws have the posterior's mean, and its standard deviation within 12 %."""
    error = ENLARGED * np.std(draws, axis=0) / np.sqrt(len(draws))
    assert (np.abs(np.mean(draws, axis=0) - mean) < TOLERANCE * error).all()
    if sd is not None:
        np.testing.assert_allclose(np.std(draws, axis=0), sd, rtol=0.12)


def test_linear_with_workers_against_dense_algebra():
    rng = np.random.default_rng(5)
    worker = np.sort(rng.integers(0, 6, 30))
    x = rng.normal(size=30)
    y = 1 + 0.5 * x + rng.normal(size=7)[worker] + rng.normal(size=30)
    columns = np.column_stack([np.ones(30), np.zeros(30), x])
    step = step_of("continuous", y, worker=worker, workers=7, penalty=np.full(2, 1e-9))
    X, Z = columns[:, [0, 2]], np.eye(7)[worker]
    log, mean, variance, effect = [], [], [], []
    for ratio in _ratios():
        inverse = np.linalg.inv(np.eye(30) + ratio * Z @ Z.T)
        A = X.T @ inverse @ X
        b = np.linalg.solve(A, X.T @ inverse @ y)
        square = (y - X @ b) @ inverse @ (y - X @ b)
        log.append(
            -np.linalg.slogdet(A)[1] / 2
            + np.linalg.slogdet(inverse)[1] / 2
            - 28 / 2 * np.log(square)
        )
        mean.append(b)
        variance.append(np.diagonal(np.linalg.inv(A)) * square / 26)
        effect.append(ratio * Z.T @ inverse @ (y - X @ b))
    weight = special.softmax(log)
    expected = weight @ np.array(mean)
    spread = np.sqrt(weight @ (np.array(variance) + np.array(mean) ** 2) - expected**2)
    found = [draw_linear(rng, step, columns, y) for _ in range(3000)]
    agree([d.beta for d in found], expected, spread)
    agree([d.ratio / (1 + d.ratio) for d in found], weight @ (_ratios() / (1 + _ratios())))
    agree([d.effects for d in found], weight @ np.array(effect))
    assert found[0].effects.shape == (7,)  # the seventh has nobody, and is drawn from the prior


def test_linear_without_workers_is_the_textbook_posterior():
    rng = np.random.default_rng(2)
    x = rng.normal(size=12)
    y = 2 - x + rng.normal(size=12)
    columns = np.column_stack([np.ones(12), np.zeros(12), x])
    X = columns[:, [0, 2]]
    b, square = np.linalg.lstsq(X, y, rcond=None)[:2]
    step = step_of("continuous", y, penalty=np.full(2, 1e-12))
    found = [draw_linear(rng, step, columns, y) for _ in range(4000)]
    sd = np.sqrt(square[0] / 8 * np.diagonal(np.linalg.inv(X.T @ X)))
    agree([d.beta for d in found], b, sd)
    agree([d.sigma**2 for d in found], square[0] / 8)
    assert found[0].centre == pytest.approx(b)


def iterate(kind, step, columns, x_missing, times, seed=3):
    """Imputed values of many people who have the same x, after each of many iterations."""
    rng = np.random.default_rng(seed)
    missing = np.column_stack([np.ones(400), np.zeros(400), np.full(400, x_missing)])
    if step.clustered:
        step = step_of(
            step.kind,
            step.values,
            worker=step.worker_known,
            workers=len(step.sizes),
            levels=step.levels,
        )
        object.__setattr__(step, "worker_missing", np.zeros(400, dtype=np.intp))
    state, values = kind.start(step), []
    for _ in range(times):
        state, drawn = kind.advance(rng, step, columns, missing, state)
        values.append(drawn)
    return np.array(values[20:])


def test_probit_against_its_posterior_on_a_grid():
    rng = np.random.default_rng(1)
    x = rng.normal(size=50)
    y = (rng.normal(size=50) + 0.8 * x > 1.2).astype(float)
    columns = np.column_stack([np.ones(50), np.zeros(50), x])
    a, b = np.meshgrid(np.linspace(-4, 1, 200), np.linspace(-2, 4, 200), indexing="ij")
    log = -(PROBABILITIES[0] * a**2 + PROBABILITIES[1] * b**2) / 2
    log = log + sum(special.log_ndtr((2 * v - 1) * (a + b * u)) for u, v in zip(x, y, strict=True))
    weight = special.softmax(log)
    step = step_of("binary", y, levels=np.array([0.0, 1.0]))
    drawn = iterate(Ordered(), step, columns, 1.0, 1500).mean(axis=1)
    p = special.ndtr(a + b)
    mean = (weight * p).sum()
    agree(drawn, mean, np.sqrt((weight * p**2).sum() - mean**2 + mean * (1 - mean) / 400))


def test_probit_with_workers_against_its_posterior_on_a_grid():
    rng = np.random.default_rng(8)
    worker = np.repeat(np.arange(4), 5)
    y = (rng.random(20) < np.array([0.9, 0.2, 0.5, 0.6])[worker]).astype(float)
    columns = np.column_stack([np.ones(20), np.zeros(20), np.zeros(20)])
    positive, total = np.bincount(worker, y), np.bincount(worker)
    a = np.linspace(-5, 5, 121)
    log, mean = np.empty((121, 32)), np.empty((121, 32))
    for k, ratio in enumerate(_ratios()):
        p = special.ndtr(a[:, None] + np.sqrt(ratio) * NODES)
        per = p[..., None] ** positive * (1 - p[..., None]) ** (total - positive)
        own = np.einsum("anw,n->aw", per, WEIGHTS)
        log[:, k] = np.log(own).sum(axis=1) - PROBABILITIES[0] * a**2 / 2
        mean[:, k] = np.einsum("an,an,n->a", per[..., 0], p, WEIGHTS) / own[:, 0]
    expected = (special.softmax(log) * mean).sum()
    step = step_of("binary", y, worker=worker, workers=4, levels=np.array([0.0, 1.0]))
    agree(iterate(Ordered(), step, columns, 0.0, 1500).mean(axis=1), expected)


def test_cumulative_probit_against_importance_sampling():
    rng = np.random.default_rng(4)
    x = rng.normal(size=60)
    y = np.digitize(0.8 * x + rng.normal(size=60), [-0.8, 0.2, 1.5]).astype(float)
    columns = np.column_stack([np.ones(60), np.zeros(60), x])
    # a wide multivariate t around rough estimates proposes intercept, slope and log gaps
    proposal = stats.multivariate_t([0.9, 0.8, -0.1, 0.2], np.diag([0.1, 0.1, 0.15, 0.15]), df=6)
    t = proposal.rvs(30_000, random_state=1)
    one, two = np.exp(t[:, 2]), np.exp(t[:, 2]) + np.exp(t[:, 3])
    edges = np.stack([np.full(len(t), -np.inf), 0 * one, one, two, np.full(len(t), np.inf)])
    log = -(PROBABILITIES[0] * t[:, 0] ** 2 + PROBABILITIES[1] * t[:, 1] ** 2) / 2
    log = log + t[:, 2] + t[:, 3] - proposal.logpdf(t)

    def chance(k, eta):
        return special.ndtr(edges[k + 1] - eta) - special.ndtr(edges[k] - eta)

    with np.errstate(divide="ignore"):
        for u, v in zip(x, y.astype(int), strict=True):
            log = log + np.log(chance(v, t[:, 0] + t[:, 1] * u))
    weight = special.softmax(log)
    expected = [weight @ chance(k, t[:, 0] + t[:, 1]) for k in range(4)]
    step = step_of("ordinal", y, levels=np.arange(4.0))
    drawn = iterate(Ordered(), step, columns, 1.0, 1500)
    assert 1 / (weight**2).sum() > 1000  # the proposal is wide enough to be an oracle
    agree(np.stack([(drawn == k).mean(axis=1) for k in range(4)], axis=1), expected)


def test_counts_with_workers_against_their_posterior_on_a_grid():
    rng = np.random.default_rng(6)
    worker = np.repeat(np.arange(4), 5)
    y = rng.poisson(3 * rng.gamma(2, 0.5, 20) * np.array([2, 0.5, 1, 1])[worker]).astype(float)
    columns = np.column_stack([np.ones(20), np.zeros(20), np.zeros(20)])
    a, d, spread = np.linspace(-3, 5, 33), np.linspace(-6, 3, 21), (np.arange(24) + 0.5) * 3 / 24
    shape = np.exp(-d)[:, None]
    own = special.gammaln(y[:, None, None] + shape) - special.gammaln(shape) + shape * np.log(shape)
    log, mean = np.empty((33, 21, 24)), np.empty((33, 21, 24))
    for k, tau in enumerate(spread):
        eta = a[:, None, None] + tau * NODES
        rows = [
            own[worker == g].sum(axis=0)
            + y[worker == g].sum() * eta
            - (5 * shape + y[worker == g].sum()) * np.log(shape + np.exp(eta))
            for g in range(4)
        ]
        per = np.exp(np.stack(rows))
        whole = per @ WEIGHTS
        log[:, :, k] = np.log(whole).sum(axis=0) - PROBABILITIES[0] * a[:, None] ** 2 / 2 - d**2 / 8
        # of the mean only the bounded part, which has a variance: e^eta / (1 + e^eta)
        mean[:, :, k] = (per[0] * special.expit(eta)) @ WEIGHTS / whole[0]
    expected = (special.softmax(log) * mean).sum()
    step = step_of("count", y, worker=worker, workers=4)
    rng, kind, state, found = np.random.default_rng(1), NegativeBinomial(), None, []
    for _ in range(1000):
        state, _drawn = kind.advance(rng, step, columns, columns[:1], state)
        found.append(special.expit(state.beta[0] + state.effects[0]))
    agree(found, expected)


def test_counts_without_workers_recover_dispersion_and_slope():
    rng = np.random.default_rng(7)
    x = rng.normal(size=400)
    y = rng.poisson(rng.gamma(1.5, np.exp(1 + 0.5 * x) / 1.5)).astype(float)
    columns = np.column_stack([np.ones(400), np.zeros(400), x])
    step, kind, state, found = step_of("count", y), NegativeBinomial(), None, []
    for _ in range(200):
        state, _ = kind.advance(rng, step, columns, columns[:1], state)
        found.append([*state.beta, np.exp(state.log_dispersion)])
    # three posterior standard deviations around the truth
    assert np.abs(np.mean(found, axis=0) - [1, 0.5, 1 / 1.5]) == pytest.approx(0, abs=0.2)


def test_truncated_draws_stay_where_they_belong_far_out():
    eta = np.array([0.0, -9.0, 9.0, 0.0])
    level = np.array([0, 1, 0, 1])
    z = _truncated(np.random.default_rng(0), eta, level, np.zeros(1))
    assert ((z <= 0) == (level == 0)).all()
    assert np.isfinite(z).all()
    assert abs(z[1:3]).max() < 1  # the tail beyond 9 falls off within a tenth or so


def test_donors_are_the_nearest():
    known = np.array([5.0, 1.0, 4.0, 2.0, 3.0, 9.5, 8.0])
    rng = np.random.default_rng(0)
    for wanted in (-10.0, 2.9, 5.5, 30.0):
        nearest = set(np.argsort(np.abs(known - wanted))[:5])
        drawn = _donors(rng, known, np.full(500, wanted))
        assert set(drawn) == nearest
        assert np.bincount(drawn).max() < 150  # each of the five about 100 times


def test_fewer_people_than_donors():
    drawn = _donors(np.random.default_rng(0), np.array([1.0, 2.0]), np.full(50, 1.4))
    assert set(drawn) == {0, 1}
