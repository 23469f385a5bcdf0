"""One step of a batch, composed: two accounts opened, every kind asked what it needs, what the step's own kind asked for proven.

Decides what a kind's wishes mean. Account X is opened, then account Y at the root that X leaves; a kind that needs one account leaves any
Y as it is. All kinds run in every slot; the bits of the kinds are at most one, and each wish is selected by its kind's bit, so that an
inactive slot moves nothing and no kind moves what another one asked for. What is written is ranged here, for every kind alike.

Labels are the rejection codes of `circuits.protocol.codes` with the field. Which steps a batch holds and how their records reach L1 is
`circuits.statement.batch`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from circuits.gadgets.compare import assert_nonnegative, is_negative
from circuits.gadgets.eddsa import assert_eddsa
from circuits.gadgets.logic import is_zero, pick_or_zero, select
from circuits.gadgets.poseidon import poseidon
from circuits.gadgets.signed import sign_and_magnitude
from circuits.language import ConstraintSystem, require_bounded, template
from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.kinds.declaration import RECORD_WORDS, Origin, Signer
from circuits.protocol.sizes import Size
from circuits.statement.account import (
    Account,
    Closing,
    Position,
    claim,
    close_account,
    open_account,
    pick_position,
)
from circuits.statement.choice import Alternatives, Choice, chosen, input_choice, picked
from circuits.statement.fields import constrain, input_signature, pack, reason
from circuits.statement.kinds import MESSAGES, STEP_KINDS
from circuits.statement.margin import Holding, assert_initial_margin
from circuits.statement.market import Freshness, Row, assert_fresh
from circuits.statement.wishes import Change, Instrument, MarketUse, OpenStep, Wishes
from circuits.variables import Bit, Bounded, Value, Variable, bounded_sum, weighted_sum


@dataclass(frozen=True)
class Environment:
    """What all steps of a batch share: the market, and the domain of every signed message."""

    tick_seq: Bounded
    freshness: Freshness
    domains: tuple[Variable, ...]
    """In the order of `circuits.statement.kinds.MESSAGES`."""
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Running:
    """What each step takes from the one before: accounts root, order chain, open interest per instrument."""

    accounts: Variable
    order_chain: Variable
    interest: tuple[Variable, ...]


@dataclass(frozen=True)
class StepOutcome:
    """What a step hands to the batch: what it leaves, its record, and what it adds to the totals in 1e-10 USD."""

    running: Running
    words: tuple[Variable, ...]
    active: Bit
    from_l1: Bit
    deposited: Bounded
    withdrawn: Bounded
    fees: Bounded


@dataclass(frozen=True)
class _Port:
    """One account of the step with what each kind asks of it, by the kind's place in `STEP_KINDS`."""

    account: Account
    position: Position
    changes: tuple[tuple[int, Change], ...]


@dataclass(frozen=True)
class _Written:
    """An account as the step leaves it: the root above it, the change of its claim and of its long quantity, whether it holds nothing."""

    root: Variable
    claim: Variable
    long: Bounded
    flat: Bit


