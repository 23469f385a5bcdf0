"""Points: what becomes a G1Point or G2Point in a key or a proof. Oracle: py_ecc's group arithmetic."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import G2 as ECC_G2
from py_ecc.optimized_bn128 import curve_order, field_modulus, is_inf, multiply, neg, normalize

from verifier.errors import MalformedError, Reason
from verifier.points import (
    G1,
    G2,
    Fp2,
    G1Point,
    G2Point,
    P,
    R,
    check_g1,
    check_g2,
    g1_to_bytes,
    g2_evm_words,
    g2_to_bytes,
    is_in_g2_subgroup,
    is_on_twist,
    unchecked_g1,
    unchecked_g2,
)

# On the twist at x = 2 + u; found by taking a square root in Fp2 with py_ecc, and not of order r (checked below).
OUTSIDE = G2Point(
    Fp2(2, 1),
    Fp2(
        7292567877523311580221095596750716176434782432868683424513645834767876293070,
        19659275751359636165940301690575149581329631496732780143538578556285923319774,
    ),
)


def _lift(point: G2Point):
    return FQ2(point.x), FQ2(point.y), FQ2.one()


def _affine(point) -> G2Point:
    x, y = normalize(point)
    return G2Point(Fp2(*map(int, x.coeffs)), Fp2(*map(int, y.coeffs)))


def test_constants_are_py_ecc_s():
    assert (field_modulus, curve_order) == (P, R)
    assert _affine(ECC_G2) == G2


@settings(max_examples=15, deadline=None)
@given(st.integers(1, R - 1))
def test_every_multiple_of_the_generator_is_in_the_subgroup(k):
    point = _affine(multiply(ECC_G2, k))
    check_g2(point, "b")
    assert unchecked_g2(g2_to_bytes(point)) == point


@settings(max_examples=15, deadline=None)
@given(st.integers(1, R - 1))
def test_points_of_the_twist_outside_the_subgroup_are_refused(k):
    point = multiply(_lift(OUTSIDE), k)
    assert not is_inf(multiply(point, R))
    affine = _affine(point)
    assert is_on_twist(affine)
    with pytest.raises(MalformedError) as error:
        check_g2(affine, "b")
    assert error.value.reason is Reason.NOT_IN_SUBGROUP


def test_points_whose_order_divides_the_cofactor_are_refused():
    # r * OUTSIDE has order dividing 2p - r; multiplying on reaches the small factors of the cofactor too.
    point = multiply(_lift(OUTSIDE), R)
    cofactor = 2 * P - R
    assert is_inf(multiply(point, cofactor))
    for divisor in (10069, 5864401):
        assert cofactor % divisor == 0
        small = multiply(point, cofactor // divisor)
        if not is_inf(small):
            assert is_inf(multiply(small, divisor))
            assert not is_in_g2_subgroup(_affine(small))


def test_a_sum_of_a_good_and_a_bad_point_is_refused():
    from py_ecc.optimized_bn128 import add

    assert not is_in_g2_subgroup(_affine(add(_lift(OUTSIDE), ECC_G2)))
    assert is_in_g2_subgroup(_affine(neg(ECC_G2)))


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (G1Point(0, 0), Reason.POINT_AT_INFINITY),
        (G1Point(1, 3), Reason.NOT_ON_CURVE),
        (G1Point(0, 1), Reason.NOT_ON_CURVE),
        (G1Point(1 + P, 2), Reason.NON_CANONICAL_COORDINATE),
        (G1Point(1, 2 + P), Reason.NON_CANONICAL_COORDINATE),
        (G1Point(P, P), Reason.NON_CANONICAL_COORDINATE),
        (G1Point(1, -2), Reason.NON_CANONICAL_COORDINATE),
    ],
)
def test_bad_g1_points(point, reason):
    check_g1(G1, "a")
    with pytest.raises(MalformedError) as error:
        check_g1(point, "a")
    assert error.value.reason is reason


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (G2Point(Fp2(0, 0), Fp2(0, 0)), Reason.POINT_AT_INFINITY),
        (G2Point(G2.x, Fp2(G2.y.c0, G2.y.c1 ^ 1)), Reason.NOT_ON_CURVE),
        (G2Point(Fp2(G2.x.c1, G2.x.c0), Fp2(G2.y.c1, G2.y.c0)), Reason.NOT_ON_CURVE),
        (G2Point(Fp2(G2.x.c0 + P, G2.x.c1), G2.y), Reason.NON_CANONICAL_COORDINATE),
        (G2Point(G2.x, Fp2(G2.y.c0, G2.y.c1 + P)), Reason.NON_CANONICAL_COORDINATE),
        (OUTSIDE, Reason.NOT_IN_SUBGROUP),
    ],
)
def test_bad_g2_points(point, reason):
    with pytest.raises(MalformedError) as error:
        check_g2(point, "b")
    assert error.value.reason is reason


def test_layouts():
    assert g1_to_bytes(G1) == b"\x01" + bytes(31) + b"\x02" + bytes(31)
    assert unchecked_g1(g1_to_bytes(G1)) == G1
    assert g2_to_bytes(G2)[:32] == G2.x.c0.to_bytes(32, "little")
    # EIP-197's own example order: the imaginary part comes first.
    assert g2_evm_words(G2)[0] == 0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2
