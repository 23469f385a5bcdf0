"""A Solidity contract that verifies proofs under one key, plain Groth16 or with a challenge, for Foundry
and Hardhat.

Decides the text, and with it what the contract accepts: exactly what `verifier` accepts for the same key.
The points of a proof are checked by the EVM's precompiles (canonical, on the curve, in the G2 subgroup:
EIP-196, EIP-197); what those let through and `verifier` does not, infinity, is refused here, as is an input
or word that is not below r. A refusal returns false; a precompile call that fails reverts, so that too
little gas is never taken for an invalid proof, and so does one without an answer, so that a chain that
lacks the precompiles accepts nothing.

`verifyProof` has snarkjs's signature, so `prover.formats.snarkjs_json.solidity_calldata` and its users fit; without
public inputs it has no fourth argument, since Solidity has no uint256[0] (snarkjs's template does not compile then).
The Vyper contracts of this project are in contracts/ and do not depend on this module."""

import re
from collections.abc import Sequence

from verifier.challenge import CHALLENGE_DOMAIN, vk_hash
from verifier.errors import Reason, RefusedError
from verifier.keys import Proof, VerifyingKey
from verifier.points import G1Point, G2Point, P, R, g1_evm_words, g2_evm_words

PRAGMA = "^0.8.13"
MAX_CONTRACT_BYTES = 24_576
"""The most runtime code that Ethereum deploys (EIP-170)."""

_BASE_BYTES, _BYTES_PER_INPUT = 1_500, 74
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

# One pair of the pairing's input: a G1 point (two words), then a G2 point (four).
_PAIR = 0xC0
_PROOF, _KEY, _STATEMENT, _LATE, _EARLY, _SCALARS = (i * _PAIR for i in range(6))
_NEXT = _STATEMENT + 0xA0


def _store(offset: int, words: Sequence[int]) -> list[str]:
    return [f"mstore(add(m, 0x{offset + 32 * i:03x}), 0x{word:064x})" for i, word in enumerate(words)]


def _copy(offset: int, name: str, words: int) -> list[str]:
    return [f"calldatacopy(add(m, 0x{offset:03x}), {name}, 0x{32 * words:02x})"]


def _accumulate(point: G1Point) -> list[str]:
    x, y = g1_evm_words(point)
    return [f"accumulate(0x{x:064x}, 0x{y:064x})"]


def _g2(offset: int, point: G2Point) -> list[str]:
    return _store(offset + 0x40, g2_evm_words(point))


def _lines(lines: Sequence[str], depth: int) -> str:
    return "\n".join(" " * 4 * depth + line if line else "" for line in lines)


def _pairing(key: VerifyingKey, store_scalars: Sequence[str]) -> list[str]:
    """The statement's point, then all pairs, then one call of the pairing precompile. `store_scalars`: what writes
    the scalars of IC_1, IC_2 .. to memory at `scalars`."""
    lines = [
        "// IC_0 + sum of input_i IC_i, accumulated where the pairing reads it; gamma is stored after it.",
        *_store(_STATEMENT, g1_evm_words(key.ic[0])),
    ]
    if key.n_public:
        at = [f"let scalars := add(m, 0x{_SCALARS:03x})", f"mstore(add(m, 0x{_NEXT:03x}), scalars)"]
        lines += [*at, *store_scalars]
    for point in key.ic[1:]:
        lines += _accumulate(point)
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


# One call a point, with nothing but the point pushed for it: this is what a contract of many inputs consists of.
_ACCUMULATE = [
    "function accumulate(x, y) {",
    "    // sum holds the running point; the words after it are free until the pairing's input is written: the",
    "    // precompiles' input, then where the next scalar is.",
    f"    let sum := add(mload(0x40), 0x{_STATEMENT:03x})",
    "    // Never true. What may call itself is not copied for every point by the optimiser of solc's IR.",
    "    if iszero(sum) { accumulate(x, y) }",
    f"    let next := add(sum, 0x{_NEXT - _STATEMENT:02x})",
    "    mstore(add(sum, 0x40), x)",
    "    mstore(add(sum, 0x60), y)",
    "    mstore(add(sum, 0x80), mload(mload(next)))",
    "    mstore(next, add(mload(next), 0x20))",
    "    if iszero(staticcall(gas(), 7, add(sum, 0x40), 0x60, add(sum, 0x40), 0x40)) { revert(0, 0) }",
    "    if xor(returndatasize(), 0x40) { revert(0, 0) }",
    "    if iszero(staticcall(gas(), 6, sum, 0x80, sum, 0x40)) { revert(0, 0) }",
    "    if xor(returndatasize(), 0x40) { revert(0, 0) }",
    "}",
]
_IS_FINITE = [
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
    size = f"0x{32 * key.n_public:02x}"
    arguments = "uint256[2] calldata a, uint256[2][2] calldata b, uint256[2] calldata c"
    body, copy = list(_CHECKS), []
    # Solidity has no arrays of length zero.
    if key.n_public:
        arguments += f", uint256[{key.n_public}] calldata inputs"
        copy = [f"calldatacopy(scalars, inputs, {size})"]
        body += [
            f"for {{ let i := 0 }} lt(i, {size}) {{ i := add(i, 0x20) }} {{",
            "    valid := and(valid, lt(calldataload(add(inputs, i)), R))",
            "}",
        ]
    inner = _pairing(key, copy)
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
    inner = _pairing(key, ["mstore(scalars, chi)", "mstore(add(scalars, 0x20), y)"])
    return f"verifyWords({arguments})", [*body, "if valid {", *(f"    {line}" for line in inner), "}"]


def contract_bytes(key: VerifyingKey) -> int:
    """How large the runtime code of the key's contract gets, at most: measured with solc 0.8.28 optimised, not optimised and
    through its IR (tests/vectors/solidity). Two pushed coordinates, a return address, a jump: 74 bytes a public input."""
    return _BASE_BYTES + _BYTES_PER_INPUT * key.n_public


def fits_a_contract(key: VerifyingKey) -> bool:
    """Whether the key's contract can be deployed under EIP-170 whatever the compiler's settings: 311 public inputs."""
    return contract_bytes(key) <= MAX_CONTRACT_BYTES


def solidity_verifier(key: VerifyingKey, name: str = "Groth16Verifier") -> str:
    """The source of a contract `name` with `verifyProof` (plain key) or `verifyWords` (key with a challenge).

    The functions are public, so that a contract may inherit them. A contract of more than 311 inputs does not fit a chain
    with EIP-170's limit (`fits_a_contract`). Raises `ValueError` if `name` is not an identifier.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a contract name: {name!r}")
    signature, body = _plain_body(key) if key.epsilon is None else _challenge_body(key)
    helpers = [*(_ACCUMULATE if key.n_public else []), *_IS_FINITE]
    assembly = ["let m := mload(0x40)", *helpers, *body]
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
        public
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
