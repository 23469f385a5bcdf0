"""What a step slot makes of its kinds: one at most, each its own wishes, nothing where there is none; and that all of it is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import circuits.statement
import circuits.statement.step as composition
from circuits.builder import Body, Placement
from circuits.determinism import free_wires
from circuits.engine import Engine, HintCall
from circuits.errors import ShapeError, Unsatisfied, UnsoundClaim
from circuits.language import ConstraintSystem, Opcode
from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.kinds import KINDS
from circuits.protocol.kinds.declaration import Slot
from circuits.protocol.kinds.deposit import KIND as DEPOSIT
from circuits.protocol.shapes import SLOT
from circuits.statement.batch import define_batch
from circuits.statement.fields import constrain, pack, require_fit
from circuits.statement.kinds import MESSAGES, STEP_KINDS
from circuits.statement.wishes import OpenStep, StepKind, Wishes
from circuits.variables import Bit, Bounded, Variable
from rollup.assignment import Inputs, assign
from rollup.ledger.batch import SealedBatch
from rollup.ledger.state import State
from tests.rollup.conftest import START_MS, USD

from .conftest import CHI, MASK, Bench


def test_a_batch_of_every_kind_is_proven_and_said(several: Bench, everything: SealedBatch) -> None:
    assert {step.kind.number for step in (*everything.ticks, *everything.steps)} == {
        kind.number for kind in KINDS
    }
    several.accepts(everything)
    several.says(everything)


IDLE = {Opcode.INVERSE: 0, Opcode.QUOTIENT: 1, Opcode.SIGN: 0}
"""The operand of a hint that leaves its answer open where it is 0: quotients by 0 and the sign of 0 decide nothing."""


class Recorder(Engine):
    """An engine that notes the wires of inputs, and of the hints that decide nothing."""

    def __init__(self, inputs: Inputs) -> None:
        self.input_wires: list[int] = []
        self.idle: list[int] = []
        super().__init__(inputs, challenge=True, mask=MASK, chi=CHI, hint_hook=self._note)

    def _note(self, call: HintCall) -> Sequence[int]:
        if call.opcode in IDLE and call.operands[IDLE[call.opcode]] == 0:
            self.idle.append(len(self.witness))
        return call.honest

    def _inputs(self, name: str, count: int) -> list[Variable]:
        first = len(self.witness)
        variables = super()._inputs(name, count)
        self.input_wires += range(first, len(self.witness))
        return variables


def test_only_idle_hints_of_a_batch_of_every_kind_can_move(several: Bench, everything: SealedBatch) -> None:
    engine = Recorder(assign(everything, several.world.crypto))
    define_batch(several.world.size)(engine)
    circuit, layout = several.circuit, several.circuit.r1cs.challenge
    assert layout is not None
    # chi (1) is the verifier's, the mask is drawn.
    given = [1, layout.mask, *engine.input_wires]
    moving = free_wires(circuit.r1cs, engine.witness, [*given, *engine.idle])
    assert moving == [], [circuit.wire_name(wire) for wire in moving]
    # Left alone, they are what moves: the search does see them.
    assert set(free_wires(circuit.r1cs, engine.witness, given)) <= set(engine.idle)


# -- one kind a step -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deposit(bench: Bench) -> Inputs:
    return bench.inputs(bench.batch(bench.world.funded(), (lambda s: bench.world.deposit(s, 0, 5), 1)))


KIND_NAMES = [step.kind.name for step in STEP_KINDS]


@pytest.mark.parametrize("other", [name for name in KIND_NAMES if name != "deposit"])
def test_two_kinds_at_once(bench: Bench, deposit: Inputs, other: str) -> None:
    bench.refuses(deposit | {f"step[0]/is_{other}": 1}, "one_kind")


@pytest.mark.parametrize("name", KIND_NAMES)
def test_a_kind_is_a_bit(bench: Bench, deposit: Inputs, name: str) -> None:
    bench.refuses(deposit | {f"step[0]/is_{name}": 2}, "step[0]/kind")
    # Two bits that cancel out leave a sum of one.
    other = "match" if name == "deposit" else "deposit"
    bench.refuses(deposit | {f"step[0]/is_{name}": 2, f"step[0]/is_{other}": -1}, "step[0]/kind")


@pytest.mark.parametrize("name", KIND_NAMES)
def test_what_a_kind_wishes_is_only_done_in_its_steps(bench: Bench, name: str) -> None:
    """A slot whose kinds are all off, with one kind's inputs as in a step of its own: nothing moves."""
    world = bench.world
    state = world.funded()
    make: dict[str, Callable[[State], Any]] = {
        "deposit": lambda s: world.deposit(s, 0, 5),
        "match": lambda s: world.trade(),
        "withdraw": lambda s: world.withdrawal(0, 40, fee=3),
        "cancel": lambda s: world.cancel(0, 7),
    }
    mine = bench.inputs(bench.batch(state, (make[name], 0)))
    idle = bench.batch(state, opened=0)
    scope = f"step[0]/{name}/"
    bench.accepts(idle, {key: value for key, value in mine.items() if key.startswith(scope)})


