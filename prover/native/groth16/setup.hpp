// Making a proving key from known secrets, for development and tests: whoever knows them can forge, and the Python name
// says so. Decides the key's elements and writes the file; a key for production comes from the ceremony.
//   A_i = sum over rows of a[row, i] L_row(tau), B_i and C_i likewise, K_i = beta A_i + alpha B_i + C_i
//   IC_i = K_i/gamma for wires 0..n_public; early_i = K_i/epsilon; late_i = K_i/delta
//   H_i = L'_(2i+1)(tau)/delta, L' the Lagrange basis of the domain of twice the size (snarkjs's convention)
#pragma once

#include <string>
#include <vector>

#include "curve/curve.hpp"
#include "groth16/r1cs.hpp"

namespace tickproof {

struct Secrets {
    Fr tau, alpha, beta, gamma, delta;
    std::optional<Fr> epsilon;
};

// Writes a .zkey (plain; snarkjs reads it) or a .tkey (with a challenge), atomically. Throws BadSecret if a secret is zero,
// tau lies in the doubled domain, or epsilon does not go with the circuit; FileFailure.
void setup(const R1cs& r1cs, const Secrets& secrets, const std::string& path);

// scalars[i] * base, batched.
template <class G>
std::vector<Affine<G>> fixed_base_multiples(const Affine<G>& base, const std::vector<Fr>& scalars);

}  // namespace tickproof
