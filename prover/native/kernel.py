"""The one door to the compiled extension: everything else in the project imports the kernel's names from here.

Bytes go in and bytes come out (docs/architecture.md, "Bytes at the kernel's edge"). This module decides nothing; what the
names mean and which errors they raise is documented in `_kernel.pyi`."""

# --- witness programs, hashes, signatures, pairings ---
from prover.native._kernel import (
    KernelError as KernelError,
    MalformedInput as MalformedInput,
    MalformedProgram as MalformedProgram,
    NonCanonical as NonCanonical,
    ProgramAfterChallenge as ProgramAfterChallenge,
    ProgramChallenge as ProgramChallenge,
    ProgramCoefficient as ProgramCoefficient,
    ProgramDoubleWrite as ProgramDoubleWrite,
    ProgramError as ProgramError,
    ProgramInputCount as ProgramInputCount,
    ProgramMagic as ProgramMagic,
    ProgramNeverWritten as ProgramNeverWritten,
    ProgramOpcode as ProgramOpcode,
    ProgramOutOfRange as ProgramOutOfRange,
    ProgramReadBeforeWrite as ProgramReadBeforeWrite,
    ProgramRecursion as ProgramRecursion,
    ProgramRoot as ProgramRoot,
    ProgramTooLarge as ProgramTooLarge,
    ProgramTrailingBytes as ProgramTrailingBytes,
    ProgramTruncated as ProgramTruncated,
    ProgramVersion as ProgramVersion,
    Witness as Witness,
    WitnessProgram as WitnessProgram,
)
