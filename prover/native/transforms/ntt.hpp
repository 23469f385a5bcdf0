// Number-theoretic transforms over Fr and the one thing the prover needs of them: from the values of A and B on the domain
// to those of A B - C on its odd coset. Decides blocking and threads; the butterflies themselves may be the vector engine's.
// Cooley-Tukey takes natural to bit-reversed order and Gentleman-Sande takes it back, so nothing is ever permuted, and
// one table of twiddles in bit-reversed order serves every layer of both (Longa and Naehrig, eprint 2016/504).
#pragma once

#include <memory>
#include <vector>

#include "field/field.hpp"

namespace tickproof {

inline constexpr unsigned max_log_domain = 28;  // 2^28 divides r - 1, 2^29 does not

// A primitive 2^k-th root of unity; the root of order 2^28 is 5^((r-1)/2^28), as in snarkjs and circom.
Fr root_of_unity(unsigned k);

class Domain {
   public:
    // Shared by all callers in the process; the table is 16 bytes a point.
    static std::shared_ptr<const Domain> get(unsigned log_size);

    explicit Domain(unsigned log_size);
    unsigned log_size() const { return log_size_; }
    std::size_t size() const { return std::size_t{1} << log_size_; }
    const Fr& omega() const { return omega_; }
    const Fr* twiddles() const { return twiddles_.data(); }

   private:
    unsigned log_size_;
    Fr omega_;
    std::vector<Fr> twiddles_;
};

// out[k] = sum of in[j] omega^(jk), natural order both ways; the inverse takes omega^-1 and divides by the size.
void ntt(const Domain& domain, Fr* values, bool inverse);

// a and b: values of two polynomials of degree < N on the domain, natural order. On return a[i] holds, as the *canonical*
// integer rather than in Montgomery form, (A B - C)(g omega^i) where g^2 = omega and C interpolates a[i] b[i]: three inverse
// and three forward transforms. b and c (N places each) are scratch.
void quotient_on_coset(const Domain& domain, Fr* a, Fr* b, Fr* c);

}  // namespace tickproof
