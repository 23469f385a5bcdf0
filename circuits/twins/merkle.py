"""The quaternary Poseidon tree (docs/protocol.md, section 3), sparse, as a readable integer twin.

It decides how an index walks from leaf to root, what a path holds and how untouched subtrees hash. What a
leaf is belongs to whoever owns the tree. The node's hash is an argument, so that a fast implementation can
be passed in.
"""

from collections.abc import Callable, Sequence

from circuits.errors import ShapeError
from circuits.twins.poseidon import poseidon

ARITY = 4

Siblings = tuple[int, int, int]
"""The other three children of a node, in order, the own position left out."""

NodeHash = Callable[[Sequence[int]], int]


def digits(index: int, depth: int) -> list[int]:
    """The index's base-4 digits, least significant first: the positions among siblings from the leaf up.

    Raises ShapeError if the index is not in [0, 4^depth).
    """
    if not 0 <= index < ARITY**depth:
        raise ShapeError(f"index {index} is not in a tree of depth {depth}")
    return [index >> 2 * level & 3 for level in range(depth)]


def children(node: int, position: int, siblings: Siblings) -> list[int]:
    """A node among its siblings, at its position 0 .. 3."""
    return [*siblings[:position], node, *siblings[position:]]


def root_from_path(leaf: int, index: int, path: Sequence[Siblings], node_hash: NodeHash = poseidon) -> int:
    """The root that a leaf and its path, leaf level first, lead to. Raises ShapeError on an index outside
    the tree.
    """
    node = leaf
    for position, siblings in zip(digits(index, len(path)), path, strict=True):
        node = node_hash(children(node, position, siblings))
    return node


class MerkleTree:
    """A tree of 4^depth leaves of which only the touched ones are stored; the rest are `empty_leaf`."""

    def __init__(self, depth: int, empty_leaf: int = 0, node_hash: NodeHash = poseidon) -> None:
        self.depth = depth
        self._hash = node_hash
        self._empty = [empty_leaf]
        for _ in range(depth):
            self._empty.append(node_hash([self._empty[-1]] * ARITY))
        self._nodes: list[dict[int, int]] = [{} for _ in range(depth + 1)]

    @property
    def root(self) -> int:
        return self._node(self.depth, 0)

    def leaf(self, index: int) -> int:
        """The leaf at an index. Raises ShapeError if it is outside the tree."""
        digits(index, self.depth)
        return self._node(0, index)

    def path(self, index: int) -> list[Siblings]:
        """The siblings from the leaf's level up to the root's children. Raises ShapeError if outside the
        tree.
        """
        path = []
        for level, position in enumerate(digits(index, self.depth)):
            first = index >> 2 * level & ~3
            a, b, c = (self._node(level, first + k) for k in range(ARITY) if k != position)
            path.append((a, b, c))
        return path

    def update(self, index: int, leaf: int) -> int:
        """Set a leaf and return the new root. Raises ShapeError if the index is outside the tree."""
        node = leaf
        for level, (position, siblings) in enumerate(
            zip(digits(index, self.depth), self.path(index), strict=True)
        ):
            self._nodes[level][index >> 2 * level] = node
            node = self._hash(children(node, position, siblings))
        self._nodes[self.depth][0] = node
        return node

    def copy(self) -> "MerkleTree":
        """An independent tree with the same leaves."""
        twin = MerkleTree.__new__(MerkleTree)
        twin.depth, twin._hash, twin._empty = self.depth, self._hash, self._empty
        twin._nodes = [dict(level) for level in self._nodes]
        return twin

    def _node(self, level: int, index: int) -> int:
        return self._nodes[level].get(index, self._empty[level])
