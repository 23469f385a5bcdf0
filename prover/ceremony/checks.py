"""The one question a ceremony's verifier asks again and again: do two lists of points have the same ratio?

Decides how many points become one pairing: random combinations with 128-bit coefficients, so a list that is
wrong in any place passes with probability 2^-128. The coefficients must be unknown when the lists are made,
and are drawn per call."""

import secrets

import numpy as np
from numpy.typing import NDArray

from prover.ceremony.arithmetic import Arithmetic
from prover.formats.sections import Buffer
from verifier.pairing import negate
from verifier.points import G1Point, G2Point


def coefficients(count: int) -> list[int]:
    """Fresh 128-bit coefficients for a random combination."""
    return [secrets.randbits(128) for _ in range(count)]


def same_ratio(
    arithmetic: Arithmetic,
    before: G1Point | None,
    after: G1Point | None,
    base: G2Point,
    multiple: G2Point,
) -> bool:
    """Whether after = x * before and multiple = x * base for one x: e(before, multiple) = e(after, base).

    Two infinities agree with everything, one with nothing.
    """
    if before is None or after is None:
        return before is after
    return arithmetic.product_is_one([(before, multiple), (negate(after), base)])


def infinities(points: Buffer) -> NDArray[np.bool_]:
    """For each G1 point of a query whether it is infinity."""
    rows = np.frombuffer(points, dtype="<u8").reshape(-1, 8)
    return np.asarray((rows == 0).all(axis=1), dtype=np.bool_)


def lists_have_ratio(
    arithmetic: Arithmetic, before: Buffer, after: Buffer, base: G2Point, multiple: G2Point
) -> bool:
    """Whether after[i] = x * before[i] for all i and the x with multiple = x * base. Infinities must
    correspond."""
    empty, empty_after = infinities(before), infinities(after)
    if len(empty) != len(empty_after) or (empty != empty_after).any():
        return False
    rho = coefficients(len(empty))
    return same_ratio(
        arithmetic, arithmetic.combine_g1(before, rho), arithmetic.combine_g1(after, rho), base, multiple
    )
