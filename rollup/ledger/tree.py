"""A sparse, persistent quaternary Merkle tree (protocol section 3, "Account tree").

`set` copies only the path to the changed leaf and shares the rest, so every older tree stays valid: a snapshot is a
reference. Hashes are computed when a root or a path is asked for and remembered in the node; changing leaves costs no
hash. What a leaf means and how it hashes is the caller's.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from circuits.protocol.shapes import NODE_ARITY as ARITY
from rollup.ledger.crypto import Hasher

V = TypeVar("V")
DIGIT_BITS = 2

Siblings = tuple[int, int, int]
"""The three other children of a node, in their order."""


class _Leaf(Generic[V]):
    __slots__ = ("digest", "value")

    def __init__(self, value: V) -> None:
        self.value = value
        self.digest: int | None = None


class _Node(Generic[V]):
    __slots__ = ("children", "digest")

    def __init__(self, children: "tuple[_Node[V] | _Leaf[V] | None, ...]") -> None:
        self.children = children
        self.digest: int | None = None


class Tree(Generic[V]):
    """An immutable map from index (0 .. 4^depth - 1) to leaf value, with a Merkle root."""

    __slots__ = ("_empty", "_hasher", "_leaf_hash", "_root", "depth")

    def __init__(
        self, depth: int, hasher: Hasher, leaf_hash: Callable[[V, Hasher], int], empty_leaf: V
    ) -> None:
        self.depth = depth
        self._hasher = hasher
        self._leaf_hash = leaf_hash
        digests = [leaf_hash(empty_leaf, hasher)]
        for _ in range(depth):
            digests.append(hasher.hash([digests[-1]] * ARITY))
        self._empty = tuple(digests)
        self._root: _Node[V] | _Leaf[V] | None = None

    def get(self, index: int) -> V | None:
        """The value at `index`, None if it was never set. Raises IndexError outside the tree."""
        self._check(index)
        node: Any = self._root
        for shift in range(DIGIT_BITS * (self.depth - 1), -1, -DIGIT_BITS):
            if node is None:
                return None
            node = node.children[index >> shift & ARITY - 1]
        return None if node is None else node.value

    def set(self, index: int, value: V) -> "Tree[V]":
        """A new tree that differs from this one at `index` only. Raises IndexError outside the tree."""
        self._check(index)
        changed: Tree[V] = object.__new__(Tree)
        changed.depth = self.depth
        changed._hasher = self._hasher
        changed._leaf_hash = self._leaf_hash
        changed._empty = self._empty
        changed._root = self._replaced(self._root, self.depth, index, value)
        return changed

    def root(self) -> int:
        """The Merkle root; only nodes that changed since the last call on a shared tree are hashed."""
        return self._digest(self._root, self.depth)

    def path(self, index: int) -> tuple[Siblings, ...]:
        """The siblings of `index`'s leaf, from the leaf's level up to the root's children."""
        self._check(index)
        node = self._root
        siblings: list[Siblings] = []
        for level in reversed(range(self.depth)):
            position = _digit(index, level)
            children = (None,) * ARITY if node is None else self._children(node)
            others = [self._digest(child, level) for i, child in enumerate(children) if i != position]
            siblings.append((others[0], others[1], others[2]))
            node = children[position]
        return tuple(reversed(siblings))

    def items(self) -> Iterator[tuple[int, V]]:
        """Every index that was set, in ascending order, with its value."""
        for index, leaf in self._walk(self._root, self.depth, 0):
            yield index, leaf.value

    def leaves(self) -> Iterator[tuple[int, V, int]]:
        """Every index that was set, in ascending order, with its value and the value's digest."""
        for index, leaf in self._walk(self._root, self.depth, 0):
            yield index, leaf.value, self._digest(leaf, 0)

    def filled(self, leaves: Iterable[tuple[int, V, int]]) -> "Tree[V]":
        """A tree of this one's kind that holds these leaves and no others; the digests are believed. Raises IndexError outside the tree."""
        level: dict[int, _Node[V] | _Leaf[V]] = {}
        for index, value, digest in leaves:
            self._check(index)
            level[index] = leaf = _Leaf(value)
            leaf.digest = digest
        for _ in range(self.depth):
            children: dict[int, list[_Node[V] | _Leaf[V] | None]] = {}
            for index, node in level.items():
                children.setdefault(index >> DIGIT_BITS, [None] * ARITY)[index & ARITY - 1] = node
            level = {index: _Node(tuple(nodes)) for index, nodes in children.items()}
        filled: Tree[V] = object.__new__(Tree)
        filled.depth = self.depth
        filled._hasher = self._hasher
        filled._leaf_hash = self._leaf_hash
        filled._empty = self._empty
        filled._root = level.get(0)
        return filled

    def _walk(
        self, node: "_Node[V] | _Leaf[V] | None", level: int, prefix: int
    ) -> "Iterator[tuple[int, _Leaf[V]]]":
        if isinstance(node, _Leaf):
            yield prefix, node
        elif node is not None:
            for digit, child in enumerate(node.children):
                yield from self._walk(child, level - 1, prefix << DIGIT_BITS | digit)

    def _check(self, index: int) -> None:
        if not 0 <= index < 1 << (DIGIT_BITS * self.depth):
            raise IndexError(f"leaf {index} outside a tree of depth {self.depth}")

    def _replaced(
        self, node: "_Node[V] | _Leaf[V] | None", level: int, index: int, value: V
    ) -> "_Node[V] | _Leaf[V]":
        if level == 0:
            return _Leaf(value)
        children = list((None,) * ARITY if node is None else self._children(node))
        position = _digit(index, level - 1)
        children[position] = self._replaced(children[position], level - 1, index, value)
        return _Node(tuple(children))

    @staticmethod
    def _children(node: "_Node[V] | _Leaf[V]") -> "tuple[_Node[V] | _Leaf[V] | None, ...]":
        assert isinstance(node, _Node)
        return node.children

    def _digest(self, node: "_Node[V] | _Leaf[V] | None", level: int) -> int:
        if node is None:
            return self._empty[level]
        if node.digest is None:
            if isinstance(node, _Leaf):
                node.digest = self._leaf_hash(node.value, self._hasher)
            else:
                node.digest = self._hasher.hash([self._digest(child, level - 1) for child in node.children])
        return node.digest


def _digit(index: int, level: int) -> int:
    """Which child of a node `level` levels above the leaf's parent holds `index` (0: the leaf's parent)."""
    return index >> (DIGIT_BITS * level) & (ARITY - 1)


def root_from_path(leaf: int, index: int, path: tuple[Siblings, ...], hasher: Hasher) -> int:
    """The root that a leaf hash at `index` with these siblings implies."""
    digest = leaf
    for level, siblings in enumerate(path):
        children = list(siblings)
        children.insert(_digit(index, level), digest)
        digest = hasher.hash(children)
    return digest
