"""Merkle paths against the twin's tree, at every position of a level, and with each part of a path
disturbed.
"""

import random

import pytest

from circuits.errors import ShapeError, Unsatisfied
from circuits.field import R
from circuits.gadgets.merkle import open_path, path_root
from circuits.twins.merkle import MerkleTree

DEPTH = 3


def define(cs, depth=DEPTH):
    bits = [cs.assert_bit(b, "index") for b in cs.inputs("index", 2 * depth)]
    path = open_path(cs, bits, cs.inputs("siblings", 3 * depth))
    return [path_root(cs, path, leaf) for leaf in cs.inputs("leaves", 2)]


def tree_and_inputs(index, leaf):
    rng = random.Random(index)
    tree = MerkleTree(DEPTH, empty_leaf=3)
    for k in range(0, 64, 5):
        tree.update(k, rng.randrange(R))
    siblings = [s for level in tree.path(index) for s in level]
    inputs = {
        "index": [index >> i & 1 for i in range(2 * DEPTH)],
        "siblings": siblings,
        "leaves": [tree.leaf(index), leaf],
    }
    return tree, inputs


@pytest.mark.parametrize("index", [0, 1, 2, 3, 0b01_10_11, 0b11_01_00, 0b10_10_10, 63])
def test_old_and_new_leaf_lead_to_old_and_new_root(index, trial) -> None:
    tree, inputs = tree_and_inputs(index, R - 5)
    old = tree.root
    assert trial(define).outputs(inputs) == [old, tree.update(index, R - 5)]


def test_cost_of_a_level(trial, golden) -> None:
    one, two = trial(lambda cs: define(cs, 1)).cost, trial(lambda cs: define(cs, 2)).cost
    golden("merkle_level_with_update", two - one)

    def single(cs):
        bits = [cs.assert_bit(b) for b in cs.inputs("index", 2)]
        return [path_root(cs, open_path(cs, bits, cs.inputs("siblings", 3)), cs.input("leaf"))]

    golden("merkle_level", trial(single).cost)


def test_every_wire_is_bound(trial) -> None:
    _, inputs = tree_and_inputs(0b01_10_11, 7)
    trial(define).assert_wires_bound(inputs)


def test_another_path_leads_elsewhere(trial) -> None:
    inputs = {"index": [1, 1, 0, 1, 0, 0], "siblings": list(range(100, 109)), "leaves": [7, 8]}
    t = trial(define)
    root = t.run(inputs)[0][0]
    for name in ("index", "siblings"):
        for k in range(len(inputs[name])):
            changed = dict(inputs)
            changed[name] = [x ^ 1 if j == k else x for j, x in enumerate(inputs[name])]
            assert t.run(changed)[0][0] != root


def test_digits_are_bits_and_levels_whole(trial) -> None:
    _, inputs = tree_and_inputs(1, 7)
    with pytest.raises(Unsatisfied):
        trial(define).run({**inputs, "index": [2, 0, 0, 0, 0, 0]})
    bit = lambda cs: cs.assert_bit(cs.one)  # noqa: E731
    for bits, siblings in ((3, 3), (2, 4)):
        with pytest.raises(ShapeError):
            trial(lambda cs, n=bits, m=siblings: open_path(cs, [bit(cs)] * n, [cs.one] * m)).run({})
