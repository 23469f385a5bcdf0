"""Checking who made a powers-of-tau file: the contributions it records, from the generators to its powers.

Decides, as `snarkjs powersoftau verify` does, that every contributor showed to know the factors by which tau,
alpha and beta grew, that each step follows the one before, that beacons are what they say, that the last step
is what the file holds, and (for a file that was not cut from a larger one) that the hash of the whole
file is the one recorded. What cannot be checked from one file: that the names are right and that the earlier
challenges were hashes of files; each response hash is for its maker, or the published list, to confirm. That
the points are powers with matching Lagrange forms is `prover.ceremony.phase1`'s."""

import hashlib
from dataclasses import dataclass

from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.blake2b import finish
from prover.ceremony.checks import same_ratio
from prover.ceremony.errors import CeremonyError, Reason
from prover.ceremony.randomness import from_beacon, hash_to_g2, multiply_g1
from prover.ceremony.transcript import uncompressed_g1, uncompressed_g2
from prover.formats.powers_transcript import TRAPDOORS, PowersContribution, read_powers_transcript
from prover.formats.ptau import (
    ALPHA_TAU_G1,
    BETA_TAU_G1,
    CONTRIBUTIONS,
    TAU_G1,
    TAU_G2,
    Ptau,
)
from verifier.points import G1, G2, G1Point, G2Point

_PIECE = 1 << 16
FIRST_CHALLENGE_28 = bytes.fromhex(
    "93da91920d5a54a8a0fde55cd9dc3a10c4f3eef768b62c0948741370864254b4"
    "c1920f3f29d4ebc0ef3acecf2e2db63a755713d77e1ed77347a56fbc317c7a93"
)
"""`first_challenge(28)`, the size of the public ceremonies: hashing its 103 GB takes minutes."""


@dataclass(frozen=True)
class PowersStep:
    """One contribution that held: the hash its maker published as response, its name, its beacon if it is
    one."""

    response: bytes
    name: str | None
    beacon: bytes | None


@dataclass(frozen=True)
class PowersReport:
    """A transcript that held. `hashed`: whether the file's own hash was compared too (not for a file cut from
    a larger ceremony)."""

    steps: tuple[PowersStep, ...]
    hashed: bool


@dataclass(frozen=True)
class _Values:
    """What a contribution starts from."""

    tau_1: G1Point
    tau_2: G2Point
    alpha_1: G1Point
    beta_1: G1Point
    beta_2: G2Point
    challenge: bytes


