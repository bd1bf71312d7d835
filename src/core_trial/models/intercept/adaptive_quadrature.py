r"""Likelihood of a canonical model with one random intercept, by adaptive quadrature.

Given the random effect :math:`u_g = \sigma b`, :math:`b\sim N(0,1)`, the rows of cluster g have
linear predictors :math:`\eta_i = x_i'\beta + \sigma b`. With
:math:`h_g(b) = \sum_i \log f(y_i \mid \eta_i) - b^2/2`, its mode :math:`\hat b_g` and
:math:`\tau_g^2 = -1/h_g''(\hat b_g)`, the K nodes sit at :math:`b_{gk} = \hat b_g + \tau_g x_k` and

.. math:: L_g = \tau_g \sum_k \omega_k \exp\{h_g(b_{gk}) + x_k^2/2\}.

Mode and curvature move with :math:`\theta = (\beta, \sigma)`, and so do the nodes. The gradient and
the Hessian here are those of this approximation itself, the moving of the nodes included, not the
approximations of the true likelihood's: Newton's method therefore converges quadratically at any
number of nodes, and the observed information is exactly that of the log-likelihood reported.

References
----------
Pinheiro and Bates (1995), J Comput Graph Stat 4: 12-35, equation 2.13; Pinheiro and Chao (2006),
J Comput Graph Stat 15: 58-81. Derivatives of the mode by the implicit function theorem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import Block, Rows, Table
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.quadrature import Rule

#: Modes are found to this step, after which their error is its square: of rounding size.
MODE_STEP = 1e-7
#: No step towards the mode changes the linear predictor by more than this.
LONGEST_MODE_STEP = 2.0
#: With a standard deviation below this the modes are near zero.
SMALL_SD = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Centre:
    r"""Where the nodes of each cluster sit, and how that moves with the parameters.

    Arrays are (G,) or, with q = p + 1 parameters, (q, G).

    Parameters
    ----------
    mode, scale
        :math:`\hat b` and :math:`\tau`.
    d_mode, d_scale
        Their gradients.
    d_eta0, d_eta1
        Every linear predictor of the cluster moves as :math:`x_i + d_0 + x_k d_1`: gradients of
        :math:`\sigma\hat b` and of :math:`\sigma\tau`, the former less its own :math:`x_i`.
    d_score, d_weight
        Gradients of the summed residual and of the summed variance at the mode.
    weight, third
        Sums of the variance and of the third derivative of the cumulant at the mode.
    row_third, row_fourth
        Third and fourth derivatives of each row's cumulant at the mode, shape (R,).
    """

    mode: Floats
    scale: Floats
    d_mode: Floats
    d_scale: Floats
    d_eta0: Floats
    d_eta1: Floats
    d_score: Floats
    d_weight: Floats
    weight: Floats
    third: Floats
    row_third: Floats
    row_fourth: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    r"""The integrand at its nodes.

    Parameters
    ----------
    loglik
        Log-likelihood of each cluster, shape (G,).
    share
        Each node's share of its cluster's integral, shape (K, G).
    slope
        :math:`h'(b_{gk})`, shape (K, G).
    score
        Summed residuals of the cluster's rows, shape (K, G).
    row_score, row_variance
        Residual and variance of each row, shape (K, R).
    """

    loglik: Floats
    share: Floats
    slope: Floats
    score: Floats
    row_score: Floats
    row_variance: Floats


class Likelihood:
    """Log-likelihood of (beta, sigma) with gradient and information.

    Keeps the modes of the last evaluation: the next one starts from them, moved along their
    gradient. The value does not depend on that, the modes being found to rounding error each time.

    Parameters
    ----------
    table
        The merged rows of one response.
    family
        Distribution of the response.
    rule
        Nodes and weights.
    """

    def __init__(self, table: Table, family: Family, rule: Rule) -> None:
        self._table = table
        self._family = family
        self._rule = rule
        self._at: Floats | None = None
        self._centres: list[Centre] = []

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (q,) and negative Hessian (q, q) at beta and sigma, shape (q,)."""
        starts = self._starts(theta)
        value, gradient, hessian = plain(self._table.fixed, self._family, theta)
        centres = []
        for block, start in zip(self._table.blocks, starts, strict=True):
            centre = _centre(block, self._family, theta, start)
            own = _surface(block, self._family, theta, self._rule, centre)
            value, gradient, hessian = value + own[0], gradient + own[1], hessian + own[2]
            centres.append(centre)
        if np.isfinite(value):
            self._at, self._centres = theta, centres
        return value, gradient, -hessian

    def modes(self) -> Floats:
        """Modes of b at the last evaluation, one per merged cluster."""
        return np.concatenate([centre.mode for centre in self._centres] or [np.empty(0)])

    def _starts(self, theta: Floats) -> Sequence[Floats]:
        """Where to look for the modes: the last effects sigma * b, moved along their gradient."""
        if self._at is None or abs(theta[-1]) < SMALL_SD:
            return [np.zeros(len(block.weight)) for block in self._table.blocks]
        moved = theta - self._at
        last, longest = self._at[-1], LONGEST_MODE_STEP
        return [
            (last * c.mode + np.clip(moved @ c.d_eta0, -longest, longest)) / theta[-1]
            for c in self._centres
        ]


