// The vector kernel of G1; see vectors/buckets.hpp. Compiled for AVX-512 with IFMA, called only where the processor has it.
#include "vectors/kernel.hpp"

#if defined(__AVX512IFMA__) && defined(__AVX512VBMI2__)

#define TICKPROOF_LANES_IFMA
#include "vectors/buckets.hpp"

namespace tickproof::vectors {

const CurveKernel* const ifma_g1_kernel = &Entry<Buckets<FqVec>>::kernel;

}  // namespace tickproof::vectors

#else

namespace tickproof::vectors {

const CurveKernel* const ifma_g1_kernel = nullptr;

}  // namespace tickproof::vectors

#endif
