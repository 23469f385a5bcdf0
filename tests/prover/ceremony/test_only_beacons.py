"""A key made by beacons alone. Oracle: a forged proof under it, made from public values, that the verifier
accepts."""

import pytest

from prover.ceremony import CeremonyError, Reason, apply_beacon, contribute, new_key, verify_from_initial
from prover.ceremony.randomness import from_beacon
from prover.points import native_pairing
from prover.reference.groups import G1_GROUP
from verifier import Proof, challenge, evaluate, verify_words
from verifier.points import R

BEACON = b"public randomness"
WORDS = (R - 1, 12345, 678)


def test_whoever_reads_the_beacon_forges_and_the_check_refuses_the_key(words_system, ptau, arithmetic):
    initial = new_key(words_system, ptau, arithmetic)
    key, _ = apply_beacon(initial, arithmetic, BEACON, 10)
    verifying = key.verifying_key()
    stream = from_beacon(BEACON, 10)
    delta = stream.scalar()
    stream.g1()
    epsilon = stream.scalar()
    # A = alpha, B = beta, any D, and C cancels what is left: the statement (gamma is one) and epsilon D.
    d = verifying.ic[1]
    chi = challenge(verifying, d, WORDS)
    scalars = [-x * pow(delta, -1, R) % R for x in (1, chi, evaluate(WORDS, chi), epsilon)]
    c = G1_GROUP.combine([*verifying.ic, d], scalars)
    assert c is not None
    verify_words(verifying, Proof(verifying.alpha, verifying.beta, c, d), WORDS, native_pairing)

    with pytest.raises(CeremonyError) as error:
        verify_from_initial(initial, key, arithmetic)
    assert error.value.reason is Reason.NO_CONTRIBUTION
    twice, _ = apply_beacon(key, arithmetic, BEACON[::-1], 10)
    with pytest.raises(CeremonyError) as error:
        verify_from_initial(initial, twice, arithmetic)
    assert error.value.reason is Reason.NO_CONTRIBUTION
    held, _ = contribute(key, arithmetic)
    assert len(verify_from_initial(initial, held, arithmetic).contributions) == 2
