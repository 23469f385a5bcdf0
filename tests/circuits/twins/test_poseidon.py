"""Poseidon's twin against circomlibjs's reference implementation, and the chunking of hash_many against
its definition.
"""

from collections.abc import Callable
from typing import Any

import pytest

from circuits.errors import ShapeError
from circuits.field import R
from circuits.twins.poseidon import chunks, hash_many, parameters, poseidon


@pytest.mark.parametrize("width", range(1, 17))
def test_equals_circomlibjs(width: int, vectors: Callable[[str], Any]) -> None:
    cases = [c for c in vectors("poseidon")["cases"] if len(c["inputs"]) == width]
    assert len(cases) == 5
    for case in cases:
        assert poseidon([int(x) for x in case["inputs"]]) == int(case["hash"])


def test_first_round_constant_is_the_published_one() -> None:
    # poseidonperm_x5_254_3, the reference instance published with the Poseidon paper.
    p = parameters(3)
    assert p.constants[0][0] == 0x0EE9A592BA9A9518D05986D656F40C2114C4993C11BB29938D21D47304CD8E6E
    assert p.mds[0][0] == 0x109B7F411BA0E4C9B2B70CAF5C36A7B194BE7C11AD24378BFEDB68592BA8118B
    assert (p.rounds, p.full_rounds, p.partial_rounds) == (65, 8, 57)


def test_inputs_are_read_mod_r() -> None:
    assert poseidon([R + 1, -1]) == poseidon([1, R - 1])


@pytest.mark.parametrize("count", [0, 17])
def test_refuses_other_arities(count: int) -> None:
    with pytest.raises(ShapeError):
        poseidon([0] * count)


def test_refuses_other_widths() -> None:
    with pytest.raises(ShapeError):
        parameters(18)
    with pytest.raises(ShapeError):
        hash_many([])


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [1]), (16, [16]), (17, [16, 1]), (31, [16, 15]), (32, [16, 15, 1]), (47, [16, 15, 15, 1])],
)
def test_chunks(count: int, expected: list[int]) -> None:
    assert chunks(count) == expected


def test_hash_many_chains_chunks() -> None:
    xs = list(range(100, 135))
    first = poseidon(xs[:16])
    second = poseidon([first, *xs[16:31]])
    assert hash_many(xs) == poseidon([second, *xs[31:]])
    assert hash_many(xs[:16]) == first
    assert hash_many(xs[:3]) == poseidon(xs[:3])
