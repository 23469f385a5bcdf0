"""Checking a ceremony from its public files alone: the circuit, the powers of tau, the final key.

Decides whether a key is what the circuit and the powers give, multiplied by secrets that each contributor
proved to know: the initial key is made again, everything that no contribution may change must be equal byte
for byte, every contribution's proof must hold, and the queries over delta and epsilon must be the initial
ones divided by the product of all secrets. Whoever checks trusts nobody if one contributor was honest; they
find their own contribution's hash in the report."""

from dataclasses import dataclass

from circuits.r1cs import R1CS
from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.checks import lists_have_ratio, same_ratio
from prover.ceremony.errors import CeremonyError, Reason
from prover.ceremony.initial import new_key
from prover.ceremony.phase1 import check_powers
from prover.ceremony.quotient import QuotientQuery, quotient_query
from prover.ceremony.randomness import from_beacon, multiply_g1
from prover.ceremony.transcript import contribution_hash, delta_base, epsilon_base, transcript_hash
from prover.formats.contributions import Contribution, Knowledge
from prover.formats.ptau import Ptau
from prover.formats.zkey import Zkey
from verifier.points import G1, G2, G1Point, G2Point


@dataclass(frozen=True)
class Checked:
    """One contribution that held: the hash its maker published, its name, and the beacon if it is one."""

    hash: bytes
    name: str | None
    beacon: bytes | None


@dataclass(frozen=True)
class Report:
    """What a ceremony that held consists of."""

    circuit_hash: bytes
    contributions: tuple[Checked, ...]
    h: QuotientQuery


def verify_ceremony(
    system: R1CS, ptau: Ptau, key: Zkey, arithmetic: Arithmetic, *, require_beacon: bool = False
) -> Report:
    """Check the powers, make the initial key again, check the final one against it.

    Who made the powers is `check_powers_transcript`'s. Raises `CeremonyError`: 1..6, 20..22 about the powers,
    40..52 about the key."""
    check_shape(system, key)
    check_powers(ptau, arithmetic, system.domain_size.bit_length() - 1)
    initial = new_key(system, ptau, arithmetic)
    return verify_from_initial(initial, key, arithmetic, require_beacon=require_beacon)


def check_shape(system: R1CS, key: Zkey) -> None:
    """Refuses at once, with `CeremonyError` 40, a key that cannot be the system's."""
    ours = (system.n_wires, system.n_public, system.domain_size)
    theirs = (key.n_wires, key.n_public, key.domain_size)
    layout = None if key.challenge is None else key.challenge.layout
    if ours != theirs or layout != system.challenge:
        raise CeremonyError(
            Reason.OTHER_CIRCUIT,
            f"the circuit has {ours[0]} wires on {ours[2]} rows, the key's {theirs[0]} on {theirs[2]}"
            + ("" if ours != theirs else " (and other challenge wires)"),
        )


def verify_from_initial(
    initial: Zkey, key: Zkey, arithmetic: Arithmetic, *, require_beacon: bool = False
) -> Report:
    """Check a key against an initial key that the caller made. Raises `CeremonyError` 40..52."""
    _check_unchanged(initial, key)
    if not key.transcript.contributions:
        raise CeremonyError(
            Reason.NO_CONTRIBUTION, "nobody contributed: anyone can forge proofs under this key"
        )
    checked = check_transcript(key, arithmetic)
    if all(made.beacon is not None for made in checked):
        raise CeremonyError(
            Reason.NO_CONTRIBUTION, "only beacons, whose secrets are public: anyone can forge proofs"
        )
    _check_divided(arithmetic, initial.late, key.late, key.delta_2, "late", Reason.LATE_MISMATCH)
    h = quotient_query(arithmetic, initial.h, key.h, key.delta_2, plain=key.challenge is None)
    if h is None:
        raise CeremonyError(Reason.H_MISMATCH, "the H query is not the initial one divided by the trapdoor")
    if key.challenge is not None and initial.challenge is not None:
        early = (initial.challenge.early, key.challenge.early)
        _check_divided(arithmetic, *early, key.challenge.epsilon_2, "early", Reason.EARLY_MISMATCH)
    if require_beacon and checked[-1].beacon is None:
        raise CeremonyError(Reason.NO_BEACON, "the last contribution is not a beacon")
    return Report(key.transcript.circuit_hash, checked, h)