@template
def prove_step(
    cs: ConstraintSystem,
    before: Running,
    elapsed: Bounded,
    time_ms: Bounded,
    environment: Environment,
    *,
    size: Size,
) -> StepOutcome:
    """Given: what the step before left, the record's time as ms after the batch's and as such, the batch's environment.
    Inputs: is_<kind> for each kind, <kind>/..., x/..., y/..., middle_root, instrument (a selector an instrument).
    Holds: the outcome is that of one record of docs/protocol.md section 5, or of a no-op.
    Assumes: the leaves under the accounts root have their ranges (circuits.statement.account).
    Costs: tests/circuits/statement/golden_circuits.json.
    """
    bits = tuple(cs.assert_bit(cs.input(f"is_{step.kind.name}"), "kind") for step in STEP_KINDS)
    active = cs.assert_bit(weighted_sum([1] * len(bits), bits), "one_kind")
    kinds = Alternatives(bits)

    # Both accounts are opened before anything is believed of them: the root between them is the prover's to say, and X must lead to it.
    middle = cs.input("middle_root")
    with cs.scope("x"):
        x = open_account(cs, size, before.accounts, may_register=True)
    with cs.scope("y"):
        y = open_account(cs, size, middle, may_register=False)
    choice = input_choice(cs, "instrument", size.instruments, reason(Code.INSTRUMENT_MISMATCH, "instrument"))
    instrument = Instrument(
        choice,
        picked(cs, choice.picks, [row.tradable for row in environment.rows], "pick"),
        picked(cs, choice.picks, [row.funding for row in environment.rows], "pick"),
    )
    open_step = OpenStep(
        x, y, instrument, pick_position(cs, x, instrument.choice), pick_position(cs, y, instrument.choice)
    )
    wishes: list[Wishes] = []
    for bit, step in zip(bits, STEP_KINDS, strict=True):
        with cs.scope(step.kind.name):
            wishes.append(step.prove(cs, bit, open_step))

    trades = _any(cs, kinds, wishes, lambda wish: wish.trades)
    cs.assert_equal(choice.any, trades, reason(Code.INSTRUMENT_MISMATCH, "chosen"))
    registers = _any(cs, kinds, wishes, lambda wish: wish.registers)
    cs.assert_product(x.is_new, registers.complement(), 0, reason(Code.DEPOSIT_ACCOUNT, "registered"))
    port_x = _Port(x, open_step.x_position, tuple((k, wish.x) for k, wish in enumerate(wishes)))
    touches_y = [(k, wish.y) for k, wish in enumerate(wishes) if wish.y is not None]
    port_y = _Port(y, open_step.y_position, tuple(touches_y))
    with cs.scope("x"):
        written = _write(cs, kinds, port_x, choice, time_ms, environment, size)
        cs.assert_equal(written.root, middle, "middle_root")
    with cs.scope("y"):
        written_y = _write(cs, kinds, port_y, choice, time_ms, environment, size)

    holding = _places(wishes, lambda wish: wish.market is MarketUse.WHILE_HOLDING)
    always = kinds.any(cs, _places(wishes, lambda wish: wish.market is MarketUse.ALWAYS))
    exposed = cs.mul(kinds.any(cs, holding), written.flat.complement(), "exposed")
    assert_fresh(cs, environment.freshness, time_ms, cs.unchecked_bit(always + exposed))

    deposited = _total(cs, kinds, wishes, lambda wish: wish.deposited)
    withdrawn = _total(cs, kinds, wishes, lambda wish: wish.withdrawn)
    fees = _total(cs, kinds, wishes, lambda wish: wish.fees)
    # Conservation, said of the leaves themselves and not of the kinds' formulas (MARGIN, Conservation).
    kept = written.claim + written_y.claim + fees - deposited + withdrawn
    cs.assert_zero(kept, "CONSERVATION")
    # An instrument is chosen by trades alone, and only the chosen one's positions move.
    long = written.long + written_y.long
    interest = tuple(
        total + cs.mul(bit, long, "interest")
        for bit, total in zip(choice.picks, before.interest, strict=True)
    )
    words = _record(cs, kinds, wishes, elapsed)
    chained = poseidon(cs, [before.order_chain, *words])
    return StepOutcome(
        running=Running(written_y.root, select(cs, active, chained, before.order_chain), interest),
        words=words,
        active=active,
        from_l1=kinds.any(cs, [k for k, step in enumerate(STEP_KINDS) if step.kind.origin is Origin.L1]),
        deposited=deposited,
        withdrawn=withdrawn,
        fees=fees,
    )


def _write(
    cs: ConstraintSystem,
    kinds: Alternatives,
    port: _Port,
    instrument: Choice,
    time_ms: Bounded,
    environment: Environment,
    size: Size,
) -> _Written:
    """Apply and prove what the step's kind asks of one account, and close it.

    Holds: the key signed the message and it has not expired; initial margin holds where it must; the parts that a kind changes are
    changed, all others stay; everything written is in its range.
    """
    account, changes = port.account, port.changes
    touched = kinds.any(cs, [k for k, _ in changes])
    _authorise(cs, kinds, port, time_ms, environment)
    slots = _write_slot(cs, kinds, port)
    positions = _write_position(cs, kinds, port, instrument)
    solvent = kinds.any(cs, [k for k, change in changes if change.meets_margin])
    gained = chosen(cs, kinds, _given(changes, lambda change: change.cash), cs.constant(0), "cash")
    cash = _assert_cash(cs, account.cash + gained, solvent)
    holdings = _assert_holdings(cs, positions)
    assert_initial_margin(cs, cash, holdings, environment.rows, solvent, size=size)
    floor = chosen(cs, kinds, _given(changes, lambda c: c.order_floor), account.order_floor, "floor")
    nonces = chosen(cs, kinds, _given(changes, lambda c: c.nonces), account.nonces, "nonces")
    stamp = select(cs, touched, environment.tick_seq, account.last_tick)
    closing = Closing(nonces, cash, floor, stamp, tuple(h.position for h in holdings), slots)
    return _Written(
        root=close_account(cs, account, closing),
        claim=claim(cs, cash, closing.positions) - claim(cs, account.cash, account.positions),
        long=_long_after(cs, instrument, holdings) - _long(cs, port.position.quantity),
        flat=is_zero(cs, bounded_sum(holding.size for holding in holdings)),
    )


