# Generated from the built extension by scripts/kernel_stub.py; a test compares.
# ruff: noqa
# fmt: off
from collections.abc import Sequence
from typing import Annotated, overload

import numpy
from numpy.typing import NDArray


class KernelError(Exception):
    pass

class MalformedInput(KernelError):
    pass

class NonCanonical(MalformedInput):
    pass

class NotOnCurve(MalformedInput):
    pass

class NotInSubgroup(MalformedInput):
    pass

class InfinityNotAllowed(MalformedInput):
    pass

class UnsatisfiedWitness(KernelError):
    pass

class ProgramError(KernelError):
    pass

class UnsupportedKey(KernelError):
    pass

class BadSecret(KernelError):
    pass

class FileFailure(KernelError):
    pass

def set_threads(count: int) -> None:
    """
    Threads that calls use from now on, the caller's included; 0 is one per processor. Results never depend on it.
    """

def threads() -> int:
    """Threads that calls use, the caller's included."""

def set_engine(name: str) -> None:
    """
    Choose the arithmetic: 'portable', 'adx' or 'ifma'. Same results; not to be changed while another thread computes. Raises MalformedInput if the processor lacks it.
    """

def engine() -> str:
    """The arithmetic in use: 'portable', 'adx' or 'ifma'."""

def msm_g1(bases: bytes, scalars: bytes, window: int = 0) -> bytes:
    """
    Sum of scalars[i] * bases[i] over G1. Every point is checked; infinity is allowed. window: 0, or 3 to 16 bits.
    """

def msm_g2(bases: bytes, scalars: bytes, window: int = 0) -> bytes:
    """
    Sum of scalars[i] * bases[i] over G2. Every point is checked, subgroup included; infinity is allowed.
    """

def ntt(values: bytes, inverse: bool) -> bytes:
    """
    out[k] = sum of values[j] omega^(jk) over a power-of-two domain, natural order; the inverse undoes it.
    """

def quotient_on_coset(a: bytes, b: bytes) -> bytes:
    """
    From the values of A and B on a domain of size N: (A B - C)(g omega^i), C interpolating a[i] b[i], g^2 = omega.
    """

class R1cs:
    """A rank-1 constraint system held by the kernel."""

    def __init__(self, n_wires: int, n_public: int, a_row_ptr: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], a_col: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], a_coeff: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], b_row_ptr: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], b_col: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], b_coeff: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], c_row_ptr: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], c_col: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], c_coeff: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], coefficients: bytes, challenge: tuple[int, int, Sequence[int]] | None = None) -> None:
        """
        Three CSR matrices over one table of 32-byte coefficients; challenge is (n_early, mask, words). Everything is checked. Raises MalformedInput, NonCanonical.
        """

    @property
    def n_wires(self) -> int: ...

    @property
    def n_public(self) -> int: ...

    @property
    def n_constraints(self) -> int: ...

    @property
    def domain_size(self) -> int: ...

    @overload
    def check(self, witness: bytes) -> int: ...

    @overload
    def check(self, witness: Witness) -> int:
        """The first constraint that the witness breaks, or -1."""

class ProvingKey:
    """A proving key, mapped and checked; used for any number of proofs."""

    @staticmethod
    def load(path: str, check: str = 'batch') -> ProvingKey:
        """
        Load a .zkey or .tkey. check: 'each' tests every G2 point for the subgroup, 'batch' tests random combinations of them (a bad key passes with chance 2^-65), 'unsafe_nothing' trusts the points. Raises FileFailure, UnsupportedKey, MalformedInput and its kinds.
        """

    @property
    def n_wires(self) -> int: ...

    @property
    def n_public(self) -> int: ...

    @property
    def domain_size(self) -> int: ...

    @property
    def has_challenge(self) -> bool: ...

    @property
    def n_early(self) -> int:
        """The first wire whose K is over delta."""

    @property
    def has_r1cs(self) -> bool:
        """
        Whether the file holds the constraint system, so that witnesses are checked row by row.
        """

    @property
    def words(self) -> list[int]: ...

    @property
    def mask(self) -> int: ...

    def verifying_key(self) -> tuple[bytes, bytes, bytes, bytes | None, bytes, list[bytes]]:
        """alpha (G1), beta, gamma, epsilon or None, delta (G2), IC (G1 each)."""

@overload
def commit_early(key: ProvingKey, witness: bytes) -> bytes:
    """D over the early wires; values from wire n_early on are not looked at."""

@overload
def commit_early(key: ProvingKey, witness: Witness) -> bytes:
    """D over the early wires of a witness stopped at its challenge."""

