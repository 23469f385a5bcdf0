"""Baby Jubjub and EdDSA-Poseidon in the kernel: circomlibjs's vectors, the integer twins, and each reason for refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.twins import babyjub, eddsa
from circuits.twins.babyjub import BASE8, GENERATOR, SUBGROUP_ORDER, Point
from circuits.twins.blake512 import blake512
from prover.native import kernel

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
VECTORS = Path(__file__).parents[2] / "vectors/circomlibjs"
CURVE = json.loads((VECTORS / "babyjub.json").read_text())
SIGNATURES = json.loads((VECTORS / "eddsa_poseidon.json").read_text())["cases"]

Parts = tuple[int, int, int, int, int, int]
"""Ax, Ay, R8x, R8y, S, M."""

SMALL_ORDER = [babyjub.mul(GENERATOR, SUBGROUP_ORDER * k) for k in range(8)]
SCALARS = st.one_of(
    st.integers(0, 2**256 - 1),
    st.sampled_from([0, 1, 2, 7, 8, 2**256 - 1, 2**255, SUBGROUP_ORDER, SUBGROUP_ORDER - 1]),
)


def encode(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)


def decode(data: bytes) -> Point:
    return Point(int.from_bytes(data[:32], "little"), int.from_bytes(data[32:], "little"))


def verify(parts: Parts) -> None:
    kernel.eddsa_verify(*(part.to_bytes(32, "little") for part in parts))


def parts_of(case: dict[str, object]) -> Parts:
    (ax, ay), (r8x, r8y) = case["public_key"], case["r8"]  # type: ignore[misc]
    return int(ax), int(ay), int(r8x), int(r8y), int(str(case["s"])), int(str(case["message"]))


GOOD = parts_of(SIGNATURES[-1])


# --- the curve --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CURVE["mul"], ids=range(len(CURVE["mul"])))
def test_published_multiple(case: dict[str, object]) -> None:
    x, y = case["point"]  # type: ignore[misc]
    product = kernel.babyjub_mul(encode(int(x), int(y)), encode(int(str(case["scalar"]))))
    assert [str(v) for v in decode(product)] == case["result"]


@settings(max_examples=20, deadline=None)
@given(SCALARS, st.integers(0, 8 * SUBGROUP_ORDER - 1))
def test_multiples_agree_with_the_twin(scalar: int, seed: int) -> None:
    point = babyjub.mul(GENERATOR, seed)
    assert decode(kernel.babyjub_mul(encode(*point), encode(scalar))) == babyjub.mul(point, scalar)
    assert decode(kernel.babyjub_mul_base(encode(scalar))) == babyjub.mul(BASE8, scalar)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_multiples_of_points_of_small_order(point: Point) -> None:
    for scalar in (0, 1, 3, 8, 2**256 - 1):
        assert decode(kernel.babyjub_mul(encode(*point), encode(scalar))) == babyjub.mul(point, scalar)


def test_points_are_checked() -> None:
    with pytest.raises(kernel.NotOnCurve):
        kernel.babyjub_mul(encode(1, 1), encode(1))
    with pytest.raises(kernel.NonCanonical):
        kernel.babyjub_mul(encode(0, 1 + R), encode(1))
    with pytest.raises(kernel.MalformedInput):
        kernel.babyjub_mul(encode(0), encode(1))
    with pytest.raises(kernel.MalformedInput):
        kernel.babyjub_mul_base(bytes(31))


# --- signatures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SIGNATURES, ids=range(len(SIGNATURES)))
def test_published_signature_verifies_and_is_what_we_sign(case: dict[str, object]) -> None:
    parts = parts_of(case)
    verify(parts)
    digest = bytearray(blake512(bytes.fromhex(str(case["private_key"]))))
    digest[0] &= 0xF8
    digest[31] = digest[31] & 0x7F | 0x40
    secret, message = bytes(digest[:32]), encode(parts[5])
    nonce = blake512(bytes(digest[32:]) + message)
    assert kernel.eddsa_public_key(secret) == encode(*parts[:2])
    assert kernel.eddsa_sign(secret, nonce, message) == encode(*parts[2:5])


def flipped(part: int, bit: int) -> Parts:
    changed = list(GOOD)
    changed[part] ^= 1 << bit
    return changed[0], changed[1], changed[2], changed[3], changed[4], changed[5]


@pytest.mark.parametrize("part", range(6))
@pytest.mark.parametrize("bit", [0, 1, 100, 253, 254, 255])
def test_any_flipped_bit_is_refused(part: int, bit: int) -> None:
    with pytest.raises((kernel.InvalidSignature, kernel.NonCanonical, kernel.NotOnCurve)):
        verify(flipped(part, bit))


def replaced(**changes: int) -> Parts:
    names = ("ax", "ay", "r8x", "r8y", "s", "m")
    values = [changes.get(name, value) for name, value in zip(names, GOOD, strict=True)]
    return values[0], values[1], values[2], values[3], values[4], values[5]


REFUSALS: list[tuple[str, Parts, int, type[Exception]]] = [
    ("Ax + r", replaced(ax=GOOD[0] + R), 1, kernel.NonCanonical),
    ("Ay + r", replaced(ay=GOOD[1] + R), 1, kernel.NonCanonical),
    ("R8x + r", replaced(r8x=GOOD[2] + R), 1, kernel.NonCanonical),
    ("R8y + r", replaced(r8y=GOOD[3] + R), 1, kernel.NonCanonical),
    ("message + r", replaced(m=GOOD[5] + R), 1, kernel.NonCanonical),
    ("S + l", replaced(s=GOOD[4] + SUBGROUP_ORDER), 2, kernel.NonCanonical),
    ("S = l", replaced(s=SUBGROUP_ORDER), 2, kernel.NonCanonical),
    ("key off the curve", replaced(ax=1, ay=1), 3, kernel.NotOnCurve),
    ("R8 off the curve", replaced(r8x=1, r8y=1), 4, kernel.NotOnCurve),
    ("key at the identity", replaced(ax=0, ay=1), 6, kernel.SmallOrderKey),
    ("key of order 2", replaced(ax=0, ay=R - 1), 6, kernel.SmallOrderKey),
    ("another message", replaced(m=(GOOD[5] + 1) % R), 5, kernel.InvalidSignature),
    ("another S", replaced(s=(GOOD[4] + 1) % SUBGROUP_ORDER), 5, kernel.InvalidSignature),
    ("another key", replaced(ax=BASE8.x, ay=BASE8.y), 5, kernel.InvalidSignature),
    ("opposite R8", replaced(r8x=-GOOD[2] % R), 5, kernel.InvalidSignature),
]


@pytest.mark.parametrize(("parts", "error"), [pytest.param(p, e, id=n) for n, p, _, e in REFUSALS])
def test_refusal_has_its_reason(parts: Parts, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        verify(parts)
    assert type(caught.value) is error


def test_batch_gives_each_record_its_fault() -> None:
    records = [*(parts for _, parts, _, _ in REFUSALS), *map(parts_of, SIGNATURES)]
    faults = kernel.eddsa_verify_batch(b"".join(encode(*parts) for parts in records))
    assert list(faults) == [fault for _, _, fault, _ in REFUSALS] + [0] * len(SIGNATURES)
    assert kernel.eddsa_verify_batch(b"") == b""
    with pytest.raises(kernel.MalformedInput):
        kernel.eddsa_verify_batch(bytes(191))


def accepts(parts: Parts) -> tuple[bool, bool]:
    """The kernel's answer and the twin's."""
    key, signature = Point(parts[0], parts[1]), eddsa.Signature(parts[2], parts[3], parts[4])
    native = kernel.eddsa_verify_batch(encode(*parts)) == b"\0"
    return native, eddsa.is_valid(key, signature, parts[5])


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_key_of_small_order_is_refused_although_the_equation_holds(key: Point) -> None:
    nonce = 987654321
    parts = (*key, *babyjub.mul(BASE8, nonce), nonce, 5)
    with pytest.raises(kernel.SmallOrderKey):
        verify(parts)
    assert accepts(parts) == (False, False)


@pytest.mark.parametrize("torsion", SMALL_ORDER[1:])
def test_points_with_a_small_part_are_judged_as_the_equation_says(torsion: Point) -> None:
    """A key may carry one (the factor 8 removes it, though its hash differs); R8 may not."""
    secret = 8 * 123456789
    nonce = 987654321
    for key, r8 in [
        (babyjub.add(babyjub.mul(BASE8, secret // 8), torsion), babyjub.mul(BASE8, nonce)),
        (babyjub.mul(BASE8, secret // 8), babyjub.add(babyjub.mul(BASE8, nonce), torsion)),
    ]:
        h = eddsa.challenge(r8, key, 5)
        answers = accepts((*key, *r8, (nonce + h * secret) % SUBGROUP_ORDER, 5))
        assert answers == ((True, True) if babyjub.is_in_subgroup(r8) else (False, False))


@settings(max_examples=12, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(0, R - 1), st.integers(0, 5), st.integers(0, R - 1))
def test_agrees_with_the_twin_on_good_and_on_tampered_signatures(
    key: bytes, message: int, part: int, value: int
) -> None:
    point, signature = eddsa.public_key(key), eddsa.sign(key, message)
    good = [*point, signature.r8x, signature.r8y, signature.s, message]
    assert accepts(tuple(good)) == (True, True)  # type: ignore[arg-type]
    tampered = list(good)
    tampered[part] = value
    native, twin = accepts(tuple(tampered))  # type: ignore[arg-type]
    assert native == twin == (tampered == good)


MALFORMED_CALLS: list[Callable[[], object]] = [
    lambda: kernel.eddsa_verify(*[bytes(32)] * 5, bytes(31)),
    lambda: kernel.eddsa_sign(bytes(32), bytes(63), bytes(32)),
    lambda: kernel.eddsa_sign(encode(4), bytes(64), bytes(32)),
    lambda: kernel.eddsa_public_key(encode(1)),
]


@pytest.mark.parametrize("call", MALFORMED_CALLS)
def test_malformed_arguments_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(kernel.MalformedInput):
        call()
