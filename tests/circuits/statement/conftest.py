"""Batches for the circuit: steps that the rules made and steps that no rule allowed, run through engine and compiled rows alike.

A run enforces nothing and notes each row that does not hold, first by the engine as the define says it, then by the compiled R1CS over
the same witness: both must name the same rows. So one run says of a batch whether it can be proven, and which rule stands in its way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from circuits.engine import Engine, HintHook
from circuits.errors import Unsatisfied
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds import BY_TRANSACTION
from circuits.protocol.kinds.cancel import CancelRecord, SignedCancel
from circuits.protocol.kinds.declaration import Record
from circuits.protocol.kinds.deposit import Deposit, DepositRecord
from circuits.protocol.kinds.match import Match, MatchRecord, Side
from circuits.protocol.kinds.tick import SignedTick, TickRecord
from circuits.protocol.kinds.withdraw import SignedWithdrawal, WithdrawRecord
from circuits.protocol.numbers import FIELD
from circuits.protocol.sizes import MINIMAL, Size
from circuits.statement.batch import compile_batch, define_batch
from prover.native import groth16, kernel
from rollup.assignment import Inputs, assign
from rollup.ledger.apply import Step, apply, perform, seal
from rollup.ledger.batch import SealedBatch, seal_batch
from rollup.ledger.context import BatchContext
from rollup.ledger.market import indices_hash, marks_of, tick_hash
from rollup.ledger.state import State
from tests.mutation.cases import broken, note
from tests.rollup.conftest import CASH, LOT, START_MS, USD, World

NOTES = "TICKPROOF_CASES"
"""Environment variable: a file to which every refused case adds the rows that it breaks (tests.mutation)."""
T = TypeVar("T")
Timed = tuple[Callable[[State], Any], int]
"""What makes the next transaction of a state, and its record's time after START_MS."""

ONE = Size(
    name="ONE",
    depth=2,
    steps=1,
    ticks=1,
    instruments=2,
    underlyings=2,
    scenarios=3,
    order_slots=3,
    oracles=2,
    quorum=1,
)
"""One step: every rule of a step is there."""
TICKING = replace(ONE, name="TICKING", ticks=3, instruments=1, underlyings=1, oracles=3, quorum=2)
"""Three ticks before one step, and a quorum of two of three."""
SEVERAL = MINIMAL
"""Four steps."""


CHI, MASK = 12345, 1
BY_SIGNATURE = {
    "BAD_SIGNATURE": (
        *("UNKNOWN_ACCOUNT", "WRONG_SIDE", "INSTRUMENT_MISMATCH"),
        *("TICK_PARAMETERS", "TICK_SEQUENCE", "TICK_QUORUM", "TICK_BRIDGE"),
    ),
}
"""Codes of rules that the circuit states by what a key signed: its messages are made of the step's own numbers."""
UNREACHABLE = (
    "BATCH_FULL/queue_index",
    "UNKNOWN_ACCOUNT/identity",
    "POSITION_OVERFLOW/interest",
    "STALE_TICK/tick_time_ms",
)
"""Rows that only a state which no rule makes can break."""


