"""The H query of a key that went through the bellman format. Oracles: snarkjs's keys, and proofs under them; the two values
that are taken, and every other that shares all but one component with them."""

from dataclasses import replace
from pathlib import Path

import pytest

from prover.ceremony import CeremonyError, Reason, contribute, new_key, verify_from_initial
from prover.ceremony.__main__ import main
from prover.ceremony.quotient import QuotientQuery
from prover.formats.montgomery import decode_g1, encode_g1
from prover.formats.ptau import read_ptau
from prover.formats.wtns import read_wtns
from prover.formats.zkey import read_zkey
from prover.points import native_pairing
from prover.reference import prove
from prover.reference.groups import G1_GROUP
from prover.reference.interchange import from_zkey
from prover.reference.polynomials import root_of_unity
from verifier import verify
from verifier.points import R

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
COMPAT = VECTORS / "compat"
KEYS = {"bellman.zkey": COMPAT / "e.ptau", "bellman_p4.zkey": VECTORS / "ceremony" / "p4.ptau"}


@pytest.fixture(scope="module", params=sorted(KEYS))
def pair(request, multiplier, arithmetic):
    """The initial key made here, and snarkjs's that went through bellman's format."""
    initial = new_key(multiplier, read_ptau(KEYS[request.param].read_bytes()), arithmetic)
    return initial, read_zkey((COMPAT / request.param).read_bytes())


def finite(query):
    return decode_g1(memoryview(query), 0, "H")


def component(query, k):
    """1/n sum over j of w^(-k(2j+1)) H_j."""
    n = len(query) // 64
    w = root_of_unity(2 * n)
    weights = [pow(w, -k * (2 * j + 1), R) * pow(n, -1, R) % R for j in range(n)]
    return G1_GROUP.combine(finite(query), weights)


def plus(query, point, k=1):
    """H_j + w^(k(2j+1)) point."""
    w = root_of_unity(len(query) // 32)
    return encode_g1(
        [
            G1_GROUP.sum([old, G1_GROUP.multiply(point, pow(w, k * (2 * j + 1), R))])
            for j, old in enumerate(finite(query))
        ]
    )


def refused(initial, key, arithmetic):
    with pytest.raises(CeremonyError) as error:
        verify_from_initial(initial, key, arithmetic)
    assert error.value.reason is Reason.H_MISMATCH


def test_the_component_is_zero_and_the_key_holds(pair, arithmetic):
    initial, key = pair
    assert component(key.h, 1) is None and component(initial.h, 1) is not None
    assert verify_from_initial(initial, key, arithmetic).h is QuotientQuery.BELLMAN


def test_it_proves_and_others_contribute_to_it(pair, arithmetic):
    initial, key = pair
    key, _ = contribute(key, arithmetic)
    assert verify_from_initial(initial, key, arithmetic).h is QuotientQuery.BELLMAN
    witness = read_wtns((VECTORS / "multiplier" / "multiplier.wtns").read_bytes())
    verify(key.verifying_key(), prove(from_zkey(key), witness, 5, 7), witness[1:4], native_pairing)


@pytest.mark.parametrize("multiple", [1, 2, R - 1, R - 2, 12345])
def test_a_third_value_of_the_component_is_refused(pair, arithmetic, multiple):
    initial, key = pair
    # From zero: a point of somebody's, and multiples of what belongs there that are not one.
    refused(initial, replace(key, h=plus(key.h, G1_GROUP.multiples([multiple])[0])), arithmetic)
    own, _ = contribute(initial, arithmetic)
    assert verify_from_initial(initial, own, arithmetic).h is QuotientQuery.INITIAL
    belongs = component(own.h, 1)
    moved = plus(own.h, G1_GROUP.multiply(belongs, multiple))
    if multiple == R - 1:
        assert verify_from_initial(initial, replace(own, h=moved), arithmetic).h is QuotientQuery.BELLMAN
    else:
        refused(initial, replace(own, h=moved), arithmetic)


@pytest.mark.parametrize("k", [3, 5, 31])
def test_no_other_component_may_be_zero_or_moved(pair, arithmetic, k):
    initial, key = pair
    own, _ = contribute(initial, arithmetic)
    for whole in (own, key):
        value = component(whole.h, k)
        zeroed = plus(whole.h, G1_GROUP.multiply(value, R - 1), k)
        assert component(zeroed, k) is None
        refused(initial, replace(whole, h=zeroed), arithmetic)


def test_a_query_of_another_length_is_refused(pair, arithmetic):
    initial, key = pair
    for h in (key.h[:-64], key.h + key.h[:64], b""):
        refused(initial, replace(key, h=h), arithmetic)


def test_a_key_with_a_challenge_never_was_in_that_format(words_system, ptau, arithmetic):
    initial = new_key(words_system, ptau, arithmetic)
    key, _ = contribute(initial, arithmetic)
    value = component(key.h, 1)
    refused(initial, replace(key, h=plus(key.h, G1_GROUP.multiply(value, R - 1))), arithmetic)


def test_the_report_says_which_it_is(capsys):
    r1cs = str(VECTORS / "multiplier" / "multiplier.r1cs")
    assert main(["verify", r1cs, str(COMPAT / "e.ptau"), str(COMPAT / "bellman.zkey")]) == 0
    assert "H query: without its highest power" in capsys.readouterr().out
    assert main(["verify", r1cs, str(KEYS["bellman_p4.zkey"]), str(VECTORS / "ceremony" / "m2.zkey")]) == 0
    assert "H query" not in capsys.readouterr().out