def test_an_idle_slot_chooses_no_instrument(bench: Bench) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), opened=0))
    bench.refuses(inputs | {"step[0]/instrument": [1, 0]}, "INSTRUMENT_MISMATCH/chosen")
    for port in "xy":
        bench.refuses(inputs | {f"step[0]/{port}/slot": [1, 0, 0]}, f"{port}/MALFORMED/chosen_slot")


def test_a_match_chooses_one_instrument_and_a_slot_a_side(bench: Bench) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), (lambda s: bench.world.trade(), 1)))
    for picks in ([1, 1], [2, -1], [2, 0], [R_HALF, R_HALF]):
        bench.refuses(inputs | {"step[0]/instrument": picks}, "INSTRUMENT_MISMATCH/instrument")
    for port in "xy":
        for picks in ([1, 1, 0], [2, -1, 0], [R_HALF, R_HALF, 0]):
            bench.refuses(inputs | {f"step[0]/{port}/slot": picks}, f"{port}/MALFORMED/slot")
        bench.refuses(
            inputs | {f"step[0]/{port}/slot": [0, 0, 0]}, "BAD_SIGNATURE", "STALE_ORDER_ID/id", "chosen_slot"
        )
        for name in ("index",):
            bits = list(inputs[f"step[0]/{port}/{name}"])  # type: ignore[arg-type]
            bench.refuses(inputs | {f"step[0]/{port}/{name}": [2, *bits[1:]]}, f"{port}/{name}")
    bench.refuses(inputs | {"step[0]/instrument": [0, 0]}, "INSTRUMENT_NOT_TRADABLE/instrument")


R_HALF = (n.FIELD + 1) // 2
"""1/2: two of them sum to one."""


def test_a_new_account_bit_is_a_bit(bench: Bench, deposit: Inputs) -> None:
    bench.refuses(deposit | {"step[0]/x/is_new": 2}, "x/is_new")


@pytest.mark.parametrize("bit", ["tick[0]/used"])
def test_slot_bits_are_bits(ticking: Bench, bit: str) -> None:
    world = ticking.world
    inputs = ticking.inputs(ticking.batch(world.funded(), opened=0))
    ticking.refuses(inputs | {bit: 2}, bit)


def test_x_must_lead_to_the_root_that_y_is_opened_under(bench: Bench, deposit: Inputs) -> None:
    """Y opened as if X had kept what it had."""
    state = bench.world.funded()
    idle = bench.inputs(bench.batch(state, opened=0))
    kept = {name: value for name, value in idle.items() if name.startswith("step[0]/y/")}
    bench.refuses(deposit | kept | {"step[0]/middle_root": state.accounts.root()}, "x/middle_root")