class Bench:
    """One circuit size with everything that runs it, and a deployment to make transactions for."""

    def __init__(self, size: Size) -> None:
        self.world = World(size=size)
        self.circuit = compile_batch(size)
        self._program = kernel.WitnessProgram(self.circuit.program)
        self._rows = groth16.load_r1cs(self.circuit.r1cs)
        self._met: set[str] = set()
        self._refused: dict[int, tuple[object, Code | None]] = {}

    # -- making batches ----------------------------------------------------------------------------------------------------

    def batch(self, before: State, *plan: Timed, opened: int | None = None) -> SealedBatch:
        """A batch that the rules allow; it opens at the time of its first record or at `opened`."""
        return self._batch(before, plan, opened, self._allowed)

    def forced(self, before: State, *plan: Timed, opened: int | None = None) -> SealedBatch:
        """A batch of transactions whatever the checks said: effects follow from the records alone."""
        self._code: Code | None = None
        batch = self._batch(before, plan, opened, self._forced)
        self._refused[id(batch)] = batch, self._code
        return batch

    def _batch(
        self, before: State, plan: Sequence[Timed], opened: int | None, make: Callable[..., Step]
    ) -> SealedBatch:
        start = START_MS + (plan[0][1] if plan else 0) if opened is None else START_MS + opened
        context = self.world.context(before, start if plan or opened is not None else before.time_ms)
        state, steps = before, []
        for transaction, after in plan:
            steps.append(make(state, transaction(state), context, START_MS + after))
            state = steps[-1].after
        return seal_batch(context, before, steps, self.world.crypto)

    def _allowed(self, state: State, transaction: Any, context: BatchContext, time_ms: int) -> Step:
        step = apply(state, transaction, context, time_ms, self.world.crypto)
        assert isinstance(step, Step), step
        return step

    def _forced(self, state: State, transaction: Any, context: BatchContext, time_ms: int) -> Step:
        answer = apply(state, transaction, context, time_ms, self.world.crypto)
        if self._code is None and isinstance(answer, Rejected):
            self._code = answer.code
        kind = BY_TRANSACTION[type(transaction)]
        record = self.record(transaction, state, time_ms - context.time_ms)
        words = kind.words(record)
        after, touched = perform(state, kind, record, words, context, self.world.crypto)
        if isinstance(transaction, SignedTick):
            tick, rows = transaction.tick, transaction.rows
            market = replace(after.market, indices=tick.indices, rows=rows, marks=marks_of(rows))
            after = replace(after, market=market)
        return Step(transaction, kind, record, words, touched, state, after)

    def record(self, transaction: Any, state: State, elapsed: int) -> Record:
        """The record that a transaction would leave."""
        world = self.world
        if isinstance(transaction, SignedTick):
            tick = transaction.tick
            digest = tick_hash(tick, world.chain_id, world.contract, world.crypto)
            indices = indices_hash(tick.indices, world.crypto)
            return TickRecord(elapsed, tick.seq, tick.time_ms, tick.bridge, digest, tick.table, indices)
        if isinstance(transaction, Deposit):
            d = transaction
            return DepositRecord(
                elapsed, d.account, d.is_new, d.sub_account, d.amount, d.owner, d.key[0], d.key[1]
            )
        if isinstance(transaction, Match):
            buy, sell = transaction.buy.order, transaction.sell.order
            return MatchRecord(
                elapsed=elapsed,
                buyer=buy.account,
                seller=sell.account,
                instrument=buy.instrument,
                quantity=transaction.quantity,
                price=transaction.price,
                buyer_slot=buy.slot,
                buyer_id=buy.id,
                seller_slot=sell.slot,
                seller_id=sell.id,
                buyer_fee=transaction.buyer_fee,
                seller_fee=transaction.seller_fee,
            )
        if isinstance(transaction, SignedWithdrawal):
            w = transaction.withdrawal
            owner = state.account(w.account).owner or 1
            return WithdrawRecord(elapsed, w.account, w.amount, w.fee, owner, w.nonce)
        assert isinstance(transaction, SignedCancel)
        c = transaction.cancel
        return CancelRecord(elapsed, c.account, c.everything, c.slot, c.id)

    # -- running them ------------------------------------------------------------------------------------------------------

    def inputs(self, batch: SealedBatch, changes: Inputs | None = None) -> Inputs:
        """The batch's inputs, some of them others; every name must be an input's."""
        inputs = assign(batch, self.world.crypto)
        assert not (set(changes or {}) - set(inputs))
        made = inputs | (changes or {})
        if id(batch) in self._refused:
            self._refused[id(made)] = made, self._refused[id(batch)][1]
        return made

    def broken(self, inputs: Inputs, hook: HintHook | None = None) -> str | None:
        """The label of the first row that does not hold, None if all do: by the engine."""
        try:
            self.engine(inputs, hook)
        except Unsatisfied as broken:
            return broken.label
        return None

    def engine(self, inputs: Inputs, hook: HintHook | None = None) -> Engine:
        engine = Engine(inputs, challenge=True, mask=MASK, chi=CHI, hint_hook=hook)
        define_batch(self.world.size)(engine)
        return engine

    def broken_row(self, inputs: Inputs) -> str | None:
        """The same by the compiled rows, over the witness of the compiled program."""
        row = self._rows.check(self._witness(inputs))
        return None if row < 0 else self.circuit.label(row)

    def _witness(self, inputs: Inputs) -> kernel.Witness:
        witness = self._program.start(self.circuit.assign(inputs), MASK.to_bytes(32, "little"))
        witness.finish(CHI.to_bytes(32, "little"))
        return witness

    def _values(self, inputs: Inputs) -> list[int]:
        """Every wire of the witness."""
        data = self._witness(inputs).wires(list(range(self.circuit.r1cs.n_wires)))
        return [int.from_bytes(data[at : at + 32], "little") for at in range(0, len(data), 32)]

    def accepts(self, batch: SealedBatch, changes: Inputs | None = None) -> None:
        """The batch can be proven, and its words are those that the ledger sealed: the compiled rows hold, and y is their polynomial's
        value at chi."""
        witness = self._witness(self.inputs(batch, changes))
        row = self._rows.check(witness)
        assert row < 0, self.circuit.label(row)
        y = int.from_bytes(witness.wires([2]), "little")
        assert y == sum(word * pow(CHI, i, FIELD) for i, word in enumerate(batch.words.words())) % FIELD

    def says(self, batch: SealedBatch) -> None:
        """The same by the engine, word by word."""
        words, expected = self.engine(assign(batch, self.world.crypto)).words, batch.words.words()
        assert tuple(words[: len(expected)]) == expected
        assert set(words[len(expected) :]) <= {0}

    def refuses(self, given: SealedBatch | Inputs, *labels: str) -> None:
        """The batch cannot be proven; the first row to break has one of the labels at its end. The first time that a row is met the engine
        must stop at it too. What was forced the rules refuse as well, with the row's code or one that a signature stands for."""
        inputs = given if isinstance(given, dict) else assign(given, self.world.crypto)
        if NOTES in os.environ:
            note(Path(os.environ[NOTES]), broken(self.circuit, self._values(inputs)))
        row = self.broken_row(inputs)
        assert row is not None, f"nothing stands in the way; expected {labels}"
        assert row.endswith(labels), f"{row} instead of {labels}"
        if row not in self._met:
            assert self.broken(inputs) == row
            self._met.add(row)
        if id(given) in self._refused:
            _, code = self._refused[id(given)]
            named = next((part for part in reversed(row.split("/")) if part in Code.__members__), row)
            agreed = code is None and row.endswith(UNREACHABLE)
            assert agreed or (code is not None and code.name in {named, *BY_SIGNATURE.get(named, ())}), (
                code,
                row,
            )


