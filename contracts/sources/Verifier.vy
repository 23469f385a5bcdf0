# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Groth16 with one challenge, over a batch's public words
@notice Checks e(A,B) = e(alpha,beta) e(IC_0 + chi IC_1 + y IC_2, gamma) e(D,epsilon) e(C,delta), where chi and y
        are computed here from the words, the key and D: no caller can choose them. Every entry point reverts on
        anything but a valid proof; none returns a verdict that a caller could forget to read.
@dev A statement is n || d_0 || ... || d_{n-1} as 32-byte big-endian words, so keccak256 of it is the digest of
     docs/protocol.md section 7; n is not zero. What the words mean is the caller's business: it must compare the digest that
     comes back with the one it expects. A proof is A, B, C, D: ten words in EVM order.
"""

import bn254

MAX_STATEMENT: constant(uint256) = 32 * 1025
MAX_PROOFS: constant(uint256) = 16

CHALLENGE_TAG: constant(bytes32) = keccak256("tickproof.challenge.v1")
WEIGHT_TAG: constant(bytes32) = keccak256("tickproof.weights.v1")

vk_hash: public(immutable(bytes32))
# alpha 0..1, beta 2..5, gamma 6..9, epsilon 10..13, delta 14..17, IC_0 18..19, IC_1 20..21, IC_2 22..23
KEY: immutable(uint256[24])


@deploy
def __init__(key: uint256[24]):
    """
    @notice Refuses a key with a non-canonical coordinate, a point off its curve or outside its subgroup, a point
            at infinity, or two of beta, gamma, epsilon, delta equal or opposite (anyone can prove anything under
            such a key: C - L takes the place of L when gamma = delta).
    """
    pairs: DynArray[uint256[6], bn254.MAX_PAIRS] = []
    for g2: uint256 in [2, 6, 10, 14]:
        bn254._check_g2(key[g2], key[g2 + 1], key[g2 + 2], key[g2 + 3])
        # e(0, Q) is one for every Q, and the precompile checks Q all the same.
        pairs.append([0, 0, key[g2], key[g2 + 1], key[g2 + 2], key[g2 + 3]])
        for other: uint256 in [2, 6, 10, 14]:
            if other < g2:
                assert key[other] != key[g2] or key[other + 1] != key[g2 + 1], "key degenerate"
    bn254._assert_all(pairs)
    for g1: uint256 in [0, 18, 20, 22]:
        bn254._check_g1(key[g1], key[g1 + 1])
        # ecadd fails on a point that is not on the curve.
        same: uint256[2] = ecadd([key[g1], key[g1 + 1]], [0, 0])
    KEY = key
    vk_hash = keccak256(abi_encode(key))


@internal
@pure
def _check_proof(proof: uint256[10]):
    bn254._check_g1(proof[0], proof[1])
    bn254._check_g2(proof[2], proof[3], proof[4], proof[5])
    bn254._check_g1(proof[6], proof[7])
    bn254._check_g1(proof[8], proof[9])


@internal
@view
def _challenge(n: uint256, digest: bytes32, d_x: uint256, d_y: uint256) -> uint256:
    return convert(keccak256(abi_encode(CHALLENGE_TAG, vk_hash, d_x, d_y, n, digest)), uint256) % bn254.R


@internal
@view
def _assert_equation(chi: uint256, y: uint256, proof: uint256[10]):
    public_: uint256[2] = ecadd(
        [KEY[18], KEY[19]],
        ecadd(ecmul([KEY[20], KEY[21]], chi), ecmul([KEY[22], KEY[23]], y)),
    )
    bn254._assert_five(
        [
            proof[0], bn254.P - proof[1], proof[2], proof[3], proof[4], proof[5],
            KEY[0], KEY[1], KEY[2], KEY[3], KEY[4], KEY[5],
            public_[0], public_[1], KEY[6], KEY[7], KEY[8], KEY[9],
            proof[8], proof[9], KEY[10], KEY[11], KEY[12], KEY[13],
            proof[6], proof[7], KEY[14], KEY[15], KEY[16], KEY[17],
        ]
    )


@internal
@view
def _assert_weighted_equation(
    seed: bytes32,
    chi: DynArray[uint256, MAX_PROOFS],
    y: DynArray[uint256, MAX_PROOFS],
    proofs: DynArray[uint256[10], MAX_PROOFS],
):
    """
    @notice The product over i of the equation of proof i to the power rho_i, rho_0 = 1: n + 4 pairs.
    """
    pairs: DynArray[uint256[6], bn254.MAX_PAIRS] = []
    sum_1: uint256 = 0
    sum_chi: uint256 = 0
    sum_y: uint256 = 0
    c: uint256[2] = [0, 0]
    d: uint256[2] = [0, 0]
    for i: uint256 in range(len(proofs), bound=MAX_PROOFS):
        rho: uint256 = 1
        a_i: uint256[2] = [proofs[i][0], bn254.P - proofs[i][1]]
        c_i: uint256[2] = [proofs[i][6], proofs[i][7]]
        d_i: uint256[2] = [proofs[i][8], proofs[i][9]]
        if i > 0:
            rho = convert(keccak256(abi_encode(seed, i)), uint256) % bn254.R
            a_i = ecmul(a_i, rho)
            c_i = ecmul(c_i, rho)
            d_i = ecmul(d_i, rho)
        c = ecadd(c, c_i)
        d = ecadd(d, d_i)
        sum_1 = uint256_addmod(sum_1, rho, bn254.R)
        sum_chi = uint256_addmod(sum_chi, uint256_mulmod(rho, chi[i], bn254.R), bn254.R)
        sum_y = uint256_addmod(sum_y, uint256_mulmod(rho, y[i], bn254.R), bn254.R)
        pairs.append([a_i[0], a_i[1], proofs[i][2], proofs[i][3], proofs[i][4], proofs[i][5]])
    alpha: uint256[2] = ecmul([KEY[0], KEY[1]], sum_1)
    public_: uint256[2] = ecadd(
        ecmul([KEY[18], KEY[19]], sum_1),
        ecadd(ecmul([KEY[20], KEY[21]], sum_chi), ecmul([KEY[22], KEY[23]], sum_y)),
    )
    pairs.append([alpha[0], alpha[1], KEY[2], KEY[3], KEY[4], KEY[5]])
    pairs.append([public_[0], public_[1], KEY[6], KEY[7], KEY[8], KEY[9]])
    pairs.append([d[0], d[1], KEY[10], KEY[11], KEY[12], KEY[13]])
    pairs.append([c[0], c[1], KEY[14], KEY[15], KEY[16], KEY[17]])
    bn254._assert_all(pairs)


@external
@view
def key() -> uint256[24]:
    """
    @notice alpha, beta, gamma, epsilon, delta, IC_0, IC_1, IC_2 in EVM order; keccak256 of it is vk_hash.
    """
    return KEY


@external
@view
def verify(statement: Bytes[MAX_STATEMENT], proof: uint256[10]) -> bytes32:
    """
    @notice Reverts unless `proof` proves the words of `statement`.
    @return The digest of the words that were proven.
    """
    y: uint256 = 0
    n: uint256 = extract32(statement, 0, output_type=uint256)
    assert n != 0 and n < MAX_STATEMENT // 32 and len(statement) == 32 * (n + 1), "statement length"
    self._check_proof(proof)
    digest: bytes32 = keccak256(statement)
    chi: uint256 = self._challenge(n, digest, proof[8], proof[9])
    at: uint256 = 32 * n
    for i: uint256 in range(n, bound=MAX_STATEMENT // 32):
        word: uint256 = extract32(statement, at, output_type=uint256)
        assert word < bn254.R, "word not below r"
        y = uint256_addmod(uint256_mulmod(y, chi, bn254.R), word, bn254.R)
        at = unsafe_sub(at, 32)
    self._assert_equation(chi, y, proof)
    return digest


@external
@view
def verify_many(
    statements: Bytes[MAX_STATEMENT], proofs: DynArray[uint256[10], MAX_PROOFS]
) -> DynArray[bytes32, MAX_PROOFS]:
    """
    @notice Reverts unless every proof i proves statement i (the statements one after the other).
    @dev Weights come from a hash of the key, all statements and all proofs, so whoever chose the proofs could not
         know them: a batch with one invalid proof passes with probability about 1/r.
    @return The digest of each statement.
    """
    chi: DynArray[uint256, MAX_PROOFS] = []
    y: DynArray[uint256, MAX_PROOFS] = []
    digests: DynArray[bytes32, MAX_PROOFS] = []
    seed: bytes32 = keccak256(abi_encode(WEIGHT_TAG, vk_hash))
    start: uint256 = 0
    assert len(proofs) != 0, "no proofs"
    for proof: uint256[10] in proofs:
        assert start + 32 <= len(statements), "statement length"
        n: uint256 = extract32(statements, start, output_type=uint256)
        assert n != 0 and n < MAX_STATEMENT // 32 and start + 32 * (n + 1) <= len(statements), "statement length"
        self._check_proof(proof)
        digest: bytes32 = keccak256(slice(statements, start, 32 * (n + 1)))
        chi_i: uint256 = self._challenge(n, digest, proof[8], proof[9])
        y_i: uint256 = 0
        at: uint256 = start + 32 * n
        for i: uint256 in range(n, bound=MAX_STATEMENT // 32):
            word: uint256 = extract32(statements, at, output_type=uint256)
            assert word < bn254.R, "word not below r"
            y_i = uint256_addmod(uint256_mulmod(y_i, chi_i, bn254.R), word, bn254.R)
            at = unsafe_sub(at, 32)
        seed = keccak256(abi_encode(seed, digest, proof))
        chi.append(chi_i)
        y.append(y_i)
        digests.append(digest)
        start += 32 * (n + 1)
    assert start == len(statements), "statement length"
    self._assert_weighted_equation(seed, chi, y, proofs)
    return digests