# -- hints -------------------------------------------------------------------------------------------------------------------

LIES: list[Callable[[HintCall], list[int]]] = [
    lambda call: [(v + 1) % n.FIELD for v in call.honest],
    lambda call: [0] * len(call.honest),
    lambda call: [(1 - v) % n.FIELD for v in call.honest],
    lambda call: [*call.honest[:-1], (call.honest[-1] + 2) % n.FIELD],
]


def labelled_run(bench: Bench, inputs: Inputs) -> tuple[Engine, dict[str, tuple[int, int]]]:
    """An honest run, and the first and last hint of each label."""
    places: dict[str, tuple[int, int]] = {}

    def hook(call: HintCall) -> Sequence[int]:
        places[call.label] = (places.get(call.label, (call.index, 0))[0], call.index)
        return call.honest

    return bench.engine(inputs, hook), places


def assert_no_lie(bench: Bench, inputs: Inputs, honest: Engine, targets: Sequence[int]) -> None:
    """A constraint objects to each lie, or the words are the honest ones."""
    for target in targets:
        for lie in LIES:

            def hook(
                call: HintCall, target: int = target, lie: Callable[[HintCall], list[int]] = lie
            ) -> Sequence[int]:
                return lie(call) if call.index == target else call.honest

            try:
                engine = bench.engine(inputs, hook)
            except Unsatisfied:
                continue
            except UnsoundClaim as claim:
                raise AssertionError(
                    f"hint {target} made a claim false before a constraint objected"
                ) from claim
            assert engine.words == honest.words, target


def test_no_hint_of_a_sample_can_lie(bench: Bench) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), (lambda s: bench.world.trade(), 1)))
    honest, places = labelled_run(bench, inputs)
    assert_no_lie(bench, inputs, honest, sorted(first for first, _ in places.values())[::16])


def test_what_is_not_zero_is_not_called_zero(bench: Bench) -> None:
    """An inverse of 0 would say so: that an order is the slot's, a position closed, an account flat, a nonce of the stored window, a
    market without a tick, an option's row tradable."""
    world = bench.world
    rows = world.rows(world.row(0, 3000 * USD), world.row(1, 3000 * USD, kind=1))
    plan: list[tuple[Callable[[State], Any], int]] = [(lambda s: world.tick(s.market, rows, START_MS + 1), 1)]
    trade = bench.inputs(bench.batch(world.funded(), *plan, (lambda s: world.trade(), 1)))
    withdrawal = bench.inputs(bench.batch(world.funded(), (lambda s: world.withdrawal(0, 1, nonce=99), 1)))
    lies = [
        (trade, "step[0]/match/buy/is_zero"),
        (trade, "step[0]/match/sell/is_zero"),
        (trade, "step[0]/x/is_zero"),
        (trade, "step[0]/y/is_zero"),
        (trade, "is_zero"),
        (trade, "row[1]/kind"),
        (withdrawal, "step[0]/withdraw/is_zero"),
    ]
    for inputs, label in lies:

        def hook(call: HintCall, label: str = label) -> Sequence[int]:
            return [0] if call.label == label and call.opcode is Opcode.INVERSE else call.honest

        assert bench.broken(inputs, hook) == label


@pytest.mark.parametrize("port", ["x", "y"])
def test_a_slot_is_taken_apart_in_one_way(bench: Bench, port: str) -> None:
    world = bench.world
    inputs = bench.inputs(bench.batch(world.funded(), (lambda s: world.trade(), 1)))
    label = f"step[0]/{port}/slot_parts"

    def hook(call: HintCall) -> Sequence[int]:
        return [1 - call.honest[0], *call.honest[1:]] if call.label == label else call.honest

    assert bench.broken(inputs, hook) == label


