"""The verifier: parse, validate, verify. Depends on py_ecc and pycryptodome only, and on nothing else of
this project.

`verify` is for plain Groth16 keys, `verify_words` for keys of the challenge form; both return None or raise
a `VerifierError` with a numbered reason. Soundness rests on `VerifyingKey` and `Proof` checking every point
they are built from. The command line is `python -m verifier`."""

from verifier.challenge import challenge, challenge_from_hash, digest, evaluate, verify_words, vk_hash
from verifier.errors import MalformedError, Reason, RefusedError, VerifierError
from verifier.files import key_from_json, key_to_json, proof_from_json, proof_to_json
from verifier.groth16 import verify
from verifier.keys import Proof, VerifyingKey
from verifier.pairing import Pairing
from verifier.points import Fp2, G1Point, G2Point

__all__ = [
    "Fp2",
    "G1Point",
    "G2Point",
    "MalformedError",
    "Pairing",
    "Proof",
    "Reason",
    "RefusedError",
    "VerifierError",
    "VerifyingKey",
    "challenge",
    "challenge_from_hash",
    "digest",
    "evaluate",
    "key_from_json",
    "key_to_json",
    "proof_from_json",
    "proof_to_json",
    "verify",
    "verify_words",
    "vk_hash",
]
