"""Transforms against their definition (sums of powers in Python integers), and the coset quotient against polynomial
evaluation."""

from __future__ import annotations

import random

import pytest

from prover.native import kernel

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617


def root(log_size: int) -> int:
    return pow(5, (R - 1) >> log_size, R)


def pack(values: list[int]) -> bytes:
    return b"".join(v.to_bytes(32, "little") for v in values)


def unpack(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 32], "little") for i in range(0, len(data), 32)]


def evaluate(coefficients: list[int], x: int) -> int:
    total = 0
    for c in reversed(coefficients):
        total = (total * x + c) % R
    return total


@pytest.mark.parametrize("engine", kernel.engines())
@pytest.mark.parametrize("log_size", [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 14])
def test_transform_evaluates_and_its_inverse_returns(engine: str, log_size: int) -> None:
    before = kernel.engine()
    kernel.set_engine(engine)
    try:
        n = 1 << log_size
        rng = random.Random(log_size)
        values = [rng.choice((0, 1, R - 1, rng.randrange(R))) for _ in range(n)]
        got = kernel.ntt(pack(values), False)
        results = unpack(got)
        for k in {0, n - 1, *(rng.randrange(n) for _ in range(6 if n < 1000 else 1))}:
            assert results[k] == evaluate(values, pow(root(log_size), k, R))
        assert unpack(kernel.ntt(got, True)) == values
    finally:
        kernel.set_engine(before)


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("engine", kernel.engines())
@pytest.mark.parametrize("log_size", [0, 1, 3, 6, 7, 9, 14])
def test_quotient_is_the_product_less_its_interpolation_on_the_odd_coset(
    engine: str, threads: int, log_size: int
) -> None:
    before, before_threads = kernel.engine(), kernel.threads()
    kernel.set_engine(engine)
    try:
        kernel.set_threads(threads)
        n = 1 << log_size
        rng = random.Random(log_size)
        # a and b as polynomials; the kernel gets their values
        a_values = [rng.randrange(R) for _ in range(n)]
        b_values = [rng.choice((0, 1, rng.randrange(R))) for _ in range(n)]
        got = unpack(kernel.quotient_on_coset(pack(a_values), pack(b_values)))
        a = unpack(kernel.ntt(pack(a_values), True))
        b = unpack(kernel.ntt(pack(b_values), True))
        c = unpack(kernel.ntt(pack([x * y % R for x, y in zip(a_values, b_values, strict=True)]), True))
        for k in {0, n - 1, *(rng.randrange(n) for _ in range(4 if n < 1000 else 1))}:
            x = root(log_size + 1) * pow(root(log_size), k, R) % R
            assert got[k] == (evaluate(a, x) * evaluate(b, x) - evaluate(c, x)) % R
    finally:
        kernel.set_engine(before)
        kernel.set_threads(before_threads)


def test_bad_lengths_and_values_are_refused() -> None:
    with pytest.raises(kernel.MalformedInput):
        kernel.ntt(bytes(32 * 3), False)
    with pytest.raises(kernel.MalformedInput):
        kernel.ntt(bytes(0), False)
    with pytest.raises(kernel.MalformedInput):
        kernel.ntt(bytes(33), False)
    with pytest.raises(kernel.NonCanonical):
        kernel.ntt(R.to_bytes(32, "little"), False)
    with pytest.raises(kernel.MalformedInput):
        kernel.quotient_on_coset(bytes(64), bytes(32))
