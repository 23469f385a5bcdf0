"""The constraint language: what a circuit's `define` may say.

A define is a function of a `ConstraintSystem`; it runs unchanged under the `Builder`, which records constraints and the witness
program, and under the `Engine`, which computes with integers and checks each constraint as it is said. This module decides the
vocabulary (wires, products, hints, templates, the one challenge) and the rules that both share; what a wire is, it leaves to them.

Rules that hold in both:
 * A wire comes into being by `mul` (held by its product), by `inputs`, or by a hint. A hint binds nothing: constrain what it gives.
 * One challenge. `challenge(words)` ends the early phase. Everything an argument speaks of exists before it; after it come only
   products, assertions and inverses (after the barrier only plain R1CS), so inputs, claims of ranges and other hints are refused.
 * A variable of another run is refused wherever it is used: it would be a wire of another circuit, or another run's number.
 * Where any field element will do, a plain integer is the constant that it is (`circuits.variables.as_variable`).
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from circuits.errors import PhaseError, ShapeError
from circuits.variables import ONE, Bit, Bounded, Value, Variable, as_variable, new_place

CHI: Final = 1
Y: Final = 2
"""The public wires of a circuit with a challenge."""

P = ParamSpec("P")
T = TypeVar("T")


class Opcode(IntEnum):
    """Instructions of the witness program (docs/architecture.md); engine and kernel share this closed set."""

    INPUT = 1
    MUL = 2
    LIN = 3
    CALL = 4
    BITS = 5
    INVERSE = 6
    QUOTIENT = 7
    DIVMOD = 8
    MAX = 9
    LESS = 10
    SIGN = 11
    MASK = 12
    CHALLENGE = 13
    MULADD = 14
    SIGNS = 15


class ConstraintSystem(ABC):
    """What a define speaks to. Labels are paths of scopes; the last part names the rule (a rejection code where there is one)."""

    def __init__(self, *, challenge: bool = False) -> None:
        self._scopes: list[str] = []
        self._place = new_place()
        self._has_challenge = challenge
        self._late = False

    # -- wires ------------------------------------------------------------------------------------------------------

    @property
    def one(self) -> Bounded:
        """The constant one."""
        return Bounded({ONE: 1}, 1, 1)

    def constant(self, value: int) -> Bounded:
        """An integer as a bounded constant; costs nothing."""
        return self.one * value

    def input(self, name: str) -> Variable:
        """A private input of one field element, named by the scopes around it. Holds nothing about its range."""
        return self.inputs(name, 1)[0]

    def inputs(self, name: str, count: int) -> list[Variable]:
        """A private input of `count` field elements under one name. PhaseError after the challenge."""
        self._require_early(f"input {name!r}")
        return self._inputs(self._label(name), count)

    def public_input(self, name: str) -> Variable:
        """A public input. All public values are declared before anything else, and only by circuits without a challenge."""
        return self._public_input(self._label(name))

    def public_output(self, name: str) -> Variable:
        """A public value that the circuit computes: declare it first, then `assign_output` exactly once."""
        return self._public_output(self._label(name))

    @abstractmethod
    def assign_output(self, output: Variable, value: Value, label: str = "output") -> None:
        """Give a public output its value. Costs 1. From here on the output can be read as any variable; ShapeError before."""

    # -- constraints ------------------------------------------------------------------------------------------------

    def mul(self, a: Value, b: Value, label: str = "mul") -> Variable:
        """A new wire that equals a*b; Bounded if both are and the product's interval stays below r/2. Costs 1."""
        a, b = as_variable(a), as_variable(b)
        product = self._product(a, b, self._label(label))
        if isinstance(a, Bit) and isinstance(b, Bit):
            return Bit(product.terms)
        if isinstance(a, Bounded) and isinstance(b, Bounded):
            ends = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
            return Bounded(product.terms, min(ends), max(ends))
        return product

    def mul_add(self, a: Value, b: Value, c: Value, label: str = "mul_add") -> Variable:
        """A new wire that equals a*b + c: keeps an iterated sum from growing into a long linear combination. Costs 1."""
        return self._product_plus(as_variable(a), as_variable(b), as_variable(c), self._label(label))

    def mul_bounded(self, a: Bounded | int, b: Bounded | int, label: str = "mul") -> Bounded:
        """`mul` of two bounded values, typed as the bounded value it is. Costs 1; RangeOverflow if the product's interval is too wide."""
        product = self.mul(require_bounded(a, "mul_bounded"), require_bounded(b, "mul_bounded"), label)
        assert isinstance(product, Bounded)
        return product

    @abstractmethod
    def assert_product(self, a: Value, b: Value, c: Value, label: str) -> None:
        """Holds: a*b = c. Costs 1."""

    def assert_equal(self, a: Value, b: Value, label: str) -> None:
        """Holds: a = b. Costs 1."""
        self.assert_product(as_variable(a) - b, self.one, Variable({}), label)

    def assert_zero(self, a: Value, label: str) -> None:
        """Holds: a = 0. Costs 1."""
        self.assert_product(a, self.one, Variable({}), label)

    def assert_bit(self, x: Value, label: str = "bit") -> Bit:
        """Holds: x is 0 or 1. Costs 1."""
        x = as_variable(x)
        self.assert_product(x, x - 1, Variable({}), label)
        return Bit(x.terms)

    def materialize(self, x: Value, label: str = "materialize") -> Variable:
        """A new wire equal to x, of x's type: shortens long linear combinations. Costs 1."""
        x = as_variable(x)
        wire = self._product(x, self.one, self._label(label))
        return self._retype(wire, x)

    # -- types without a constraint ------------------------------------------------------------------------------------

    def unchecked_bounded(self, x: Value, lo: int, hi: int) -> Bounded:
        """Call x bounded by [lo, hi] without a constraint: only where constraints said before already imply it.

        The engine raises UnsoundClaim when a value disproves the claim although all constraints so far held. PhaseError after the
        challenge: what depends on chi is held by plain constraints, by no argument about ranges."""
        x = as_variable(x)
        self._claim(x, lo, hi)
        return Bounded(x.terms, lo, hi)

    def unchecked_bit(self, x: Value) -> Bit:
        """Call x a bit without a constraint; see `unchecked_bounded`."""
        x = as_variable(x)
        self._claim(x, 0, 1)
        return Bit(x.terms)

    # -- hints: values from outside, bound by nothing --------------------------------------------------------------------

    def hint_bits(self, x: Value, count: int, label: str = "bits") -> list[Variable]:
        """The `count` low bits of the canonical integer of x, least significant first."""
        return self._hint(Opcode.BITS, [x], count, label)

    def hint_signs(self, x: Value, unit: Value, count: int, label: str = "signs") -> list[Variable]:
        """For each of the `count` low bits of x, least significant first: unit where it is 1, -unit where it is 0."""
        return self._hint(Opcode.SIGNS, [x, unit], count, label)

    def hint_inverse(self, x: Value, label: str = "inverse") -> Variable:
        """1/x, or 0 for x = 0. The only hint allowed after the challenge."""
        return self._hint(Opcode.INVERSE, [x], 1, label)[0]

    def hint_quotient(self, a: Value, b: Value, label: str = "quotient") -> Variable:
        """a/b in the field, or 0 for b = 0."""
        return self._hint(Opcode.QUOTIENT, [a, b], 1, label)[0]

    def hint_divmod(self, a: Value, b: Value, label: str = "divmod") -> tuple[Variable, Variable]:
        """Integer quotient and remainder of canonical a by canonical b; both 0 for b = 0."""
        quotient, remainder = self._hint(Opcode.DIVMOD, [a, b], 2, label)
        return quotient, remainder

    def hint_max(self, values: Sequence[Value], label: str = "max") -> Variable:
        """The largest of the values read as signed integers."""
        return self._hint(Opcode.MAX, list(values), 1, label)[0]

    def hint_less(self, a: Value, b: Value, label: str = "less") -> Variable:
        """1 if a < b as canonical integers, else 0."""
        return self._hint(Opcode.LESS, [a, b], 1, label)[0]

    def hint_sign(self, x: Value, label: str = "sign") -> Variable:
        """1 if x read as signed is negative, else 0."""
        return self._hint(Opcode.SIGN, [x], 1, label)[0]

    # -- structure ---------------------------------------------------------------------------------------------------

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names of constraints, inputs and wires said inside start with `name/`."""
        self._scopes.append(name)
        try:
            yield
        finally:
            self._scopes.pop()

    def challenge(self, words: Sequence[Value]) -> Variable:
        """End the early phase and return chi, fixed after every wire so far; bind the public words to the public input y.

        Given: the public words d_0..d_{n-1}, early variables, n >= 1.
        Holds: y = sum d_i chi^i for the public inputs chi and y.
        Assumes: the verifier computes chi from D and the words' digest, and y from the words, itself (docs/protocol.md section 7);
        then equal words follow by Schwartz-Zippel with error n/r (docs/soundness.md).
        Costs: n (early copies) + 1 (mask) + n.
        """
        if not self._has_challenge:
            raise PhaseError("this circuit was made without a challenge: create it with challenge=True")
        self._require_early("a second challenge")
        if self._scopes or not words:
            raise PhaseError(
                "challenge() belongs to the root of the define, outside scopes, with at least one word"
            )
        early = [self.materialize(word, f"word[{i}]") for i, word in enumerate(words)]
        chi, y = self._begin_late(early)
        self._late = True
        value: Variable = early[-1]
        for word in reversed(early[:-1]):
            value = self.mul(value, chi, "words") + word
        self.assign_output(y, value, "words")
        return chi

    # -- for Builder and Engine ------------------------------------------------------------------------------------------

    @abstractmethod
    def call_template(self, define: Callable[..., T], args: tuple[Any, ...], static: dict[str, Any]) -> T:
        """Run a template; see `template`."""

    @abstractmethod
    def _inputs(self, name: str, count: int) -> list[Variable]: ...

    @abstractmethod
    def _public_input(self, name: str) -> Variable: ...

    @abstractmethod
    def _public_output(self, name: str) -> Variable: ...

    @abstractmethod
    def _product(self, a: Variable, b: Variable, label: str) -> Variable: ...

    @abstractmethod
    def _product_plus(self, a: Variable, b: Variable, c: Variable, label: str) -> Variable: ...

    @abstractmethod
    def _run_hint(
        self, opcode: Opcode, operands: list[Variable], count: int, label: str
    ) -> list[Variable]: ...

    @abstractmethod
    def _begin_late(self, words: list[Variable]) -> tuple[Variable, Variable]: ...

    @abstractmethod
    def _check_claim(self, x: Variable, lo: int, hi: int) -> None: ...

    def _claim(self, x: Variable, lo: int, hi: int) -> None:
        self._require_early(f"a claim that a value lies in [{lo}, {hi}]")
        self._check_claim(x, lo, hi)

    def _hint(self, opcode: Opcode, operands: Sequence[Value], count: int, label: str) -> list[Variable]:
        if opcode is not Opcode.INVERSE:
            self._require_early(f"hint {opcode.name}")
        return self._run_hint(opcode, [as_variable(x) for x in operands], count, self._label(label))

    def _label(self, name: str) -> str:
        return "/".join([*self._scopes, name])

    def _require_early(self, what: str) -> None:
        if self._late:
            raise PhaseError(
                f"{what} after the challenge: whatever an argument speaks of must be fixed before it"
            )

    @staticmethod
    def _retype(wire: Variable, like: Variable) -> Variable:
        if isinstance(like, Bit):
            return Bit(wire.terms)
        if isinstance(like, Bounded):
            return Bounded(wire.terms, like.lo, like.hi)
        return wire


def template(
    define: Callable[Concatenate[ConstraintSystem, P], T],
) -> Callable[Concatenate[ConstraintSystem, P], T]:
    """Mark a gadget as repetition that is compiled once and then placed.

    Positional arguments are signals: variables, or tuples, lists and frozen dataclasses of them (integers, strings and None inside
    are static). Keyword-only arguments are static and hashable. The result has the same form. Two calls with equal static parts and
    equal types of signals share one compiled body; the body may depend on nothing else.
    """

    @functools.wraps(define)
    def placed(cs: ConstraintSystem, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return cs.call_template(define, args, kwargs)

    return placed


def require_bounded(x: Value, what: str) -> Bounded:
    """x as a Bounded (an integer is one), or ShapeError saying that `what` needs a checked range."""
    x = as_variable(x)
    if not isinstance(x, Bounded):
        raise ShapeError(f"{what} takes a Bounded value: constrain its range first")
    return x


def require_output(output: Variable, unassigned: Container[int], shift: int) -> int:
    """The wire of a public output of the place that starts at `shift`, or ShapeError if it is none or has its value already."""
    wire, *rest = [(key - shift, factor) for key, factor in output.terms.items()] or [(ONE, 0)]
    if rest or wire[1] != 1 or wire[0] not in unassigned:
        raise ShapeError("assign_output takes an output of public_output, once")
    return wire[0]
