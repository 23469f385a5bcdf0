// The vector kernel of Fr; see vectors/fr.hpp. Compiled for AVX2 and FMA, called only where the processor has it.
#include "vectors/kernel.hpp"

#if defined(__AVX2__) && defined(__FMA__)

#define TICKPROOF_LANES_AVX2
#include "vectors/fr.hpp"

namespace tickproof::vectors {

const ScalarKernel* const avx2_fr_kernel = &ScalarEntry::kernel;

}  // namespace tickproof::vectors

#else

namespace tickproof::vectors {

const ScalarKernel* const avx2_fr_kernel = nullptr;

}  // namespace tickproof::vectors

#endif
