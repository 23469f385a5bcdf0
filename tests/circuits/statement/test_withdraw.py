"""Withdrawals: amounts, margin, and which nonces are left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circuits.engine import HintCall
from circuits.protocol import numbers as n
from circuits.protocol.kinds.withdraw import SignedWithdrawal
from circuits.protocol.shapes import NONCES_PER_WINDOW
from rollup.ledger.account import Nonces, Position
from rollup.ledger.state import State
from tests.rollup.conftest import CASH, LOT, START_MS, USD

from .conftest import Bench, closed, with_account

Timed = tuple[Callable[[State], SignedWithdrawal], int]


def withdrawal(bench: Bench, dollars: int = 1, after_ms: int = 1, **changes: int) -> Timed:
    return lambda state: bench.world.withdrawal(0, dollars, **changes), after_ms


@pytest.fixture(scope="module")
def holding(bench: Bench) -> State:
    """Account 0 is long one contract."""
    world = bench.world
    return closed(world, world.run(world.funded(), world.trade()))


def test_a_withdrawal_is_proven_and_said(bench: Bench) -> None:
    batch = bench.batch(bench.world.funded(), withdrawal(bench, 40, fee=3))
    bench.accepts(batch)
    bench.says(batch)


def test_all_cash_and_not_a_unit_more(bench: Bench) -> None:
    bench.accepts(bench.batch(bench.world.funded(), withdrawal(bench, 9_999, fee=USD)))
    over = bench.forced(bench.world.funded(), withdrawal(bench, 9_999, fee=USD + 1))
    bench.refuses(over, "INITIAL_MARGIN/equity")


def test_cash_stays_above_its_range(bench: Bench) -> None:
    """An account that is worth enough by its positions but whose cash is at the end of its range."""
    world = bench.world
    rich = (Position(n.POSITION.high - 1, -n.TRADED_CASH.high + 1, 0), Position())
    for cash, label in (
        (-n.TRADED_CASH.high + 1 + CASH, ""),
        (-n.TRADED_CASH.high + CASH, "CASH_OVERFLOW/cash"),
    ):
        before = with_account(world.funded(), 0, positions=rich, cash=cash)
        batch = bench.forced(before, withdrawal(bench, 1))
        if label:
            bench.refuses(batch, label)
        else:
            bench.accepts(batch)


def test_a_signature_of_another(bench: Bench) -> None:
    world = bench.world
    batch = bench.forced(
        world.funded(), (lambda s: world.sign_withdrawal(world.withdrawal(0, 1).withdrawal, 1), 1)
    )
    bench.refuses(batch, "x/BAD_SIGNATURE")


def test_the_asset_key_signs(bench: Bench) -> None:
    world = bench.world
    key = world.crypto.public_key(b"other key of this account 123456")
    bench.accepts(bench.batch(with_account(world.funded(), 0, trading_key=key), withdrawal(bench)))
    batch = bench.forced(with_account(world.funded(), 0, asset_key=key), withdrawal(bench))
    bench.refuses(batch, "x/BAD_SIGNATURE")


def test_nobody_withdraws(bench: Bench) -> None:
    world = bench.world
    batch = bench.forced(world.funded(), (lambda s: world.withdrawal(6, 1), 1))
    bench.refuses(batch, "x/BAD_SIGNATURE")


def test_expiry_is_of_the_records_own_time(bench: Bench) -> None:
    before = bench.world.funded()
    expiry = {"expiry_ms": START_MS + 40}
    bench.accepts(bench.batch(before, withdrawal(bench, 1, 40, **expiry), opened=0))
    bench.refuses(bench.forced(before, withdrawal(bench, 1, 41, **expiry), opened=0), "x/EXPIRED/expiry_ms")


W = NONCES_PER_WINDOW
LAST_WINDOW = n.NONCE_WINDOW.high - 1
ALL = n.NONCE_BITMAP.high - 1
NONCES = [
    # stored window, bitmap, nonce, whether it may be used
    (0, 0, 0, True),
    (0, 1, 0, False),
    (0, 1, 1, True),
    (0, ALL ^ 1 << 31, 31, True),
    (0, ALL, 31, False),
    (0, ALL, 32, True),
    (5, 0b1010, 5 * W, True),
    (5, 0b1010, 5 * W + 1, False),
    (5, 0b1010, 5 * W + 3, False),
    (5, 0, 5 * W - 1, False),
    (5, 0, 0, False),
    (5, ALL, 9 * W + 17, True),
    (LAST_WINDOW, ALL ^ 1 << 31, n.NONCE.high - 1, True),
    (LAST_WINDOW, ALL, n.NONCE.high - 1, False),
    (0, ALL, n.NONCE.high - 1, True),
    (LAST_WINDOW, 0, 0, False),
]


@pytest.mark.parametrize(("window", "bitmap", "nonce", "free"), NONCES)
def test_nonces(bench: Bench, window: int, bitmap: int, nonce: int, free: bool) -> None:
    before = with_account(bench.world.funded(), 0, nonces=Nonces(window, bitmap))
    if free:
        bench.accepts(bench.batch(before, withdrawal(bench, nonce=nonce)))
    else:
        bench.refuses(bench.forced(before, withdrawal(bench, nonce=nonce)), "NONCE_MISMATCH/nonce")


def test_a_full_window_is_in_no_other_kinds_way(bench: Bench) -> None:
    """A cancel of an account whose window is used up: the idle withdrawal's nonce is among the used ones, and claims nothing false."""
    before = with_account(bench.world.funded(), 0, nonces=Nonces(0, ALL))
    batch = bench.batch(before, (lambda s: bench.world.cancel(0, 7), 1))
    bench.accepts(batch)
    bench.says(batch)


