"""Rule and constraint are one statement: with a rule switched off, the step it let through breaks the constraint of the
same name, and only the rule stood between the transaction and the batch.

A dishonest sequencer runs its own code. Here it skips one check, seals a batch whose words and states are consistent,
and the circuit (under the integer engine) refuses it at the label that is the rejection code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from circuits.batch.circuit import define_batch
from circuits.engine import Engine
from circuits.errors import Unsatisfied
from rollup import bounds, market, rules
from rollup.accounts import OrderSlot, Position
from rollup.batch import seal_batch
from rollup.circuit_inputs import circuit_inputs
from rollup.instruments import Kind
from rollup.rejections import Code, Rejected
from rollup.rules import Step, apply
from rollup.state import State
from rollup.transactions import Side, Transaction

pytestmark = pytest.mark.prove


def allow(*_: Any, **__: Any) -> None:
    """A check that lets everything pass."""


@dataclass(frozen=True)
class Case:
    """A transaction that one rule refuses, the rule's function, and the codes of rule and constraint."""

    name: str
    code: Code
    make: Callable[[Any, State], Transaction]
    off: dict[str, Any]
    label: str = ""
    prepare: Callable[[Any, State], State] = lambda world, state: state
    late_ms: int = 0
    trusting: bool = field(default=False)


def trade(**changes: int) -> Callable[[Any, State], Transaction]:
    return lambda world, state: world.trade(**changes)


def orders(buy: dict[str, int], sell: dict[str, int], **match: int) -> Callable[[Any, State], Transaction]:
    return lambda world, state: world.match(
        world.order(0, Side.BUY, **buy), world.order(1, Side.SELL, **sell), **match
    )


def with_account(index: int, **changes: Any) -> Callable[[Any, State], State]:
    return lambda world, state: replace(
        state, accounts=state.accounts.set(index, replace(state.account(index), **changes))
    )


def after_trade(world: Any, state: State) -> State:
    return world.run(state, world.trade())  # type: ignore[no-any-return]


def only_row(world: Any, state: State, **changes: int) -> State:
    rows = world.rows(world.row(0, 3000 * world.USD, **changes))
    return world.run(state, world.tick(state.market, rows, world.START_MS + 1), world.START_MS + 1)  # type: ignore[no-any-return]


def tick(after_ms: int, **changes: Any) -> Callable[[Any, State], Transaction]:
    def make(world: Any, state: State) -> Transaction:
        rows = world.rows(world.row(0, 3000 * world.USD))
        return world.tick(state.market, rows, world.START_MS + after_ms, **changes)  # type: ignore[no-any-return]

    return make


def other_signature(signed: Any) -> Transaction:
    first, second = signed.signatures
    return replace(signed, signatures=(first, replace(second, signature=first.signature)))  # type: ignore[no-any-return]


USD, LOT = 10**6, 10**4
FULL = (Position(bounds.POSITION - LOT, 0, 0), *(Position(),) * 3)
RICH = bounds.TRADED_CASH - 1

