// Multi-scalar multiplication on the vector engine; sums/msm.hpp says what it computes. The caller checks that the engine is there.
#pragma once

#include "sums/msm.hpp"

namespace tickproof::vectors {

// window = 0: chosen from the scalars; tests force others (3..16).
template <class G>
Affine<G> msm(const std::uint8_t* bases, const Limbs* scalars, std::size_t n, MsmCounts* counts, unsigned window);

extern template Affine<G1> msm<G1>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);
extern template Affine<G2> msm<G2>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);

// a[i] += b[i], complete, canonical.
template <class G>
void batch_add(Affine<G>* a, const Affine<G>* b, std::size_t n);

extern template void batch_add<G1>(Affine<G1>*, const Affine<G1>*, std::size_t);
extern template void batch_add<G2>(Affine<G2>*, const Affine<G2>*, std::size_t);

}  // namespace tickproof::vectors