def first_challenge(power: int) -> bytes:
    """The hash that the first contributor of a ceremony of 2^power refers to: of a file of generators."""
    hasher = hashlib.blake2b(hashlib.blake2b().digest())
    n = 1 << power
    ones, twos = uncompressed_g1(G1), uncompressed_g2(G2)
    for point, count in ((ones, 2 * n - 1), (twos, n), (ones, n), (ones, n), (twos, 1)):
        block = point * min(count, _PIECE)
        for _ in range(count // _PIECE):
            hasher.update(block)
        hasher.update(point * (count % _PIECE))
    return hasher.digest()


def check_powers_transcript(ptau: Ptau, arithmetic: Arithmetic) -> PowersReport:
    """Check the recorded contributions and that they lead to the file's powers.

    Raises `CeremonyError` 7..12 on the contributions, `FormatError` on their bytes and the file's points."""
    contributions = read_powers_transcript(ptau.sections.cursor(CONTRIBUTIONS))
    if not contributions:
        raise CeremonyError(
            Reason.NO_POWERS_CONTRIBUTION,
            "the powers-of-tau file records no contribution: whoever made it may know tau",
        )
    if all(made.origin.beacon is not None for made in contributions):
        raise CeremonyError(
            Reason.NO_POWERS_CONTRIBUTION,
            "the powers-of-tau file was made by beacons alone, whose secrets are public",
        )
    power = ptau.ceremony_power
    challenge = FIRST_CHALLENGE_28 if power == 28 else first_challenge(power)
    before = _Values(G1, G2, G1, G1, G2, challenge)
    steps = []
    for i, made in enumerate(contributions):
        what = f"phase 1 contribution {i + 1}"
        _check_step(arithmetic, before, made, what)
        steps.append(PowersStep(_response(made), made.origin.name, made.origin.beacon))
        before = _Values(made.tau_1, made.tau_2, made.alpha_1, made.beta_1, made.beta_2, made.next_challenge)
    _check_last(ptau, contributions[-1])
    hashed = ptau.power == ptau.ceremony_power
    if hashed and _file_hash(ptau, arithmetic, steps[-1].response) != contributions[-1].next_challenge:
        raise CeremonyError(
            Reason.POWERS_HASH, "the file's powers do not have the hash that its last contribution recorded"
        )
    return PowersReport(tuple(steps), hashed)


def _check_step(arithmetic: Arithmetic, before: _Values, made: PowersContribution, what: str) -> None:
    bases = [
        hash_to_g2(
            hashlib.blake2b(
                bytes([number])
                + before.challenge
                + uncompressed_g1(secret.g1_s)
                + uncompressed_g1(secret.g1_sx)
            ).digest()
        )
        for number, secret in enumerate(made.secrets)
    ]
    for trapdoor, secret, base in zip(TRAPDOORS, made.secrets, bases, strict=True):
        if not same_ratio(arithmetic, secret.g1_s, secret.g1_sx, base, secret.g2_spx):
            raise CeremonyError(
                Reason.POWERS_NO_KNOWLEDGE, f"{what}: does not show that its factor of {trapdoor} is known"
            )
    tau, _, beta = made.secrets
    follows = all(
        same_ratio(arithmetic, old, new, base, secret.g2_spx)
        for old, new, base, secret in zip(
            (before.tau_1, before.alpha_1, before.beta_1),
            (made.tau_1, made.alpha_1, made.beta_1),
            bases,
            made.secrets,
            strict=True,
        )
    )
    follows = follows and same_ratio(arithmetic, tau.g1_s, tau.g1_sx, before.tau_2, made.tau_2)
    follows = follows and same_ratio(arithmetic, beta.g1_s, beta.g1_sx, before.beta_2, made.beta_2)
    if not follows:
        raise CeremonyError(Reason.POWERS_WRONG_UPDATE, f"{what}: does not follow from the one before")
    if made.origin.beacon is None or made.origin.beacon_iterations is None:
        return
    stream = from_beacon(made.origin.beacon, made.origin.beacon_iterations)
    factors = [stream.scalar() for _ in TRAPDOORS]
    for factor, secret in zip(factors, made.secrets, strict=True):
        s = stream.g1()
        if (s, multiply_g1(s, factor)) != (secret.g1_s, secret.g1_sx):
            raise CeremonyError(Reason.POWERS_BEACON, f"{what}: is not the contribution of its beacon")


def _response(made: PowersContribution) -> bytes:
    proofs = [uncompressed_g1(point) for secret in made.secrets for point in (secret.g1_s, secret.g1_sx)]
    proofs += [uncompressed_g2(secret.g2_spx) for secret in made.secrets]
    return finish(made.partial_hash, b"".join(proofs))


def _check_last(ptau: Ptau, last: PowersContribution) -> None:
    held = (
        *ptau.g1(TAU_G1, 1, 1),
        *ptau.g1(ALPHA_TAU_G1, 0, 1),
        *ptau.g1(BETA_TAU_G1, 0, 1),
        *ptau.g2(TAU_G2, 1, 1),
        ptau.beta_g2(),
    )
    if held != (last.tau_1, last.alpha_1, last.beta_1, last.tau_2, last.beta_2):
        raise CeremonyError(
            Reason.POWERS_OTHER, "the file's tau, alpha and beta are not those of its last contribution"
        )


def _file_hash(ptau: Ptau, arithmetic: Arithmetic, response: bytes) -> bytes:
    hasher = hashlib.blake2b(response)
    n = 1 << ptau.power
    for section, count in ((TAU_G1, 2 * n - 1), (TAU_G2, n), (ALPHA_TAU_G1, n), (BETA_TAU_G1, n)):
        form = arithmetic.uncompressed_g2 if section == TAU_G2 else arithmetic.uncompressed_g1
        for start in range(0, count, _PIECE):
            hasher.update(form(ptau.points(section, start, min(_PIECE, count - start))))
    hasher.update(uncompressed_g2(ptau.beta_g2()))
    return hasher.digest()
