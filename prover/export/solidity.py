"""A Solidity contract that verifies proofs under one key, plain Groth16 or with a challenge, for Foundry
and Hardhat.

Decides the text, and with it what the contract accepts: exactly what `verifier` accepts for the same key.
The points of a proof are checked by the EVM's precompiles (canonical, on the curve, in the G2 subgroup:
EIP-196, EIP-197); what those let through and `verifier` does not, infinity, is refused here, as is an input
or word that is not below r. A refusal returns false; a precompile call that fails reverts, so that too
little gas is never taken for an invalid proof, and so does one without an answer, so that a chain that
lacks the precompiles accepts nothing.

`verifyProof` has snarkjs's signature, so `prover.formats.snarkjs_json.solidity_calldata` and its users fit.
The Vyper contracts of this project are in contracts/ and do not depend on this module."""

import re
from collections.abc import Sequence

from verifier.challenge import CHALLENGE_DOMAIN, vk_hash
from verifier.errors import Reason, RefusedError
from verifier.keys import Proof, VerifyingKey
from verifier.points import G1Point, G2Point, P, R, g1_evm_words, g2_evm_words

PRAGMA = "^0.8.13"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

# One pair of the pairing's input: a G1 point (two words), then a G2 point (four).
_PAIR = 0xC0
_PROOF, _KEY, _STATEMENT, _LATE, _EARLY = (i * _PAIR for i in range(5))


def _store(offset: int, words: Sequence[int]) -> list[str]:
    return [f"mstore(add(m, 0x{offset + 32 * i:03x}), 0x{word:064x})" for i, word in enumerate(words)]


def _copy(offset: int, name: str, words: int) -> list[str]:
    return [f"calldatacopy(add(m, 0x{offset:03x}), {name}, 0x{32 * words:02x})"]


def _accumulate(point: G1Point, scalar: str) -> list[str]:
    x, y = g1_evm_words(point)
    return [f"accumulate(add(m, 0x{_STATEMENT:03x}), 0x{x:064x}, 0x{y:064x}, {scalar})"]


def _g2(offset: int, point: G2Point) -> list[str]:
    return _store(offset + 0x40, g2_evm_words(point))


def _lines(lines: Sequence[str], depth: int) -> str:
    return "\n".join(" " * 4 * depth + line if line else "" for line in lines)


def _pairing(key: VerifyingKey, scalars: Sequence[str]) -> list[str]:
    """The statement's point, then all pairs, then one call of the pairing precompile."""
    lines = [
        "// IC_0 + sum of input_i IC_i, accumulated where the pairing reads it; gamma is stored after it.",
        *_store(_STATEMENT, g1_evm_words(key.ic[0])),
    ]
    for point, scalar in zip(key.ic[1:], scalars, strict=True):
        lines += _accumulate(point, scalar)
    lines += [
        "// (-A, B), (alpha, beta), (statement, gamma), (C, delta)"
        + (", (D, epsilon)" if key.epsilon else ""),
        "mstore(m, calldataload(a))",
        "mstore(add(m, 0x020), sub(P, calldataload(add(a, 0x20))))",
        *_copy(_PROOF + 0x40, "b", 4),
        *_store(_KEY, g1_evm_words(key.alpha)),
        *_g2(_KEY, key.beta),
        *_g2(_STATEMENT, key.gamma),
        *_copy(_LATE, "c", 2),
        *_g2(_LATE, key.delta),
    ]
    size = _LATE + _PAIR
    if key.epsilon is not None:
        lines += [*_copy(_EARLY, "d", 2), *_g2(_EARLY, key.epsilon)]
        size = _EARLY + _PAIR
    return [
        *lines,
        f"if iszero(staticcall(gas(), 8, m, 0x{size:03x}, m, 0x20)) {{ revert(0, 0) }}",
        "// Where there is no precompile the call succeeds and returns nothing: m would still hold A.",
        "if xor(returndatasize(), 0x20) { revert(0, 0) }",
        "valid := mload(m)",
    ]


_HELPERS = [
    "function accumulate(sum, x, y, scalar) {",
    "    // sum holds the running point; the words after it are free until the pairing's input is written.",
    "    mstore(add(sum, 0x40), x)",
    "    mstore(add(sum, 0x60), y)",
    "    mstore(add(sum, 0x80), scalar)",
    "    if iszero(staticcall(gas(), 7, add(sum, 0x40), 0x60, add(sum, 0x40), 0x40)) { revert(0, 0) }",
    "    if xor(returndatasize(), 0x40) { revert(0, 0) }",
    "    if iszero(staticcall(gas(), 6, sum, 0x80, sum, 0x40)) { revert(0, 0) }",
    "    if xor(returndatasize(), 0x40) { revert(0, 0) }",
    "}",
    "function isFinite(point) -> finite {",
    "    finite := iszero(iszero(or(calldataload(point), calldataload(add(point, 0x20)))))",
    "}",
]

