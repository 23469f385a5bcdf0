"""No accepted number can leave the room that the protocol argues for (docs/protocol.md section 2)."""

from circuits.protocol import numbers as n
from rollup.ledger.orders import maximum_fee


def test_every_deposit_fits_on_top_of_a_trade() -> None:
    assert n.TRADED_CASH.high + (n.AMOUNT.high - 1) * n.CASH_PER_UNIT < n.CASH.high


def test_all_deposits_that_the_contract_takes_fit() -> None:
    assert (n.AMOUNT.high - 1) * n.CASH_PER_UNIT < n.DEPOSITS.high


def test_the_largest_fee_fits() -> None:
    notional = (n.QUANTITY.high - 1) * (n.PRICE.high - 1)
    assert maximum_fee(notional, n.FEE_RATE.high - 1) < n.FEE.high


def test_open_interest_of_a_full_tree_fits() -> None:
    assert n.ACCOUNT.high * (n.POSITION.high - 1) < n.OPEN_INTEREST.high
