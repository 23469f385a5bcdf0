"""The list of phase 2 contributions inside a proving key's file, in snarkjs's layout, and with epsilon for
a challenge.

Decides how a contribution is laid out and that its points are finite and in their groups; whether it proves
anything is decided by `prover.ceremony`. A contribution multiplies delta (and epsilon) by a secret and
proves that it knows it: for a trapdoor d and secret x, `after` = [d x]_1, `g1_s` = [s]_1, `g1_sx` = [s
x]_1, `g2_spx` = [x] H(transcript)."""

from dataclasses import dataclass

from prover.formats.errors import FormatError, Reason
from prover.formats.montgomery import encode_g1, encode_g2, read_g1, read_g2
from prover.formats.sections import Cursor
from verifier.points import G1Point, G2Point

HASH_SIZE = 64
_NAME, _ITERATIONS, _BEACON = 1, 2, 3
_LEAST = 3 * 64 + 128 + HASH_SIZE + 8


@dataclass(frozen=True)
class Knowledge:
    """One trapdoor's new value and the proof that whoever multiplied it knows the factor."""

    after: G1Point
    g1_s: G1Point
    g1_sx: G1Point
    g2_spx: G2Point


@dataclass(frozen=True)
class Contribution:
    """One step of phase 2. `transcript` hashes what came before; a beacon has its public randomness and
    iterations."""

    delta: Knowledge
    transcript: bytes
    name: str | None = None
    beacon: bytes | None = None
    beacon_iterations: int | None = None
    epsilon: Knowledge | None = None


@dataclass(frozen=True)
class Transcript:
    """`circuit_hash`: BLAKE2b-512 of the key before anyone contributed; then the contributions in order."""

    circuit_hash: bytes
    contributions: tuple[Contribution, ...] = ()


def _read_knowledge(cursor: Cursor, what: str) -> Knowledge:
    return Knowledge(
        read_g1(cursor, f"{what}: value after"),
        read_g1(cursor, f"{what}: s"),
        read_g1(cursor, f"{what}: s*x"),
        read_g2(cursor, f"{what}: x*H"),
    )


@dataclass(frozen=True)
class Origin:
    """Who made a contribution: a name if given; for a beacon, its public randomness and iterations."""

    name: str | None
    beacon: bytes | None
    beacon_iterations: int | None


def read_origin(cursor: Cursor, what: str) -> Origin:
    """Kind and parameters, as both phases have them. Raises `FormatError` 2, 3, 12."""
    start = cursor.offset
    kind, length = cursor.u32(), cursor.u32()
    parameters = Cursor(cursor.take(length), start + 8)
    if kind not in (0, 1):
        raise FormatError(Reason.UNSUPPORTED, start, f"{what}: unknown kind {kind}")
    name: str | None = None
    beacon: bytes | None = None
    iterations: int | None = None
    last = 0
    while parameters.left:
        at = parameters.offset
        tag = parameters.u8()
        if tag <= last:
            raise FormatError(Reason.INCONSISTENT, at, f"{what}: parameter {tag} is out of order")
        last = tag
        if tag == _NAME:
            try:
                name = bytes(parameters.take(parameters.u8())).decode()
            except UnicodeDecodeError as error:
                raise FormatError(Reason.INCONSISTENT, at, f"{what}: the name is not UTF-8") from error
        elif tag == _ITERATIONS:
            iterations = parameters.u8()
        elif tag == _BEACON:
            beacon = bytes(parameters.take(parameters.u8()))
        else:
            raise FormatError(Reason.UNSUPPORTED, at, f"{what}: unknown parameter {tag}")
    is_beacon = kind == 1
    if (beacon is not None) != is_beacon or (iterations is not None) != is_beacon:
        raise FormatError(
            Reason.INCONSISTENT, start, f"{what}: a beacon, and only a beacon, has hash and iterations"
        )
    return Origin(name, beacon, iterations)


def _read_contribution(cursor: Cursor, index: int, with_epsilon: bool) -> Contribution:
    what = f"contribution {index}"
    delta = _read_knowledge(cursor, f"{what}, delta")
    epsilon = _read_knowledge(cursor, f"{what}, epsilon") if with_epsilon else None
    transcript = bytes(cursor.take(HASH_SIZE))
    origin = read_origin(cursor, what)
    return Contribution(delta, transcript, origin.name, origin.beacon, origin.beacon_iterations, epsilon)


def read_transcript(cursor: Cursor, with_epsilon: bool) -> Transcript:
    """Read the whole section. Raises `FormatError` 2, 3, 5, 7, 9..12."""
    circuit_hash = bytes(cursor.take(HASH_SIZE))
    count = cursor.u32()
    if count * _LEAST > cursor.left:
        raise FormatError(Reason.TRUNCATED, cursor.offset, f"{count} contributions do not fit the section")
    contributions = tuple(_read_contribution(cursor, i, with_epsilon) for i in range(count))
    cursor.end("contributions")
    return Transcript(circuit_hash, contributions)


def _write_knowledge(knowledge: Knowledge) -> bytes:
    return encode_g1([knowledge.after, knowledge.g1_s, knowledge.g1_sx]) + encode_g2([knowledge.g2_spx])


def _write_contribution(contribution: Contribution) -> bytes:
    parameters = b""
    if contribution.name is not None:
        name = contribution.name.encode()
        parameters += bytes([_NAME, len(name)]) + name
    if contribution.beacon is not None and contribution.beacon_iterations is not None:
        parameters += bytes([_ITERATIONS, contribution.beacon_iterations])
        parameters += bytes([_BEACON, len(contribution.beacon)]) + contribution.beacon
    epsilon = b"" if contribution.epsilon is None else _write_knowledge(contribution.epsilon)
    kind = int(contribution.beacon is not None)
    return (
        _write_knowledge(contribution.delta)
        + epsilon
        + contribution.transcript
        + kind.to_bytes(4, "little")
        + len(parameters).to_bytes(4, "little")
        + parameters
    )


def write_transcript(transcript: Transcript) -> bytes:
    """The section of a transcript."""
    parts = [transcript.circuit_hash, len(transcript.contributions).to_bytes(4, "little")]
    return b"".join([*parts, *(_write_contribution(c) for c in transcript.contributions)])
