// Proving (Groth16, eprint 2016/260), plain and with one challenge:
//   A = alpha + sum w_i A_i + r delta                                          in G1
//   B = beta + sum w_i B_i + s delta                                           in G2 (and in G1, for C)
//   C = sum over late wires w_i K_i/delta + sum t_i H_i + s A + r B_1 - r s delta
//   D = sum over early wires w_i K_i/epsilon                                   with a challenge
// t_i = (A B - C)(odd coset), snarkjs's convention. Decides the order of work and that no proof leaves that does not hold:
// with the R1CS in the key every row is checked first, and in any case the finished proof is verified (a millisecond). What chi must be, and
// who may choose r and s, is the caller's business.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "groth16/proving_key.hpp"
#include "sums/msm.hpp"

namespace tickproof {

struct Phase {
    std::string name;
    double seconds = 0;
    std::uint64_t multiplications = 0;  // of Fq or Fr, as the plan counts them
};

struct Proof {
    G1Affine a, c;
    G2Affine b;
    std::optional<G1Affine> d;
    std::vector<Phase> profile;
};

// Throws UnsatisfiedWitness, or InconsistentKey if the key is to blame. The witness is canonical and has key.n_wires values, the first one 1.
// `d`: what commit_early returned for the same early wires, so that their sum is not computed again; throws MalformedInput
// if it is not that and the proof therefore does not verify.
Proof prove(const ProvingKey& key, std::span<const Limbs> witness, const Fr& r, const Fr& s,
            const std::optional<G1Affine>& d = std::nullopt);

// D, from a witness of which at least the wires below n_early are known. Throws UnsupportedKey for a plain key.
G1Affine commit_early(const ProvingKey& key, std::span<const Limbs> witness);

// e(A,B) = e(alpha,beta) e(IC(public), gamma) e(C, delta) [e(D, epsilon)], for points already known to be in their groups.
bool proof_holds(const ProvingKey& key, const Proof& proof, std::span<const Limbs> public_wires);

}  // namespace tickproof
