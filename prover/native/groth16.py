"""Groth16 in the kernel: constraint systems, development keys, commitments and proofs, as typed Python.

Decides how the circuits' data and scalars cross to the kernel and what comes back; the arithmetic, and every check of a
key or a witness, is the kernel's (its errors pass through unchanged, see `kernel`). Which chi a challenge circuit must use
and what is done with a proof is decided by the callers."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from circuits.field import R
from circuits.r1cs import R1CS
from prover.native import kernel
from prover.native.kernel import ProvingKey, R1cs, Witness


@dataclass(frozen=True)
class Phase:
    """One phase of a proof: wall time in seconds, and the field multiplications its plan needs."""

    name: str
    seconds: float
    multiplications: int


@dataclass(frozen=True)
class Proof:
    """The kernel's bytes: a, c, d are G1 points (64 bytes), b is a G2 point (128); d only with a challenge."""

    a: bytes
    b: bytes
    c: bytes
    d: bytes | None
    profile: tuple[Phase, ...] = ()


@dataclass(frozen=True)
class VerifyingKeyBytes:
    """A key's verifying part: alpha and ic in G1, the others in G2; epsilon only with a challenge."""

    alpha: bytes
    beta: bytes
    gamma: bytes
    epsilon: bytes | None
    delta: bytes
    ic: tuple[bytes, ...]


@dataclass(frozen=True)
class UnsafeSecrets:
    """The trapdoors of a development key. Whoever has them can prove anything."""

    tau: int
    alpha: int
    beta: int
    gamma: int
    delta: int
    epsilon: int | None

    @classmethod
    def random(cls, *, challenge: bool) -> UnsafeSecrets:
        """Fresh ones from the operating system, with epsilon if the circuit has a challenge."""
        tau, alpha, beta, gamma, delta, epsilon = (1 + secrets.randbelow(R - 1) for _ in range(6))
        return cls(tau, alpha, beta, gamma, delta, epsilon if challenge else None)


def scalar_bytes(value: int) -> bytes:
    """32 bytes, little-endian. Raises `kernel.NonCanonical` unless 0 <= value < r."""
    if not 0 <= value < R:
        raise kernel.NonCanonical("a scalar is not in [0, r)")
    return value.to_bytes(32, "little")


def witness_bytes(values: Iterable[int]) -> bytes:
    """Wire values as the kernel takes them, wire 0 = 1 first."""
    return b"".join(map(scalar_bytes, values))


def load_r1cs(system: R1CS) -> R1cs:
    """The kernel's handle on a constraint system; everything in it is checked again there."""
    layout = system.challenge
    challenge = None if layout is None else (layout.n_early, layout.mask, list(layout.words))
    a, b, c = system.a, system.b, system.c
    return R1cs(
        system.n_wires,
        system.n_public,
        a.row_ptr,
        a.col,
        a.coeff,
        b.row_ptr,
        b.col,
        b.coeff,
        c.row_ptr,
        c.col,
        c.coeff,
        system.coefficients,
        challenge,
    )


def unsafe_setup(r1cs: R1cs, path: Path, trapdoors: UnsafeSecrets) -> None:
    """Write a development key: a .zkey (snarkjs reads it), or a .tkey for a circuit with a challenge.

    The file appears whole or not at all. Raises `kernel.BadSecret`, `kernel.FileFailure`."""
    kernel.unsafe_setup(
        r1cs,
        str(path),
        tau=scalar_bytes(trapdoors.tau),
        alpha=scalar_bytes(trapdoors.alpha),
        beta=scalar_bytes(trapdoors.beta),
        gamma=scalar_bytes(trapdoors.gamma),
        delta=scalar_bytes(trapdoors.delta),
        epsilon=None if trapdoors.epsilon is None else scalar_bytes(trapdoors.epsilon),
    )


def load_key(path: Path, check: str = "batch") -> ProvingKey:
    """Load a .zkey or .tkey once, for many proofs; a handle never leaves its process.

    `check`: 'each' tests every G2 point for the subgroup, 'batch' random combinations (a bad key passes with chance
    2^-65), 'unsafe_nothing' trusts the points. Raises `kernel.FileFailure`, `kernel.UnsupportedKey`,
    `kernel.MalformedInput` and its kinds."""
    return ProvingKey.load(str(path), check)


def verifying_key(key: ProvingKey) -> VerifyingKeyBytes:
    """The verifying part of a loaded key, in the kernel's bytes."""
    alpha, beta, gamma, epsilon, delta, ic = key.verifying_key()
    return VerifyingKeyBytes(alpha, beta, gamma, epsilon, delta, tuple(ic))


def commit_early(key: ProvingKey, witness: bytes | Witness) -> bytes:
    """D (64 bytes) of a challenge circuit, from a witness stopped at its challenge, or from wire values as bytes.

    Raises `kernel.UnsupportedKey` for a plain key."""
    return kernel.commit_early(key, witness)


def prove(
    key: ProvingKey,
    witness: bytes | Witness,
    *,
    r: int | None = None,
    s: int | None = None,
    early: bytes | None = None,
) -> Proof:
    """Prove; r and s are drawn fresh unless given (fixed ones are for comparing provers and are not zero knowledge).

    `early` is what `commit_early` returned for this witness, so that the sum is not computed twice; another point is refused.

    A witness that does not satisfy is refused: row by row if the key has its R1CS, and always by verifying the finished
    proof. Raises `kernel.UnsatisfiedWitness`, `kernel.InconsistentKey` (the key's points contradict its constraints),
    `kernel.MalformedInput`, `kernel.NonCanonical`, `kernel.ProgramError`."""
    r_bytes, s_bytes = (scalar_bytes(secrets.randbelow(R) if x is None else x) for x in (r, s))
    a, b, c, d, profile = kernel.prove(key, witness, r_bytes, s_bytes, early)
    return Proof(a, b, c, d, tuple(Phase(*phase) for phase in profile))
