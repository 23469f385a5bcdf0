"""The batch circuit: tick slots, the instrument table, step slots, and the public words (docs/protocol.md section 7).

Decides the order of a batch (ticks, then active steps, then no-ops), the time of every record, and what the contract learns. One source
at every size: `define_batch(size)` is the define, `compile_batch(size)` the compiled circuit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from circuits.compiler import CompiledCircuit, compile_circuit
from circuits.errors import ShapeError
from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.logic import select
from circuits.gadgets.poseidon import poseidon
from circuits.language import ConstraintSystem, require_bounded
from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.kinds.declaration import RECORD_WORDS, domain_tag
from circuits.protocol.kinds.tick import TICK_TAG
from circuits.protocol.shapes import HEADER, ORDER, STATE
from circuits.protocol.sizes import Size
from circuits.statement.fields import commit, constrain, reason
from circuits.statement.kinds import MESSAGES
from circuits.statement.kinds.tick import TickSlot, assert_quorum, prove_tick
from circuits.statement.market import (
    Configuration,
    Market,
    Row,
    freshness,
    input_configuration,
    input_market,
    open_table,
)
from circuits.statement.step import Environment, Running, StepOutcome, prove_step
from circuits.statement.totals import (
    add_to_totals,
    commit_interest,
    commit_totals,
    constrain_interest,
    input_order,
    input_totals,
)
from circuits.variables import Bit, Bounded, Value, Variable, as_variable, bounded_sum


@lru_cache(maxsize=4)
def compile_batch(size: Size) -> CompiledCircuit:
    """The compiled batch circuit of a size."""
    return compile_circuit(define_batch(size), name=f"batch.{size.name}", challenge=True)


def define_batch(size: Size) -> Callable[[ConstraintSystem], None]:
    """The define of a size's batch circuit."""

    def define(cs: ConstraintSystem) -> None:
        cs.challenge(_words(cs, size))

    return define


@dataclass(frozen=True)
class _Times:
    """The batch's time, and of every record, ticks first: ms after it, and the time itself."""

    batch: Bounded
    elapsed: tuple[Bounded, ...]
    records: tuple[Bounded, ...]


def _words(cs: ConstraintSystem, size: Size) -> list[Variable]:
    """Everything that is proven, and the public words that say it."""
    chain_id, contract = cs.input("chain_id"), cs.input("contract")
    epoch = constrain(cs, cs.input("epoch"), n.EPOCH, "epoch")
    config = input_configuration(cs, size)
    tick_domain, *domains = (
        poseidon(cs, [domain_tag(tag), chain_id, contract])
        for tag in (TICK_TAG, *(message.tag for message in MESSAGES))
    )
    with cs.scope("old"):
        accounts = cs.input("accounts")
        with cs.scope("market"):
            market = input_market(cs)
        with cs.scope("totals"):
            totals = input_totals(cs)
        interest = tuple(cs.inputs("interest", size.instruments))
        with cs.scope("order"):
            order = input_order(cs)
        old_root = _root(cs, accounts, market, totals, interest, order)
    times = _input_times(cs, size.ticks + size.steps, _number(order, "time_ms"))

    slots, market, chain = _ticks(cs, size, market, config, times, tick_domain, order["order_chain"])
    rows = open_table(cs, size, market.table)
    # Time does not go back: no step is before the last tick slot's time.
    fresh = freshness(cs, market, config, times.records[size.ticks - 1])
    environment = Environment(market.tick_seq, fresh, tuple(domains), rows)
    running, steps = _steps(cs, size, Running(accounts, chain, interest), times, environment)

    used = [slot.used for slot in slots] + [step.active for step in steps]
    _assert_time_of_records(cs, times, used)
    with cs.scope("new"):
        totals = add_to_totals(
            cs,
            totals,
            bounded_sum(step.deposited for step in steps),
            bounded_sum(step.withdrawn for step in steps),
            bounded_sum(step.fees for step in steps),
        )
        after = {
            "order_chain": running.order_chain,
            "sequence": _counted(cs, order, "sequence", used),
            "epoch": epoch,
            "time_ms": _time_after(cs, times, slots, steps, _number(order, "time_ms")),
            "batch_number": _counted(cs, order, "batch_number", [cs.one]),
            "queue_index": _counted(cs, order, "queue_index", [step.from_l1 for step in steps]),
        }
        new_interest = constrain_interest(cs, running.interest)
        new_root = _root(cs, running.accounts, market, totals, new_interest, after)

    header: dict[str, Value] = {
        "n": bounded_sum(step.active for step in steps) * RECORD_WORDS + _fixed_words(size),
        "chain_id": chain_id,
        "contract": contract,
        "number": after["batch_number"],
        "epoch": epoch,
        "old_root": old_root,
        "new_root": new_root,
        "time_ms": times.batch,
        "time_to_ms": after["time_ms"],
        "sequence_from": order["sequence"],
        "sequence_to": after["sequence"],
        "chain_from": order["order_chain"],
        "chain_to": after["order_chain"],
        "queue_from": order["queue_index"],
        "queue_to": after["queue_index"],
        "config": config.commitment(cs),
    }
    return _all_words(cs, header, slots, rows, steps)


def _root(
    cs: ConstraintSystem,
    accounts: Variable,
    market: Market,
    totals: Mapping[str, Bounded],
    interest: Sequence[Variable],
    order: Mapping[str, Value],
) -> Variable:
    """The state's declared hash; what is not known to be in its range cannot be committed to."""
    return commit(
        cs,
        STATE,
        {
            "accounts": accounts,
            "market": market.commitment(cs),
            "totals": commit_totals(cs, totals),
            "interest": commit_interest(cs, interest),
            "order": commit(cs, ORDER, order),
        },
    )


