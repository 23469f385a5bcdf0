"""`python -m verifier KEY PROOF PUBLIC`: check one proof from files.

Decides only what a command line decides: which file is read as what, the sentence printed, the exit code.
0: the proof is valid. 1: every file is well formed and the proof is refused. 2: a file is unreadable or
malformed, the arguments are wrong, or the answer cannot be written. PUBLIC holds the public words if the key is of
the challenge form, else the public inputs. snarkjs's order, KEY PUBLIC PROOF, is understood too: no file is both a
proof and a list of numbers, so what each one is never depends on its place."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from verifier.answer import say
from verifier.challenge import check_words, verify_words
from verifier.errors import MalformedError, Reason, RefusedError, VerifierError
from verifier.files import MAX_BYTES, key_from_json, proof_from_json, public_from_json, words_from_json
from verifier.groth16 import check_inputs, verify

T = TypeVar("T")


@dataclass(frozen=True)
class _File:
    """A file's path and content, read once (it may be a pipe)."""

    path: Path
    content: bytes

    @classmethod
    def read(cls, path: Path) -> "_File":
        try:
            with path.open("rb") as file:
                return cls(path, file.read(MAX_BYTES + 1))
        except OSError as error:
            raise MalformedError(Reason.UNREADABLE_FILE, f"{path}: {error.strerror}") from error

    def parsed(self, parse: Callable[[bytes], T]) -> T:
        """What the file holds. Raises `parse`'s error with the file's name."""
        try:
            return parse(self.content)
        except VerifierError as error:
            raise type(error)(error.reason, f"{self.path}: {error.detail}") from None


def _parses(file: _File, *readers: Callable[[bytes], object]) -> bool:
    for read in readers:
        try:
            read(file.content)
            return True
        except MalformedError:
            continue
    return False


def _check(args: argparse.Namespace) -> str:
    key = _File.read(args.key).parsed(key_from_json)
    proof_file, public_file = _File.read(args.proof), _File.read(args.public)
    statement = (public_from_json, words_from_json)
    if _parses(proof_file, *statement) and _parses(public_file, proof_from_json):
        proof_file, public_file = public_file, proof_file
    proof = proof_file.parsed(proof_from_json)
    if key.epsilon is not None:

        def words_in(content: bytes) -> tuple[int, ...]:
            found = words_from_json(content)
            check_words(found)
            return found

        words = public_file.parsed(words_in)
        verify_words(key, proof, words)
        return f"valid: {len(words)} words"

    def inputs_in(content: bytes) -> tuple[int, ...]:
        found = public_from_json(content)
        check_inputs(key, found)
        return found

    public = public_file.parsed(inputs_in)
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
    parser.add_argument(
        "public",
        type=Path,
        help="public inputs, or the words of a challenge-form statement (before the proof, as snarkjs has it, is understood)",
    )
    args = parser.parse_args(argv)
    try:
        say(_check(args))
    except MalformedError as error:
        print(f"malformed: {error}", file=sys.stderr)
        return 2
    except RefusedError as error:
        print(f"invalid: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
