// Puts the vector engine into the kernel's table when the extension is loaded, if the processor has what it was compiled
// for: AVX-512 with IFMA, and VBMI2 for its funnel shifts. Elsewhere the table stays empty and the scalar loops run.
#include "ifma_kernel.hpp"
#include "ifma_msm.hpp"
#include "vector_engine.hpp"

namespace tickproof::ifma {
namespace {

bool fill_table() {
#if TICKPROOF_HAS_ADX
    if (best_engine() != Engine::ifma || !__builtin_cpu_supports("avx512vbmi2")) return false;
    if (!g1_kernel || !g2_kernel) return false;
    vector_engine.msm_g1 = &msm<G1>;
    vector_engine.msm_g2 = &msm<G2>;
    vector_engine.batch_add_g1 = &batch_add<G1>;
    vector_engine.batch_add_g2 = &batch_add<G2>;
    return true;
#else
    return false;
#endif
}

// The table is constant-initialised, so the order of initialisation between files does not matter.
[[maybe_unused]] const bool filled = fill_table();

}  // namespace
}  // namespace tickproof::ifma
