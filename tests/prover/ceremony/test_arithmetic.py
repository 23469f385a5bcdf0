"""Native and pure arithmetic give the same results, equal rejections included."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from prover.ceremony.arithmetic import ReferenceArithmetic
from prover.ceremony.native import NativeArithmetic
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
    ones, twos = G1_GROUP.multiples(logs), G2_GROUP.multiples(logs)
    assert NATIVE.combine_g1(ones, scalars) == REFERENCE.combine_g1(ones, scalars)
    assert NATIVE.combine_g2(twos, scalars) == REFERENCE.combine_g2(twos, scalars)
    assert NATIVE.scale_g1(ones, scalars[0]) == REFERENCE.scale_g1(ones, scalars[0])
    assert NATIVE.add_g1(ones, ones[::-1]) == REFERENCE.add_g1(ones, ones[::-1])
    assert NATIVE.all_in_g2(twos) and REFERENCE.all_in_g2(twos)


def test_pairings_and_subgroup():
    double = G2_GROUP.multiples([2])[0]
    for arithmetic in (NATIVE, REFERENCE):
        assert arithmetic.product_is_one([(G1_GROUP.multiples([2])[0], G2), (negate(G1), double)])
        assert not arithmetic.product_is_one([(G1, G2), (negate(G1), double)])
        assert not arithmetic.all_in_g2([G2, _outside()])


def _outside():
    # tests/verifier/test_points.py: on the twist, not of order r.
    return G2Point(
        Fp2(2, 1),
        Fp2(
            7292567877523311580221095596750716176434782432868683424513645834767876293070,
            19659275751359636165940301690575149581329631496732780143538578556285923319774,
        ),
    )
