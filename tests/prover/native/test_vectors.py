"""The vector engines (AVX2, AVX-512 IFMA) on what their layout makes delicate: numbers of points around multiples of eight and powers of
two, sums that become equal, opposite or infinite inside a tree, buckets deep enough to be cut twice, and values at the
edges of their 52-bit limbs. The oracle is the generator's known multiples, or every byte of the portable engine's result
(which test_msm and test_ntt hold against py_ecc and the definition). A machine without the instructions skips those tests."""

from __future__ import annotations

import ctypes
import platform
import random
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from py_ecc.optimized_bn128 import G1, G2, add, curve_order, multiply, neg, normalize

from prover.native import kernel

R = curve_order


@pytest.fixture(params=["avx2", "ifma"], autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param not in kernel.engines():
        pytest.skip(f"this processor has no {request.param}")
    before, threads = kernel.engine(), kernel.threads()
    kernel.set_engine(request.param)
    yield request.param
    kernel.set_engine(before)
    kernel.set_threads(threads)


def le(x: int) -> bytes:
    return int(x).to_bytes(32, "little")


def g1_bytes(p: tuple) -> bytes:  # type: ignore[type-arg]
    x, y = normalize(p)
    return le(x.n) + le(y.n)


def g2_bytes(p: tuple) -> bytes:  # type: ignore[type-arg]
    x, y = normalize(p)
    return b"".join(le(int(c)) for c in (*x.coeffs, *y.coeffs))


def multiples(count: int) -> list[tuple[int, bytes]]:
    """(k, k G1) for k = -count..count, zero being infinity."""
    out, point = [(0, bytes(64))], G1
    for k in range(1, count + 1):
        out += [(k, g1_bytes(point)), (-k, g1_bytes(neg(point)))]
        point = add(point, G1)
    return out


POOL = multiples(48)
POOL_G2 = [(0, bytes(128))] + [(s * k, g2_bytes(multiply(G2, k * s % R))) for k in (1, 2, 3) for s in (1, -1)]


@cache  # both engines are asked the same
def times_g1(k: int) -> bytes:
    return g1_bytes(multiply(G1, k % R)) if k % R else bytes(64)


SIZES = sorted({n for k in range(11) for n in ((1 << k) - 1, 1 << k, (1 << k) + 1)} | {24, 40, 500})


@pytest.mark.parametrize("n", SIZES)
def test_sums_of_every_size_are_exact(n: int) -> None:
    rng = random.Random(n)
    chosen = [rng.choice(POOL) for _ in range(n)]
    bases = b"".join(point for _, point in chosen)
    for draw in (
        lambda: rng.randrange(R),
        lambda: rng.choice((0, 1, R - 1)),
        lambda: rng.choice((1, 1 << rng.randrange(253), R - (1 << rng.randrange(253)))),
    ):
        scalars = [draw() for _ in range(n)]
        weight = sum(k * s for (k, _), s in zip(chosen, scalars, strict=True))
        assert kernel.msm_g1(bases, b"".join(map(le, scalars))) == times_g1(weight)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 65, 129])
def test_sums_on_the_twist_equal_the_portable_engine(n: int, engine: str) -> None:
    rng = random.Random(n)
    bases = b"".join(rng.choice(POOL_G2)[1] for _ in range(n))
    for draw in (lambda: rng.randrange(R), lambda: rng.choice((0, 1, 2, R - 1))):
        scalars = b"".join(le(draw()) for _ in range(n))
        kernel.set_engine(engine)
        got = kernel.msm_g2(bases, scalars)
        kernel.set_engine("portable")
        assert got == kernel.msm_g2(bases, scalars)


@pytest.mark.parametrize("window", [3, 8, 16])
@pytest.mark.parametrize("n", [64, 65, 4096, 4097, 5000])
def test_one_bucket_of_one_point_doubles_all_the_way(n: int, window: int) -> None:
    """Every addition of every round meets an equal point, and 4097 of them need a third level of chunks."""
    assert kernel.msm_g1(POOL[1][1] * n, le(1) * n, window) == times_g1(n)


