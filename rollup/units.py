"""Decimal amounts as people write them, into the protocol's integers, exactly or not at all."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from circuits.protocol.numbers import LOTS_PER_CONTRACT, UNITS_PER_USD

DECIMALS = 6
"""Digits behind the point of an amount in US dollars: UNITS_PER_USD is 10^6."""
MAX_EXPONENT = 60
"""Powers of ten that are converted at all: far beyond every width, and far below what would take memory."""

Amount = int | str | Decimal
"""A decimal number. Binary floats are not taken: 0.1 has no exact value as one."""


class AmountError(Exception):
    """Not a decimal number, or finer than the unit."""


def usd(amount: Amount) -> int:
    """US dollars in 1e-6 USD: prices, limits, deposits, withdrawals. Raises AmountError."""
    return _exact(amount, UNITS_PER_USD)


def dollars(units: int) -> Decimal:
    """L1 units of 1e-6 USD in US dollars, exactly."""
    return Decimal(units).scaleb(-DECIMALS)


def contracts(amount: Amount) -> int:
    """Contracts in 1e-4 contract: sizes. Raises AmountError."""
    return _exact(amount, LOTS_PER_CONTRACT)


def _exact(amount: Amount, scale: int) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal):
        raise AmountError(f"{amount!r} is not an int, a decimal string or a Decimal")
    try:
        number = Decimal(amount)
    except (InvalidOperation, ValueError) as error:
        raise AmountError(f"{amount!r} is not a decimal number") from error
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise AmountError(f"{amount!r} is not a number of money or contracts")
    # Decimal's own arithmetic rounds to its context's digits without saying so; fractions do not.
    scaled = Fraction(number) * scale
    if scaled.denominator != 1:
        raise AmountError(f"{amount!r} is finer than 1/{scale}")
    return scaled.numerator
