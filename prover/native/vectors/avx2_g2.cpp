// The vector kernel of G2; see vectors/buckets.hpp. Compiled for AVX2 and FMA, called only where the processor has it.
#include "vectors/kernel.hpp"

#if defined(__AVX2__) && defined(__FMA__)

#define TICKPROOF_LANES_AVX2
#include "vectors/buckets.hpp"

namespace tickproof::vectors {

const CurveKernel* const avx2_g2_kernel = &Entry<Buckets<Fq2Vec>>::kernel;

}  // namespace tickproof::vectors

#else

namespace tickproof::vectors {

const CurveKernel* const avx2_g2_kernel = nullptr;

}  // namespace tickproof::vectors

#endif
