"""How a declaration becomes wires: inputs in their ranges, packed words, hash lists, labels.

Decides that nothing enters without its declared range and that nothing is packed or committed to whose type does not show that it fits:
a value of unknown or wider range in a packed word is a ShapeError when the circuit is compiled, not a second reading when it runs.
Which fields there are is `circuits.protocol`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from circuits.errors import ShapeError
from circuits.gadgets.bits import constrain_bits
from circuits.gadgets.eddsa import Signature
from circuits.gadgets.logic import assert_nonzero
from circuits.gadgets.poseidon import poseidon
from circuits.gadgets.range import constrain_interval, constrain_signed
from circuits.language import ConstraintSystem
from circuits.protocol.codes import Code
from circuits.protocol.layout import Commitment, Layout, fields_of
from circuits.protocol.numbers import Number
from circuits.protocol.signature import Signature as DeclaredSignature
from circuits.variables import Bit, Bounded, Value, Variable, as_variable, plain

FEW = 4
"""So many values at the ends of a power of two are excluded one by one; a narrower range is compared with its ends."""


def reason(code: Code, field: str) -> str:
    """The label of a constraint: the rejection code that it stands for and the field that it concerns."""
    return f"{code.name}/{field}"


def constrain(
    cs: ConstraintSystem, x: Value, number: Number, name: str, code: Code = Code.MALFORMED
) -> Bounded:
    """x as a number of its declared range.

    Given: any field element; a number that is no residue.
    Holds: number.low <= x < number.high, x read as signed.
    Assumes: nothing.
    Costs: its bits, 1 for each excluded end, 2 for a sign.
    """
    label = reason(code, name)
    if number.residue:
        raise ShapeError(f"{name} is a residue: every field element is one")
    if number.signed:
        return constrain_signed(cs, as_variable(x), number.bits, label)
    width = (number.high - 1).bit_length()
    if width == 1 and number.low == 0:
        return cs.assert_bit(x, label)
    excluded = [*range(min(number.low, FEW + 1)), *range(number.high, min(1 << width, number.high + FEW + 1))]
    if len(excluded) > FEW:
        return constrain_interval(cs, as_variable(x), number.low, number.high - 1, label)
    constrain_bits(cs, x, width, label)
    for value in excluded:
        assert_nonzero(cs, as_variable(x) - value, label)
    return cs.unchecked_bounded(x, number.low, number.high - 1)


def take(cs: ConstraintSystem, layout: Layout, name: str, code: Code = Code.MALFORMED) -> Bounded:
    """The private input `name` in the range that a layout declares for it."""
    return constrain(cs, cs.input(name), layout.place(name).number, name, code)


def take_bit(cs: ConstraintSystem, layout: Layout, name: str, code: Code = Code.MALFORMED) -> Bit:
    """The private input `name`, declared as a flag, as a bit."""
    bit = take(cs, layout, name, code)
    if not isinstance(bit, Bit):
        raise ShapeError(f"{layout.name}/{name} is no flag")
    return bit


def unchecked_number(cs: ConstraintSystem, x: Value, number: Number) -> Bounded:
    """x with the range of its declaration, without a constraint: for what lies under a root that is known to be honest (the induction
    of docs/batch-circuit.md). The least value of a number is not claimed: what was never written is zero."""
    return cs.unchecked_bounded(x, number.low if number.signed else 0, number.high - 1)


def require_fit(value: Value, number: Number, name: str) -> Variable:
    """The value, or ShapeError unless its type shows that it lies in the number's width. A residue is any field element."""
    x = as_variable(value)
    if number.residue:
        return plain(x)
    low, high = (number.low, number.high) if number.signed else (0, 1 << number.bits)
    if not isinstance(x, Bounded) or x.lo < low or x.hi >= high:
        raise ShapeError(f"{name} is not known to lie in [{low}, {high}): constrain it first")
    return x


def pack(layout: Layout, values: Mapping[str, Value]) -> tuple[Variable, ...]:
    """The words of a layout: for each, the fields at their offsets, a signed one with its offset added. Costs nothing.

    Distinct values give distinct words, since each field that shares a word is shown to fit its place. Raises ShapeError for one that
    might not, and unless exactly the layout's fields are given.
    """
    names = {place.name for place in layout.places}
    if values.keys() != names:
        raise ShapeError(f"{layout.name} packs {sorted(names)}, not {sorted(values)}")
    words: list[Variable] = [Bounded({}, 0, 0)] * layout.count
    for place in layout.places:
        value = as_variable(values[place.name])
        if len(layout.of_word(place.word)) > 1:
            value = require_fit(value, place.number, f"{layout.name}/{place.name}")
        words[place.word] = words[place.word] + (value + place.number.offset) * layout.shift(place.name)
    return tuple(words)


def pack_bounded(layout: Layout, values: Mapping[str, Value]) -> Bounded:
    """The one word of a layout whose fields together stay far below r, with its range."""
    (word,) = pack(layout, values)
    if not isinstance(word, Bounded):
        raise ShapeError(f"{layout.name} is no packed word")
    return word


def packed_bits(layout: Layout) -> int:
    """Bits of the one word of a layout."""
    return max(place.offset + place.number.width for place in layout.of_word(0))


def commit(cs: ConstraintSystem, commitment: Commitment, values: Mapping[str, Value]) -> Variable:
    """The declared hash of values that are shown to be in their ranges; ShapeError for one that is not."""
    numbers = dict(commitment.fields)
    fitting = {
        name: require_fit(value, numbers[name], f"{commitment.name}/{name}") if name in numbers else value
        for name, value in values.items()
    }
    return poseidon(cs, commitment.elements(fitting))


def inputs_of(cs: ConstraintSystem, commitment: Commitment, names: Sequence[str]) -> dict[str, Variable]:
    """Fields of a hash list as private inputs of the same names. Holds nothing about them: open a root with them, then call
    `unchecked_number`."""
    declared = dict(commitment.fields)
    if missing := [name for name in names if name not in declared]:
        raise ShapeError(f"{commitment.name} has no field {missing[0]!r}")
    return {name: cs.input(name) for name in names}


def input_signature(cs: ConstraintSystem) -> Signature:
    """A signature as private inputs of its declared names. Holds nothing about them."""
    return Signature(**{field.name: cs.input(field.name) for field in fields_of(DeclaredSignature)})