@pytest.mark.parametrize("n", [2, 16, 130, 4098])
def test_one_bucket_of_opposite_points_vanishes(n: int) -> None:
    point, opposite = POOL[1][1], POOL[2][1]
    assert kernel.msm_g1((point + opposite) * (n // 2), le(1) * n) == bytes(64)
    # (P + P) + (-P - P): the doubled points are what cancels
    assert kernel.msm_g1(point * (n // 2) + opposite * (n // 2), le(1) * n) == bytes(64)


def test_partial_sums_that_meet_are_told_from_those_that_do_not() -> None:
    """G + 4G and 2G + 3G are equal only after one round, 1..48 cancel -48..-1 only in the last."""
    by_weight = dict(POOL)
    order = [1, 4, 2, 3, 5, -5, 6, -1, 7, 0, 3, 3, -8, 2]
    bases = b"".join(by_weight[k] for k in order)
    for scalar in (1, R - 1, 3, R - 77):
        weight = sum(order) * scalar
        assert kernel.msm_g1(bases, le(scalar) * len(order)) == times_g1(weight)
    bases = b"".join(point for _, point in POOL)
    assert kernel.msm_g1(bases, le(1) * len(POOL)) == bytes(64)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_split_over_threads_changes_no_byte(threads: int) -> None:
    rng = random.Random(threads)
    n = 6000
    chosen = [rng.choice(POOL) for _ in range(n)]
    scalars = [rng.choice((0, 1, rng.randrange(256), rng.randrange(R))) for _ in range(n)]
    kernel.set_threads(threads)
    got = kernel.msm_g1(b"".join(p for _, p in chosen), b"".join(map(le, scalars)))
    assert got == times_g1(sum(k * s for (k, _), s in zip(chosen, scalars, strict=True)))


# Numbers whose Montgomery forms or own limbs are all ones, all zeros, or carry across a boundary.
R260 = pow(2, 260, R)
EDGES = [
    edge
    for k in range(254)
    if k % 52 in (0, 1, 51) or k % 64 in (0, 63)
    for edge in ((1 << k) % R, (1 << k) - 1, R - (1 << k) % R)
    if 0 <= edge < R
]
EDGES += [e * pow(2, -256, R) % R for e in EDGES] + [R - 1, (R - 1) // 2, R260, R - R260]


@pytest.mark.parametrize("log_size", [6, 7, 9, 10, 13, 14])
def test_transforms_of_limb_edges_equal_the_portable_engine(log_size: int, engine: str) -> None:
    rng = random.Random(log_size)
    n = 1 << log_size
    for pick in (lambda: rng.choice(EDGES), lambda: R - 1, lambda: 0):
        a = b"".join(le(pick()) for _ in range(n))
        b = b"".join(le(rng.choice(EDGES)) for _ in range(n))
        results = []
        for name in (engine, "portable"):
            kernel.set_engine(name)
            results.append((kernel.ntt(a, False), kernel.ntt(a, True), kernel.quotient_on_coset(a, b)))
        assert results[0] == results[1]


@pytest.mark.skipif(
    platform.machine() != "x86_64" or not sys.platform.startswith("linux"), reason="glibc's modes"
)
@pytest.mark.parametrize("mode", [0x400, 0x800, 0xC00])  # down, up, towards zero
def test_the_caller_s_rounding_mode_neither_matters_nor_changes(mode: int) -> None:
    """The AVX2 engine multiplies doubles in a mode of its own."""
    libm = ctypes.CDLL("libm.so.6")
    rng = random.Random(mode)
    values = b"".join(le(rng.randrange(R)) for _ in range(256))
    chosen = [(k, point) for k, point in POOL if k > 0]
    bases, scalars = b"".join(point for _, point in chosen), le(R - 5) * len(chosen)
    total = times_g1(-5 * sum(k for k, _ in chosen))
    expected = kernel.ntt(values, False)
    before = libm.fegetround()
    assert libm.fesetround(mode) == 0
    try:
        for threads in (1, 2):
            kernel.set_threads(threads)
            assert kernel.ntt(values, False) == expected
            assert kernel.msm_g1(bases, scalars) == total
            assert libm.fegetround() == mode
    finally:
        assert libm.fesetround(before) == 0


def test_an_unknown_engine_is_refused_and_changes_nothing(engine: str) -> None:
    with pytest.raises(kernel.MalformedInput):
        kernel.set_engine("avx512")
    assert kernel.engine() == engine