@overload
def prove(key: ProvingKey, witness: bytes, r: bytes, s: bytes) -> tuple[bytes, bytes, bytes, bytes | None, list[tuple[str, float, int]]]:
    """
    (A, B, C, D or None, profile); profile is (phase, seconds, field multiplications). Raises UnsatisfiedWitness, MalformedInput, NonCanonical.
    """

@overload
def prove(key: ProvingKey, witness: Witness, r: bytes, s: bytes) -> tuple[bytes, bytes, bytes, bytes | None, list[tuple[str, float, int]]]:
    """(A, B, C, D or None, profile) for a finished witness run."""

def unsafe_setup(r1cs: R1cs, path: str, *, tau: bytes, alpha: bytes, beta: bytes, gamma: bytes, delta: bytes, epsilon: bytes | None = None) -> None:
    """
    Write a key from known secrets: a .zkey, or a .tkey for a circuit with a challenge. Whoever knows the secrets forges. Raises BadSecret, FileFailure.
    """

class MalformedProgram(MalformedInput):
    pass

class ProgramTruncated(MalformedProgram):
    pass

class ProgramMagic(MalformedProgram):
    pass

class ProgramVersion(MalformedProgram):
    pass

class ProgramTrailingBytes(MalformedProgram):
    pass

class ProgramTooLarge(MalformedProgram):
    pass

class ProgramCoefficient(MalformedProgram):
    pass

class ProgramOpcode(MalformedProgram):
    pass

class ProgramOutOfRange(MalformedProgram):
    pass

class ProgramRecursion(MalformedProgram):
    pass

class ProgramDoubleWrite(MalformedProgram):
    pass

class ProgramNeverWritten(MalformedProgram):
    pass

class ProgramReadBeforeWrite(MalformedProgram):
    pass

class ProgramChallenge(MalformedProgram):
    pass

class ProgramAfterChallenge(MalformedProgram):
    pass

class ProgramInputCount(MalformedProgram):
    pass

class ProgramRoot(MalformedProgram):
    pass

class WitnessProgram:
    def __init__(self, blob: bytes) -> None: ...

    @property
    def n_wires(self) -> int: ...

    @property
    def n_public(self) -> int: ...

    @property
    def n_inputs(self) -> int: ...

    @property
    def n_early(self) -> int: ...

    @property
    def has_challenge(self) -> bool: ...

    @property
    def uses_mask(self) -> bool: ...

    def start(self, inputs: bytes, mask: bytes | None = None) -> Witness: ...

    def run(self, inputs: bytes, mask: bytes | None = None) -> Witness: ...

class Witness:
    @staticmethod
    def from_bytes(values: bytes) -> Witness: ...

    def finish(self, chi: bytes) -> None: ...

    @property
    def complete(self) -> bool: ...

    @property
    def n_early(self) -> int: ...

    def __len__(self) -> int: ...

    def to_bytes(self) -> bytes: ...

    def wires(self, indices: Sequence[int]) -> bytes: ...

class InvalidSignature(KernelError):
    pass

def poseidon(inputs: bytes) -> bytes: ...

def poseidon_batch(arity: int, inputs: bytes) -> bytes: ...

def babyjub_mul(point: bytes, scalar: bytes) -> bytes: ...

def babyjub_mul_base(scalar: bytes) -> bytes: ...

def eddsa_verify(ax: bytes, ay: bytes, r8x: bytes, r8y: bytes, s: bytes, message: bytes) -> None: ...

def eddsa_verify_batch(records: bytes) -> bytes: ...

def eddsa_public_key(secret: bytes) -> bytes: ...

def eddsa_sign(secret: bytes, nonce: bytes, message: bytes) -> bytes: ...

def pairing_check(pairs: bytes) -> bool: ...

def ecadd(input: bytes) -> bytes: ...

def ecmul(input: bytes) -> bytes: ...

def ecpairing(input: bytes) -> bytes: ...

class DegenerateKey(MalformedInput):
    pass

class InvalidProof(KernelError):
    pass

class PreparedVerifyingKey:
    def __init__(self, blob: bytes) -> None: ...

    @property
    def n_public(self) -> int: ...

    @property
    def has_challenge(self) -> bool: ...

    @property
    def hash(self) -> bytes: ...

    def verify(self, proof: bytes, public_inputs: bytes) -> None: ...

    def verify_words(self, proof: bytes, words: bytes) -> None: ...

    def unsafe_check_equation(self, proof: bytes, public_inputs: bytes) -> None: ...

    def verify_batch(self, proofs: Sequence[bytes], public_inputs: Sequence[bytes]) -> None: ...

    def verify_words_batch(self, proofs: Sequence[bytes], words: Sequence[bytes]) -> None: ...

def keccak256(data: bytes) -> bytes: ...
