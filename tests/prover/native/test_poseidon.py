"""The kernel's Poseidon against circomlibjs's published vectors and against the integer twin."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.twins.poseidon import poseidon as twin
from prover.native import kernel

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
VECTORS = json.loads((Path(__file__).parents[2] / "vectors/circomlibjs/poseidon.json").read_text())["cases"]


def field_bytes(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)


def hashed(*values: int) -> int:
    return int.from_bytes(kernel.poseidon(field_bytes(*values)), "little")


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{len(case['inputs'])} inputs")
def test_published_vector(case: dict[str, list[str] | str]) -> None:
    assert hashed(*map(int, case["inputs"])) == int(str(case["hash"]))


def test_vectors_cover_every_width() -> None:
    assert {len(case["inputs"]) for case in VECTORS} == set(range(1, 17))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, R - 1), min_size=1, max_size=6))
def test_agrees_with_the_twin(values: list[int]) -> None:
    assert hashed(*values) == twin(values)


@pytest.mark.parametrize("arity", [1, 2, 4, 16])
def test_batch_is_the_single_hash_of_each_tuple(arity: int) -> None:
    tuples = [[(i * 31 + j) ** 5 % R for j in range(arity)] for i in range(131)]
    data = kernel.poseidon_batch(arity, b"".join(field_bytes(*values) for values in tuples))
    assert data == b"".join(kernel.poseidon(field_bytes(*values)) for values in tuples)


def test_empty_batch_is_empty() -> None:
    assert kernel.poseidon_batch(3, b"") == b""


@pytest.mark.parametrize("data", [b"", bytes(31), bytes(33), bytes(32 * 17)])
def test_wrong_length_is_refused(data: bytes) -> None:
    with pytest.raises(kernel.MalformedInput):
        kernel.poseidon(data)


@pytest.mark.parametrize(("arity", "size"), [(0, 0), (17, 17 * 32), (2, 32), (2, 65)])
def test_batch_of_a_wrong_shape_is_refused(arity: int, size: int) -> None:
    with pytest.raises(kernel.MalformedInput):
        kernel.poseidon_batch(arity, bytes(size))


def test_element_not_below_the_modulus_is_refused() -> None:
    bad = R.to_bytes(32, "little")
    with pytest.raises(kernel.NonCanonical):
        kernel.poseidon(bytes(32) + bad)
    with pytest.raises(kernel.NonCanonical):
        kernel.poseidon_batch(1, bytes(32) + bad)


def test_first_use_from_many_threads_gives_one_answer() -> None:
    answers: list[bytes] = []
    threads = [Thread(target=lambda: answers.append(kernel.poseidon(bytes(32 * 13)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and set(answers) == {field_bytes(twin([0] * 13))}
