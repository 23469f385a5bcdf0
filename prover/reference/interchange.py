"""Between the reference prover's key and the key files of `prover.formats`, both ways and both forms.

Decides the correspondence of their parts and nothing else. A key made here from known trapdoors becomes a
file with an empty transcript: nobody contributed, and whoever verifies a ceremony refuses it."""

from collections import defaultdict

import numpy as np

from circuits.r1cs import ChallengeLayout
from prover.formats.contributions import HASH_SIZE, Transcript
from prover.formats.montgomery import decode_g1, decode_g2, encode_g1, encode_g2
from prover.formats.zkey import ChallengePart, Coefficients, Zkey
from prover.reference.errors import Reason, ReferenceProverError
from prover.reference.groups import G1_GROUP
from prover.reference.keys import ProvingKey, Row
from verifier.points import G1Point, G2Point


def _g1(section: bytes) -> tuple[G1Point | None, ...]:
    return tuple(decode_g1(memoryview(section), 0, "query"))


def _g2(section: bytes) -> tuple[G2Point | None, ...]:
    return tuple(decode_g2(memoryview(section), 0, "query"))


def from_zkey(key: Zkey) -> ProvingKey:
    """The reference key of a key file. Raises `verifier.MalformedError` 13 or 14 for a key nobody should
    verify under."""
    rows: tuple[dict[int, list[tuple[int, int]]], ...] = (defaultdict(list), defaultdict(list))
    entries = key.coefficients
    for matrix, row, wire, value in zip(
        entries.matrix.tolist(), entries.row.tolist(), entries.wire.tolist(), entries.values(), strict=True
    ):
        rows[matrix][row].append((wire, value))
    rows_a, rows_b = (tuple(tuple(found[i]) for i in range(key.domain_size)) for found in rows)
    challenge = key.challenge
    return ProvingKey(
        n_public=key.n_public,
        n_early=None if challenge is None else challenge.layout.n_early,
        alpha_1=key.alpha_1,
        beta_1=key.beta_1,
        beta_2=key.beta_2,
        delta_1=key.delta_1,
        delta_2=key.delta_2,
        a=_g1(key.a),
        b1=_g1(key.b1),
        b2=_g2(key.b2),
        early=() if challenge is None else _g1(challenge.early),
        late=_g1(key.late),
        h=_g1(key.h),
        rows_a=rows_a,
        rows_b=rows_b,
        verifying_key=key.verifying_key(),
    )


def _entries(rows_a: tuple[Row, ...], rows_b: tuple[Row, ...]) -> Coefficients:
    found = [
        (matrix, index, wire, value)
        for index, pair in enumerate(zip(rows_a, rows_b, strict=True))
        for matrix, row in enumerate(pair)
        for wire, value in row
    ]
    matrix, row, wire = (np.array([entry[i] for entry in found], dtype=np.uint32) for i in range(3))
    return Coefficients(matrix, row, wire, Coefficients.stored([entry[3] for entry in found]))


def to_zkey(
    key: ProvingKey,
    layout: ChallengeLayout | None = None,
    epsilon_1: G1Point | None = None,
    circuit_hash: bytes = bytes(HASH_SIZE),
) -> Zkey:
    """A key file of a reference key. The challenge form also needs its layout and [epsilon]_1 (proving uses
    neither).

    Raises `ReferenceProverError` 6 if these do not go with the key.
    """
    vk = key.verifying_key
    challenge = None
    if (
        vk.epsilon is not None
        and layout is not None
        and epsilon_1 is not None
        and layout.n_early == key.n_early
    ):
        challenge = ChallengePart(layout, epsilon_1, vk.epsilon, encode_g1(key.early))
    elif vk.epsilon is not None or layout is not None or epsilon_1 is not None:
        raise ReferenceProverError(
            Reason.SECRETS_MISMATCH, "layout and epsilon go with a key of the challenge form"
        )
    return Zkey(
        n_wires=key.n_wires,
        n_public=key.n_public,
        domain_size=key.domain_size,
        alpha_1=key.alpha_1,
        beta_1=key.beta_1,
        beta_2=key.beta_2,
        gamma_2=vk.gamma,
        delta_1=key.delta_1,
        delta_2=key.delta_2,
        ic=encode_g1(vk.ic),
        a=encode_g1(key.a),
        b1=encode_g1(key.b1),
        b2=encode_g2(key.b2),
        late=encode_g1(key.late),
        h=encode_g1(key.h),
        coefficients=_entries(key.rows_a, key.rows_b),
        transcript=Transcript(circuit_hash),
        challenge=challenge,
    )


def epsilon_in_g1(epsilon: int) -> G1Point:
    """[epsilon]_1 for a development key. Raises `ReferenceProverError` 1 if epsilon is 0 mod r."""
    point = G1_GROUP.multiples([epsilon])[0]
    if point is None:
        raise ReferenceProverError(Reason.BAD_SECRET, "epsilon is not in [1, r)")
    return point
