"""Decimal amounts: exact, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.units import AmountError, contracts, usd


def test_scales() -> None:
    assert usd("60000.25") == 60_000_250_000
    assert usd(7) == 7_000_000
    assert contracts("0.5") == 5_000
    assert contracts(Decimal("0.0001")) == 1


@given(st.integers(-(10**40), 10**40))
def test_round_trip(value: int) -> None:
    sign = "-" if value < 0 else ""
    assert usd(f"{sign}{abs(value) // 10**6}.{abs(value) % 10**6:06d}") == value


@pytest.mark.parametrize(
    "amount", ["0.0000001", "nan", "inf", "ten", "", None, 0.5, True, "1e-9", "1e999999999", "1e-999999999"]
)
def test_refusals(amount: object) -> None:
    with pytest.raises(AmountError):
        usd(amount)  # type: ignore[arg-type]
