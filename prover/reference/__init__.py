"""Groth16 in pure Python on py_ecc, plain and with one challenge, for small circuits: the oracle for the
native kernel."""

from prover.reference.errors import Reason, ReferenceProverError
from prover.reference.keygen import unsafe_setup
from prover.reference.keys import ProvingKey, Secrets
from prover.reference.proving import commit, prove, random_blinding

__all__ = [
    "ProvingKey",
    "Reason",
    "ReferenceProverError",
    "Secrets",
    "commit",
    "prove",
    "random_blinding",
    "unsafe_setup",
]
