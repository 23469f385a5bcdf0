"""The contracts whose compiled form is recorded (vectors/solidity): sources from fixed keys, by name."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from py_ecc.optimized_bn128 import G1 as ECC_G1
from py_ecc.optimized_bn128 import G2 as ECC_G2
from py_ecc.optimized_bn128 import add, multiply, normalize

from prover.export.solidity import solidity_verifier
from verifier import Fp2, G1Point, G2Point, VerifyingKey, key_from_json
from verifier.points import R

VECTORS = Path(__file__).parents[2] / "vectors"
MULTIPLIER = VECTORS / "snarkjs" / "multiplier"
OPTIMIZED = {"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "paris"}
SETTINGS = {
    "optimized": OPTIMIZED,
    "unoptimized": {"optimizer": {"enabled": False}, "evmVersion": "paris"},
    "via_ir": {**OPTIMIZED, "viaIR": True},
}
SIZED = (0, 1, 3, 100, 245, 300, 311, 315)
"""Numbers of public inputs for which the size of the code is recorded; 245 is the most that fits with snarkjs's template."""

INHERITED = """
contract Inherits is Groth16Verifier {
    /// The verifier as a function of one's own, with memory in use before and after it.
    function check(
        uint256[2] calldata a, uint256[2][2] calldata b, uint256[2] calldata c, uint256[3] calldata inputs
    ) external view returns (bool) {
        bytes memory kept = abi.encode(a, b, c, inputs);
        bytes32 digest = keccak256(kept);
        bool valid = verifyProof(a, b, c, inputs);
        require(keccak256(kept) == digest && keccak256(abi.encode(a, b, c, inputs)) == digest);
        return valid;
    }
}
"""


def g1(k: int) -> G1Point:
    """k times the generator."""
    x, y = normalize(multiply(ECC_G1, k % R))
    return G1Point(int(x), int(y))


def g2(k: int) -> G2Point:
    """k times the generator."""
    x, y = normalize(multiply(ECC_G2, k % R))
    return G2Point(Fp2(*map(int, x.coeffs)), Fp2(*map(int, y.coeffs)))


@cache
def keys() -> dict[str, VerifyingKey]:
    """Keys by the form of their contract."""
    plain = key_from_json((MULTIPLIER / "vkey.json").read_bytes())
    challenged = VerifyingKey(
        alpha=g1(3), beta=g2(5), gamma=g2(7), delta=g2(11), epsilon=g2(13), ic=(g1(17), g1(19), g1(23))
    )
    nothing = key_from_json((VECTORS / "snarkjs" / "compat" / "zeropub_v.json").read_bytes())
    return {"plain": plain, "challenge": challenged, "nothing": nothing}


@cache
def key_of(n_public: int) -> VerifyingKey:
    """A key of so many public inputs."""
    point, ic = multiply(ECC_G1, 1 << 200), []
    for _ in range(n_public + 1):
        x, y = normalize(point)
        ic.append(G1Point(int(x), int(y)))
        point = add(point, ECC_G1)
    return replace(keys()["plain"], ic=tuple(ic))


def sources() -> dict[str, str]:
    """Solidity by name."""
    found = {form: solidity_verifier(key) for form, key in keys().items()}
    return found | {"inherits": found["plain"] + INHERITED}