def _authorise(
    cs: ConstraintSystem, kinds: Alternatives, port: _Port, time_ms: Bounded, environment: Environment
) -> None:
    """Holds: where the step's kind needs the account's signature, the key that the message's declaration names signed H_3(domain, p1, p2),
    and the message has not expired at the record's time."""
    signed = [(k, change.signed) for k, change in port.changes if change.signed is not None]
    tags = [message.tag for message in MESSAGES]
    parts: list[list[tuple[int, Value]]] = [[], [], []]
    for k, message in signed:
        words = pack(message.message.layout, message.values)
        domain = environment.domains[tags.index(message.message.tag)]
        for part, word in zip(parts, (domain, *words), strict=True):
            part.append((k, word))
    digest = poseidon(cs, [chosen(cs, kinds, part, 0, "message") for part in parts])
    asset = kinds.any(cs, [k for k, message in signed if message.message.signer is Signer.ASSET])
    identity = port.account.identity
    key = tuple(
        select(cs, asset, a, t) for a, t in zip(identity.asset_key, identity.trading_key, strict=True)
    )
    assert_eddsa(cs, kinds.any(cs, [k for k, _ in signed]), (key[0], key[1]), input_signature(cs), digest)
    remaining = [
        (k, require_bounded(message.values["expiry_ms"], "an expiry") - time_ms) for k, message in signed
    ]
    left = chosen(cs, kinds, remaining, cs.constant(0), "remaining")
    assert_nonnegative(cs, left, reason(Code.EXPIRED, "expiry_ms"))


def _write_slot(cs: ConstraintSystem, kinds: Alternatives, port: _Port) -> tuple[Bounded, ...]:
    """Holds: a slot is chosen exactly if the step's kind chooses one; that slot has the word that the kind gives, all others stay."""
    slot, changes = port.account.slot, port.changes
    wanted = chosen(cs, kinds, _given(changes, lambda c: c.chooses_slot), cs.constant(0), "slot")
    cs.assert_equal(slot.choice.any, wanted, reason(Code.MALFORMED, "chosen_slot"))
    word = chosen(cs, kinds, _given(changes, lambda c: c.slot), slot.word, "slot")
    return tuple(
        _moved(cs, bit, held, slot.word, word, "slot")
        for bit, held in zip(slot.choice.picks, port.account.slots, strict=True)
    )


def _write_position(
    cs: ConstraintSystem, kinds: Alternatives, port: _Port, instrument: Choice
) -> tuple[Position, ...]:
    """Holds: the position in the chosen instrument is the one that the kind gives, its entry quote in range; all others stay. Quantities
    still want their range."""
    old = port.position
    given = _given(port.changes, lambda change: change.position)

    def part(name: str) -> Bounded:
        before: Bounded = getattr(old, name)
        after: list[tuple[int, Bounded]] = [(k, getattr(position, name)) for k, position in given]
        return chosen(cs, kinds, after, before, "position")

    quantity, funding = part("quantity"), part("funding")
    entry = constrain(cs, part("entry"), n.TRADED_CASH, "entry", Code.CASH_OVERFLOW)
    return tuple(
        Position(
            _moved(cs, bit, held.quantity, old.quantity, quantity, "quantity"),
            _moved(cs, bit, held.entry, old.entry, entry, "entry"),
            _moved(cs, bit, held.funding, old.funding, funding, "index"),
        )
        for bit, held in zip(instrument.picks, port.account.positions, strict=True)
    )


