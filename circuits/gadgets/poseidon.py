"""Poseidon with circomlib's parameters, as constraints.

Only the S-boxes cost anything: three products each; round constants and mixing are linear combinations. The
capacity's first S-box acts on a constant and is folded away. What is hashed belongs to the callers.

Partial rounds. Let x be the first element, T the others with their constants added, and the mixing matrix
[[w, m], [c, M]]. A round is x' = w S(x) + m T, T' = c S(x) + M T + constants. The wire that a round makes is
not S(x) but x' itself, from which S(x) = (x' - m T) / w follows, so T' = (c / w) x' + N T + constants with N
= M - c m / w. Then T, and with it every m T, is a known combination of the T before the first partial round
and of the x' made since: it enters one row of a round instead of three, and no combination is ever
substituted in another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul

from circuits.errors import ShapeError
from circuits.field import R, inverse
from circuits.language import ConstraintSystem, template
from circuits.twins.poseidon import MAX_INPUTS, Parameters, chunks, parameters
from circuits.variables import Value, Variable, plain, weighted_sum


def poseidon(cs: ConstraintSystem, inputs: Sequence[Value]) -> Variable:
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
    return _permutation(cs, tuple(map(plain, inputs)))


def hash_many(cs: ConstraintSystem, inputs: Sequence[Value]) -> Variable:
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
    half = p.full_rounds // 2
    state: list[Variable] = [Variable({}), *inputs]
    for k in range(half):
        state = _plus(state, p.constants[k])
        # The capacity is still a constant in the first round.
        first = plain(pow(p.constants[0][0], 5, R)) if k == 0 else _sbox(cs, state[0])
        boxed = [first, *(_sbox(cs, x) for x in state[1:])]
        state = [weighted_sum(row, boxed) for row in p.mds]
    state = _partial_rounds(cs, p, state)
    for k in range(p.rounds - half, p.rounds - 1):
        boxed = [_sbox(cs, x) for x in _plus(state, p.constants[k])]
        state = [weighted_sum(row, boxed) for row in p.mds]
    state = _plus(state, p.constants[-1])
    rest = weighted_sum(p.mds[0][1:], [_sbox(cs, x) for x in state[1:]])
    return cs.mul_add(_fourth_power(cs, state[0]) * p.mds[0][0], state[0], rest, "sbox")


def _partial_rounds(cs: ConstraintSystem, p: Parameters, state: list[Variable]) -> list[Variable]:
    """The state after the partial rounds. Costs 3 a round."""
    linear = _linear_part(p.t)
    x, tail = state[0], state[1:]
    made: list[Variable] = []
    for k in range(p.partial_rounds):
        x = x + p.constants[p.full_rounds // 2 + k][0]
        past = weighted_sum([*linear.rows[k], *linear.responses[:k][::-1]], [*tail, *made])
        x = cs.mul_add(_fourth_power(cs, x) * p.mds[0][0], x, past + linear.offsets[k], "sbox")
        made.append(x)
    state = [x]
    for i in range(p.t - 1):
        weights = [*linear.power[i], *(column[i] for column in reversed(linear.columns))]
        state.append(weighted_sum(weights, [*tail, *made]) + linear.last_offset[i])
    return state


@dataclass(frozen=True)
class _Linear:
    """The linear part of all partial rounds (the module's opening says what N, m, c, w are), j, k = 0, 1, ...

    rows[k] = m N^k; columns[j] = N^j c / w; responses[j] = m columns[j]; offsets[k] = m times the constants
    gathered in T; power = N^P and last_offset the constants gathered, both without the constants of the
    round after.
    """

    rows: list[list[int]]
    columns: list[list[int]]
    responses: list[int]
    offsets: list[int]
    power: list[list[int]]
    last_offset: list[int]


@cache
def _linear_part(t: int) -> _Linear:
    p = parameters(t)
    w, m, c = p.mds[0][0], p.mds[0][1:], [row[0] for row in p.mds[1:]]
    column = [x * inverse(w) % R for x in c]
    n = [[(row[j + 1] - column[i] * m[j]) % R for j in range(t - 1)] for i, row in enumerate(p.mds[1:])]
    columns_of_n = list(zip(*n, strict=True))
    rows, columns, offsets = [list(m)], [column], []
    power = [[int(i == j) for j in range(t - 1)] for i in range(t - 1)]
    gathered = [0] * (t - 1)
    first = p.full_rounds // 2
    for constants in p.constants[first : first + p.partial_rounds]:
        gathered = [(a + b) % R for a, b in zip(gathered, constants[1:], strict=True)]
        offsets.append(_dot(m, gathered))
        gathered = [_dot(row, gathered) for row in n]
        power = [[_dot(row, part) for part in columns_of_n] for row in power]
        rows.append([_dot(rows[-1], part) for part in columns_of_n])
        columns.append([_dot(row, columns[-1]) for row in n])
    columns.pop()
    return _Linear(rows, columns, [_dot(m, x) for x in columns], offsets, power, gathered)


def _dot(a: Sequence[int], b: Sequence[int]) -> int:
    total: int = sum(map(mul, a, b)) % R
    return total


def _plus(state: Sequence[Variable], constants: Sequence[int]) -> list[Variable]:
    return [x + c for x, c in zip(state, constants, strict=True)]


def _sbox(cs: ConstraintSystem, x: Variable) -> Variable:
    return cs.mul(_fourth_power(cs, x), x, "sbox")


def _fourth_power(cs: ConstraintSystem, x: Variable) -> Variable:
    square = cs.mul(x, x, "sbox")
    return cs.mul(square, square, "sbox")
