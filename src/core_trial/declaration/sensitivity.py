"""Sensitivity analyses: an outcome's own model with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """One outcome analysed once more as declared, but for what is named here.

    Parameters
    ----------
    name
        Its name in the records: the level ``sensitivity.`` and this.
    of
        Name of the outcome.
    label
        What is changed, as the table prints it.
    among
        Column, true or 1 for those who are analysed; blank for everybody.
    column
        Column that takes the place of the outcome; blank for the outcome itself.
    event, entry
        For a time: the columns with the event, and with the time from which people are at risk.
    adjust
        Covariates beside the arm; None for those of the outcome.

    Examples
    --------
    >>> Sensitivity(name="adults", of="relapse", label="Adults only", among="adult").level
    'sensitivity.adults'
    """

    name: str
    of: str
    label: str
    among: str = ""
    column: str = ""
    event: str = ""
    entry: str = ""
    adjust: tuple[str, ...] | None = None

    @property
    def level(self) -> str:
        """Where its estimate stands in the records."""
        return f"sensitivity.{self.name}"
