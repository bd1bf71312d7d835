"""What the printed row of a score asks of the draw: correlation, moments, balance at baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core_trial.synthesis.regions import Bounds, Region
from core_trial.synthesis.search import Floats

#: Covariates beside arm and baseline (condition, centres); each explains one part in n by chance.
OTHERS = 6
#: A correlation of baseline and follow-up score outside of these would look odd.
CARRIED = (0.2, 0.8)
#: The printed means bound the difference of raw means; stay this far inside, in half-widths.
INSIDE = 0.75


@dataclass(frozen=True, slots=True)
class Plan:
    """What the printed row of one score asks of the draw.

    Parameters
    ----------
    carried
        Correlation of the score with its baseline.
    means, sds
        Of the control and the intervention arm.
    imbalance
        Lowest and highest difference between the arms' mean baseline scores, among those in the
        model, that lets both the raw means and the adjusted difference print as they should.
    """

    carried: float
    means: tuple[float, float]
    sds: tuple[float, float]
    imbalance: tuple[float, float]

    @classmethod
    def of(
        cls,
        moments: tuple[tuple[Bounds, Bounds], tuple[Bounds, Bounds]],
        region: Region,
        sizes: tuple[int, int],
        baseline_sd: float,
        typical: float = 0.5,
    ) -> Plan:
        """Work out a plan.

        Parameters
        ----------
        moments
            Bounds of mean and SD of the control and the intervention arm.
        region
            Where (difference in means, standard error) should lie.
        sizes
            Participants in the model, by arm.
        baseline_sd
            Standard deviation of the baseline score.
        typical
            The correlation with the baseline that the standard deviations are chosen for, as far as
            their bounds let them.
        """
        difference, error = region.aim
        residual = error / np.sqrt(1 / sizes[0] + 1 / sizes[1])
        wanted = residual / np.sqrt(1 - typical**2)
        sds = [sd.nearest(wanted) for _, sd in moments]
        total = np.sqrt(np.mean(np.square(sds)))
        explained = 1 - (residual / total) ** 2 - OTHERS / sum(sizes)
        carried = float(np.clip(np.sqrt(max(explained, 0)), *CARRIED))
        control, treated = (mean for mean, _ in moments)
        room = INSIDE * (control.half + treated.half)
        apart = treated.middle - control.middle
        ends = [
            (apart + side * room - difference) / (carried * total / baseline_sd) for side in (-1, 1)
        ]
        shift = (float(np.clip(difference, apart - room, apart + room)) - apart) / 2
        means = (control.middle - shift, treated.middle + shift)
        return cls(carried, means, (sds[0], sds[1]), (ends[0], ends[1]))


def balance(
    y: Floats, contrasts: Sequence[Floats], allowed: Sequence[tuple[float, float]]
) -> Floats:
    """The least change of y that brings linear contrasts of it into their ranges.

    Parameters
    ----------
    y
        Shape (n,).
    contrasts
        Weights, shape (n,) each; a contrast is their product with y.
    allowed
        Lowest and highest value of each contrast.
    """
    A = np.array(contrasts)
    now = A @ y
    wanted = np.clip(now, *np.array(allowed).T)
    return np.asarray(y + A.T @ np.linalg.solve(A @ A.T, wanted - now))
