"""The kernel's EVM precompiles against py-evm's stock ones: same bytes, and the same inputs refused."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from eth.precompiles.ecadd import _ecadd
from eth.precompiles.ecmul import _ecmull
from eth.precompiles.ecpairing import _ecpairing
from eth_utils import ValidationError
from py_ecc.optimized_bn128 import (
    FQ,
    FQ2,
    G1,
    G2,
    b2,
    curve_order,
    field_modulus,
    is_on_curve,
    multiply,
    normalize,
)

from prover.native import kernel

P, R = field_modulus, curve_order
RNG = random.Random(20260101)
Evm = Callable[[bytes], bytes]


def be(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)


def g1(scalar: int) -> bytes:
    x, y = normalize(multiply(G1, scalar % R)) if scalar % R else (FQ(0), FQ(0))
    return be(x.n, y.n)


def g2_bytes(point: tuple[FQ2, FQ2, FQ2]) -> bytes:
    x, y = normalize(point)
    return be(*(int(c) for c in (x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0])))


def g2(scalar: int) -> bytes:
    return g2_bytes(multiply(G2, scalar % R)) if scalar % R else bytes(128)


def square_root(a: FQ2) -> FQ2 | None:
    """In Fq2 = Fq[u]/(u^2+1), by the norm."""
    a0, a1 = (int(c) for c in a.coeffs)
    norm = pow(a0 * a0 + a1 * a1, (P + 1) // 4, P)
    for sign in (norm, -norm):
        real2 = (a0 + sign) * pow(2, -1, P) % P
        real = pow(real2, (P + 1) // 4, P)
        if real and real * real % P == real2:
            root = FQ2([real, a1 * pow(2 * real, -1, P) % P])
            if root * root == a:
                return root
    return None


def outside_subgroup() -> bytes:
    """A point of the twist whose order is not r."""
    for x0 in range(1, 100):
        x = FQ2([x0, 7])
        y = square_root(x * x * x + b2)
        if y is not None:
            point = (x, y, FQ2.one())
            assert is_on_curve(point, b2) and multiply(point, R)[2] != FQ2.zero()
            return g2_bytes(point)
    raise AssertionError


def stock(name: str, data: bytes) -> bytes | None:
    """What the stock precompile returns; None where it fails the call."""
    try:
        if name == "ecpairing":
            return be(int(_ecpairing(data))) if len(data) % 192 == 0 else None
        x, y = _ecadd(data) if name == "ecadd" else _ecmull(data)
        return be(x.n, y.n)
    except ValidationError:
        return None


def native(name: str, data: bytes) -> bytes | None:
    run: Evm = {"ecadd": kernel.ecadd, "ecmul": kernel.ecmul, "ecpairing": kernel.ecpairing}[name]
    try:
        return run(data)
    except kernel.MalformedInput:
        return None


ONE, TWO, MINUS = g1(1), g1(2), g1(-1)
SOME = g1(RNG.randrange(R))
SCALARS = [0, 1, 2, 3, R - 1, R, R + 1, 2 * R, P, 2**255, 2**256 - 1]

ECADD = {
    "different points": SOME + TWO,
    "equal points": SOME + SOME,
    "opposite points": ONE + MINUS,
    "infinity left": bytes(64) + SOME,
    "infinity right": SOME + bytes(64),
    "infinity twice": bytes(128),
    "empty": b"",
    "second point missing": SOME,
    "cut inside y": (ONE + TWO)[:127],
    "cut inside x": SOME[:31],
    "one byte": b"\x01",
    "longer": SOME + TWO + b"\xff" * 70,
    "off the curve": be(1, 3) + TWO,
    "off the curve, second": TWO + be(0, 1),
    "x = p": be(P, 0) + TWO,
    "y = p": be(0, P) + TWO,
    "x + p": be(1 + P, 2) + TWO,
    "y + p, second": TWO + be(1, 2 + P),
    "all ones": b"\xff" * 128,
}
ECMUL = {
    **{f"scalar {scalar:#x}": SOME + be(scalar) for scalar in SCALARS},
    **{f"infinity times {scalar:#x}": bytes(64) + be(scalar) for scalar in (0, 1, R, 2**256 - 1)},
    "empty": b"",
    "no scalar": SOME,
    "scalar cut": SOME + b"\x01",
    "scalar cut in the middle": SOME + be(2**200 + 12345)[:17],
    "longer": SOME + be(5) + b"\xff" * 9,
    "off the curve": be(1, 1, 5),
    "off the curve times zero": be(1, 1, 0),
    "x = p": be(P, 0, 1),
    "y + p": be(1, 2 + P, 1),
}
TRUE_PAIRS = g1(6) + g2(5) + g1(-15) + g2(2)
ECPAIRING = {
    "empty": b"",
    "true": TRUE_PAIRS,
    "false": g1(6) + g2(5) + g1(15) + g2(2),
    "infinity in G1": bytes(64) + g2(3),
    "infinity in G2": SOME + bytes(128),
    "infinity in both": bytes(192),
    "true beside infinities": bytes(64) + g2(1) + TRUE_PAIRS + SOME + bytes(128),
    "one pair": SOME + g2(1),
    "cut": TRUE_PAIRS[:-1],
    "one byte over": TRUE_PAIRS + b"\0",
    "half a pair": TRUE_PAIRS[:96],
    "G1 off the curve": be(1, 3) + g2(1),
    "G1 off the curve beside infinity": be(1, 3) + bytes(128),
    "G1 x + p": be(1 + P, 2) + g2(1),
    "G2 off the curve": SOME + be(1, 2, 3, 4),
    "G2 off the curve beside infinity": bytes(64) + be(1, 2, 3, 4),
    "G2 outside the subgroup": SOME + outside_subgroup(),
    "G2 outside the subgroup beside infinity": bytes(64) + outside_subgroup(),
    "G2 outside the subgroup in the second pair": SOME + g2(1) + SOME + outside_subgroup(),
    **{
        f"G2 coordinate {i} + p": ONE + b"".join(
            be(int.from_bytes(g2(3)[32 * j : 32 * j + 32], "big") + (P if i == j else 0)) for j in range(4)
        )
        for i in range(4)
    },
    "G2 parts in the wrong order": ONE + g2(3)[32:64] + g2(3)[:32] + g2(3)[96:] + g2(3)[64:96],
}  # fmt: skip
CASES = [
    (name, what, data)
    for name, cases in [("ecadd", ECADD), ("ecmul", ECMUL), ("ecpairing", ECPAIRING)]
    for what, data in cases.items()
]


@pytest.mark.parametrize(("name", "data"), [pytest.param(n, d, id=f"{n}: {what}") for n, what, d in CASES])
def test_edge_case_agrees_with_the_stock_precompile(name: str, data: bytes) -> None:
    assert native(name, data) == stock(name, data)


def test_cases_hold_both_answers_and_refusals() -> None:
    assert native("ecpairing", ECPAIRING["true"]) == be(1) and native("ecpairing", ECPAIRING["false"]) == be(
        0
    )
    assert native("ecpairing", b"") == be(1)
    for name, what in [
        ("ecadd", "off the curve"),
        ("ecmul", "off the curve"),
        ("ecpairing", "G2 outside the subgroup"),
    ]:
        data = next(d for n, w, d in CASES if (n, w) == (name, what))
        assert native(name, data) is None


def test_each_refusal_has_its_class() -> None:
    for data, error in [
        (ECPAIRING["cut"], kernel.MalformedInput),
        (ECPAIRING["G1 x + p"], kernel.NonCanonical),
        (ECPAIRING["G2 off the curve"], kernel.NotOnCurve),
        (ECPAIRING["G2 outside the subgroup"], kernel.NotInSubgroup),
    ]:
        with pytest.raises(error) as caught:
            kernel.ecpairing(data)
        assert type(caught.value) is error


@pytest.mark.parametrize("seed", range(8))
def test_random_additions_and_multiples_agree(seed: int) -> None:
    rng = random.Random(seed)
    a, b, k = (rng.randrange(R) for _ in range(3))
    assert native("ecadd", g1(a) + g1(b)) == stock("ecadd", g1(a) + g1(b)) == g1(a + b)
    wide = rng.getrandbits(256)
    assert native("ecmul", g1(a) + be(wide)) == stock("ecmul", g1(a) + be(wide))
    assert native("ecmul", g1(a) + be(k)) == g1(a * k)


@pytest.mark.parametrize("pairs", [2, 3, 9, 20])
def test_pairing_is_bilinear(pairs: int) -> None:
    """prod e(a_i G1, b_i G2) = e((sum a_i b_i) G1, G2), and for no other multiple."""
    rng = random.Random(pairs)
    scalars = [(rng.randrange(1, R), rng.randrange(1, R)) for _ in range(pairs - 1)]
    data = b"".join(g1(a) + g2(b) for a, b in scalars)
    total = sum(a * b for a, b in scalars)
    assert kernel.ecpairing(data + g1(-total) + g2(1)) == be(1)
    assert kernel.ecpairing(data + g1(-total + 1) + g2(1)) == be(0)


def test_pairing_check_is_the_same_in_the_kernels_own_bytes() -> None:
    def own(evm: bytes) -> bytes:
        numbers = [evm[i : i + 32][::-1] for i in range(0, len(evm), 32)]
        order = [
            place
            for pair in range(0, len(numbers), 6)
            for place in [pair, pair + 1, pair + 3, pair + 2, pair + 5, pair + 4]
        ]
        return b"".join(numbers[place] for place in order)

    assert kernel.pairing_check(own(TRUE_PAIRS)) is True
    assert kernel.pairing_check(own(ECPAIRING["false"])) is False
    assert kernel.pairing_check(own(ECPAIRING["true beside infinities"])) is True
    assert kernel.pairing_check(b"") is True
    for what, error in [
        ("cut", kernel.MalformedInput),
        ("G1 off the curve", kernel.NotOnCurve),
        ("G2 off the curve", kernel.NotOnCurve),
        ("G2 outside the subgroup", kernel.NotInSubgroup),
    ]:
        with pytest.raises(error):
            kernel.pairing_check(own(ECPAIRING[what]) if what != "cut" else bytes(191))
    with pytest.raises(kernel.NonCanonical):
        kernel.pairing_check(b"\xff" * 192)


@pytest.mark.release
def test_random_pairings_agree_with_the_stock_precompile() -> None:
    for seed in range(40):
        rng = random.Random(seed)
        pairs = [
            (rng.choice([0, 1, rng.randrange(R)]), rng.choice([0, 1, rng.randrange(R)]))
            for _ in range(rng.randrange(1, 4))
        ]
        total = sum(a * b for a, b in pairs)
        pairs.append((-total if rng.random() < 0.5 else rng.randrange(R), 1))
        data = b"".join(g1(a) + g2(b) for a, b in pairs)
        assert native("ecpairing", data) == stock("ecpairing", data)