CASES = [
    Case(
        "margin of the buyer",
        Code.INITIAL_MARGIN,
        trade(),
        {"_require_initial_margin": allow},
        prepare=with_account(0, cash=0),
    ),
    Case(
        "margin of the seller",
        Code.INITIAL_MARGIN,
        trade(),
        {"_require_initial_margin": allow},
        prepare=with_account(1, cash=0),
    ),
    Case(
        "withdrawal beyond margin",
        Code.INITIAL_MARGIN,
        lambda world, state: world.withdrawal(0, 10_001),
        {"_require_initial_margin": allow},
    ),
    Case("expired order", Code.EXPIRED, orders({"expiry_ms": 5}, {}), {"_require_not_expired": allow}),
    Case(
        "expired withdrawal",
        Code.EXPIRED,
        lambda world, state: world.withdrawal(0, 1, expiry_ms=5),
        {"_require_not_expired": allow},
    ),
    Case("fee", Code.FEE_ABOVE_MAXIMUM, trade(buyer_fee=10**11), {"maximum_fee": lambda *_: 10**20}),
    Case("overfill", Code.OVERFILL, orders({"size": LOT - 1}, {}), {"_filled": lambda account, *_: account}),
    Case(
        "overfill across batches",
        Code.OVERFILL,
        trade(),
        {"_filled": lambda account, *_: account},
        prepare=after_trade,
    ),
    Case(
        "position",
        Code.POSITION_OVERFLOW,
        trade(),
        {"_require_ranges": allow},
        prepare=with_account(0, positions=FULL, cash=RICH // 2),
    ),
    Case(
        "cash",
        Code.CASH_OVERFLOW,
        trade(),
        {"_require_ranges": allow},
        prepare=with_account(1, cash=RICH + 1),
    ),
    Case("stale tick", Code.STALE_TICK, trade(), {"require_fresh": allow}, late_ms=60_001),
    Case(
        "self trade",
        Code.SELF_TRADE,
        trade(buyer=0, seller=0),
        {"_require_pair": allow},
        label="UNKNOWN_ACCOUNT|SELF_TRADE|STALE_ORDER_ID|OVERFILL",
    ),
    Case(
        "option",
        Code.INSTRUMENT_NOT_TRADABLE,
        trade(),
        {"TRADABLE_KINDS": frozenset(Kind)},
        prepare=lambda world, state: only_row(world, state, kind=Kind.CALL),
    ),
    Case(
        "forged order",
        Code.BAD_SIGNATURE,
        lambda world, state: world.match(
            world.sign_order(world.order(0, Side.BUY).order, signer=4), world.order(1, Side.SELL)
        ),
        {},
        trusting=True,
    ),
    Case(
        "forged sell order",
        Code.BAD_SIGNATURE,
        lambda world, state: world.match(
            world.order(0, Side.BUY), world.sign_order(world.order(1, Side.SELL).order, signer=4)
        ),
        {},
        trusting=True,
    ),
    Case(
        "forged withdrawal",
        Code.BAD_SIGNATURE,
        lambda world, state: world.sign_withdrawal(world.withdrawal(0, 1).withdrawal, signer=4),
        {},
        trusting=True,
    ),
    Case(
        "a sell order where a buy belongs",
        Code.WRONG_SIDE,
        lambda world, state: world.match(world.order(0, Side.SELL), world.order(1, Side.SELL)),
        {"_require_pair": allow},
        label="BAD_SIGNATURE",
    ),
    Case(
        "registration of a registered account",
        Code.DEPOSIT_ACCOUNT,
        lambda world, state: replace(
            world.deposit(world.genesis(), 0, 1), queue_index=state.queue_index, owner=77
        ),
        {"_require_owner": allow},
    ),
    Case(
        "deposit under another owner's name",
        Code.DEPOSIT_ACCOUNT,
        lambda world, state: replace(world.deposit(state, 0, 1), owner=77),
        {"_require_owner": allow},
    ),
    Case(
        "price above the bid",
        Code.PRICE_BEYOND_LIMIT,
        trade(price=3000 * USD + 1),
        {"_require_within_limits": allow},
    ),
    Case(
        "price below the offer",
        Code.PRICE_BEYOND_LIMIT,
        trade(price=3000 * USD - 1),
        {"_require_within_limits": allow},
    ),
    Case(
        "superseded order",
        Code.STALE_ORDER_ID,
        trade(),
        {"_require_not_superseded": allow},
        prepare=lambda world, state: with_account(0, slots=(OrderSlot(2, 0), *state.account(0).slots[1:]))(
            world, state
        ),
    ),
    Case(
        "no tick yet",
        Code.NO_TICK,
        lambda world, state: world.withdrawal(0, 1),
        {"require_fresh": allow},
        label="STALE_TICK",
        prepare=lambda world, state: replace(
            with_account(0, positions=(Position(1, 0, 0), *(Position(),) * 3))(world, state),
            market=world.genesis().market,
        ),
    ),
    Case("tick at the same time", Code.TICK_TIME, tick(0), {"_require_later": allow}, late_ms=-1),
    Case("tick from the future", Code.STALE_TICK, tick(5), {"_require_age": allow}),
    Case("tick of the past", Code.STALE_TICK, tick(1), {"_require_age": allow}, late_ms=60_001),
    Case("one oracle twice", Code.TICK_SIGNERS, tick(1, signers=(1, 1)), {"_check_signers": allow}),
    Case("oracles in another order", Code.TICK_SIGNERS, tick(1, signers=(2, 1)), {"_check_signers": allow}),
    Case(
        "a signature of something else",
        Code.TICK_QUORUM,
        lambda world, state: other_signature(tick(1)(world, state)),
        {},
        label="BAD_SIGNATURE",
        trusting=True,
    ),
]


class Trusting:
    """Hashes like the twins and believes every signature."""

    def __init__(self, crypto: Any) -> None:
        self.hash = crypto.hash

    def verify(self, *_: Any) -> bool:
        return True


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_rule_refuses_breaks_the_constraint_of_its_name(
    world: Any, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = case.prepare(world, world.funded())
    if state.used.steps or state.used.ticks:
        state = rules.seal(state, world.context(state))
    context = world.context(state, world.START_MS + 1 + case.late_ms)
    transaction = case.make(world, state)
    refusal = apply(state, transaction, context, world.crypto)
    assert isinstance(refusal, Rejected) and refusal.code == case.code

    for name, replacement in case.off.items():
        monkeypatch.setattr(rules if hasattr(rules, name) else market, name, replacement)
    crypto = Trusting(world.crypto) if case.trusting else world.crypto
    step = apply(state, transaction, context, crypto)
    assert isinstance(step, Step), step
    batch = seal_batch(context, state, [step], world.crypto)
    engine = Engine(circuit_inputs(batch, crypto), challenge=True, mask=1, chi=2)
    with pytest.raises(Unsatisfied, match=case.label or case.code.name):
        define_batch(world.size)(engine)
