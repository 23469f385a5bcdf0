"""The ceremony's arithmetic on the native kernel: what a circuit of real size needs."""

from collections.abc import Sequence

from prover.ceremony.arithmetic import Terms
from prover.formats.montgomery import octets
from prover.formats.sections import Buffer
from prover.native import kernel
from prover.points import native_pairing
from verifier.pairing import Pair
from verifier.points import (
    G1Point,
    G2Point,
    R,
    unchecked_g1,
    unchecked_g2,
)


def _scalars(scalars: Sequence[int]) -> bytes:
    return b"".join((scalar % R).to_bytes(32, "little") for scalar in scalars)


class NativeArithmetic:
    """`Arithmetic` on the kernel. Every call checks again that its points are on their curve; a bad one
    raises the kernel's `MalformedInput`."""

    def combine_g1(self, points: Buffer, scalars: Sequence[int]) -> G1Point | None:
        """Sum of scalars[i] * points[i]."""
        found = unchecked_g1(kernel.stored_sum_g1(octets(points), octets(_scalars(scalars))))
        return None if found == (0, 0) else found

    def combine_g2(self, points: Buffer, scalars: Sequence[int]) -> G2Point | None:
        """Sum of scalars[i] * points[i]."""
        found = unchecked_g2(kernel.stored_sum_g2(octets(points), octets(_scalars(scalars))))
        return None if found == ((0, 0), (0, 0)) else found

    def sums_g1(self, points: Buffer, rows: Terms) -> bytes:
        """For each row, the sum of its coefficients times its points."""
        return kernel.stored_sparse_sums_g1(
            octets(points), rows.ptr, rows.point, rows.coefficient, _scalars(rows.table)
        )

    def sums_g2(self, points: Buffer, rows: Terms) -> bytes:
        """For each row, the sum of its coefficients times its points."""
        return kernel.stored_sparse_sums_g2(
            octets(points), rows.ptr, rows.point, rows.coefficient, _scalars(rows.table)
        )

    def scale_g1(self, points: Buffer, scalar: int) -> bytes:
        """scalar * point for every point."""
        return kernel.stored_multiples_g1(octets(points), _scalars([scalar]))

    def subtract_g1(self, left: Buffer, right: Buffer) -> bytes:
        """left[i] - right[i]."""
        return kernel.stored_differences_g1(octets(left), octets(right))

    def uncompressed_g1(self, points: Buffer) -> bytes:
        """Every point as 64 big-endian bytes, infinity as zeros."""
        return kernel.stored_uncompressed_g1(octets(points))

    def uncompressed_g2(self, points: Buffer) -> bytes:
        """Every point as 128 big-endian bytes, imaginary parts first."""
        return kernel.stored_uncompressed_g2(octets(points))

    def all_in_g2(self, points: Buffer) -> bool:
        """Whether every point has order r (or is infinity): wrong with a chance below 2^-128."""
        return kernel.stored_in_subgroup(octets(points))

    def interpolate(self, values: Sequence[int]) -> list[int]:
        """The coefficients of the polynomial with these values on the domain of their number."""
        found = kernel.ntt(_scalars(values), inverse=True)
        return [int.from_bytes(found[i : i + 32], "little") for i in range(0, len(found), 32)]

    def lagrange_g1(self, powers: Buffer) -> bytes:
        """From [tau^j] for j < n, a power of two, the [L_k(tau)] of the domain of n points."""
        return kernel.stored_inverse_transform_g1(octets(powers))

    def lagrange_g2(self, powers: Buffer) -> bytes:
        """From [tau^j] for j < n, a power of two, the [L_k(tau)] of the domain of n points."""
        return kernel.stored_inverse_transform_g2(octets(powers))

    def product_is_one(self, pairs: Sequence[Pair]) -> bool:
        """Whether the product of e(p, q) is one."""
        return native_pairing(pairs)