def _check_unchanged(initial: Zkey, key: Zkey) -> None:
    if (key.challenge is None) != (initial.challenge is None):
        raise CeremonyError(Reason.OTHER_CIRCUIT, "only one of the keys has a challenge")
    if key.challenge is not None and initial.challenge is not None:
        if key.challenge.layout != initial.challenge.layout:
            raise CeremonyError(Reason.OTHER_CIRCUIT, "the challenge layouts differ")
        if len(key.challenge.early) != len(initial.challenge.early):
            raise CeremonyError(Reason.OTHER_CIRCUIT, "the early queries differ in length")
    if key.transcript.circuit_hash != initial.transcript.circuit_hash:
        same = (key.alpha_1, key.beta_1, key.beta_2) == (initial.alpha_1, initial.beta_1, initial.beta_2)
        other = "of another circuit" if same else "on other powers of tau"
        raise CeremonyError(Reason.OTHER_CIRCUIT, f"the key is {other}: its circuit hash differs")
    sizes = ("n_wires", "n_public", "domain_size")
    points = ("alpha_1", "beta_1", "beta_2", "gamma_2")
    for name in (*sizes, *points, "ic", "a", "b1", "b2"):
        if getattr(key, name) != getattr(initial, name):
            raise CeremonyError(Reason.CHANGED_KEY, f"{name} is not the initial key's")
    ours, theirs = initial.coefficients, key.coefficients
    same = ours.value == theirs.value and all(
        bytes(getattr(ours, name)) == bytes(getattr(theirs, name)) for name in ("matrix", "row", "wire")
    )
    if not same:
        raise CeremonyError(Reason.CHANGED_KEY, "the coefficients are not the circuit's")


def _check_divided(
    arithmetic: Arithmetic, before: bytes, after: bytes, trapdoor: G2Point, name: str, reason: Reason
) -> None:
    """before = trapdoor * after, the trapdoor having been one before."""
    if not lists_have_ratio(arithmetic, after, before, G2, trapdoor):
        raise CeremonyError(reason, f"the {name} query is not the initial one divided by the trapdoor")


def check_transcript(key: Zkey, arithmetic: Arithmetic) -> tuple[Checked, ...]:
    """Check that the contributions follow each other and lead to the key's delta (and epsilon): all that the key
    alone can show, whether or not anybody has contributed. Raises `CeremonyError` 40, 43..48."""
    with_challenge = key.challenge is not None
    contributions = key.transcript.contributions
    delta, epsilon = G1, G1
    checked = []
    for i, made in enumerate(contributions):
        what = f"contribution {i + 1}"
        own = [(made.delta.g1_s, made.delta.g1_sx)]
        if (made.epsilon is not None) != with_challenge:
            raise CeremonyError(
                Reason.OTHER_CIRCUIT, f"{what}: updates epsilon without a challenge, or not with one"
            )
        if made.epsilon is not None:
            own.append((made.epsilon.g1_s, made.epsilon.g1_sx))
        if transcript_hash(key.transcript.circuit_hash, contributions[:i], own) != made.transcript:
            raise CeremonyError(
                Reason.TRANSCRIPT, f"{what}: its transcript is not the hash of what came before"
            )
        _check_knowledge(arithmetic, made.delta, delta, delta_base(made.transcript, with_challenge), what)
        delta = made.delta.after
        if made.epsilon is not None:
            _check_knowledge(arithmetic, made.epsilon, epsilon, epsilon_base(made.transcript), what)
            epsilon = made.epsilon.after
        _check_beacon(made, what)
        checked.append(Checked(contribution_hash(made), made.name, made.beacon))
    if key.delta_1 != delta or not same_ratio(arithmetic, G1, delta, G2, key.delta_2):
        raise CeremonyError(Reason.DELTA_MISMATCH, "delta is not the last contribution's")
    if key.challenge is not None and (
        key.challenge.epsilon_1 != epsilon
        or not same_ratio(arithmetic, G1, epsilon, G2, key.challenge.epsilon_2)
    ):
        raise CeremonyError(Reason.EPSILON_MISMATCH, "epsilon is not the last contribution's")
    return tuple(checked)


def _check_knowledge(
    arithmetic: Arithmetic, knowledge: Knowledge, before: G1Point, base: G2Point, what: str
) -> None:
    if not same_ratio(arithmetic, knowledge.g1_s, knowledge.g1_sx, base, knowledge.g2_spx):
        raise CeremonyError(Reason.NO_KNOWLEDGE, f"{what}: does not show that its secret is known")
    if not same_ratio(arithmetic, before, knowledge.after, base, knowledge.g2_spx):
        raise CeremonyError(Reason.WRONG_UPDATE, f"{what}: the new value is not the old one times its secret")


def _check_beacon(made: Contribution, what: str) -> None:
    if made.beacon is None or made.beacon_iterations is None:
        return
    stream = from_beacon(made.beacon, made.beacon_iterations)
    for knowledge in (made.delta, made.epsilon):
        if knowledge is None:
            continue
        x, s = stream.scalar(), stream.g1()
        if (s, multiply_g1(s, x)) != (knowledge.g1_s, knowledge.g1_sx):
            raise CeremonyError(Reason.BEACON_MISMATCH, f"{what}: is not the contribution of its beacon")
