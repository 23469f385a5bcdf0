"""The sparse quaternary tree against a dense tree hashed level by level."""

import random

import pytest

from circuits.errors import ShapeError
from circuits.twins.merkle import MerkleTree, children, digits, root_from_path
from circuits.twins.poseidon import poseidon

DEPTH = 3


def dense_root(leaves: list[int]) -> int:
    while len(leaves) > 1:
        leaves = [poseidon(leaves[k : k + 4]) for k in range(0, len(leaves), 4)]
    return leaves[0]


def test_roots_equal_the_dense_tree_after_every_update() -> None:
    rng = random.Random(7)
    tree, leaves = MerkleTree(DEPTH, empty_leaf=11), [11] * 4**DEPTH
    assert tree.root == dense_root(leaves)
    for index in (0, 63, 21, 22, 21):
        leaves[index] = rng.getrandbits(253)
        assert tree.update(index, leaves[index]) == tree.root == dense_root(leaves)
    assert [tree.leaf(k) for k in range(64)] == leaves


def test_every_path_leads_to_the_root_and_only_from_its_own_index() -> None:
    tree = MerkleTree(2)
    for index in range(16):
        tree.update(index, 1000 + index)
    for index in range(16):
        path = tree.path(index)
        assert root_from_path(tree.leaf(index), index, path) == tree.root
        assert root_from_path(tree.leaf(index), index ^ 1, path) != tree.root
        assert root_from_path(tree.leaf(index) + 1, index, path) != tree.root


def test_a_copy_is_independent() -> None:
    tree = MerkleTree(2)
    tree.update(3, 5)
    other = tree.copy()
    other.update(3, 6)
    assert (tree.leaf(3), other.leaf(3)) == (5, 6)
    assert tree.root != other.root


def test_digits_and_placement() -> None:
    assert digits(0b11_01_10, 3) == [2, 1, 3]
    assert children(9, 1, (5, 6, 7)) == [5, 9, 6, 7]


@pytest.mark.parametrize("index", [-1, 4**DEPTH])
def test_an_index_outside_the_tree_is_refused(index: int) -> None:
    tree = MerkleTree(DEPTH)
    for call in (tree.leaf, tree.path):
        with pytest.raises(ShapeError):
            call(index)
    with pytest.raises(ShapeError):
        tree.update(index, 1)