def forged(value: T, **changes: Any) -> T:
    """A copy of a frozen dataclass with fields that its constructor would refuse."""
    copy = object.__new__(type(value))
    for name in value.__dataclass_fields__:  # type: ignore[attr-defined]
        object.__setattr__(copy, name, changes.get(name, getattr(value, name)))
    return copy


def with_account(state: State, index: int, **changes: Any) -> State:
    """A state in which an account holds something else, as if it had come to it."""
    return replace(state, accounts=state.accounts.set(index, replace(state.account(index), **changes)))


def closed(world: World, state: State) -> State:
    """The state at the start of the next batch."""
    return seal(state, world.context(state, state.time_ms))


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench(ONE)


@pytest.fixture(scope="session")
def several() -> Bench:
    return Bench(SEVERAL)


@pytest.fixture(scope="session")
def ticking() -> Bench:
    return Bench(TICKING)


@pytest.fixture(scope="session")
def everything(several: Bench) -> SealedBatch:
    """Two ticks and a step of every kind, each at its own time; the market moves, funding is settled."""
    world = several.world
    rows = world.rows(world.row(0, 3100 * USD, funding=250))
    plan: list[tuple[Callable[[State], Any], int]] = [
        (lambda s: world.tick(s.market, rows, START_MS + 5), 5),
        (lambda s: world.tick(s.market, rows, START_MS + 7, seq=9), 8),
        (lambda s: world.deposit(s, 2, 500), 8),
        (
            lambda s: world.match(
                world.order(0, Side.BUY, size=5 * LOT, limit=3200 * USD),
                world.order(1, Side.SELL, size=3 * LOT, slot=7),
                quantity=2 * LOT,
                price=3100 * USD,
                buyer_fee=CASH,
                seller_fee=7,
            ),
            20,
        ),
        (lambda s: world.withdrawal(0, 40, fee=3, nonce=70), 21),
        (lambda s: world.cancel(1, 9, slot=7), 500),
    ]
    return several.batch(world.funded(), *plan)
