"""The questions that a fit answers, one method each; the answers are worked out in this folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from core_trial.models.fit import Fit
    from core_trial.models.inference import Floats, Test
    from core_trial.models.questions.contrasts import Asked, Contrasts
    from core_trial.models.questions.means import Means
    from core_trial.models.questions.profile import Profile
    from core_trial.models.questions.subgroups import Subgroups

Over = Literal["conditional", "marginal"]
Weights = Literal["equal", "sample"]


class Asking:
    """What can be asked of a `Fit`. Everything is imported when it is first used.

    Examples
    --------
    >>> import pandas as pd
    >>> from core_trial.models import mixed_linear
    >>> frame = pd.DataFrame({
    ...     "score": [4.0, 6.0, 5.0, 9.0, 8.0, 7.0, 3.0, 5.0, 6.0, 4.0],
    ...     "arm": ["peer"] * 6 + ["control"] * 4,
    ...     "sex": ["F", "M", "F", "M", "F", "M", "F", "M", "M", "F"],
    ...     "worker": ["a", "a", "a", "b", "b", "b", "c", "d", "e", "f"],
    ... })
    >>> fit = mixed_linear("score ~ arm * sex", frame, cluster="worker")
    >>> fit.contrast("arm[peer] + arm[peer]:sex[M]").estimate.round(2).tolist()
    [1.5]
    >>> print(fit.test(["arm", "arm:sex"]))
    arm, arm:sex: no effect: chi-square(2) = 5.87, p = 0.053
    >>> fit.means("arm").estimate.round(2).tolist()
    [4.5, 6.5]
    >>> fit.subgroups("arm", "sex").effects.names
    ('peer - control | F', 'peer - control | M')
    >>> fit.predict(frame.head(1))["estimate"].round(2).tolist()
    [6.0]
    >>> fit.profile("arm").low.round(1).tolist()
    [0.1]
    """

    def contrast(self, asked: Asked, *, confidence: float | None = None) -> Contrasts:
        """Linear combinations of the coefficients.

        Parameters
        ----------
        asked
            An expression over the names in `terms`, such as ``"arm[i] + arm[i]:sex[F]"`` or
            ``"centre[B] = centre[C]"``; several of them as a list, or as a mapping from a name to
            each; or a matrix of weights, shape (k, p).
        confidence
            Coverage; None for that of the fit.

        Returns
        -------
        Contrasts
            Each with its own interval and p-value, on the reported scale; where there are several,
            also intervals that hold together (by the largest t) and Holm's p-values. A linear model
            has its degrees of freedom by the approximation that it was fitted with.

        Raises
        ------
        DesignError
            For a name that is not in the model, or what is not linear.

        References
        ----------
        Hothorn, Bretz and Westfall (2008), Biom J 50: 346-63.
        """
        from core_trial.models.questions.contrasts import contrast

        return contrast(_fit(self), asked, confidence=confidence)

    def test(self, asked: Asked | None = None) -> Test:
        """A joint Wald test that several coefficients, or combinations of them, are zero.

        Parameters
        ----------
        asked
            A term of the formula such as ``"centre"`` or ``"arm:sex"``, a coefficient, an
            expression as in `contrast`, several of these, or a matrix. None for all but the
            intercept.

        Returns
        -------
        Test
            A chi-square; for a linear model with Kenward-Roger or Satterthwaite inference an F.

        Raises
        ------
        DesignError
            For a term that is not in the model, or one without a standard error.

        References
        ----------
        Kenward and Roger (1997), Biometrics 53: 983-97.
        """
        from core_trial.models.questions.joint import joint_test

        return joint_test(_fit(self), asked)

    def means(
        self,
        variable: str,
        *,
        by: str | Sequence[str] = (),
        weights: Weights = "equal",
        over: Over = "conditional",
        at: dict[str, Any] | None = None,
        confidence: float | None = None,
    ) -> Means:
        """Adjusted means of a variable's levels, the other covariates being held the same.

        Parameters
        ----------
        variable
            A factor, or a number with two values.
        by
            Further variables, in each combination of whose levels the means are given.
        weights
            Other factors are averaged with ``"equal"`` weights, or as their combinations occur in
            the ``"sample"``. Numbers are held at their mean.
        over
            ``"conditional"``: at a random effect of zero. ``"marginal"``: averaged over it.
        at
            Values at which to hold covariates instead.
        confidence
            Coverage; None for that of the fit.

        Raises
        ------
        DesignError
            If the variable is not in the model, or has no levels.

        References
        ----------
        Searle, Speed and Milliken (1980), Am Stat 34: 216-21; what R's emmeans does.
        """
        from core_trial.models.questions.means import means

        chosen = (by,) if isinstance(by, str) else tuple(by)
        return means(
            _fit(self),
            variable,
            by=chosen,
            weights=weights,
            over=over,
            at=at or {},
            confidence=confidence,
        )

    def subgroups(
        self, variable: str, by: str, *, weights: Weights = "equal", confidence: float | None = None
    ) -> Subgroups:
        """The effect of a variable in each level of another, and one test that they are the same.

        Parameters
        ----------
        variable
            Such as ``"arm"``; its levels are compared with the first.
        by
            The variable that forms the subgroups; the formula must hold ``variable:by``.
        weights, confidence
            As in `means`.

        Raises
        ------
        DesignError
            If the formula does not hold their interaction.
        """
        from core_trial.models.questions.subgroups import subgroups

        return subgroups(_fit(self), variable, by, weights=weights, confidence=confidence)

    def predict(
        self,
        frame: pd.DataFrame,
        *,
        interval: Literal["confidence"] | None = None,
        scale: Literal["response", "link"] = "response",
        over: Over = "conditional",
        confidence: float | None = None,
    ) -> pd.DataFrame:
        """Predicted means of other rows.

        Parameters
        ----------
        frame
            Rows with every covariate of the formula.
        interval
            ``"confidence"`` adds standard error and interval of the mean.
        scale
            ``"response"`` for means, ``"link"`` for linear predictors.
        over
            ``"conditional"``: for a cluster whose random effect is zero. ``"marginal"``: averaged
            over the random effect, a mean of the population.
        confidence
            Coverage; None for that of the fit.

        Returns
        -------
        DataFrame
            A row per row of `frame`, with its index: ``estimate``, and ``std_error``, ``low``,
            ``high``.

        Raises
        ------
        DesignError
            For a column or a level that is not known, or a model that came from no frame.
        """
        from core_trial.models.questions.predict import predict

        return predict(
            _fit(self), frame, interval=interval, scale=scale, over=over, confidence=confidence
        )

    def residuals(self, kind: str = "response") -> Floats:
        """Residuals of the rows, shape (n,), given the predicted random effects.

        Parameters
        ----------
        kind
            ``"response"``, ``"pearson"`` or ``"deviance"``, as far as the model has it.

        Raises
        ------
        DesignError
            For a kind that the model does not have; the message lists those that it has.
        """
        from core_trial.models.questions.residuals import residuals

        return residuals(_fit(self), kind)

    def profile(
        self, name: str | Sequence[str] | None = None, *, confidence: float | None = None
    ) -> Profile:
        """Intervals by the profile likelihood, for coefficients and variance components.

        Parameters
        ----------
        name
            A coefficient, or a variance component such as ``"cluster"``, or several; None for all.
        confidence
            Coverage; None for that of the fit.

        Raises
        ------
        DesignError
            For what the model's likelihood does not profile; the message says why.

        References
        ----------
        Venzon and Moolgavkar (1988), Appl Stat 37: 87-94.
        """
        from core_trial.models.questions.profile import profile

        return profile(_fit(self), name, confidence=confidence)

    def plot(self, *, terms: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """A forest of the coefficients on the reported scale, the intercept left out.

        Parameters
        ----------
        terms
            Which coefficients; None for all but intercepts.
        ax
            Axes to draw on; None for new ones.
        """
        from core_trial.models.showing.pictures import forest

        return forest(_fit(self), terms=terms, ax=ax)

    def plot_residuals(self, *, kind: str | None = None, ax: Axes | None = None) -> Axes:
        """Residuals against fitted means.

        Parameters
        ----------
        kind
            As in `residuals`; None for Pearson's where the model has them.
        ax
            Axes to draw on; None for new ones.
        """
        from core_trial.models.showing.pictures import residual_plot

        return residual_plot(_fit(self), kind=kind, ax=ax)

    def to_json(self) -> str:
        """The fit as JSON, exact to the last digit; `Fit.from_json` reads it.

        The recipe of the design matrix, with which other rows are predicted, does not travel as
        text: pickle the fit for that.
        """
        from core_trial.models.showing.exchange import to_json

        return to_json(_fit(self))

    @classmethod
    def from_json(cls, text: str) -> Fit:
        """A fit from what `to_json` wrote.

        Raises
        ------
        DesignError
            If the text is not that.
        """
        from core_trial.models.showing.exchange import from_json

        return from_json(text)


def _fit(asking: Asking) -> Fit:
    """The fit that is asked; every `Asking` is one."""
    return cast("Fit", asking)
