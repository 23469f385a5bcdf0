"""The integer engine: runs a define on numbers, checks every constraint as it is said, and keeps the witness.

A variable under the engine is its value. The engine allocates wires in exactly the builder's order, so its witness is the one the
compiled program computes: tests compare the two. Hints can be replaced (`hint_hook`) to play a lying prover; a circuit is sound only
if every lie that changes an output meets a constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from circuits.errors import MissingInput, PhaseError, ShapeError, Unsatisfied, UnsoundClaim
from circuits.field import R, inverse, to_signed
from circuits.language import ConstraintSystem, Opcode
from circuits.variables import ONE, Variable

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
        self._outputs: dict[int, int] = {}
        self._kept: list[Variable] = []  # outputs are known by id(), valid while the object lives
        self.hint_count = 0
        self.words: list[int] = []
        self.n_constraints = 0
        self.witness: list[int] = [1, 0, 0] if challenge else [1]

    def assign_output(self, output: Variable, value: Variable, label: str = "output") -> None:
        # The builder's public wires come first; under the engine a declared output is identified by object.
        wire = self._outputs.pop(id(output), None)
        if wire is None:
            raise ShapeError("assign_output takes an output of public_output, once")
        self.witness[wire] = _value(value)
        self.n_constraints += 1

    def assert_product(self, a: Variable, b: Variable, c: Variable, label: str) -> None:
        x, y, z = _value(a), _value(b), _value(c)
        self.n_constraints += 1
        if x * y % R != z:
            raise Unsatisfied(self._label(label), x, y, z)

    def call_template(self, define: Callable[..., T], args: tuple[Any, ...], static: dict[str, Any]) -> T:
        return define(self, *args, **static)

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
        output = self._new(0)
        self._kept.append(output)
        self._outputs[id(output)] = len(self.witness) - 1
        return output

    def _product(self, a: Variable, b: Variable, label: str) -> Variable:
        self.n_constraints += 1
        return self._new(_value(a) * _value(b))

    def _product_plus(self, a: Variable, b: Variable, c: Variable, label: str) -> Variable:
        self.n_constraints += 1
        return self._new(_value(a) * _value(b) + _value(c))

    def _run_hint(self, opcode: Opcode, operands: list[Variable], count: int, label: str) -> list[Variable]:
        values = tuple(_value(x) for x in operands)
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
        self.words = [_value(word) for word in words]
        chi = self._chi(self.words) if callable(self._chi) else self._chi
        if chi is None:
            raise PhaseError("the engine needs chi to run past the challenge")
        self.witness[1] = chi % R
        y = Variable({})
        self._outputs[id(y)] = 2
        self._kept.append(y)
        return Variable(_terms(chi)), y

    def _check_claim(self, x: Variable, lo: int, hi: int) -> None:
        value = to_signed(_value(x))
        if not lo <= value <= hi:
            where = "/".join(self._scopes) or "the root"
            raise UnsoundClaim(
                f"{value} is claimed to lie in [{lo}, {hi}] in {where}, yet all constraints so far hold"
            )

    def _new(self, value: int) -> Variable:
        value %= R
        self.witness.append(value)
        return Variable(_terms(value))


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


def value_of(x: Variable) -> int:
    """The canonical value of a variable of the engine."""
    return _value(x)


def _value(x: Variable) -> int:
    return x.terms.get(ONE, 0)


def _terms(value: int) -> dict[int, int]:
    value %= R
    return {ONE: value} if value else {}
