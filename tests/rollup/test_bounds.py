"""The rules' widths are the circuit's, and no accepted number can leave the room the protocol argues for."""

import pytest

from circuits import widths
from rollup import bounds

SIGNED_AND_UNSIGNED = (
    "POSITION",
    "PRICE",
    "SCENARIO",
    "FUNDING",
    "CONTINGENCY",
    "CASH",
    "TRADED_CASH",
    "AMOUNT",
)
SMALL_NUMBERS = ("FEE", "FEE_RATE", "ORDER_ID", "NONCE", "SEQUENCE")


@pytest.mark.parametrize("name", [*SIGNED_AND_UNSIGNED, *SMALL_NUMBERS])
def test_widths_are_the_circuits(name: str) -> None:
    assert getattr(bounds, name) == 1 << getattr(widths, name)


def test_scales_are_the_circuits() -> None:
    assert bounds.TIME_MS == 1 << widths.TIME
    assert (bounds.CASH_PER_UNIT, bounds.FEE_RATE_ONE) == (widths.CASH_PER_UNIT, widths.FEE_RATE_ONE)


def test_every_deposit_fits_on_top_of_a_trade() -> None:
    assert bounds.TRADED_CASH + (bounds.AMOUNT - 1) * bounds.CASH_PER_UNIT < bounds.CASH


def test_the_largest_fee_fits() -> None:
    assert (bounds.POSITION * bounds.PRICE * bounds.FEE_RATE) // bounds.FEE_RATE_ONE < bounds.FEE
