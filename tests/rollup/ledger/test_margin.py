"""The margin rule against textbook numbers and against its own definition."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from circuits.protocol.row import InstrumentKind, Row, Status, unused_row
from circuits.protocol.sizes import MINIMAL
from rollup.ledger.account import Account, Position, empty_account
from rollup.ledger.margin import assess, equity
from rollup.ledger.market import marks_of

USD = 10**6
CASH = 10**10


def holding(cash: int, *positions: Position) -> Account:
    account = empty_account(MINIMAL)
    return replace(account, cash=cash, positions=positions + account.positions[len(positions) :])


def perp(mark: int, scenarios: tuple[int, ...], **changes: int) -> Row:
    padded = scenarios + (0,) * (MINIMAL.scenarios - len(scenarios))
    row = replace(unused_row(0, MINIMAL), status=Status.LIVE, mark=mark, scenarios=padded)
    return replace(row, **changes)


def table(*rows: Row) -> tuple[Row, ...]:
    return rows + tuple(unused_row(i, MINIMAL) for i in range(len(rows), MINIMAL.instruments))


def test_textbook_perp() -> None:
    """MARGIN rule's example: q = 1 at 3100, spot 3000, +10 unrealised, shock 18 %, contingencies 1.5 % / 2.0 %."""
    row = perp(
        3100 * USD,
        (-558 * USD, 558 * USD),
        contingency_initial=60 * USD,
        contingency_maintenance=45 * USD,
    )
    account = holding(0, Position(10_000, 3090 * CASH, 0))
    report = assess(account, table(row), MINIMAL)
    assert report.equity == 10 * CASH
    assert report.initial_balance == -608 * CASH
    assert report.maintenance_balance_scaled == -4814 * CASH * 1000
    assert not report.initial_holds and not report.maintenance_holds
    assert "balance -608.00 USD" in report.explain()


def test_positions_of_one_underlying_net() -> None:
    down = (-500 * USD, 500 * USD)
    rows = table(perp(3000 * USD, down), replace(perp(3000 * USD, down), id=1))
    hedged = holding(0, Position(10_000, 3000 * CASH, 0), Position(-10_000, -3000 * CASH, 0))
    assert assess(hedged, rows, MINIMAL).initial_balance == 0
    naked = holding(0, Position(10_000, 3000 * CASH, 0))
    assert assess(naked, rows, MINIMAL).initial_balance == -500 * CASH


def test_underlyings_do_not_net() -> None:
    two = replace(MINIMAL, underlyings=2)
    down = (-500 * USD, 500 * USD)
    other = replace(perp(3000 * USD, down), id=2, underlying=1)
    rows = (perp(3000 * USD, down), unused_row(1, two), other, unused_row(3, two))
    account = holding(0, Position(10_000, 3000 * CASH), Position(), Position(-10_000, -3000 * CASH))
    report = assess(account, rows, two)
    assert [risk.scan_risk for risk in report.risks] == [500 * CASH, 500 * CASH]
    assert [risk.worst_scenario for risk in report.risks] == [0, 1]


def test_short_options_pay_their_minimum() -> None:
    call = perp(100 * USD, (0,), kind=InstrumentKind.CALL, short_minimum=7 * USD)
    assert assess(holding(0, Position(-20_000, 0)), table(call), MINIMAL).short_options == 14 * CASH
    assert assess(holding(0, Position(20_000, 0)), table(call), MINIMAL).short_options == 0
    assert (
        assess(
            holding(0, Position(-20_000, 0)), table(replace(call, kind=InstrumentKind.PERP)), MINIMAL
        ).short_options
        == 0
    )


def test_unsettled_funding_counts() -> None:
    row = perp(3000 * USD, (0,), funding=5 * USD)
    account = holding(0, Position(10_000, 3000 * CASH, 2 * USD))
    assert assess(account, table(row), MINIMAL).equity == -3 * CASH


def test_an_account_without_positions_needs_its_cash_only() -> None:
    assert assess(holding(5), table(), MINIMAL).initial_balance == 5
    assert not assess(holding(-1), table(), MINIMAL).initial_holds


quantities = st.integers(-(2**40) + 1, 2**40 - 1)
pnl = st.integers(-(2**47) + 1, 2**47 - 1)


@given(st.lists(quantities, min_size=4, max_size=4), st.data())
def test_scan_risk_is_the_least_admissible_w(held: list[int], data: Any) -> None:
    arrays = [tuple(data.draw(st.lists(pnl, min_size=24, max_size=24))) for _ in held]
    rows = tuple(replace(perp(0, array), id=i) for i, array in enumerate(arrays))
    report = assess(holding(0, *(Position(q) for q in held)), rows, MINIMAL)
    losses = [-sum(q * array[s] for q, array in zip(held, arrays, strict=True)) for s in range(24)]
    assert report.scan_risk >= 0 and all(report.scan_risk >= loss for loss in losses)
    assert report.scan_risk == 0 or report.scan_risk in losses
    assert report.scan_risk < 1 << 97 - 8


@given(st.lists(quantities, min_size=4, max_size=4), st.data())
def test_what_l1_knows_suffices_for_equity(held: list[int], data: Any) -> None:
    numbers = st.integers(0, 2**47 - 1)
    rows = tuple(replace(perp(data.draw(numbers), ()), id=i, funding=data.draw(numbers)) for i in range(4))
    account = holding(5, *(Position(q, data.draw(numbers), data.draw(numbers)) for q in held))
    assert equity(account, marks_of(rows)) == assess(account, rows, MINIMAL).equity
