"""The sparse tree against a dense one computed level by level, and its snapshots."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.ledger.tree import Tree, root_from_path


class Sha:
    """Another hasher: the tree must not care which."""

    def __init__(self) -> None:
        self.calls = 0

    def hash(self, values: Sequence[int]) -> int:
        self.calls += 1
        return int.from_bytes(sha256(b"".join(v.to_bytes(32, "big") for v in values)).digest(), "big")


def leaf(value: int, hasher: Sha) -> int:
    return hasher.hash([value])


def dense_root(depth: int, values: dict[int, int]) -> int:
    hasher = Sha()
    level = [leaf(values.get(i, 0), hasher) for i in range(4**depth)]
    while len(level) > 1:
        level = [hasher.hash(level[i : i + 4]) for i in range(0, len(level), 4)]
    return level[0]


def tree(depth: int) -> Tree[int]:
    return Tree(depth, Sha(), leaf, 0)


writes = st.lists(st.tuples(st.integers(0, 63), st.integers(0, 2**250)), max_size=12)


@settings(deadline=None, max_examples=50)
@given(writes)
def test_matches_a_dense_tree_and_keeps_every_snapshot(changes: list[tuple[int, int]]) -> None:
    current, values = tree(3), dict[int, int]()
    history = [(current, {})]
    for index, value in changes:
        current = current.set(index, value)
        values[index] = value
        history.append((current, dict(values)))
    for snapshot, expected in history:
        assert snapshot.root() == dense_root(3, expected)
        assert dict(snapshot.items()) == expected


@settings(deadline=None, max_examples=50)
@given(writes, st.integers(0, 63))
def test_paths_lead_to_the_root(changes: list[tuple[int, int]], index: int) -> None:
    current = tree(3)
    for at, value in changes:
        current = current.set(at, value)
    hasher = Sha()
    here = leaf(current.get(index) or 0, hasher)
    assert root_from_path(here, index, current.path(index), hasher) == current.root()
    assert root_from_path(here + 1, index, current.path(index), hasher) != current.root()


def test_least_significant_digit_chooses_next_to_the_leaf() -> None:
    hasher = Sha()
    empty = leaf(0, hasher)
    marked = leaf(9, hasher)
    inner = hasher.hash([empty, empty, empty, marked])
    blank = hasher.hash([empty] * 4)
    assert tree(2).set(0b01_11, 9).root() == hasher.hash([blank, inner, blank, blank])


def test_an_update_hashes_one_path() -> None:
    hasher = Sha()
    large = Tree(16, hasher, leaf, 0)
    large = large.set(123_456, 1)
    large.root()
    before = hasher.calls
    large.set(4_000_000_000, 2).root()
    assert hasher.calls - before == 17


@pytest.mark.parametrize("index", [-1, 64])
def test_refuses_indices_outside(index: int) -> None:
    for call in (tree(3).get, tree(3).path, lambda i: tree(3).set(i, 1)):
        with pytest.raises(IndexError):
            call(index)
