"""Paths of the quaternary Poseidon tree (docs/protocol.md, section 3).

A path is opened once: index bits and siblings are placed, with a hole where the own node goes. Any number of
leaves can then be put into the hole (the old one, the new one), each leading to a root. What leaves are
belongs to the callers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.errors import ShapeError
from circuits.gadgets.bits import require_bits
from circuits.gadgets.poseidon import poseidon
from circuits.language import ConstraintSystem, template
from circuits.twins.merkle import ARITY
from circuits.variables import Bit, Value, Variable, plain

DIGIT_BITS = 2


@dataclass(frozen=True)
class Level:
    """The four children of a node without the own one: it goes where `places` has its 1."""

    places: tuple[Variable, Variable, Variable, Variable]
    others: tuple[Variable, Variable, Variable, Variable]


@dataclass(frozen=True)
class Path:
    """The levels of a path from the leaf up."""

    levels: tuple[Level, ...]


def open_path(cs: ConstraintSystem, digit_bits: Sequence[Bit], siblings: Sequence[Value]) -> Path:
    """A path from its index and siblings.

    Given: two bits a level, from the leaf up, each digit least significant first; three siblings a level,
    from the leaf up, in their order as children with the own place left out.
    Holds: the path is that of the index sum digit_bits[i] 2^i.
    Assumes: nothing.
    Costs: 4 a level.
    """
    depth, rest = divmod(len(digit_bits), DIGIT_BITS)
    if rest or len(siblings) != (ARITY - 1) * depth:
        raise ShapeError(
            f"{len(digit_bits)} index bits and {len(siblings)} siblings do not make whole levels"
        )
    require_bits(digit_bits, "a path")
    levels = []
    for k in range(depth):
        low, high = digit_bits[DIGIT_BITS * k : DIGIT_BITS * (k + 1)]
        first, second, third = map(plain, siblings[3 * k : 3 * (k + 1)])
        levels.append(_open_level(cs, low, high, (first, second, third)))
    return Path(tuple(levels))


def path_root(cs: ConstraintSystem, path: Path, leaf: Value) -> Variable:
    """The root that a leaf leads to along a path.

    Given: an opened path and any leaf.
    Holds: the result is `circuits.twins.merkle.root_from_path` of the leaf at the path's index.
    Assumes: nothing.
    Costs: 300 a level: Poseidon of four, and 3 to put the node into its place.
    """
    node = plain(leaf)
    for level in path.levels:
        node = _climb(cs, level, node)
    return node


@template
def _open_level(
    cs: ConstraintSystem, low: Bit, high: Bit, siblings: tuple[Variable, Variable, Variable]
) -> Level:
    first, second, third = siblings
    both = cs.mul(low, high, "place")
    places = (1 - low - high + both, low - both, high - both, both)
    # Child 0 is the first sibling unless the node is there; child 3 the third; the middle two follow from
    # `high`.
    moved_up = cs.mul(plain(places[0]), first, "place")
    moved_down = cs.mul(plain(places[3]), third, "place")
    second_low = cs.mul(plain(high), second, "place")
    others = (first - moved_up, moved_up + second_low, second - second_low + moved_down, third - moved_down)
    return Level(_plain(places), others)


@template
def _climb(cs: ConstraintSystem, level: Level, node: Variable) -> Variable:
    placed = [cs.mul(place, node, "place") for place in level.places[:3]]
    # The places sum to 1, so what the first three do not take is the fourth's.
    placed.append(node - placed[0] - placed[1] - placed[2])
    return poseidon(cs, [other + own for other, own in zip(level.others, placed, strict=True)])


def _plain(values: tuple[Variable, ...]) -> tuple[Variable, Variable, Variable, Variable]:
    a, b, c, d = map(plain, values)
    return a, b, c, d
