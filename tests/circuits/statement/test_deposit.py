"""Deposits: what L1 says is taken for the account that it names, and a registration is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from circuits.protocol import numbers as n
from circuits.protocol.kinds.deposit import Deposit
from rollup.assignment import Inputs
from rollup.ledger.state import State

from .conftest import Bench, with_account

USD = 10**6


def deposit(bench: Bench, account: int, dollars: int = 5) -> tuple[Callable[[State], Deposit], int]:
    return lambda state: bench.world.deposit(state, account, dollars), 1


def new(bench: Bench, state: State, account: int, **changes: int) -> Deposit:
    fields = {"amount": USD, "owner": 0xBAD, **changes}
    key = bench.world.crypto.public_key(b"k" * 32)
    return Deposit(state.queue_index, account, True, 0, fields["amount"], fields["owner"], key)


@pytest.mark.parametrize("account", [1, 9], ids=["known", "new"])
def test_a_deposit_is_proven(bench: Bench, account: int) -> None:
    batch = bench.batch(bench.world.funded(), deposit(bench, account))
    bench.accepts(batch)
    bench.says(batch)


def test_a_registered_account_is_not_registered_again(bench: Bench) -> None:
    batch = bench.forced(bench.world.funded(), (lambda s: new(bench, s, 0), 1))
    bench.refuses(batch, "DEPOSIT_ACCOUNT/is_new")


def test_another_owners_account_gets_nothing(bench: Bench) -> None:
    batch = bench.forced(
        bench.world.funded(), (lambda s: replace(bench.world.deposit(s, 0, 1), owner=0xBAD), 1)
    )
    bench.refuses(batch, "DEPOSIT_ACCOUNT/owner")


def test_an_unregistered_account_needs_a_registration(bench: Bench) -> None:
    batch = bench.forced(
        bench.world.funded(), (lambda s: Deposit(s.queue_index, 9, False, 0, USD, 5, (0, 0)), 1)
    )
    bench.refuses(batch, "DEPOSIT_ACCOUNT/owner")


@pytest.mark.parametrize("part", ["asset_x", "asset_y"])
def test_a_registration_sets_both_keys_to_the_records(bench: Bench, part: str) -> None:
    batch = bench.batch(bench.world.funded(), deposit(bench, 9))
    inputs = bench.inputs(batch, {f"step[0]/x/identity/{part}": 7})
    bench.refuses(inputs, f"DEPOSIT_ACCOUNT/key_{part[-1]}")


def test_nobody_is_registered_without_a_deposit(bench: Bench) -> None:
    """A slot without a record that still registers the account it opened."""
    inputs = bench.inputs(bench.batch(bench.world.funded(), deposit(bench, 9)))
    bench.refuses(inputs | {"step[0]/is_deposit": 0}, "DEPOSIT_ACCOUNT/registered")


def test_a_sub_account_cannot_be_opened(bench: Bench) -> None:
    before = with_account(bench.world.funded(), 0, sub_account=1)
    bench.refuses(bench.forced(before, deposit(bench, 0)), "UNKNOWN_ACCOUNT/identity")


NUMBERS: list[tuple[str, int]] = [
    ("amount", 0),
    ("amount", n.AMOUNT.high),
    ("owner", 0),
    ("owner", n.OWNER.high),
]


@pytest.mark.parametrize(("name", "value"), NUMBERS)
def test_numbers_out_of_range(bench: Bench, name: str, value: int) -> None:
    inputs: Inputs = bench.inputs(bench.batch(bench.world.funded(), deposit(bench, 1)))
    bench.refuses(inputs | {f"step[0]/deposit/{name}": value}, f"MALFORMED/{name}")


@pytest.mark.parametrize(("owner", "amount"), [(n.OWNER.high - 1, n.AMOUNT.high - 1), (1, 1)])
def test_the_ends_of_the_ranges(bench: Bench, owner: int, amount: int) -> None:
    bench.accepts(
        bench.batch(bench.world.funded(), (lambda s: new(bench, s, 9, owner=owner, amount=amount), 1))
    )


def test_all_deposits_together_stay_below_their_bound(bench: Bench) -> None:
    state, credit = bench.world.funded(), 5 * USD * n.CASH_PER_UNIT
    last = replace(state, totals=replace(state.totals, deposits=n.DEPOSITS.high - 1 - credit))
    bench.accepts(bench.batch(last, deposit(bench, 1)))
    over = replace(state, totals=replace(state.totals, deposits=n.DEPOSITS.high - credit))
    bench.refuses(bench.forced(over, deposit(bench, 1)), "CASH_OVERFLOW/deposits")


def test_a_deposit_moves_the_queue(bench: Bench) -> None:
    state = replace(bench.world.funded(), queue_index=n.SEQUENCE.high - 1)
    bench.refuses(bench.forced(state, deposit(bench, 1)), "BATCH_FULL/queue_index")
    bench.accepts(bench.batch(replace(state, queue_index=n.SEQUENCE.high - 2), deposit(bench, 1)))


def test_money_may_always_come_in(bench: Bench) -> None:
    """A deposit onto an account beyond what a trade may leave: only leaves under margin are held to 2^94."""
    before = with_account(bench.world.funded(), 1, cash=n.TRADED_CASH.high)
    bench.accepts(bench.batch(before, deposit(bench, 1)))