def plain(rows: Rows, family: Family, theta: Floats) -> tuple[float, Floats, Floats]:
    """Value, gradient and Hessian of rows without a random effect; `theta` may be longer than p."""
    p, q = len(rows.columns), len(theta)
    gradient, hessian = np.zeros(q), np.zeros((q, q))
    if rows.trials.size == 0:
        return 0.0, gradient, hessian
    eta = rows.predictor(theta[:p])
    b, mean, variance = family.cumulant(eta)
    gradient[:p] = rows.columns @ (rows.successes - rows.trials * mean)
    hessian[:p, :p] = -(rows.columns * (rows.trials * variance)) @ rows.columns.T
    return float(rows.successes @ eta - rows.trials @ b), gradient, hessian


def find_modes(block: Block, family: Family, eta: Floats, sigma: float, start: Floats) -> Floats:
    """Mode of each cluster's integrand, shape (G,), by Newton's method for all at once."""
    mode = start
    longest = LONGEST_MODE_STEP / max(abs(sigma), SMALL_SD)
    for _ in range(200):
        _, mean, variance = family.cumulant(eta + block.spread(sigma * mode))
        score = block.total(block.successes - block.trials * mean)
        weight = block.total(block.trials * variance)
        step = (sigma * score - mode) / (1.0 + sigma**2 * weight)
        step = np.minimum(np.maximum(step, -longest), longest)
        mode = mode + step
        if np.abs(step).max() < MODE_STEP:
            return mode
    return np.full_like(mode, np.nan)


def _centre(block: Block, family: Family, theta: Floats, start: Floats) -> Centre:
    """Modes and curvatures, and their derivatives by the implicit function theorem."""
    p, sigma = len(theta) - 1, float(theta[-1])
    eta = block.predictor(theta[:-1])
    mode = find_modes(block, family, eta, sigma, start)
    mean, variance, third, fourth = family.derivatives(eta + block.spread(sigma * mode))
    W, W1, W2 = block.trials * variance, block.trials * third, block.trials * fourth
    score = block.total(block.successes - block.trials * mean)
    w, w1 = block.total(W), block.total(W1)
    Wx, W1x = block.total(W * block.columns), block.total(W1 * block.columns)
    tau2 = 1.0 / (1.0 + sigma**2 * w)
    tau = np.sqrt(tau2)
    d_mode = np.empty((p + 1, len(mode)))
    d_mode[:p] = -sigma * Wx
    d_mode[p] = score - sigma * mode * w
    d_mode *= tau2
    d_eta0 = sigma * d_mode
    d_eta0[p] += mode
    d_score = -w * d_eta0
    d_score[:p] -= Wx
    d_weight = w1 * d_eta0
    d_weight[:p] += W1x
    d_scale = -0.5 * tau * tau2 * sigma**2 * d_weight
    d_scale[p] -= tau * tau2 * sigma * w
    d_eta1 = sigma * d_scale
    d_eta1[p] += tau
    return Centre(mode, tau, d_mode, d_scale, d_eta0, d_eta1, d_score, d_weight, w, w1, W1, W2)


def _nodes(block: Block, family: Family, theta: Floats, rule: Rule, centre: Centre) -> Nodes:
    sigma = float(theta[-1])
    b = centre.mode + rule.nodes[:, None] * centre.scale
    eta = block.predictor(theta[:-1]) + block.spread(sigma * b)
    cumulant, mean, variance = family.cumulant(eta)
    rows = block.successes * eta - block.trials * cumulant
    h = block.total(rows) - 0.5 * b**2 + rule.log_lifted[:, None]
    top = h.max(axis=0)
    share = np.exp(h - top)
    sum_ = share.sum(axis=0)
    row_score = block.successes - block.trials * mean
    score = block.total(row_score)
    return Nodes(
        loglik=top + np.log(sum_) + np.log(centre.scale),
        share=share / sum_,
        slope=sigma * score - b,
        score=score,
        row_score=row_score,
        row_variance=block.trials * variance,
    )


def _surface(
    block: Block, family: Family, theta: Floats, rule: Rule, centre: Centre
) -> tuple[float, Floats, Floats]:
    """Value, gradient and Hessian of a block's clusters."""
    nodes = _nodes(block, family, theta, rule, centre)
    scores = _node_scores(block, rule, centre, nodes)
    mean_score = np.einsum("kg,qkg->qg", nodes.share, scores)
    d_log_scale = centre.d_scale / centre.scale
    gradient = (mean_score + d_log_scale) @ block.weight
    scores -= mean_score[:, None, :]  # in place: the largest arrays of all
    scores *= np.sqrt(nodes.share * block.weight)
    spread = scores.reshape(len(theta), -1)
    hessian = spread @ spread.T + _curvature(block, float(theta[-1]), rule, centre, nodes)
    return float(nodes.loglik @ block.weight), gradient, hessian


