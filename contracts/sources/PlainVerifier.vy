# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Groth16 for circuits without a challenge
@notice Checks e(A,B) = e(alpha,beta) e(IC_0 + sum x_i IC_i, gamma) e(C,delta). Reverts on anything but a valid
        proof. The number of inputs is the key's, and each is below r: x and x + r would be two names of one input.
@dev A proof is A, B, C: eight words in EVM order.
"""

import bn254

MAX_INPUTS: constant(uint256) = 32

vk_hash: public(immutable(bytes32))
# alpha 0..1, beta 2..5, gamma 6..9, delta 10..13
KEY: immutable(uint256[14])
IC: immutable(DynArray[uint256[2], MAX_INPUTS + 1])


@deploy
def __init__(key: uint256[14], ic: DynArray[uint256[2], MAX_INPUTS + 1]):
    """
    @notice Refuses the same keys as Verifier, and one with no IC_0. An IC_i at infinity would leave input i free.
    """
    assert len(ic) != 0, "key without IC"
    pairs: DynArray[uint256[6], bn254.MAX_PAIRS] = []
    for g2: uint256 in [2, 6, 10]:
        bn254._check_g2(key[g2], key[g2 + 1], key[g2 + 2], key[g2 + 3])
        pairs.append([0, 0, key[g2], key[g2 + 1], key[g2 + 2], key[g2 + 3]])
        for other: uint256 in [2, 6, 10]:
            if other < g2:
                assert key[other] != key[g2] or key[other + 1] != key[g2 + 1], "key degenerate"
    bn254._assert_all(pairs)
    bn254._check_g1(key[0], key[1])
    same: uint256[2] = ecadd([key[0], key[1]], [0, 0])
    for point: uint256[2] in ic:
        bn254._check_g1(point[0], point[1])
        same = ecadd(point, [0, 0])
    KEY = key
    IC = ic
    # The encoding of a dynamic array starts with an offset and a length; the points follow.
    vk_hash = keccak256(concat(abi_encode(key), slice(abi_encode(ic), 64, 64 * len(ic))))


@external
@view
def input_count() -> uint256:
    """
    @notice How many public inputs a proof under this key has.
    """
    return len(IC) - 1


@external
@view
def verify(inputs: DynArray[uint256, MAX_INPUTS], proof: uint256[8]):
    """
    @notice Reverts unless `proof` proves `inputs`.
    """
    assert len(inputs) + 1 == len(IC), "input count"
    bn254._check_g1(proof[0], proof[1])
    bn254._check_g2(proof[2], proof[3], proof[4], proof[5])
    bn254._check_g1(proof[6], proof[7])
    sum: uint256[2] = IC[0]
    for i: uint256 in range(len(inputs), bound=MAX_INPUTS):
        assert inputs[i] < bn254.R, "input not below r"
        sum = ecadd(sum, ecmul(IC[i + 1], inputs[i]))
    bn254._assert_all(
        [
            [proof[0], bn254.P - proof[1], proof[2], proof[3], proof[4], proof[5]],
            [KEY[0], KEY[1], KEY[2], KEY[3], KEY[4], KEY[5]],
            [sum[0], sum[1], KEY[6], KEY[7], KEY[8], KEY[9]],
            [proof[6], proof[7], KEY[10], KEY[11], KEY[12], KEY[13]],
        ]
    )