# -- time ----------------------------------------------------------------------------------------------------------------------


def _input_times(cs: ConstraintSystem, count: int, state_time: Bounded) -> _Times:
    """The batch's time, and the time of every record slot, used or not.

    Inputs: time_ms; elapsed (one a record slot, ms after time_ms).
    Holds: the batch's time is not before the state's; `elapsed` does not decrease, and the last one is in its range, and with it each:
    a sum of `count` steps of 32 bits does not wrap. The last record's time is in its range, and with it each.
    """
    batch = constrain(cs, cs.input("time_ms"), n.TIME, "time_ms")
    order = reason(Code.TIME_ORDER, "time_ms")
    assert_nonnegative(cs, batch - state_time, order)
    raw = cs.inputs("elapsed", count)
    last: Value = 0
    for value in raw:
        constrain(cs, value - last, n.ELAPSED, "elapsed", Code.TIME_ORDER)
        last = value
    constrain(cs, last, n.ELAPSED, "last_elapsed", Code.TIME_ORDER)
    constrain(cs, batch + last, n.TIME, "time_to_ms", Code.TIME_ORDER)
    elapsed = tuple(cs.unchecked_bounded(value, 0, n.ELAPSED.high - 1) for value in raw)
    records = tuple(cs.unchecked_bounded(batch + value, 0, n.TIME.high - 1) for value in elapsed)
    return _Times(batch, elapsed, records)


def _assert_time_of_records(cs: ConstraintSystem, times: _Times, used: Sequence[Bit]) -> None:
    """Holds: a slot that holds no record does not move time, so that the last slot's time is the last record's."""
    before: Value = 0
    for bit, elapsed in zip(used, times.elapsed, strict=True):
        cs.assert_product(bit.complement(), elapsed - before, 0, reason(Code.TIME_ORDER, "unused"))
        before = elapsed


def _time_after(
    cs: ConstraintSystem,
    times: _Times,
    slots: Sequence[TickSlot],
    steps: Sequence[StepOutcome],
    state_time: Bounded,
) -> Bounded:
    """The state's time after the batch: the last record's; unchanged if there is none. Used slots come first, so the first of each kind
    says whether there is any."""
    none = cs.mul(slots[0].used.complement(), steps[0].active.complement(), "no_record")
    return select(cs, cs.unchecked_bit(none), state_time, times.records[-1], "time_to_ms")


# -- slots ---------------------------------------------------------------------------------------------------------------------


def _ticks(
    cs: ConstraintSystem,
    size: Size,
    market: Market,
    config: Configuration,
    times: _Times,
    domain: Variable,
    chain: Value,
) -> tuple[list[TickSlot], Market, Variable]:
    """The tick slots in turn, used ones first, and the quorum of the last used one. Returns market and order chain after them."""
    slots: list[TickSlot] = []
    running = as_variable(chain)
    for i in range(size.ticks):
        with cs.scope(f"tick[{i}]"):
            slot = prove_tick(cs, market, config, times.elapsed[i], times.records[i], domain, first=i == 0)
            chained = poseidon(cs, [running, *slot.words])
            running = select(cs, slot.used, chained, running)
        slots.append(slot)
        market = slot.market
    _assert_prefix(cs, [slot.used for slot in slots], reason(Code.TICK_SLOTS, "used"))
    with cs.scope("quorum"):
        assert_quorum(cs, size, config, slots[0].used, market.tick_hash)
    return slots, market, running


def _steps(
    cs: ConstraintSystem, size: Size, running: Running, times: _Times, environment: Environment
) -> tuple[Running, list[StepOutcome]]:
    steps: list[StepOutcome] = []
    for i in range(size.steps):
        at = size.ticks + i
        with cs.scope(f"step[{i}]"):
            step = prove_step(cs, running, times.elapsed[at], times.records[at], environment, size=size)
        running = step.running
        steps.append(step)
    _assert_prefix(cs, [step.active for step in steps], reason(Code.BATCH_FULL, "active"))
    return running, steps


def _assert_prefix(cs: ConstraintSystem, bits: Sequence[Bit], label: str) -> None:
    """Holds: no 0 is followed by a 1."""
    for before, after in pairwise(bits):
        cs.assert_product(after, before.complement(), 0, label)


# -- words ---------------------------------------------------------------------------------------------------------------------


def _fixed_words(size: Size) -> int:
    """Words of a batch without steps."""
    return len(HEADER) + RECORD_WORDS * size.ticks + size.instruments


def _all_words(
    cs: ConstraintSystem,
    header: Mapping[str, Value],
    slots: Sequence[TickSlot],
    rows: Sequence[Row],
    steps: Sequence[StepOutcome],
) -> list[Variable]:
    """The public words in their order: header, tick records, market words, step records."""
    names = [name for name, _ in HEADER]
    if sorted(header) != sorted(names):
        raise ShapeError(f"a header says {names}, not {sorted(header)}")
    words = [as_variable(header[name]) for name in names]
    words += [word for slot in slots for word in slot.words]
    words += [row.word for row in rows]
    words += [word for step in steps for word in step.words]
    return words


def _counted(cs: ConstraintSystem, order: Mapping[str, Value], name: str, bits: Sequence[Bounded]) -> Bounded:
    """A counter of the order after the batch, in its range."""
    number = dict(ORDER.fields)[name]
    return constrain(cs, _number(order, name) + bounded_sum(bits), number, name, Code.BATCH_FULL)


def _number(order: Mapping[str, Value], name: str) -> Bounded:
    return require_bounded(order[name], name)
