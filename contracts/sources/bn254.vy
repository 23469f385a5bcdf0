# pragma version 0.4.3
# pragma evm-version cancun
"""
@title BN254 through the precompiles of EIP-196 and EIP-197
@notice What every verifier here shares: canonical coordinates, no point at infinity, and a pairing check whose
        call and result are both checked. Curve and subgroup membership are checked by the precompiles: a point
        off its curve or outside its subgroup makes the call fail.
@dev Points are words in EVM order: x, y in G1; x imaginary, x real, y imaginary, y real in G2. A pair is P (2 words)
     and Q (4 words).
"""

P: constant(uint256) = 21888242871839275222246405745257275088696311157297823662689037894645226208583
R: constant(uint256) = 21888242871839275222246405745257275088548364400416034343698204186575808495617

ECPAIRING: constant(address) = 0x0000000000000000000000000000000000000008

# n + 4 pairs for n proofs with a challenge: see Verifier.verify_many.
MAX_PAIRS: constant(uint256) = 20


@internal
@pure
def _check_g1(x: uint256, y: uint256):
    assert x < P and y < P, "coordinate not below p"
    assert x | y != 0, "point at infinity"


@internal
@pure
def _check_g2(x_i: uint256, x_r: uint256, y_i: uint256, y_r: uint256):
    assert x_i < P and x_r < P and y_i < P and y_r < P, "coordinate not below p"
    assert x_i | x_r | y_i | y_r != 0, "point at infinity"


@internal
@view
def _assert_five(input: uint256[30]):
    """
    @notice Reverts unless the product of e(P_i, Q_i) over five pairs is one.
    """
    ok: bool = False
    output: Bytes[32] = b""
    ok, output = raw_call(
        ECPAIRING, abi_encode(input), max_outsize=32, is_static_call=True, revert_on_failure=False
    )
    assert ok and len(output) == 32, "not a point of the group"
    assert convert(output, uint256) == 1, "proof invalid"


@internal
@view
def _assert_all(pairs: DynArray[uint256[6], MAX_PAIRS]):
    """
    @notice Reverts unless the product of e(P_i, Q_i) over all pairs is one.
    """
    # The encoding is an offset, a length, and then the 192 bytes of each pair as the precompile reads them.
    input: Bytes[192 * MAX_PAIRS + 64] = slice(abi_encode(pairs), 64, 192 * len(pairs))
    ok: bool = False
    output: Bytes[32] = b""
    ok, output = raw_call(ECPAIRING, input, max_outsize=32, is_static_call=True, revert_on_failure=False)
    assert ok and len(output) == 32, "not a point of the group"
    assert convert(output, uint256) == 1, "proof invalid"
