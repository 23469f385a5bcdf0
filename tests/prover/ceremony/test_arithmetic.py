"""Native and pure arithmetic give the same results, equal rejections included."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prover.ceremony.arithmetic import ReferenceArithmetic, Terms
from prover.ceremony.native import NativeArithmetic
from prover.formats.montgomery import encode_g1, encode_g2
from prover.reference.groups import G1_GROUP, G2_GROUP
from verifier.pairing import negate
from verifier.points import G1, G2, Fp2, G2Point, R

NATIVE, REFERENCE = NativeArithmetic(), ReferenceArithmetic()
LOGS = st.lists(st.integers(0, 6) | st.just(R - 3), min_size=1, max_size=6)


@settings(max_examples=8, deadline=None)
@given(LOGS, st.data())
@example([3, R - 3], None)
def test_sums(logs, data):
    scalars = [data.draw(st.integers(-3, R + 3)) for _ in logs] if data else [1] * len(logs)
    ones, twos = encode_g1(G1_GROUP.multiples(logs)), encode_g2(G2_GROUP.multiples(logs))
    assert NATIVE.combine_g1(ones, scalars) == REFERENCE.combine_g1(ones, scalars)
    assert NATIVE.combine_g2(twos, scalars) == REFERENCE.combine_g2(twos, scalars)
    assert NATIVE.scale_g1(ones, scalars[0]) == REFERENCE.scale_g1(ones, scalars[0])
    back = encode_g1(G1_GROUP.multiples(logs[::-1]))
    assert NATIVE.subtract_g1(ones, back) == REFERENCE.subtract_g1(ones, back)
    assert NATIVE.uncompressed_g1(ones) == REFERENCE.uncompressed_g1(ones)
    assert NATIVE.uncompressed_g2(twos) == REFERENCE.uncompressed_g2(twos)
    assert NATIVE.all_in_g2(twos) and REFERENCE.all_in_g2(twos)


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_sparse_sums(data):
    logs = data.draw(st.lists(st.integers(0, 4) | st.just(R - 3), min_size=1, max_size=4))
    table = data.draw(
        st.lists(st.integers(0, 40) | st.integers(0, R - 1) | st.just(R - 1), min_size=1, max_size=4)
    )
    entry = st.tuples(st.integers(0, len(logs) - 1), st.integers(0, len(table) - 1))
    rows = data.draw(st.lists(st.lists(entry, max_size=5), max_size=4))
    flat = np.array([e for row in rows for e in row], dtype=np.uint32).reshape(-1, 2)
    ptr = np.cumsum([0, *map(len, rows)]).astype(np.uint32)
    terms = Terms(ptr, flat[:, 0].copy(), flat[:, 1].copy(), table)
    ones, twos = encode_g1(G1_GROUP.multiples(logs)), encode_g2(G2_GROUP.multiples(logs))
    assert NATIVE.sums_g1(ones, terms) == REFERENCE.sums_g1(ones, terms)
    assert NATIVE.sums_g2(twos, terms) == REFERENCE.sums_g2(twos, terms)


@pytest.mark.parametrize("logs", [[5], [1, R - 2], [1, 3, 0, 9], [1, 0, 0, 0, 0, 0, 0, 0]])
def test_lagrange_forms(logs):
    ones, twos = encode_g1(G1_GROUP.multiples(logs)), encode_g2(G2_GROUP.multiples(logs))
    assert NATIVE.lagrange_g1(ones) == REFERENCE.lagrange_g1(ones)
    assert NATIVE.lagrange_g2(twos) == REFERENCE.lagrange_g2(twos)


@given(st.lists(st.integers(0, R - 1), min_size=8, max_size=8))
@settings(max_examples=10, deadline=None)
def test_interpolation(values):
    assert NATIVE.interpolate(values) == REFERENCE.interpolate(values)


def test_pairings_and_subgroup():
    double = G2_GROUP.multiples([2])[0]
    for arithmetic in (NATIVE, REFERENCE):
        assert arithmetic.product_is_one([(G1_GROUP.multiples([2])[0], G2), (negate(G1), double)])
        assert not arithmetic.product_is_one([(G1, G2), (negate(G1), double)])
        assert not arithmetic.all_in_g2(encode_g2([G2, _outside()]))


def _outside():
    # tests/verifier/test_points.py: on the twist, not of order r.
    return G2Point(
        Fp2(2, 1),
        Fp2(
            7292567877523311580221095596750716176434782432868683424513645834767876293070,
            19659275751359636165940301690575149581329631496732780143538578556285923319774,
        ),
    )
