"""Multi-scalar multiplication against py_ecc, over the inputs that break bucket methods: equal, opposite and infinite
points, scalars 0, 1, r-1, all equal, all small, and every window size; on each engine and number of threads."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from py_ecc.optimized_bn128 import G1, G2, Z1, Z2, add, curve_order, multiply, neg, normalize

from prover.native import kernel

R = curve_order
Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583


@pytest.fixture(params=kernel.engines())
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    before = kernel.engine()
    kernel.set_engine(request.param)
    yield request.param
    kernel.set_engine(before)


def le(x: int) -> bytes:
    return int(x).to_bytes(32, "little")


def g1_bytes(p: tuple) -> bytes:  # type: ignore[type-arg]
    if p[2].n == 0:
        return bytes(64)
    x, y = normalize(p)
    return le(x.n) + le(y.n)


def g2_bytes(p: tuple) -> bytes:  # type: ignore[type-arg]
    if all(c == 0 for c in p[2].coeffs):
        return bytes(128)
    x, y = normalize(p)
    return b"".join(le(int(c)) for c in (*x.coeffs, *y.coeffs))


GROUPS = {
    "G1": (kernel.msm_g1, g1_bytes, G1, Z1),
    "G2": (kernel.msm_g2, g2_bytes, G2, Z2),
}


def expected(points: list, chosen: list[int], scalars: list[int], zero: tuple) -> tuple:  # type: ignore[type-arg]
    """The sum by py_ecc, one multiplication for each distinct point."""
    total = zero
    for k, point in enumerate(points):
        weight = sum(s for c, s in zip(chosen, scalars, strict=True) if c == k) % R
        if weight:
            total = add(total, multiply(point, weight))
    return total


def scalar_kinds(rng: random.Random) -> dict[str, Callable[[], int]]:
    return {
        "full": lambda: rng.randrange(R),
        "mixed": lambda: rng.choice(
            (0, 1, R - 1, rng.randrange(2**16), R - rng.randrange(1, 2**20), rng.randrange(R))
        ),
        "bits": lambda: rng.randrange(2),
        "equal": lambda: R - 2,
        "half": lambda: rng.choice(((R - 1) // 2, (R + 1) // 2, 2**253, 2**64 - 1)),
    }


@cache
def case(group: str, kind: str, n: int) -> tuple[bytes, bytes, bytes]:
    """Points, scalars and py_ecc's sum: once for all engines."""
    _, encode, generator, zero = GROUPS[group]
    rng = random.Random(f"{group}{kind}{n}")
    base = [multiply(generator, rng.randrange(1, R)) for _ in range(3)]
    points = [*base, neg(base[0]), zero]
    chosen = [rng.randrange(len(points)) for _ in range(n)]
    draw = scalar_kinds(rng)[kind]
    scalars = [draw() for _ in range(n)]
    encoded = [encode(p) for p in points]
    total = encode(expected(points, chosen, scalars, zero))
    return b"".join(encoded[c] for c in chosen), b"".join(map(le, scalars)), total


@pytest.mark.parametrize("group", ["G1", "G2"])
@pytest.mark.parametrize("kind", ["full", "mixed", "bits", "equal", "half"])
@pytest.mark.parametrize("n", [0, 1, 2, 33, 300])
def test_msm_is_the_sum_that_py_ecc_computes(engine: str, group: str, kind: str, n: int) -> None:
    bases, scalars, total = case(group, kind, n)
    assert GROUPS[group][0](bases, scalars) == total


@pytest.mark.parametrize("window", range(3, 17))
def test_every_window_gives_the_same_sum(engine: str, window: int) -> None:
    rng = random.Random(window)
    bases = b"".join(g1_bytes(multiply(G1, k + 1)) for k in range(24))
    scalars = b"".join(le(rng.choice((0, 1, R - 1, 2**window, rng.randrange(R)))) for _ in range(24))
    weight = sum((k + 1) * int.from_bytes(scalars[32 * k : 32 * k + 32], "little") for k in range(24)) % R
    assert kernel.msm_g1(bases, scalars, window) == g1_bytes(multiply(G1, weight))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_crowded_bucket_is_cut_over_threads_and_loses_nothing(engine: str, count: int) -> None:
    """Forty thousand ones on a handful of points land in one bucket, far more than one block of work."""
    n = 40_000
    points = [multiply(G1, k) for k in (1, 5, 11)]
    encoded = [g1_bytes(p) for p in points]
    rng = random.Random(9)
    chosen = [rng.randrange(3) for _ in range(n)]
    scalars = [1 if rng.random() < 0.9 else rng.randrange(R) for _ in range(n)]
    before = kernel.threads()
    kernel.set_threads(count)
    try:
        got = kernel.msm_g1(b"".join(encoded[c] for c in chosen), b"".join(map(le, scalars)))
    finally:
        kernel.set_threads(before)
    assert got == g1_bytes(expected(points, chosen, scalars, Z1))


def test_opposite_points_cancel_to_infinity(engine: str) -> None:
    p = multiply(G1, 77)
    pair = g1_bytes(p) + g1_bytes(neg(p))
    assert kernel.msm_g1(pair * 50, le(12345) * 100) == bytes(64)


def test_bad_points_and_scalars_are_refused() -> None:
    good = g1_bytes(G1)
    with pytest.raises(kernel.NotOnCurve):
        kernel.msm_g1(le(1) + le(3), le(1))
    with pytest.raises(kernel.NonCanonical):
        kernel.msm_g1(le(1 + Q) + le(2), le(1))
    with pytest.raises(kernel.NonCanonical):
        kernel.msm_g1(good, le(R))
    with pytest.raises(kernel.MalformedInput):
        kernel.msm_g1(good[:-1], le(1))
    with pytest.raises(kernel.MalformedInput):
        kernel.msm_g1(good * 2, le(1))
    with pytest.raises(kernel.MalformedInput):
        kernel.msm_g1(good, le(1), 17)


def test_a_twist_point_outside_the_subgroup_is_refused() -> None:
    """x = 0 has a y on the twist, and that point's order is not r (found with py_ecc: r * P is not infinity)."""
    from py_ecc.fields import optimized_bn128_FQ2 as FQ2
    from py_ecc.optimized_bn128 import b2, is_on_curve

    # square root in Fq2 by the complex method
    for x0 in range(1, 50):
        x = FQ2([x0, 1])
        rhs = x * x * x + b2
        a, b = (int(c) for c in rhs.coeffs)
        norm = pow(a * a + b * b, (Q + 1) // 4, Q)
        if norm * norm % Q != (a * a + b * b) % Q:
            continue
        half = (a + norm) * pow(2, -1, Q) % Q
        root = pow(half, (Q + 1) // 4, Q)
        if root * root % Q != half or root == 0:
            continue
        y = FQ2([root, b * pow(2 * root, -1, Q) % Q])
        point = (x, y, FQ2.one())
        if is_on_curve(point, b2):
            break
    assert is_on_curve(point, b2)
    assert any(int(c) for c in multiply(point, R)[2].coeffs), "the sample must lie outside the subgroup"
    with pytest.raises(kernel.NotInSubgroup):
        kernel.msm_g2(g2_bytes(point), le(1))
