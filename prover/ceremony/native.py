"""The ceremony's arithmetic on the native kernel: what a circuit of real size needs."""

from collections.abc import Sequence

from prover.ceremony.arithmetic import G1List
from prover.native import kernel
from prover.points import native_pairing
from verifier.pairing import Pair, negate
from verifier.points import (
    G1Point,
    G2Point,
    R,
    g1_to_bytes,
    g2_to_bytes,
    unchecked_g1,
    unchecked_g2,
)


def _g1(points: Sequence[G1Point | None]) -> bytes:
    return b"".join(bytes(64) if point is None else g1_to_bytes(point) for point in points)


def _g2(points: Sequence[G2Point | None]) -> bytes:
    return b"".join(bytes(128) if point is None else g2_to_bytes(point) for point in points)


def _scalars(scalars: Sequence[int]) -> bytes:
    return b"".join((scalar % R).to_bytes(32, "little") for scalar in scalars)


def _evm(point: G1Point | None) -> bytes:
    x, y = (0, 0) if point is None else point
    return x.to_bytes(32, "big") + y.to_bytes(32, "big")


def _of_evm(data: bytes) -> G1Point | None:
    point = G1Point(int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big"))
    return None if point == (0, 0) else point


_SHORT = 6
"""Up to here a sum is faster term by term than through the kernel's buckets."""


def _window(count: int) -> int:
    # A circuit's key is a great many sums of a few points: the kernel's own choice is made for long ones.
    return 4 if count < 64 else 6 if count < 1024 else 0


def _multiple(point: G1Point | None, scalar: int) -> bytes:
    """scalar * point in the EVM's layout. A circuit's coefficients are mostly small or minus small."""
    scalar %= R
    if point is not None and scalar > R // 2:
        point, scalar = negate(point), R - scalar
    return kernel.ecmul(_evm(point) + scalar.to_bytes(32, "big"))


class NativeArithmetic:
    """`Arithmetic` on the kernel. Every call checks its points again; a bad one raises the kernel's
    `MalformedInput`."""

    def combine_g1(self, points: Sequence[G1Point | None], scalars: Sequence[int]) -> G1Point | None:
        """Sum of scalars[i] * points[i]."""
        if len(points) <= _SHORT:
            total = bytes(64)
            for point, scalar in zip(points, scalars, strict=True):
                total = kernel.ecadd(total + _multiple(point, scalar))
            return _of_evm(total)
        found = unchecked_g1(kernel.msm_g1(_g1(points), _scalars(scalars), _window(len(points))))
        return None if found == (0, 0) else found

    def combine_g2(self, points: Sequence[G2Point | None], scalars: Sequence[int]) -> G2Point | None:
        """Sum of scalars[i] * points[i]."""
        point = unchecked_g2(kernel.msm_g2(_g2(points), _scalars(scalars), _window(len(points))))
        return None if point == ((0, 0), (0, 0)) else point

    def scale_g1(self, points: Sequence[G1Point | None], scalar: int) -> G1List:
        """scalar * point for every point."""
        return [_of_evm(_multiple(point, scalar)) for point in points]

    def add_g1(self, left: Sequence[G1Point | None], right: Sequence[G1Point | None]) -> G1List:
        """left[i] + right[i]."""
        return [_of_evm(kernel.ecadd(_evm(p) + _evm(q))) for p, q in zip(left, right, strict=True)]

    def all_in_g2(self, points: Sequence[G2Point | None]) -> bool:
        """Whether every point has order r (or is infinity): the kernel refuses others in a sum."""
        try:
            kernel.msm_g2(_g2(points), bytes(32 * len(points)), _window(len(points)))
        except kernel.NotInSubgroup:
            return False
        return True

    def product_is_one(self, pairs: Sequence[Pair]) -> bool:
        """Whether the product of e(p, q) is one."""
        return native_pairing(pairs)