def _moved(
    cs: ConstraintSystem, bit: Bit, held: Bounded, picked_before: Bounded, after: Bounded, label: str
) -> Bounded:
    """`after` where the bit is 1, which makes `held` what was picked; `held` where it is 0. Costs 1."""
    value = held + cs.mul(bit, after - picked_before, label)
    return cs.unchecked_bounded(value, min(held.lo, after.lo), max(held.hi, after.hi))


def _assert_cash(cs: ConstraintSystem, cash: Bounded, solvent: Bit) -> Bounded:
    """Holds: where the account must be solvent, |cash| < 2^94. Elsewhere it is left alone or gains a deposit.

    Such an account had |cash| < 2^94 + (deposits so far) and gained at most its deposit; circuits.statement.totals bounds the total of
    deposits by 2^80, so every leaf keeps |cash| < 2^95. That is the claim made here.
    """
    constrain(cs, cs.mul(solvent, cash, "traded_cash"), n.TRADED_CASH, "cash", Code.CASH_OVERFLOW)
    return cs.unchecked_bounded(cash, n.CASH.low, n.CASH.high - 1)


def _assert_holdings(cs: ConstraintSystem, positions: tuple[Position, ...]) -> tuple[Holding, ...]:
    """The positions after the step with every quantity in range, its sign and size."""
    holdings = []
    for position in positions:
        label = reason(Code.POSITION_OVERFLOW, "quantity")
        negative, magnitude = sign_and_magnitude(cs, position.quantity, n.POSITION.bits, label)
        quantity = cs.unchecked_bounded(position.quantity, -magnitude.hi, magnitude.hi)
        ranged = Position(quantity, position.entry, position.funding)
        holdings.append(Holding(position=ranged, negative=negative, size=magnitude))
    return tuple(holdings)


def _long(cs: ConstraintSystem, quantity: Bounded) -> Bounded:
    """What a quantity adds to open interest: itself, 0 if it is negative."""
    return cs.mul_bounded(is_negative(cs, quantity, "long").complement(), quantity, "long")


def _long_after(cs: ConstraintSystem, instrument: Choice, holdings: Sequence[Holding]) -> Bounded:
    """The same of the chosen instrument's position after the step, whose sign is known; 0 where none is chosen."""
    longs = [
        cs.mul_bounded(holding.negative.complement(), holding.position.quantity, "long")
        for holding in holdings
    ]
    return picked(cs, instrument.picks, longs, "long")


def _record(
    cs: ConstraintSystem, kinds: Alternatives, wishes: Sequence[Wishes], elapsed: Bounded
) -> tuple[Variable, ...]:
    """The record's words, zero in a no-op. Costs one product a word that a kind uses."""
    words: list[list[tuple[int, Variable]]] = [[] for _ in range(RECORD_WORDS)]
    for k, (step, wish) in enumerate(zip(STEP_KINDS, wishes, strict=True)):
        layout = step.kind.layout
        packed = pack(layout, {**wish.record, "kind": step.kind.number, "elapsed": elapsed})
        for word in range(RECORD_WORDS):
            if layout.of_word(word):
                words[word].append((k, packed[word]))
    return tuple(
        pick_or_zero(cs, kinds.of([k for k, _ in word]), [value for _, value in word], "word")
        for word in words
    )


def _given(changes: Sequence[tuple[int, Change]], part: Callable[[Change], object]) -> list[tuple[int, Any]]:
    """The kinds that change a part, with what they make of it."""
    return [(k, part(change)) for k, change in changes if part(change) is not None]


def _places(wishes: Sequence[Wishes], holds: Callable[[Wishes], bool]) -> list[int]:
    return [k for k, wish in enumerate(wishes) if holds(wish)]


def _any(
    cs: ConstraintSystem, kinds: Alternatives, wishes: Sequence[Wishes], holds: Callable[[Wishes], bool]
) -> Bit:
    return kinds.any(cs, _places(wishes, holds))


def _total(
    cs: ConstraintSystem,
    kinds: Alternatives,
    wishes: Sequence[Wishes],
    part: Callable[[Wishes], Bounded | None],
) -> Bounded:
    given = [(k, value) for k, wish in enumerate(wishes) if (value := part(wish)) is not None]
    return chosen(cs, kinds, given, cs.constant(0), "total")