def test_no_kind_makes_money(bench: Bench, deposit: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that credits what no total knows of: conservation is stated of the leaves, whatever a kind wishes."""
    honest = STEP_KINDS[0]

    def generous(cs: ConstraintSystem, on: Bit, step: OpenStep) -> Wishes:
        wishes = honest.prove(cs, on, step)
        assert wishes.x.cash is not None
        return replace(wishes, x=replace(wishes.x, cash=wishes.x.cash + 1))

    monkeypatch.setattr(composition, "STEP_KINDS", (StepKind(honest.kind, generous), *STEP_KINDS[1:]))

    class Follower(Engine):
        """X leads elsewhere than the assignment says, which would be noticed first: the root may be what it is."""

        def assert_product(self, a: Any, b: Any, c: Any, label: str) -> None:
            if not self._label(label).endswith("x/middle_root"):
                super().assert_product(a, b, c, label)

    engine = Follower(deposit, challenge=True, mask=MASK, chi=CHI)
    with pytest.raises(Unsatisfied, match="CONSERVATION"):
        define_batch(bench.world.size)(engine)


@pytest.mark.release
@pytest.mark.parametrize("name", KIND_NAMES)
def test_no_hint_can_lie(bench: Bench, name: str) -> None:
    world = bench.world
    make: dict[str, Callable[[State], Any]] = {
        "deposit": lambda s: world.deposit(s, 9, 5),
        "match": lambda s: world.trade(buyer_fee=7),
        "withdraw": lambda s: world.withdrawal(0, 40, fee=3, nonce=70),
        "cancel": lambda s: world.cancel(0, 7, 1),
    }
    inputs = bench.inputs(bench.batch(world.funded(), (make[name], 1)))
    honest, places = labelled_run(bench, inputs)
    assert_no_lie(bench, inputs, honest, sorted({index for ends in places.values() for index in ends}))


# -- names -------------------------------------------------------------------------------------------------------------------


def test_every_kind_has_its_circuit_function() -> None:
    """A declared kind without one is named here; the selectors stand in the order of the kinds' numbers."""
    missing = [
        kind.name for kind in KINDS if kind.slot is Slot.STEP and kind not in [s.kind for s in STEP_KINDS]
    ]
    assert missing == []
    numbers = [step.kind.number for step in STEP_KINDS]
    assert numbers == sorted(set(numbers))
    assert [kind.name for kind in KINDS if kind.slot is Slot.TICK] == ["tick"]
    assert len({message.tag for message in MESSAGES}) == len(MESSAGES)


def test_the_assignment_names_what_the_circuit_takes(bench: Bench, deposit: Inputs) -> None:
    assert sorted(deposit) == sorted(name for name, _ in bench.circuit.inputs)


INTERNAL = {
    # Gadgets: what they hold is said in their docstrings.
    *("sbox", "place", "index", "mul", "select", "pick", "kind", "is_zero", "words", "mask", "output"),
    # Selection by a step's kind, and the parts of one.
    *(
        "one_kind",
        "message",
        "remaining",
        "slot",
        "position",
        "cash",
        "floor",
        "nonces",
        "word",
        "total",
        "exposed",
    ),
    *(
        "quantity",
        "entry",
        "funding",
        "accrued",
        "traded_cash",
        "long",
        "interest",
        "middle_root",
        "CONSERVATION",
    ),
    # Products and parts of kinds, ticks and margin.
    *("notional", "maximum_fee", "newer", "filled", "left", "realised", "least", "key", "is_new"),
    *(
        "later",
        "used",
        "kept",
        "set",
        "power",
        "nonces_parts",
        "slot_parts",
        "age",
        "crossed",
        "gap",
        "window",
    ),
    *("value", "contingency", "short", "short_minimum", "scenario", "tradable", "fresh", "increasing"),
    *("no_record", "time_to_ms"),
}
SCOPE = re.compile(
    r"(x|y|old|new|config|market|totals|order|leaf|identity|quorum|buy|sell|(tick|step|row|signer)\[\d+\])/"
)


def labels(body: Body, prefix: str = "") -> Iterator[str]:
    for part in body.parts:
        if isinstance(part, Placement):
            yield from labels(part.body, prefix + part.scope)
        else:
            yield from (prefix + label for label, *_ in part.entries)


def test_labels_are_codes_with_their_field(bench: Bench, ticking: Bench) -> None:
    """What stands after the scopes is a rejection code and a field, or on the list of internal ones."""
    scopes = [*KIND_NAMES]
    codes, internal = set(), set()
    for circuit in (bench.circuit, ticking.circuit):
        for label in set(labels(circuit.root)):
            rest = label
            while (found := SCOPE.match(rest)) or (rest.partition("/")[0] in scopes and "/" in rest):
                rest = rest[found.end() :] if found else rest.partition("/")[2]
            name, _, field = rest.partition("/")
            if name in Code.__members__:
                codes.add((name, field))
            else:
                assert not field, label
                internal.add(re.sub(r"\[\d+\]", "", name))
    assert internal - INTERNAL - {"word"} == set()
    assert INTERNAL - internal - {"output", "mul"} == set()
    without_field = {name for name, field in codes if not field}
    assert without_field == {"BAD_SIGNATURE"}
    # What a signature or a hash holds, or the contract, has no row of its own; a node's clock is no step's.
    elsewhere = {
        "CLOCK",
        "NON_CANONICAL",
        "UNSUPPORTED",
        "WRONG_SIDE",
        "TICK_PARAMETERS",
        "TICK_QUORUM",
        "DEPOSIT_ORDER",
    }
    assert set(Code.__members__) - {name for name, _ in codes} <= elsewhere


LITERAL = re.compile(r"<<\s*[2-9]|1 << [0-9]{2}|2\*\*|tickproof\.")


def test_no_width_and_no_tag_is_written_in_the_statement() -> None:
    """Offsets, widths and tags are the declarations'."""
    (folder,) = map(Path, circuits.statement.__path__)
    for path in folder.rglob("*.py"):
        code = re.sub(r'""".*?"""|#[^\n]*', "", path.read_text(), flags=re.DOTALL)
        assert LITERAL.findall(code) == [], path.name


# -- types -------------------------------------------------------------------------------------------------------------------


def test_what_might_not_fit_its_place_does_not_compile() -> None:
    wide = Bounded({}, 0, n.FILLED.high)
    with pytest.raises(ShapeError, match="order slot/filled"):
        pack(SLOT, {"id": 1, "filled": wide})
    with pytest.raises(ShapeError, match="order slot/id"):
        pack(SLOT, {"id": Variable({}), "filled": 0})
    with pytest.raises(ShapeError, match="packs"):
        pack(SLOT, {"id": 1})
    with pytest.raises(ShapeError, match="leaf/cash"):
        require_fit(Bounded({}, -n.CASH.high, 0), n.CASH, "leaf/cash")
    assert require_fit(Bounded({}, n.CASH.low, n.CASH.high - 1), n.CASH, "leaf/cash") is not None


@pytest.mark.parametrize("number", [x for x in n.declared() if not x.residue], ids=lambda x: x.name)
def test_declared_ranges_are_the_circuits(number: n.Number) -> None:
    """At both ends of every declared number, and one beyond."""

    def holds(value: int) -> bool:
        engine = Engine({"x": value % n.FIELD})
        try:
            constrain(engine, engine.input("x"), number, "x")
        except Unsatisfied:
            return False
        return True

    assert holds(number.low) and holds(number.high - 1)
    assert not holds(number.high) and not holds(number.low - 1)
    assert not holds(number.high + 1) and not holds(n.FIELD // 2)


def test_a_residue_has_no_range() -> None:
    def define(cs: ConstraintSystem) -> None:
        constrain(cs, cs.input("key"), DEPOSIT.layout.place("key_x").number, "key")

    with pytest.raises(ShapeError, match="residue"):
        define(Engine({"key": 1}))
