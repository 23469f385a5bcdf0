"""Curve points as snarkjs's binary files hold them: affine, each coordinate x * 2^256 mod p, infinity all
zero.

Decides which bytes are a point: canonical coordinates on the curve. Membership of the G2 subgroup is
checked where a single point enters (`read_g2`), not for whole queries (2 ms a point): a proof made from a
query outside the subgroup leaves it too and is refused when `verifier.Proof` is built; the ceremony checks
queries by pairings."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from prover.formats.errors import FormatError, Reason
from prover.formats.sections import Buffer, Cursor, check_below, number_rows
from prover.native import kernel
from verifier.points import Fp2, G1Point, G2Point, P, R, is_in_g2_subgroup, is_on_g1, is_on_twist

RADIX_P = (1 << 256) % P
RADIX_R = (1 << 256) % R
_FROM_P = pow(RADIX_P, -1, P)

G1_SIZE = 64
G2_SIZE = 128


def _coordinates(data: memoryview, base: int, what: str) -> list[int]:
    check_below(number_rows(data), P, base, what)
    return [int.from_bytes(data[i : i + 32], "little") * _FROM_P % P for i in range(0, len(data), 32)]


def octets(data: Buffer) -> NDArray[np.uint8]:
    """Bytes as the kernel takes them, not copied."""
    return np.frombuffer(data, dtype=np.uint8)


def _check(data: memoryview, base: int, what: str, bad: int, size: int) -> None:
    if bad < 0:
        return
    offset = base + bad * size
    what = f"{what}: point {bad}"
    check_below(number_rows(data[bad * size : (bad + 1) * size]), P, offset, what)
    raise FormatError(Reason.NOT_ON_CURVE, offset, f"{what} is not on the curve")


def check_g1(data: memoryview, base: int, what: str) -> None:
    """That a whole section is points of G1 or infinity. Raises `FormatError` 7 or 9 as `decode_g1` does."""
    _check(data, base, what, kernel.stored_fault_g1(octets(data)), G1_SIZE)


def check_g2(data: memoryview, base: int, what: str) -> None:
    """As `check_g1` on the twist; the subgroup is not checked (see the module)."""
    _check(data, base, what, kernel.stored_fault_g2(octets(data)), G2_SIZE)


def decode_g1(data: memoryview, base: int, what: str) -> list[G1Point | None]:
    """Points of a whole section. Raises `FormatError` 7 or 9 at the file offset of the point; None is
    infinity."""
    c = _coordinates(data, base, what)
    points: list[G1Point | None] = []
    for i in range(0, len(c), 2):
        point = G1Point(c[i], c[i + 1])
        if point == (0, 0):
            points.append(None)
            continue
        if not is_on_g1(point):
            raise FormatError(
                Reason.NOT_ON_CURVE, base + 32 * i, f"{what}: point {i // 2} is not on the curve"
            )
        points.append(point)
    return points


def decode_g2(data: memoryview, base: int, what: str) -> list[G2Point | None]:
    """As `decode_g1` on the twist; the subgroup is not checked (see the module)."""
    c = _coordinates(data, base, what)
    points: list[G2Point | None] = []
    for i in range(0, len(c), 4):
        point = G2Point(Fp2(c[i], c[i + 1]), Fp2(c[i + 2], c[i + 3]))
        if point == ((0, 0), (0, 0)):
            points.append(None)
            continue
        if not is_on_twist(point):
            raise FormatError(
                Reason.NOT_ON_CURVE, base + 32 * i, f"{what}: point {i // 4} is not on the twist"
            )
        points.append(point)
    return points


def read_g1(cursor: Cursor, what: str) -> G1Point:
    """One finite point. Raises `FormatError` 3, 7, 9 or 11."""
    offset = cursor.offset
    (point,) = decode_g1(cursor.take(G1_SIZE), offset, what)
    if point is None:
        raise FormatError(Reason.POINT_AT_INFINITY, offset, f"{what}: infinity is not allowed")
    return point


def read_g2(cursor: Cursor, what: str) -> G2Point:
    """One finite point of the subgroup. Raises `FormatError` 3, 7, 9, 10 or 11."""
    offset = cursor.offset
    (point,) = decode_g2(cursor.take(G2_SIZE), offset, what)
    if point is None:
        raise FormatError(Reason.POINT_AT_INFINITY, offset, f"{what}: infinity is not allowed")
    if not is_in_g2_subgroup(point):
        raise FormatError(Reason.NOT_IN_SUBGROUP, offset, f"{what}: not of order r")
    return point


def _encode(coordinates: Iterable[int]) -> bytes:
    return b"".join((c * RADIX_P % P).to_bytes(32, "little") for c in coordinates)


def encode_g1(points: Sequence[G1Point | None]) -> bytes:
    """A section of points; None becomes zeros."""
    return b"".join(bytes(G1_SIZE) if p is None else _encode(p) for p in points)


def encode_g2(points: Sequence[G2Point | None]) -> bytes:
    """A section of points; None becomes zeros."""
    return b"".join(bytes(G2_SIZE) if p is None else _encode((*p.x, *p.y)) for p in points)
