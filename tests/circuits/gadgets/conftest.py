"""What every gadget's test does: run under the engine, compare with the R1CS, lie in each hint, disturb
each wire.
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from circuits.builder import Body, Builder, Library
from circuits.compiler import CompiledCircuit, compile_circuit
from circuits.determinism import free_wires
from circuits.engine import Engine, HintCall, HintHook
from circuits.errors import Unsatisfied
from circuits.field import R
from circuits.language import ConstraintSystem
from circuits.r1cs import R1CS
from circuits.variables import Variable

Define = Callable[[ConstraintSystem], Sequence[Variable]]
Inputs = Mapping[str, int | Sequence[int]]

TESTS = Path(__file__).parents[2]


class Trial:
    """A define that returns the variables whose values matter: they become public outputs, since nothing else reads them."""

    def __init__(self, define: Define) -> None:
        self.define = define

    @cached_property
    def n_outputs(self) -> int:
        return len(self.define(Builder(Library(), Body("count", -1, 0), root=True)))

    @cached_property
    def circuit(self) -> CompiledCircuit:
        return compile_circuit(lambda cs: (self.publish(cs), None)[1])

    def publish(self, cs: ConstraintSystem) -> Sequence[Variable]:
        """Run the define and give its results to public outputs, which are wires 1, 2, ..."""
        public = [cs.public_output(f"output[{i}]") for i in range(self.n_outputs)]
        results = self.define(cs)
        for output, result in zip(public, results, strict=True):
            cs.assign_output(output, result)
        return results

    @property
    def cost(self) -> int:
        """Constraints of the define itself."""
        return self.circuit.r1cs.n_constraints - self.n_outputs

    def run(self, inputs: Inputs, hook: HintHook | None = None) -> tuple[list[int], list[int]]:
        """The outputs and the witness. Raises what the engine raises."""
        engine = Engine(inputs, hint_hook=hook)
        outputs = [engine.value_of(x) for x in self.publish(engine)]
        return outputs, engine.witness

    def outputs(self, inputs: Inputs) -> list[int]:
        """The outputs, after checking that the engine's witness satisfies the compiled constraints."""
        outputs, witness = self.run(inputs)
        assert self.circuit.r1cs.unsatisfied_rows(witness) == []
        return outputs

    def assert_refused(self, inputs: Inputs, hook: HintHook | None = None, label: str = "") -> None:
        """Some constraint refuses the inputs under these hints; its label ends as said."""
        with pytest.raises(Unsatisfied) as refusal:
            self.run(inputs, hook)
        assert refusal.value.label.endswith(label)

    def assert_hints_bound(self, inputs: Inputs, indices: Iterable[int] | None = None, seed: int = 1) -> int:
        """A lie in any one hint is refused, or changes no output; returns how many lies were refused."""
        rng = random.Random(seed)
        calls: list[HintCall] = []

        def record(call: HintCall) -> Sequence[int]:
            calls.append(call)
            return call.honest

        honest, _ = self.run(inputs, record)
        refused = 0
        for index in range(len(calls)) if indices is None else indices:
            for lie in _lies(calls[index].honest, rng):

                def tell(call: HintCall, index: int = index, lie: Sequence[int] = lie) -> Sequence[int]:
                    return lie if call.index == index else call.honest

                try:
                    outputs, _ = self.run(inputs, tell)
                except Unsatisfied:
                    refused += 1
                else:
                    assert outputs == honest, f"hint {calls[index].label} ({index}) decides an output"
        return refused

    def assert_wires_bound(self, inputs: Inputs, free: int = 0, seed: int = 1) -> None:
        """Changing a wire of the witness breaks a constraint, and with the inputs held nothing can move to first
        order, but for `free` wires at most.
        """
        engine = _InputRecorder(inputs)
        self.publish(engine)
        witness = engine.witness
        moving = free_wires(self.circuit.r1cs, witness, engine.input_wires)
        assert len(moving) <= free, [self.circuit.wire_name(w) for w in moving]
        rng = random.Random(seed)
        rows = _Rows(self.circuit.r1cs)
        loose = [w for w in range(1, len(witness)) if rows.hold(witness, w, rng.randrange(1, R))]
        loose = [w for w in loose if rows.hold(witness, w, 1)]
        assert len(loose) <= free, [self.circuit.wire_name(w) for w in loose]


class _InputRecorder(Engine):
    """An engine that remembers which wires are inputs."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs)
        self.input_wires: list[int] = []

    def _inputs(self, name: str, count: int) -> list[Variable]:
        first = len(self.witness)
        variables = super()._inputs(name, count)
        self.input_wires += range(first, len(self.witness))
        return variables


class _Rows:
    """The rows that each wire appears in."""

    def __init__(self, r1cs: R1CS) -> None:
        self._rows: list[list[list[tuple[int, int]]]] = []
        self._of: dict[int, set[int]] = {}
        values = r1cs.coefficient_values
        tables = []
        for m in (r1cs.a, r1cs.b, r1cs.c):
            pointers, columns, numbers = m.row_ptr.tolist(), m.col.tolist(), m.coeff.tolist()
            tables.append((pointers, columns, [values[k] for k in numbers]))
        for row in range(r1cs.n_constraints):
            parts = []
            for pointers, columns, coefficients in tables:
                span = slice(pointers[row], pointers[row + 1])
                parts.append(list(zip(columns[span], coefficients[span], strict=True)))
                for wire in columns[span]:
                    self._of.setdefault(wire, set()).add(row)
            self._rows.append(parts)

    def hold(self, witness: list[int], wire: int, delta: int) -> bool:
        """Whether all rows of the wire still hold when it grows by delta."""
        kept = witness[wire]
        witness[wire] = (kept + delta) % R
        try:
            for row in self._of.get(wire, ()):
                a, b, c = (sum(k * witness[w] for w, k in part) for part in self._rows[row])
                if (a * b - c) % R:
                    return False
            return True
        finally:
            witness[wire] = kept


def _lies(honest: Sequence[int], rng: random.Random) -> list[list[int]]:
    """Answers that differ from the honest one: in one value by one, in one by much, all zero, all random."""
    at, by = rng.randrange(len(honest)), rng.randrange(len(honest))
    off, far = list(honest), list(honest)
    off[at] = (off[at] + 1) % R
    far[by] = rng.randrange(R)
    lies = [off, far, [0] * len(honest), [rng.randrange(R) for _ in honest], [(-x) % R for x in honest]]
    return [lie for lie in lies if lie != [x % R for x in honest]]


@pytest.fixture(scope="session")
def trial() -> type[Trial]:
    return Trial


@pytest.fixture(scope="session")
def golden() -> Callable[[str, int], None]:
    """Compare a constraint count with tests/circuits/golden_counts.json: a change is made there, in sight."""
    counts = json.loads((TESTS / "circuits" / "golden_counts.json").read_text())["gadgets"]

    def check(name: str, count: int) -> None:
        assert name in counts, f"{name} costs {count}: record it in golden_counts.json"
        assert count == counts[name], f"{name} costs {count}, golden_counts.json says {counts[name]}"

    return check


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Load tests/vectors/circomlibjs/<name>.json; each file records how it was made."""
    return lambda name: json.loads((TESTS / "vectors" / "circomlibjs" / f"{name}.json").read_text())
