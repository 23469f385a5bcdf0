// Multi-scalar multiplication, sum of k_i P_i over G1 or G2 (Pippenger). Decides windows, order of work and the split over
// threads. Windows are signed: k is taken in (-r/2, r/2], a bias turns each c-bit window into a digit in
// [-2^(c-1), 2^(c-1)) without carries, so a scalar costs only its non-zero digits and -1 costs what 1 does. Entries are
// sorted by bucket and each bucket is summed as a tree of affine additions that share one inversion: two entries of one
// bucket can never collide, whatever they are. Weighted bucket sums use the same batched addition over many short chains.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "curve/curve.hpp"

namespace tickproof {

// What an MSM did, in units that the profile turns into field multiplications.
struct MsmCounts {
    std::uint64_t scalars = 0;         // given
    std::uint64_t full = 0;            // neither zero nor smaller than one window, base finite
    std::uint64_t bucket_adds = 0;     // affine additions inside buckets
    std::uint64_t reduction_adds = 0;  // affine additions of the weighted bucket sums
    unsigned window = 0;

    MsmCounts& operator+=(const MsmCounts& o) {
        scalars += o.scalars;
        full += o.full;
        bucket_adds += o.bucket_adds;
        reduction_adds += o.reduction_adds;
        window = o.window;
        return *this;
    }
};

// bases: n affine points in Montgomery form as key files hold them (infinity all zero), any alignment, already validated.
// scalars: n canonical integers below r. window = 0 lets the cost model choose; tests force others (3..16).
template <class G>
Affine<G> msm(const std::uint8_t* bases, const Limbs* scalars, std::size_t n, MsmCounts* counts = nullptr, unsigned window = 0);

extern template Affine<G1> msm<G1>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);
extern template Affine<G2> msm<G2>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);

// a[i] += b[i], complete, with one inversion for all; through the vector engine when it is on.
template <class G>
void batch_add(Affine<G>* a, const Affine<G>* b, std::size_t n);
extern template void batch_add<G1>(Affine<G1>*, const Affine<G1>*, std::size_t);
extern template void batch_add<G2>(Affine<G2>*, const Affine<G2>*, std::size_t);

}  // namespace tickproof
