"""BLAKE-512 against the submission's own vectors and the npm package behind circomlibjs."""

from collections.abc import Callable
from typing import Any

from circuits.twins.blake512 import blake512

# "SHA-3 proposal BLAKE", appendix: the digests of one zero byte and of 144 zero bytes begin so.
SUBMISSION = {
    1: "97961587f6d970faba6d2478045de6d1fabd09b61ae50932",
    144: "313717d608e9cf758dcb1eb0f0c3cf9fc150b2d500fb33f5",
}


def test_equals_the_submission() -> None:
    for length, prefix in SUBMISSION.items():
        assert blake512(bytes(length)).hex().startswith(prefix)


def test_equals_the_npm_package_around_block_boundaries(vectors: Callable[[str], Any]) -> None:
    cases = vectors("blake512")["cases"]
    assert {len(c["data"]) // 2 for c in cases} >= {0, 110, 111, 112, 127, 128, 129, 239, 240}
    for case in cases:
        assert blake512(bytes.fromhex(case["data"])).hex() == case["digest"]