def test_a_window_is_not_split_in_another_way(bench: Bench) -> None:
    """Lies in every hint under the two splits, a carry from one part into the other among them, are refused."""
    before = with_account(bench.world.funded(), 0, nonces=Nonces(5, 0b1010))
    inputs = bench.inputs(bench.batch(before, withdrawal(bench, nonce=5 * W + 2)))
    for part in ("nonces_parts", "MALFORMED/nonce"):

        def hook(call: HintCall, part: str = part) -> list[int]:
            flipped = [1 - call.honest[0], *call.honest[1:]]
            return flipped if call.label.endswith(f"/{part}") else list(call.honest)

        broken = bench.broken(inputs, hook)
        assert broken is not None and broken.endswith(f"/{part}")


NUMBERS = [
    ("amount", n.AMOUNT),
    ("fee", n.CHARGE),
    ("nonce", n.NONCE),
    ("expiry_ms", n.TIME),
]


@pytest.mark.parametrize(("name", "number"), NUMBERS, ids=lambda v: v if isinstance(v, str) else "")
def test_numbers_out_of_range(bench: Bench, name: str, number: n.Number) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), withdrawal(bench)))
    for value in {number.high, *range(number.low)}:
        bench.refuses(inputs | {f"step[0]/withdraw/{name}": value}, f"withdraw/MALFORMED/{name}")


def test_withdrawing_needs_a_market_only_while_something_is_held(bench: Bench, holding: State) -> None:
    limit = bench.world.configuration.max_tick_age_ms
    expiry = {"expiry_ms": START_MS + 10**9}
    bench.accepts(bench.batch(holding, withdrawal(bench, 1, limit, **expiry)))
    late = withdrawal(bench, 1, limit + 1, **expiry)
    bench.refuses(bench.forced(holding, late), "STALE_TICK/max_tick_age_ms")
    bench.accepts(bench.batch(bench.world.funded(), late))


def test_margin_holds_after_a_withdrawal(bench: Bench, holding: State) -> None:
    """One contract at 3000 needs 600 USD, as in test_match."""
    before = with_account(holding, 0, cash=601 * CASH)
    bench.accepts(bench.batch(before, withdrawal(bench, 1)))
    bench.refuses(bench.forced(before, withdrawal(bench, 1, fee=1)), "INITIAL_MARGIN/equity")
    assert holding.account(0).positions[0].quantity == LOT


def test_another_leaf_does_not_open_the_root(bench: Bench) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), withdrawal(bench)))
    for name in ("nonces", "cash", "order_floor", "last_tick"):
        lied = inputs | {f"step[0]/x/leaf/{name}": 1}
        bench.refuses(lied, "x/UNKNOWN_ACCOUNT/accounts")
    bench.refuses(inputs | {"step[0]/x/leaf/identity": 1}, "x/UNKNOWN_ACCOUNT/identity")
    bench.refuses(inputs | {"step[0]/y/leaf/cash": 1}, "y/UNKNOWN_ACCOUNT/accounts")
    bench.refuses(inputs | {"step[0]/middle_root": 1}, "y/UNKNOWN_ACCOUNT/accounts")
