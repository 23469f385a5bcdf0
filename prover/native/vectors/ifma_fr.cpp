// The vector kernel of Fr; see vectors/fr.hpp. Compiled for AVX-512 with IFMA, called only where the processor has it.
#include "vectors/kernel.hpp"

#if defined(__AVX512IFMA__) && defined(__AVX512VBMI2__)

#define TICKPROOF_LANES_IFMA
#include "vectors/fr.hpp"

namespace tickproof::vectors {

const ScalarKernel* const ifma_fr_kernel = &ScalarEntry::kernel;

}  // namespace tickproof::vectors

#else

namespace tickproof::vectors {

const ScalarKernel* const ifma_fr_kernel = nullptr;

}  // namespace tickproof::vectors

#endif
