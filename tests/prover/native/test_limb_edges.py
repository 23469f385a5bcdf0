"""Field products on numbers whose Montgomery form has limbs at which carries start, stop or run through. Oracles: the
definitions in Python integers (a transform's sums, the chord and tangent, the equation of the twist), on every engine."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from prover.native import kernel

from .test_ntt import evaluate, pack, root, unpack

P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
WORD = 1 << 64


@pytest.fixture(params=kernel.engines())
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    before = kernel.engine()
    kernel.set_engine(request.param)
    yield request.param
    kernel.set_engine(before)


def edges(modulus: int, rng: random.Random, count: int) -> list[int]:
    """Canonical numbers below `modulus` that the kernel holds, in Montgomery form, as such limbs."""
    limbs = [(modulus >> 64 * i) % WORD for i in range(4)]
    low = [0, 1, WORD - 1, WORD - 2, WORD >> 1, (WORD >> 1) - 1, *limbs[:3], limbs[0] - 1]
    low.append(-pow(modulus, -1, WORD) % WORD)
    top = [0, 1, limbs[3] // 2, limbs[3] - 1, limbs[3]]
    held = [0, 1, 2, modulus - 1, modulus - 2]
    while len(held) < count:
        value = sum(rng.choice(low) << 64 * i for i in range(3)) + (rng.choice(top) << 192)
        if value < modulus:
            held.append(value)
    return [value * pow(2, -256, modulus) % modulus for value in held]


@pytest.mark.parametrize("log_size", [3, 6, 7])
def test_transforms_of_edges_are_their_sums(engine: str, log_size: int) -> None:
    rng = random.Random(log_size)
    n = 1 << log_size
    values = edges(R, rng, n)
    rng.shuffle(values)
    transformed = kernel.ntt(pack(values), False)
    assert unpack(transformed) == [evaluate(values, pow(root(log_size), k, R)) for k in range(n)]
    assert unpack(kernel.ntt(transformed, True)) == values


def be(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)


def point_sum(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    if a == b:
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def test_sums_of_points_with_edge_coordinates(engine: str) -> None:
    points = []
    for x in edges(P, random.Random(3), 120):
        y = pow(x**3 + 3, (P + 1) // 4, P)
        if y * y % P == (x**3 + 3) % P:
            points.append((x, y))
    points = list(dict(points).items())
    assert len(points) > 30
    for a, b in zip(points, points[1:] + points[:1], strict=True):
        assert kernel.ecadd(be(*a, *b)) == be(*point_sum(a, b))
        assert kernel.ecadd(be(*a, *a)) == be(*point_sum(a, a))
        assert kernel.ecmul(be(*a, 3)) == be(*point_sum(point_sum(a, a), a))


def mul2(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return (a[0] * b[0] - a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P


def sqrt2(a: tuple[int, int]) -> tuple[int, int] | None:
    """A square root in Fq2, p = 3 mod 4, through the norm."""
    norm = pow(a[0] * a[0] + a[1] * a[1], (P + 1) // 4, P)
    for sign in (1, -1):
        half = (a[0] + sign * norm) * pow(2, -1, P) % P
        c0 = pow(half, (P + 1) // 4, P)
        if c0 and c0 * c0 % P == half:
            root_of_a = (c0, a[1] * pow(2 * c0, -1, P) % P)
            if mul2(root_of_a, root_of_a) == a:
                return root_of_a
    return None


def test_points_of_the_twist_with_edge_coordinates_are_told_from_others(engine: str) -> None:
    rng = random.Random(5)
    b = mul2((3, 0), mul2((9, P - 1), (pow(82, -1, P), 0)))  # 3/(9 + u)
    values = edges(P, rng, 120)
    found = 0
    for _ in range(40):
        x = (rng.choice(values), rng.choice(values))
        cube = mul2(mul2(x, x), x)
        y = sqrt2(((cube[0] + b[0]) % P, (cube[1] + b[1]) % P))
        if y is None:
            continue
        found += 1
        # The twist has a cofactor of 254 bits: such a point is never in the subgroup, and is refused for that alone.
        with pytest.raises(kernel.NotInSubgroup):
            kernel.ecpairing(be(1, 2, x[1], x[0], y[1], y[0]))
        with pytest.raises(kernel.NotOnCurve):
            kernel.ecpairing(be(1, 2, x[1], x[0], y[1], (y[0] + 1) % P))
    assert found > 10
