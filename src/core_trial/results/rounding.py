"""The one rounding rule, by which numbers are printed and printed numbers are read.

Numbers round half up, ties away from zero. A float that is a tie but for noise is taken as the tie:
what lies within ``1e-9`` of a printed unit of it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

#: Digits beyond the printed ones within which a float is a tie rather than noise beside it.
GUARD_DIGITS = 9
#: Wide enough for the largest float with its guard digits.
WIDE = Context(prec=400, rounding=ROUND_HALF_UP)
#: As the Lancet cuts them, in English whatever the machine's language.
MONTHS = (
    *("Jan", "Feb", "March", "April", "May", "June"),
    *("July", "Aug", "Sept", "Oct", "Nov", "Dec"),
)


def unit(decimals: int) -> Decimal:
    """One unit of the last printed digit.

    Examples
    --------
    >>> unit(2)
    Decimal('0.01')
    """
    return Decimal(1).scaleb(-decimals)


def guarded(value: float, decimals: int) -> Decimal:
    """A float as an exact decimal, its noise beyond the guard digits taken off.

    Examples
    --------
    >>> guarded(100 * 0.145, 0)
    Decimal('14.500000000')
    """
    return Decimal(repr(float(value))).quantize(unit(decimals + GUARD_DIGITS), context=WIDE)


def rounded(value: float, decimals: int) -> Decimal:
    """Round half up to fixed decimals, ties away from zero.

    Parameters
    ----------
    value
        A finite number.
    decimals
        Digits to keep after the decimal point.

    Returns
    -------
    Decimal
        With exactly `decimals` decimals; zero carries no sign.

    Examples
    --------
    >>> rounded(2.675, 2), rounded(-0.004, 2)
    (Decimal('2.68'), Decimal('0.00'))
    """
    result = guarded(value, decimals).quantize(unit(decimals), context=WIDE)
    return result or abs(result)  # zero carries no sign
