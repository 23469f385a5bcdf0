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

class BadSetting(MalformedInput):
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

class InconsistentKey(KernelError):
    pass

class BadSecret(KernelError):
    pass

class FileFailure(KernelError):
    pass

def set_threads(count: int) -> None:
    """
    Threads that calls use from now on, the caller's included: 1 to 1024, or 0 for one per processor. Results never depend on it. Where the system refuses a thread, calls go on with fewer. Raises BadSetting for any other number.
    """

def threads() -> int:
    """Threads that calls use, the caller's included."""

def set_engine(name: str) -> None:
    """
    Choose the arithmetic: 'portable', 'adx', 'avx2' or 'ifma'. Same results; not to be changed while another thread computes. Raises BadSetting for another name, or if the processor or the build lacks it.
    """

def engines() -> list[str]:
    """
    The arithmetics that this build and this processor have, slowest first.
    """

def engine() -> str:
    """
    The arithmetic in use: 'portable', 'adx', 'avx2' or 'ifma'. Raises BadSetting, as every call that computes does, if the environment variable TICKPROOF_ENGINE names none that runs here.
    """

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
def prove(key: ProvingKey, witness: bytes, r: bytes, s: bytes, early: bytes | None = None) -> tuple[bytes, bytes, bytes, bytes | None, list[tuple[str, float, int]]]:
    """
    (A, B, C, D or None, profile); profile is (phase, seconds, field multiplications). `early`: D from commit_early on the same early wires, which is then not computed again. Raises UnsatisfiedWitness, InconsistentKey, MalformedInput, NonCanonical, NotOnCurve, InfinityNotAllowed.
    """

@overload
def prove(key: ProvingKey, witness: Witness, r: bytes, s: bytes, early: bytes | None = None) -> tuple[bytes, bytes, bytes, bytes | None, list[tuple[str, float, int]]]:
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
    """
    A witness program (docs/architecture.md), validated once; used for any number of runs.
    """

    def __init__(self, blob: bytes) -> None:
        """Raises one kind of MalformedProgram for each rule of the format."""

    @property
    def n_wires(self) -> int: ...

    @property
    def n_public(self) -> int: ...

    @property
    def n_inputs(self) -> int: ...

    @property
    def n_early(self) -> int:
        """The first late wire; without a challenge, the number of wires."""

    @property
    def has_challenge(self) -> bool: ...

    @property
    def uses_mask(self) -> bool: ...

    def start(self, inputs: bytes, mask: bytes | None = None) -> Witness:
        """
        Run up to the challenge, or to the end if there is none. Inputs and mask are 32 bytes each, little-endian, canonical. Raises ProgramError (number of inputs, mask missing or not taken), NonCanonical.
        """

    def run(self, inputs: bytes, mask: bytes | None = None) -> Witness:
        """
        Run a program without a challenge to its end. Raises like start, and ProgramError for one with a challenge.
        """

class Witness:
    """
    A circuit's wires, held by the kernel: complete, or waiting for the challenge.
    """

    @staticmethod
    def from_bytes(values: bytes) -> Witness:
        """
        A complete assignment from elsewhere, 32 bytes a wire, wire 0 first. Raises MalformedInput, NonCanonical.
        """

    def finish(self, chi: bytes) -> None:
        """
        Run the late part with the challenge (32 bytes). Raises ProgramError if the witness is complete.
        """

    @property
    def complete(self) -> bool: ...

    @property
    def n_early(self) -> int: ...

    def __len__(self) -> int: ...

    def to_bytes(self) -> bytes:
        """
        Every wire, 32 bytes each. Raises ProgramError while the challenge is missing.
        """

    def wires(self, indices: Sequence[int]) -> bytes:
        """
        The named wires, 32 bytes each. Raises MalformedInput past the end, ProgramError for late wires before finish.
        """

class InvalidSignature(KernelError):
    pass

