#include "field/engine.hpp"
#include "vectors/kernel.hpp"

namespace tickproof::vectors {

Kernels kernels() {
    switch (engine) {
        case Engine::avx2: return {avx2_g1_kernel, avx2_g2_kernel, avx2_fr_kernel};
        case Engine::ifma: return {ifma_g1_kernel, ifma_g2_kernel, ifma_fr_kernel};
        default: return {};
    }
}

}  // namespace tickproof::vectors
