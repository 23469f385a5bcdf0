"""The batch circuit: tick slots, the instrument table, step slots, and the public words (docs/protocol.md).

Decides the order of a batch (ticks, then active steps, then no-ops) and what the contract learns of it. One source at every size:
`define_batch(size)` is the define, `compile_batch(size)` the compiled circuit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from circuits import widths
from circuits.batch.market import Market, TickSlot, input_configuration, open_table, tick_slot
from circuits.batch.step import Environment, StepOutcome, prove_step
from circuits.compiler import CompiledCircuit, compile_circuit
from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.logic import select
from circuits.gadgets.poseidon import poseidon
from circuits.gadgets.range import constrain_unsigned
from circuits.language import ConstraintSystem
from circuits.protocol.sizes import Size
from circuits.variables import Bit, Bounded, Variable, bounded_sum, weighted_sum

HEADER_WORDS = 10
RECORD_WORDS = 4


def domain_tag(name: str) -> int:
    """A domain tag as a field element: its ASCII bytes read big-endian."""
    return int.from_bytes(name.encode("ascii"), "big")


ORDER_TAG = domain_tag("tickproof.order.v1")
WITHDRAW_TAG = domain_tag("tickproof.withdraw.v1")
TICK_TAG = domain_tag("tickproof.tick.v1")


@lru_cache(maxsize=4)
def compile_batch(size: Size) -> CompiledCircuit:
    """The compiled batch circuit of a size."""
    return compile_circuit(define_batch(size), name=f"batch.{size.name}", challenge=True)


def define_batch(size: Size) -> Callable[[ConstraintSystem], None]:
    """The define of a size's batch circuit."""

    def define(cs: ConstraintSystem) -> None:
        cs.challenge(_words(cs, size))

    return define


def _words(cs: ConstraintSystem, size: Size) -> list[Variable]:
    """Everything that is proven, and the public words that say it."""
    chain_id, contract, number = cs.input("chain_id"), cs.input("contract"), cs.input("batch_number")
    time = constrain_unsigned(cs, cs.input("time"), widths.TIME, "MALFORMED")
    config = input_configuration(cs, size)
    domains = [
        poseidon(cs, [cs.constant(tag), chain_id, contract]) for tag in (ORDER_TAG, WITHDRAW_TAG, TICK_TAG)
    ]

    with cs.scope("old"):
        accounts_root, order_chain = cs.input("accounts_root"), cs.input("order_chain")
        market = _input_market(cs)
        totals = cs.inputs("totals", 4)
        queue_index = cs.input("queue_index")
        totals_hash = poseidon(cs, totals)
        old_root = poseidon(
            cs, [accounts_root, market.commitment(cs), totals_hash, order_chain, number - 1, queue_index]
        )

    slots: list[TickSlot] = []
    for i in range(size.ticks):
        with cs.scope(f"tick[{i}]"):
            slot = tick_slot(cs, size, market, config, time, domains[2])
            slots.append(slot)
            market = slot.market
            chained = poseidon(cs, [order_chain, *slot.words])
            order_chain = select(cs, slot.used, chained, order_chain)
    _assert_prefix(cs, [slot.used for slot in slots], "TICK_SLOTS")

    rows = open_table(cs, size, market.table)
    environment = Environment(
        time=time,
        tick_seq=market.seq,
        fresh=_input_fresh(cs, market, time, config.max_tick_age),
        order_domain=domains[0],
        withdraw_domain=domains[1],
        rows=tuple(rows),
    )

    steps: list[StepOutcome] = []
    for i in range(size.steps):
        with cs.scope(f"step[{i}]"):
            step = prove_step(cs, accounts_root, order_chain, environment, size=size)
        accounts_root, order_chain = step.accounts_root, step.order_chain
        steps.append(step)
    _assert_prefix(cs, [step.active for step in steps], "BATCH_FULL")

    with cs.scope("new"):
        deposits = totals[0] + bounded_sum(step.deposited for step in steps)
        deposits = constrain_unsigned(cs, deposits, widths.DEPOSITS, "CASH_OVERFLOW")
        withdrawals = totals[1] + bounded_sum(step.withdrawn for step in steps)
        fees = totals[2] + bounded_sum(step.fees for step in steps)
        new_queue = queue_index + bounded_sum(step.is_deposit for step in steps)
        new_totals = poseidon(cs, [deposits, withdrawals, fees, totals[3]])
        new_root = poseidon(
            cs, [accounts_root, market.commitment(cs), new_totals, order_chain, number, new_queue]
        )

    active = bounded_sum(step.active for step in steps)
    n = HEADER_WORDS + RECORD_WORDS * size.ticks + size.instruments + active * RECORD_WORDS
    words: list[Variable] = [n, chain_id, contract, number, old_root, new_root, time, queue_index, new_queue]
    words.append(config.commitment(cs))
    for slot in slots:
        words += slot.words
    for row in rows:
        shifted = row.funding + (1 << widths.FUNDING)
        words.append(weighted_sum([1, 1 << 47, 1 << 110], [row.mark, shifted, row.live]))
    for step in steps:
        words += step.words
    return words


def _input_market(cs: ConstraintSystem) -> Market:
    """The committed market as inputs. Ranges hold by induction: genesis is zero, every tick slot checks what it writes."""
    seq, time = cs.input("tick_seq"), cs.input("tick_time")
    tick, table = cs.input("tick"), cs.input("table")
    return Market(
        seq=cs.unchecked_bounded(seq, 0, (1 << widths.SEQUENCE) - 1),
        time=cs.unchecked_bounded(time, 0, (1 << widths.TIME) - 1),
        tick=tick,
        table=table,
    )


def _input_fresh(cs: ConstraintSystem, market: Market, time: Bounded, max_age: Bounded) -> Bit:
    """The prover's claim that the market's tick is fresh.

    Holds: if the claim is 1, a tick exists and 0 <= time - tick time <= max age. A prover who claims 0 only gives up steps.
    """
    fresh = cs.assert_bit(cs.input("fresh"), "fresh")
    age = time - market.time
    assert_nonnegative(cs, cs.mul_bounded(fresh, market.seq - 1), "NO_TICK")
    assert_nonnegative(cs, cs.mul_bounded(fresh, age), "STALE_TICK")
    assert_nonnegative(cs, cs.mul_bounded(fresh, max_age - age), "STALE_TICK")
    return fresh


def _assert_prefix(cs: ConstraintSystem, bits: list[Bit], label: str) -> None:
    """Holds: no 0 is followed by a 1."""
    for before, after in pairwise(bits):
        cs.assert_product(after, before.complement(), Variable({}), label)
