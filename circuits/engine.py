"""The integer engine: runs a define on numbers, checks every constraint as it is said, and keeps the witness.

A variable under the engine is its value, marked as this run's (`circuits.variables`).
The engine allocates wires in exactly the builder's order, so its witness is the one the
compiled program computes: tests compare the two. Hints can be replaced (`hint_hook`) to play a lying prover; a circuit is sound only
if every lie that changes an output meets a constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from circuits.errors import MissingInput, PhaseError, ShapeError, Unsatisfied, UnsoundClaim
from circuits.field import R, inverse, to_signed
from circuits.language import CHI, ConstraintSystem, Opcode, Y, require_output
from circuits.signals import flatten, restore, static_key
from circuits.variables import ONE, SPAN, VALUE, Value, Variable, as_variable

T = TypeVar("T")


@dataclass(frozen=True)
class HintCall:
    """One hint as the engine met it: a lying prover may answer otherwise."""

    index: int
    opcode: Opcode
    label: str
    operands: tuple[int, ...]
    honest: tuple[int, ...]


HintHook = Callable[[HintCall], Sequence[int]]


class Engine(ConstraintSystem):
    """Runs a define on integers.

    `inputs`: values by full input name (an int, or a sequence for `cs.inputs`). `public`: values of public inputs. `mask`: the
    blinding scalar. `chi`: the challenge, or a function of the list of words that gives it. After the run, `witness` holds every wire.
    Raises Unsatisfied at the first constraint that fails, MissingInput, UnsoundClaim.
    """

    def __init__(
        self,
        inputs: Mapping[str, int | Sequence[int]] | None = None,
        *,
        challenge: bool = False,
        mask: int = 0,
        chi: int | Callable[[list[int]], int] | None = None,
        hint_hook: HintHook | None = None,
    ) -> None:
        super().__init__(challenge=challenge)
        self._given = dict(inputs or {})
        self._seen: set[str] = set()
        self._mask = mask
        self._chi = chi
        self._hook = hint_hook
        self._shift = self._place * SPAN
        self._key = self._shift + VALUE
        self._outputs: set[int] = set()
        self._unassigned: set[int] = set()
        self.hint_count = 0
        self.words: list[int] = []
        self.n_constraints = 0
        self.witness: list[int] = [1, 0, 0] if challenge else [1]

    def value_of(self, x: Value) -> int:
        """The canonical value of a variable of this run. ShapeError for one of another run, or an output without a value yet."""
        total = 0
        for key, factor in as_variable(x).terms.items():
            if key in (self._key, ONE):
                total += factor
            else:
                total += factor * self._output_value(key - self._shift)
        return total % R

    def assign_output(self, output: Variable, value: Value, label: str = "output") -> None:
        wire = require_output(output, self._unassigned, self._shift)
        self.witness[wire] = self.value_of(value)
        self._unassigned.remove(wire)
        self.n_constraints += 1

    def assert_product(self, a: Value, b: Value, c: Value, label: str) -> None:
        x, y, z = self.value_of(a), self.value_of(b), self.value_of(c)
        self.n_constraints += 1
        if x * y % R != z:
            raise Unsatisfied(self._label(label), x, y, z)

    def call_template(self, define: Callable[..., T], args: tuple[Any, ...], static: dict[str, Any]) -> T:
        # Through the same shapes as under the builder: the define gets what it would get there, and nothing that only works here.
        leaves: list[Variable] = []
        shape = flatten(args, leaves)
        for value in static.values():
            static_key(value)
        made: T = define(self, *restore(shape, iter(leaves)), **static)
        outputs: list[Variable] = []
        result: T = restore(flatten(made, outputs), iter(outputs))
        return result

    def _inputs(self, name: str, count: int) -> list[Variable]:
        if name in self._seen:
            raise ShapeError(f"input {name!r} is declared twice")
        if name not in self._given:
            raise MissingInput(f"no value given for input {name!r}")
        self._seen.add(name)
        given = self._given[name]
        values = [given] if isinstance(given, int) else list(given)
        if len(values) != count:
            raise ShapeError(f"input {name!r} takes {count} values, got {len(values)}")
        return [self._new(v) for v in values]

    def _public_input(self, name: str) -> Variable:
        return self._inputs(name, 1)[0]

    def _public_output(self, name: str) -> Variable:
        # A variable of its own key, not of a value: it has one only when it is assigned.
        return self._declare_output(len(self.witness), 0)

    def _product(self, a: Variable, b: Variable, label: str) -> Variable:
        self.n_constraints += 1
        return self._new(self.value_of(a) * self.value_of(b))

    def _product_plus(self, a: Variable, b: Variable, c: Variable, label: str) -> Variable:
        self.n_constraints += 1
        return self._new(self.value_of(a) * self.value_of(b) + self.value_of(c))

    def _run_hint(self, opcode: Opcode, operands: list[Variable], count: int, label: str) -> list[Variable]:
        values = tuple(self.value_of(x) for x in operands)
        answer = tuple(run_hint(opcode, values, count))
        if self._hook is not None:
            answer = tuple(self._hook(HintCall(self.hint_count, opcode, label, values, answer)))
            if len(answer) != count:
                raise ShapeError(f"hint {label!r} gives {count} values, the hook gave {len(answer)}")
        self.hint_count += 1
        return [self._new(v) for v in answer]

    def _begin_late(self, words: list[Variable]) -> tuple[Variable, Variable]:
        self._new(self._mask)
        self.n_constraints += 1
        self.words = [self.value_of(word) for word in words]
        chi = self._chi(self.words) if callable(self._chi) else self._chi
        if chi is None:
            raise PhaseError("the engine needs chi to run past the challenge")
        self.witness[CHI] = chi % R
        return self._variable(chi), self._declare_output(Y)

    def _check_claim(self, x: Variable, lo: int, hi: int) -> None:
        value = to_signed(self.value_of(x))
        if not lo <= value <= hi:
            where = "/".join(self._scopes) or "the root"
            raise UnsoundClaim(
                f"{value} is claimed to lie in [{lo}, {hi}] in {where}, yet all constraints so far hold"
            )

    def _new(self, value: int) -> Variable:
        self.witness.append(value % R)
        return self._variable(value)

    def _variable(self, value: int) -> Variable:
        return Variable({self._key: value % R})

    def _declare_output(self, wire: int, *wires: int) -> Variable:
        self.witness += wires
        self._outputs.add(wire)
        self._unassigned.add(wire)
        return Variable({self._shift + wire: 1})

    def _output_value(self, wire: int) -> int:
        if wire not in self._outputs:
            raise ShapeError(
                "a variable that was made outside this run, by a builder or another engine, has no value here"
            )
        if wire in self._unassigned:
            raise ShapeError("a public output is read before assign_output has given it its value")
        return self.witness[wire]


def run_hint(opcode: Opcode, operands: Sequence[int], count: int) -> list[int]:
    """The honest answer of a hint on canonical operands (the table of docs/architecture.md)."""
    match opcode, *operands:
        case Opcode.BITS, x:
            return [x >> i & 1 for i in range(count)]
        case Opcode.SIGNS, x, unit:
            return [unit if x >> i & 1 else -unit % R for i in range(count)]
        case Opcode.INVERSE, x:
            return [inverse(x)]
        case Opcode.QUOTIENT, a, b:
            return [a * inverse(b) % R]
        case Opcode.DIVMOD, a, b:
            return list(divmod(a, b)) if b else [0, 0]
        case Opcode.MAX, *values:
            return [max(map(to_signed, values)) % R]
        case Opcode.LESS, a, b:
            return [int(a < b)]
        case Opcode.SIGN, x:
            return [int(to_signed(x) < 0)]
    raise ShapeError(f"{opcode!r} is not a hint on {len(operands)} operands")