# A's y is negated below, so the precompile would see neither y >= P nor infinity written as (0, P).
_CHECKS = [
    "valid := and(isFinite(a), lt(calldataload(add(a, 0x20)), P))",
    "valid := and(valid, or(isFinite(b), isFinite(add(b, 0x40))))",
    "valid := and(valid, isFinite(c))",
]


def _plain_body(key: VerifyingKey) -> tuple[str, list[str]]:
    offsets = [f"add(inputs, 0x{32 * i:x})" for i in range(key.n_public)]
    arguments = "uint256[2] calldata a, uint256[2][2] calldata b, uint256[2] calldata c"
    # Solidity has no arrays of length zero.
    arguments += f", uint256[{key.n_public}] calldata inputs" if key.n_public else ""
    body = [*_CHECKS, *(f"valid := and(valid, lt(calldataload({offset}), R))" for offset in offsets)]
    inner = _pairing(key, [f"calldataload({offset})" for offset in offsets])
    return f"verifyProof({arguments})", [*body, "if valid {", *(f"    {line}" for line in inner), "}"]


def _challenge_body(key: VerifyingKey) -> tuple[str, list[str]]:
    body = [
        *_CHECKS,
        "valid := and(valid, isFinite(d))",
        "let n := words.length",
        "valid := and(valid, iszero(iszero(n)))",
        "// chi = keccak256(domain || hash of the key || D || n || keccak256(n || words)) mod r",
        "mstore(m, n)",
        "calldatacopy(add(m, 0x20), words.offset, shl(5, n))",
        "let digest := keccak256(m, add(0x20, shl(5, n)))",
        *_store(0, [int.from_bytes(CHALLENGE_DOMAIN, "big"), int.from_bytes(vk_hash(key), "big")]),
        *_copy(0x40, "d", 2),
        "mstore(add(m, 0x080), n)",
        "mstore(add(m, 0x0a0), digest)",
        "let chi := mod(keccak256(m, 0xc0), R)",
        "// y = sum of words_i chi^i, from the last word down",
        "let y := 0",
        "for { let i := shl(5, n) } i {} {",
        "    i := sub(i, 0x20)",
        "    let word := calldataload(add(words.offset, i))",
        "    valid := and(valid, lt(word, R))",
        "    y := addmod(mulmod(y, chi, R), word, R)",
        "}",
    ]
    arguments = (
        "uint256[2] calldata a, uint256[2][2] calldata b, uint256[2] calldata c, uint256[2] calldata d, "
        "uint256[] calldata words"
    )
    inner = _pairing(key, ["chi", "y"])
    return f"verifyWords({arguments})", [*body, "if valid {", *(f"    {line}" for line in inner), "}"]


def solidity_verifier(key: VerifyingKey, name: str = "Groth16Verifier") -> str:
    """The source of a contract `name` with `verifyProof` (plain key) or `verifyWords` (key with a challenge).

    Raises `ValueError` if `name` is not an identifier.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a contract name: {name!r}")
    signature, body = _plain_body(key) if key.epsilon is None else _challenge_body(key)
    assembly = ["let m := mload(0x40)", *_HELPERS, *body]
    return f"""\
// SPDX-License-Identifier: Apache-2.0
pragma solidity {PRAGMA};

/// Groth16 on BN254 under one verifying key. Generated by tickproof; do not edit.
/// Returns false for an equation that does not hold, an input that is not below r, or an element at infinity.
/// Reverts when a precompile refuses a point, has too little gas or is missing, so that none is taken for an answer.
contract {name} {{
    uint256 private constant P = {P};
    uint256 private constant R = {R};

    function {signature}
        external
        view
        returns (bool valid)
    {{
        assembly ("memory-safe") {{
{_lines(assembly, 3)}
        }}
    }}
}}
"""


def words_calldata(proof: Proof, words: Sequence[int]) -> str:
    """The arguments of `verifyWords` as text: a, b, c, d, words; each Fp2 pair imaginary part first.

    Raises `verifier.RefusedError` 31 for a plain proof.
    """
    if proof.d is None:
        raise RefusedError(Reason.FORM_MISMATCH, "the proof has no element D")

    def array(values: Sequence[int]) -> str:
        return "[" + ", ".join(f'"0x{value:064x}"' for value in values) + "]"

    b = g2_evm_words(proof.b)
    parts = [array(proof.a), f"[{array(b[:2])},{array(b[2:])}]", array(proof.c), array(proof.d), array(words)]
    return ",".join(parts)
