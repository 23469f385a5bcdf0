"""Contributing to a key: delta (and epsilon) times a secret, late wires and H (and early wires) divided by
it.

Decides what a contribution does and proves. Whoever contributes draws x, replaces [d] by [d x] in both
groups and the queries over d by x^-1 times themselves, shows with [s]_1, [s x]_1 and [x] H(transcript)_2
that x is known, and forgets x: the key is sound if a single contributor did. A beacon is a contribution
whose secret is a public value nobody could have predicted, made last so that nobody picks the final key.
For a plain key every byte is snarkjs's."""

from collections.abc import Callable
from dataclasses import replace

from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.errors import CeremonyError, Reason
from prover.ceremony.randomness import ChaCha, fresh, from_beacon, multiply_g1
from prover.ceremony.transcript import contribution_hash, delta_base, epsilon_base, transcript_hash
from prover.formats.contributions import Contribution, Knowledge, Transcript
from prover.formats.zkey import Zkey
from prover.reference.groups import G2_GROUP
from verifier.points import G1Point, G2Point, R

MAX_NAME = 64


def _multiply_g2(point: G2Point, scalar: int) -> G2Point:
    product = G2_GROUP.multiply(point, scalar)
    if product is None:
        raise CeremonyError(Reason.INFINITY, "the product of a point and a scalar is infinity")
    return product


def _draw(stream: ChaCha) -> tuple[int, G1Point, G1Point]:
    """A non-zero secret x, [s]_1 and [s x]_1."""
    x = stream.scalar()
    s = stream.g1()
    return x, s, multiply_g1(s, x)


def _divide(arithmetic: Arithmetic, query: bytes, x: int) -> bytes:
    return arithmetic.scale_g1(query, pow(x, -1, R))


def _apply(
    key: Zkey, stream: ChaCha, arithmetic: Arithmetic, describe: Callable[[Contribution], Contribution]
) -> Zkey:
    x, s, sx = _draw(stream)
    own = [(s, sx)]
    challenge = key.challenge
    if challenge is not None:
        ex, es, esx = _draw(stream)
        own.append((es, esx))
    before = key.transcript
    transcript = transcript_hash(before.circuit_hash, before.contributions, own)
    delta_1, delta_2 = multiply_g1(key.delta_1, x), _multiply_g2(key.delta_2, x)
    base = delta_base(transcript, challenge is not None)
    contribution = Contribution(Knowledge(delta_1, s, sx, _multiply_g2(base, x)), transcript)
    if challenge is not None:
        epsilon_1 = multiply_g1(challenge.epsilon_1, ex)
        knowledge = Knowledge(epsilon_1, es, esx, _multiply_g2(epsilon_base(transcript), ex))
        contribution = replace(contribution, epsilon=knowledge)
        challenge = replace(
            challenge,
            epsilon_1=epsilon_1,
            epsilon_2=_multiply_g2(challenge.epsilon_2, ex),
            early=_divide(arithmetic, challenge.early, ex),
        )
    contributions = (*before.contributions, describe(contribution))
    return replace(
        key,
        delta_1=delta_1,
        delta_2=delta_2,
        late=_divide(arithmetic, key.late, x),
        h=_divide(arithmetic, key.h, x),
        transcript=Transcript(before.circuit_hash, contributions),
        challenge=challenge,
    )


def _check_name(name: str | None) -> None:
    if name is None:
        return
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        size = 0
    if not 1 <= size <= MAX_NAME:
        raise CeremonyError(Reason.BAD_NAME, f"a name has 1..{MAX_NAME} bytes of UTF-8")


def contribute(
    key: Zkey, arithmetic: Arithmetic, name: str | None = None, entropy: bytes = b""
) -> tuple[Zkey, bytes]:
    """The key with one more contribution, and the hash its maker publishes (64 bytes).

    The secret comes from the operating system, mixed with `entropy`, and exists only inside this call.
    Raises `CeremonyError` 24 on the name.
    """
    _check_name(name)
    new = _apply(key, fresh(entropy), arithmetic, lambda made: replace(made, name=name))
    return new, contribution_hash(new.transcript.contributions[-1])


def apply_beacon(
    key: Zkey, arithmetic: Arithmetic, beacon: bytes, iterations_exponent: int, name: str | None = None
) -> tuple[Zkey, bytes]:
    """The key with a contribution from public randomness, hashed 2^iterations_exponent times; and its hash.

    Raises `CeremonyError` 23 on the beacon, 24 on the name.
    """
    _check_name(name)
    stream = from_beacon(beacon, iterations_exponent)

    def describe(made: Contribution) -> Contribution:
        return replace(made, name=name, beacon=beacon, beacon_iterations=iterations_exponent)

    new = _apply(key, stream, arithmetic, describe)
    return new, contribution_hash(new.transcript.contributions[-1])
