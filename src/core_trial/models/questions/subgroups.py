"""The effect of a treatment in subgroups, and one test of whether it is the same in all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.inference import Test
from core_trial.models.names import interactions, parts
from core_trial.models.questions.contrasts import Contrasts
from core_trial.models.questions.joint import joint_test
from core_trial.models.questions.means import means
from core_trial.models.showing.page import Page, Shown

if TYPE_CHECKING:
    from core_trial.models.fit import Fit


@dataclass(frozen=True, eq=False, repr=False)
class Subgroups(Shown):
    """Effects by subgroup.

    Parameters
    ----------
    effects
        The effect in each level of the other variable, on the reported scale.
    interaction
        Test of the interaction: are the effects the same?
    """

    effects: Contrasts
    interaction: Test

    def page(self) -> Page:
        """The effects, and the test below the title."""
        page = self.effects.page()
        return Page("Subgroups", page.blocks, page.warnings, (str(self.interaction), *page.facts))

    def to_frame(self) -> pd.DataFrame:
        """A row per subgroup, with the interaction's p-value in every row."""
        return self.effects.to_frame().assign(p_interaction=self.interaction.p_value)


def subgroups(
    fit: Fit, variable: str, by: str, *, weights: str = "equal", confidence: float | None = None
) -> Subgroups:
    """See `Fit.subgroups`."""
    found = [label for label in interactions(variable, fit.term_columns) if by in parts(label)]
    pair = [label for label in found if len(parts(label)) == 2]
    if not pair:
        raise DesignError(
            f"the formula has no {variable}:{by}: fit it with {variable}*{by}, so that the effect "
            "may differ between subgroups"
        )
    asked = means(
        fit, variable, by=(by,), weights=weights, over="conditional", at={}, confidence=confidence
    )
    tested = replace(joint_test(fit, found), hypothesis="no interaction")
    return Subgroups(asked.differences(reference=True), tested)