class SmallOrderKey(InvalidSignature):
    pass

def poseidon(inputs: bytes) -> bytes:
    """
    circomlib's Poseidon of 1 to 16 elements of 32 bytes. Raises MalformedInput, NonCanonical.
    """

def poseidon_batch(arity: int, inputs: bytes) -> bytes:
    """
    One hash of 32 bytes for each consecutive tuple of `arity` elements. Raises MalformedInput, NonCanonical.
    """

def babyjub_mul(point: bytes, scalar: bytes) -> bytes:
    """
    scalar * point on Baby Jubjub: x || y of 64 bytes, any 256-bit scalar. Raises MalformedInput, NonCanonical, NotOnCurve.
    """

def babyjub_mul_base(scalar: bytes) -> bytes:
    """
    scalar * Base8, the base point of signatures; any 256-bit scalar. Raises MalformedInput.
    """

def eddsa_verify(ax: bytes, ay: bytes, r8x: bytes, r8y: bytes, s: bytes, message: bytes) -> None:
    """
    Return if the EdDSA-Poseidon signature is valid (docs/protocol.md, section 4); every part has 32 bytes. Raises NonCanonical (a coordinate, the message, or S not below the subgroup's order), NotOnCurve, SmallOrderKey (8 A is the identity), InvalidSignature (the equation), MalformedInput (a length).
    """

def eddsa_verify_batch(records: bytes) -> bytes:
    """
    One byte for each 192-byte record Ax, Ay, R8x, R8y, S, message: 0 valid, 1 a number not below r, 2 S not below the subgroup's order, 3 key or 4 R8 not on the curve, 5 the equation does not hold, 6 key of small order. Raises MalformedInput on a wrong length.
    """

def eddsa_public_key(secret: bytes) -> bytes:
    """
    x || y of secret/8 * Base8; secret is the pruned scalar, a multiple of 8. Raises MalformedInput.
    """

def eddsa_sign(secret: bytes, nonce: bytes, message: bytes) -> bytes:
    """
    R8x || R8y || S of the message, from the pruned secret scalar and the 64-byte nonce hash, as circomlibjs's signPoseidon. Not constant time. Raises MalformedInput, NonCanonical.
    """

def pairing_check(pairs: bytes) -> bool:
    """
    Whether the product of e(P, Q) is one over pairs of 192 bytes (P in G1, Q in G2, the kernel's byte order; infinity allowed). Raises MalformedInput, NonCanonical, NotOnCurve, NotInSubgroup.
    """

def ecadd(input: bytes) -> bytes:
    """
    The EVM's precompile 0x06 (EIP-196): big-endian, short input continued with zeros. Raises NonCanonical or NotOnCurve where the EVM fails the call.
    """

def ecmul(input: bytes) -> bytes:
    """
    The EVM's precompile 0x07 (EIP-196): any 256-bit scalar. Raises NonCanonical or NotOnCurve where the EVM fails.
    """

def ecpairing(input: bytes) -> bytes:
    """
    The EVM's precompile 0x08 (EIP-197): 32 bytes, 1 or 0. Raises MalformedInput, NonCanonical, NotOnCurve or NotInSubgroup where the EVM fails the call.
    """

class DegenerateKey(MalformedInput):
    pass

class InvalidProof(KernelError):
    pass

