// The verification equation of Groth16, for one proof and for many under one key:
//
//   e(A, B) = e(alpha, beta) e(IC_0 + sum x_j IC_j, gamma) e(C, delta)                  plain
//   e(A, B) = e(alpha, beta) e(IC_0 + chi IC_1 + y IC_2, gamma) e(D, epsilon) e(C, delta)   with a challenge
//
// A batch raises the i-th equation to a weight z_i and multiplies them: n + 3 Miller loops (n + 4 with a challenge) and
// one final exponentiation. The weights are odd numbers of 128 bits from a hash over the key and every proof and
// statement, so that a batch with a false equation passes with probability 2^-127 for each hash the prover tries. What the statements mean
// is the caller's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "groth16/verifying_key.hpp"

namespace tickproof {

struct InvalidProof : KernelError {
    using KernelError::KernelError;
};

struct Claim {
    Proof proof;
    std::vector<Fr> public_inputs;  // as many as the key takes
};

// chi and y of the challenge form, computed from the words.
std::vector<Fr> challenge_inputs(const VerifyingKey& key, const Proof& proof, std::span<const Fr> words);

// Throw InvalidProof; a batch names the first claim that is false.
void check_equation(const VerifyingKey& key, const Claim& claim);
void check_batch(const VerifyingKey& key, std::span<const Claim> claims);

}  // namespace tickproof
