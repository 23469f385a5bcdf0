"""Poseidon with circomlib's parameters, as constraints.

Only the S-boxes cost anything: three products each; round constants and mixing are linear combinations. The
capacity's first S-box acts on a constant and is folded away. What is hashed belongs to the callers.
"""

from collections.abc import Sequence

from circuits.errors import ShapeError
from circuits.field import R, inverse
from circuits.language import ConstraintSystem, template
from circuits.twins.poseidon import MAX_INPUTS, chunks, parameters
from circuits.variables import Variable, weighted_sum


def poseidon(cs: ConstraintSystem, inputs: Sequence[Variable]) -> Variable:
    """circomlib's Poseidon of 1 .. 16 field elements.

    Given: any field elements.
    Holds: the result is `circuits.twins.poseidon.poseidon` of the inputs.
    Assumes: nothing.
    Costs: 3 (8 t + P - 1) with t = len(inputs) + 1 and P partial rounds: 240 for two inputs, 297 for four.
    The result is one wire.
    Source: the Poseidon paper; circomlib's circuit costs the same.
    """
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise ShapeError(f"Poseidon takes 1..{MAX_INPUTS} inputs, not {len(inputs)}")
    # Without their ranges, inputs of all types share one compiled body.
    return _permutation(cs, tuple(Variable(x.terms) for x in inputs))


def hash_many(cs: ConstraintSystem, inputs: Sequence[Variable]) -> Variable:
    """Poseidon of any positive number of field elements, chained as docs/protocol.md, section 3, says.

    Given: any field elements.
    Holds: the result is `circuits.twins.poseidon.hash_many` of the inputs.
    Assumes: nothing.
    Costs: the sum of its Poseidon calls: the first of up to 16 inputs, each next of the value so far and up
    to 15.
    """
    first, *rest = chunks(len(inputs))
    value, at = poseidon(cs, inputs[:first]), first
    for size in rest:
        value = poseidon(cs, [value, *inputs[at : at + size]])
        at += size
    return value


@template
def _permutation(cs: ConstraintSystem, inputs: tuple[Variable, ...]) -> Variable:
    p = parameters(len(inputs) + 1)
    one = Variable(cs.one.terms)
    state: list[Variable] = [Variable({}), *inputs]
    for k, constants in enumerate(p.constants):
        state = [x + c for x, c in zip(state, constants, strict=True)]
        last = k == p.rounds - 1
        if p.is_full(k) and not last:
            first = one * pow(constants[0], 5, R) if k == 0 else _sbox(cs, state[0])
            boxed = [first, *(_sbox(cs, x) for x in state[1:])]
            state = [weighted_sum(row, boxed) for row in p.mds]
            continue
        rest = [_sbox(cs, x) for x in state[1:]] if last else state[1:]
        # The wire of the first S-box is not its output but the new first element, which the output then
        # follows from: so the combination of all rounds before enters one row of a partial round and not
        # three.
        weight = p.mds[0][0]
        mixed = weighted_sum(p.mds[0][1:], rest)
        mixed_first = cs.mul_add(_fourth_power(cs, state[0]) * weight, state[0], mixed, "sbox")
        if last:
            return mixed_first
        boxed = [(mixed_first - mixed) * inverse(weight), *rest]
        state = [mixed_first, *(weighted_sum(row, boxed) for row in p.mds[1:])]
    raise AssertionError("the last round returns")


def _sbox(cs: ConstraintSystem, x: Variable) -> Variable:
    return cs.mul(_fourth_power(cs, x), x, "sbox")


def _fourth_power(cs: ConstraintSystem, x: Variable) -> Variable:
    square = cs.mul(x, x, "sbox")
    return cs.mul(square, square, "sbox")
