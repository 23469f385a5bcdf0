"""`python -m verifier KEY PROOF PUBLIC`: check one proof from files.

Decides only what a command line decides: which file is read as what, the sentence printed, the exit code.
0: the proof is valid. 1: every file is well formed and the proof is refused. 2: a file is unreadable or
malformed, or the arguments are wrong. PUBLIC holds the public words if the key is of the challenge form,
else the public inputs."""

import argparse
import sys
from pathlib import Path

from verifier.challenge import check_words, verify_words
from verifier.errors import MalformedError, Reason, RefusedError, VerifierError
from verifier.files import MAX_BYTES, key_from_json, proof_from_json, public_from_json, words_from_json
from verifier.groth16 import check_inputs, verify


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise MalformedError(Reason.UNREADABLE_FILE, f"{error.strerror}") from error


def _check(args: argparse.Namespace) -> str:
    path: Path = args.key
    try:
        key = key_from_json(_read(path))
        path = args.proof
        proof = proof_from_json(_read(path))
        path = args.public
        text = _read(path)
        if key.epsilon is not None:
            words = words_from_json(text)
            check_words(words)
        else:
            public = public_from_json(text)
            check_inputs(key, public)
    except VerifierError as error:
        raise type(error)(error.reason, f"{path}: {error.detail}") from None
    if key.epsilon is not None:
        verify_words(key, proof, words)
        return f"valid: {len(words)} words"
    verify(key, proof, public)
    return f"valid: {len(public)} public inputs"


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code (0 valid, 1 refused, 2 malformed)."""
    parser = argparse.ArgumentParser(
        prog="python -m verifier",
        description="Verify a Groth16 proof (BN254). Reads tickproof's and snarkjs's JSON files.",
        epilog="exit code: 0 valid, 1 invalid, 2 malformed input",
    )
    parser.add_argument("key", type=Path, help="verifying key")
    parser.add_argument("proof", type=Path, help="proof")
    parser.add_argument("public", type=Path, help="public inputs, or the words of a challenge-form statement")
    args = parser.parse_args(argv)
    try:
        print(_check(args))
    except MalformedError as error:
        print(f"malformed: {error}", file=sys.stderr)
        return 2
    except RefusedError as error:
        print(f"invalid: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
