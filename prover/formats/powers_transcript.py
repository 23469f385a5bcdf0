"""The list of phase 1 contributions inside a powers-of-tau file (section 7), in snarkjs's layout.

Decides how a contribution is laid out and that its points are finite and in their groups; whether it proves
anything is decided by `prover.ceremony.powers_transcript`. A contribution multiplies tau, alpha and beta by
secrets x and shows for each with [s]_1, [s x]_1 and [x] H(..)_2 that x is known."""

from dataclasses import dataclass

from prover.formats.contributions import HASH_SIZE, Origin, read_origin
from prover.formats.errors import FormatError, Reason
from prover.formats.montgomery import G1_SIZE, G2_SIZE, read_g1, read_g2
from prover.formats.sections import Cursor
from verifier.points import G1Point, G2Point

PARTIAL_HASH_SIZE = 216
TRAPDOORS = ("tau", "alpha", "beta")
_LEAST = 3 * G1_SIZE + 2 * G2_SIZE + 3 * (2 * G1_SIZE + G2_SIZE) + PARTIAL_HASH_SIZE + HASH_SIZE + 8


@dataclass(frozen=True)
class Secret:
    """That a factor x is known: [s]_1, [s x]_1, [x] H."""

    g1_s: G1Point
    g1_sx: G1Point
    g2_spx: G2Point


@dataclass(frozen=True)
class PowersContribution:
    """One step of phase 1: the values after it, the proofs for tau, alpha and beta, the state of the hash of
    its response before the proofs, and the hash of the file it left behind."""

    tau_1: G1Point
    tau_2: G2Point
    alpha_1: G1Point
    beta_1: G1Point
    beta_2: G2Point
    secrets: tuple[Secret, Secret, Secret]
    partial_hash: bytes
    next_challenge: bytes
    origin: Origin


def _read_contribution(cursor: Cursor, what: str) -> PowersContribution:
    tau_1, tau_2 = read_g1(cursor, f"{what}, tau"), read_g2(cursor, f"{what}, tau")
    alpha_1, beta_1 = read_g1(cursor, f"{what}, alpha"), read_g1(cursor, f"{what}, beta")
    beta_2 = read_g2(cursor, f"{what}, beta")
    pairs = [
        (read_g1(cursor, f"{what}, s of {t}"), read_g1(cursor, f"{what}, s*x of {t}")) for t in TRAPDOORS
    ]
    tau, alpha, beta = (
        Secret(s, sx, read_g2(cursor, f"{what}, x*H of {t}"))
        for (s, sx), t in zip(pairs, TRAPDOORS, strict=True)
    )
    return PowersContribution(
        tau_1,
        tau_2,
        alpha_1,
        beta_1,
        beta_2,
        (tau, alpha, beta),
        bytes(cursor.take(PARTIAL_HASH_SIZE)),
        bytes(cursor.take(HASH_SIZE)),
        read_origin(cursor, what),
    )


def read_powers_transcript(cursor: Cursor) -> tuple[PowersContribution, ...]:
    """The whole section. Raises `FormatError` 2, 3, 5, 7, 9..12."""
    count = cursor.u32()
    if count * _LEAST > cursor.left:
        raise FormatError(Reason.TRUNCATED, cursor.offset, f"{count} contributions do not fit the section")
    made = tuple(_read_contribution(cursor, f"phase 1 contribution {i + 1}") for i in range(count))
    cursor.end("phase 1 contributions")
    return made
