"""Sums of points. Oracle: py_ecc's own scalar multiplication, one term at a time."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from py_ecc.optimized_bn128 import G1, G2, Z1, Z2, add, eq, is_inf, multiply

from prover.reference.groups import G1_GROUP, G2_GROUP
from verifier.points import R

SCALARS = st.sampled_from([0, 1, 2, 15, 16, R - 1, R, R + 1, -1, 1 << 253]) | st.integers(0, R - 1)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), SCALARS), max_size=12))
@example([(1, 5), (1, R - 5)])
@example([(0, 7)])
@example([(2, 3)] * 9)
def test_combine_and_multiples(terms):
    for group, generator, zero in ((G1_GROUP, G1, Z1), (G2_GROUP, G2, Z2)):
        points = group.multiples([k for k, _ in terms])
        expected = zero
        for k, scalar in terms:
            expected = add(expected, multiply(generator, k * scalar % R))
        found = group.combine(points, [s for _, s in terms])
        if found is None:
            assert is_inf(expected)
        else:
            assert eq(group.lift(found), expected)


def test_sum_of_opposites_and_nothing():
    p, q = G1_GROUP.multiples([9, R - 9])
    assert G1_GROUP.sum([p, q]) is None
    assert G1_GROUP.sum([]) is None
    assert G1_GROUP.sum([p, None, p]) == G1_GROUP.multiply(p, 2)