class PreparedVerifyingKey:
    """
    A Groth16 verifying key, parsed, checked and prepared once; used for any number of proofs.
    """

    def __init__(self, blob: bytes) -> None:
        """
        The bytes of verifier.keys.VerifyingKey.to_bytes. Raises MalformedInput, NonCanonical, NotOnCurve, NotInSubgroup, InfinityNotAllowed, DegenerateKey.
        """

    @property
    def n_public(self) -> int: ...

    @property
    def has_challenge(self) -> bool: ...

    @property
    def hash(self) -> bytes:
        """vk_hash of docs/protocol.md, section 7."""

    def verify(self, proof: bytes, public_inputs: bytes) -> None:
        """
        Return if the plain proof (256 bytes) is valid for the inputs (32 bytes each). Raises InvalidProof, UnsupportedKey (a key with a challenge), MalformedInput and its kinds.
        """

    def verify_words(self, proof: bytes, words: bytes) -> None:
        """
        Return if the proof with a challenge (320 bytes) is valid for the words (32 bytes each); chi and y are computed here. Raises InvalidProof, UnsupportedKey (a plain key), MalformedInput and its kinds.
        """

    def unsafe_check_equation(self, proof: bytes, public_inputs: bytes) -> None:
        """
        The bare equation, of either form. Proves nothing where the prover chose chi.
        """

    def verify_batch(self, proofs: Sequence[bytes], public_inputs: Sequence[bytes]) -> None:
        """
        verify for many proofs at once: n + 3 Miller loops. The InvalidProof raised names the first false one.
        """

    def verify_words_batch(self, proofs: Sequence[bytes], words: Sequence[bytes]) -> None:
        """
        verify_words for many proofs at once: n + 4 Miller loops. The InvalidProof raised names the first false one.
        """

def keccak256(data: bytes) -> bytes:
    """Ethereum's Keccak-256."""

def stored_fault_g1(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int:
    """
    The number of the first G1 point (64 bytes each, Montgomery form as in key files) that is not canonical or off the curve, or -1. Infinity passes.
    """

def stored_fault_g2(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int:
    """
    As stored_fault_g1 on the twist (128 bytes each); the subgroup is not looked at.
    """

def stored_in_subgroup(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bool:
    """
    Whether all G2 points in file form have order r or are infinity, by random sums: false lists pass with a chance below 2^-128. Raises MalformedInput.
    """

def stored_sum_g1(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], scalars: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bytes:
    """
    Sum of scalars[i] * points[i]: points in file form, checked; scalars and result in the kernel's byte order. Raises MalformedInput, NonCanonical.
    """

def stored_sum_g2(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], scalars: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bytes:
    """
    As stored_sum_g1; the points are checked for the twist, not for the subgroup.
    """

def stored_sparse_sums_g1(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], ptr: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], point: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], coefficient: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], table: bytes) -> bytes:
    """
    For each row i the sum over [ptr[i], ptr[i+1]) of table[coefficient] * points[point], all in file form but the table (32 bytes each, canonical). Raises MalformedInput, NonCanonical.
    """

def stored_sparse_sums_g2(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], ptr: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], point: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], coefficient: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], table: bytes) -> bytes:
    """As stored_sparse_sums_g1; the subgroup is not looked at."""

def stored_multiples_g1(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], scalar: bytes) -> bytes:
    """
    scalar * point for every point, in file form. Not constant time. Raises MalformedInput, NonCanonical.
    """

def stored_differences_g1(left: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], right: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bytes:
    """left[i] - right[i], in file form. Raises MalformedInput."""

def stored_inverse_transform_g1(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bytes:
    """
    1/n sum over j of w^(-jk) points[j] for every k, over a domain of as many points: the Lagrange form of powers. Raises MalformedInput.
    """

def stored_inverse_transform_g2(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bytes:
    """As stored_inverse_transform_g1."""

def stored_uncompressed_g1(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bytes:
    """
    Points in file form as ceremonies hash them: big-endian x, y. Raises MalformedInput, NonCanonical.
    """

def stored_uncompressed_g2(points: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> bytes:
    """As stored_uncompressed_g1, imaginary parts first."""

def generator_multiples_g1(scalars: bytes) -> bytes:
    """
    scalar * generator for every scalar, in file form. Raises MalformedInput, NonCanonical.
    """

def generator_multiples_g2(scalars: bytes) -> bytes:
    """
    scalar * generator of G2 for every scalar, in file form. Raises MalformedInput, NonCanonical.
    """
