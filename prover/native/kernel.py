"""The one door to the compiled extension: everything else in the project imports the kernel's names from here.

Bytes go in and bytes come out (docs/architecture.md, "Bytes at the kernel's edge"). This module decides nothing; what the
names mean and which errors they raise is documented in `_kernel.pyi`."""

# --- witness programs, hashes, signatures, pairings ---
from prover.native._kernel import BadSecret as BadSecret
from prover.native._kernel import FileFailure as FileFailure
from prover.native._kernel import InfinityNotAllowed as InfinityNotAllowed
from prover.native._kernel import (
    InvalidSignature as InvalidSignature,
)
from prover.native._kernel import (
    KernelError as KernelError,
)
from prover.native._kernel import (
    MalformedInput as MalformedInput,
)
from prover.native._kernel import (
    MalformedProgram as MalformedProgram,
)
from prover.native._kernel import (
    NonCanonical as NonCanonical,
)
from prover.native._kernel import NotInSubgroup as NotInSubgroup
from prover.native._kernel import (
    NotOnCurve as NotOnCurve,
)
from prover.native._kernel import (
    ProgramAfterChallenge as ProgramAfterChallenge,
)
from prover.native._kernel import (
    ProgramChallenge as ProgramChallenge,
)
from prover.native._kernel import (
    ProgramCoefficient as ProgramCoefficient,
)
from prover.native._kernel import (
    ProgramDoubleWrite as ProgramDoubleWrite,
)
from prover.native._kernel import (
    ProgramError as ProgramError,
)
from prover.native._kernel import (
    ProgramInputCount as ProgramInputCount,
)
from prover.native._kernel import (
    ProgramMagic as ProgramMagic,
)
from prover.native._kernel import (
    ProgramNeverWritten as ProgramNeverWritten,
)
from prover.native._kernel import (
    ProgramOpcode as ProgramOpcode,
)
from prover.native._kernel import (
    ProgramOutOfRange as ProgramOutOfRange,
)
from prover.native._kernel import (
    ProgramReadBeforeWrite as ProgramReadBeforeWrite,
)
from prover.native._kernel import (
    ProgramRecursion as ProgramRecursion,
)
from prover.native._kernel import (
    ProgramRoot as ProgramRoot,
)
from prover.native._kernel import (
    ProgramTooLarge as ProgramTooLarge,
)
from prover.native._kernel import (
    ProgramTrailingBytes as ProgramTrailingBytes,
)
from prover.native._kernel import (
    ProgramTruncated as ProgramTruncated,
)
from prover.native._kernel import (
    ProgramVersion as ProgramVersion,
)
from prover.native._kernel import UnsatisfiedWitness as UnsatisfiedWitness
from prover.native._kernel import UnsupportedKey as UnsupportedKey
from prover.native._kernel import (
    Witness as Witness,
)
from prover.native._kernel import (
    WitnessProgram as WitnessProgram,
)
from prover.native._kernel import (
    babyjub_mul as babyjub_mul,
)
from prover.native._kernel import (
    babyjub_mul_base as babyjub_mul_base,
)
from prover.native._kernel import (
    eddsa_public_key as eddsa_public_key,
)
from prover.native._kernel import (
    eddsa_sign as eddsa_sign,
)
from prover.native._kernel import (
    eddsa_verify as eddsa_verify,
)
from prover.native._kernel import (
    eddsa_verify_batch as eddsa_verify_batch,
)

# --- engine, sums and transforms ---
from prover.native._kernel import engine as engine
from prover.native._kernel import msm_g1 as msm_g1
from prover.native._kernel import msm_g2 as msm_g2
from prover.native._kernel import ntt as ntt
from prover.native._kernel import (
    poseidon as poseidon,
)
from prover.native._kernel import (
    poseidon_batch as poseidon_batch,
)
from prover.native._kernel import quotient_on_coset as quotient_on_coset
from prover.native._kernel import set_engine as set_engine
from prover.native._kernel import set_threads as set_threads
from prover.native._kernel import threads as threads