def _node_scores(block: Block, rule: Rule, centre: Centre, nodes: Nodes) -> Floats:
    """Total derivative of each node's log-integrand, shape (q, K, G)."""
    x = rule.nodes[:, None]
    scores = x * centre.d_scale[:, None, :]
    scores += centre.d_mode[:, None, :]
    scores *= nodes.slope
    scores[:-1] += block.total(block.columns[:, None, :] * nodes.row_score)
    scores[-1] += nodes.score * (centre.mode + x * centre.scale)
    return scores


def _curvature(block: Block, sigma: float, rule: Rule, centre: Centre, nodes: Nodes) -> Floats:
    """Mean over the nodes of the second derivative of the log-integrand, and that of log tau."""
    rest = _remainder(sigma, rule, centre, nodes)
    half = _through_rows(block, sigma, rule, centre, nodes, rest)
    half += _through_nodes(block, rule, centre, nodes, rest)
    half[-1] += _through_sigma(sigma, rule, centre, nodes, rest) @ block.weight
    return half + half.T


@dataclass(frozen=True, slots=True, eq=False)
class Remainder:
    r"""Factors with which second derivatives enter; they vanish where the quadrature is exact.

    Parameters
    ----------
    moment
        :math:`1 + \tau\sum_k \pi_k x_k h'(b_k)`, that of log tau, shape (G,).
    kappa
        The same for the summed variance that tau depends on.
    pull
        :math:`\sum_k \pi_k h'(b_k)`, that of the mode, with the mode's part in tau.
    """

    moment: Floats
    kappa: Floats
    pull: Floats


def _remainder(sigma: float, rule: Rule, centre: Centre, nodes: Nodes) -> Remainder:
    slope, weighted_slope = rule.powers[:2] @ (nodes.share * nodes.slope)
    moment = 1.0 + centre.scale * weighted_slope
    kappa = -0.5 * centre.scale**2 * moment
    return Remainder(moment, kappa, slope + kappa * sigma**3 * centre.third)


def _through_rows(
    block: Block, sigma: float, rule: Rule, centre: Centre, nodes: Nodes, rest: Remainder
) -> Floats:
    """Half of what comes through the rows' variances: at the nodes, and in mode and scale."""
    p, d0, d1 = len(block.columns), centre.d_eta0, centre.d_eta1
    V = rule.powers @ (nodes.row_variance * block.spread(nodes.share))
    bends = np.array([rest.pull * centre.scale**2 * sigma, rest.kappa * sigma**2, block.weight])
    by_mode, by_scale, weight = block.spread(bends)
    own = 0.5 * weight * (by_scale * centre.row_fourth - by_mode * centre.row_third - V[0])
    rows = np.array([own, -weight * V[1], -0.5 * weight * V[2]])
    t0, t01, t1 = block.total(rows)
    x0, x1 = block.total(rows[:2, None] * block.columns)
    with0, with1 = d0 * t0 + d1 * t01, d1 * t1
    with0[:p] += 2.0 * x0
    with1[:p] += x1
    half: Floats = d0 @ with0.T + d1 @ with1.T
    half[:p, :p] += (block.columns * own) @ block.columns.T
    return half


def _through_nodes(
    block: Block, rule: Rule, centre: Centre, nodes: Nodes, rest: Remainder
) -> Floats:
    """Half of what comes through the movement of mode and scale themselves."""
    _, first, second = rule.powers @ nodes.share
    dm, ds = centre.d_mode, centre.d_scale
    with_mode = block.weight * (0.5 * dm + first * ds)
    with_scale = block.weight * (0.5 * second - (1.5 * rest.moment - 0.5) / centre.scale**2) * ds
    half: Floats = dm @ with_mode.T + ds @ with_scale.T
    return -half


def _through_sigma(
    sigma: float, rule: Rule, centre: Centre, nodes: Nodes, rest: Remainder
) -> Floats:
    """What the product sigma * b adds to the derivatives with sigma, shape (q, G)."""
    score, weighted_score = rule.powers[:2] @ (nodes.share * nodes.score)
    bend, kappa = rest.pull * centre.scale**2, rest.kappa
    on_mode = score - sigma * bend * centre.weight + kappa * sigma**2 * centre.third
    added: Floats = on_mode * centre.d_mode + weighted_score * centre.d_scale
    added += bend * centre.d_score + 2.0 * kappa * sigma * centre.d_weight
    added[-1] += kappa * centre.weight
    return added
