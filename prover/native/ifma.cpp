// Puts the vector engine into the kernel's table when the extension is loaded, if the processor has what it was compiled
// for: AVX-512 with IFMA, and VBMI2 for its funnel shifts. Elsewhere the table stays empty and the scalar loops run.
#include "ifma_buffer.hpp"
#include "ifma_kernel.hpp"
#include "ifma_msm.hpp"
#include "ifma_ntt.hpp"
#include "vector_engine.hpp"

namespace tickproof::ifma {
namespace {

u64* words(Fr* a) { return reinterpret_cast<u64*>(a); }
const u64* words(const Fr* a) { return reinterpret_cast<const u64*>(a); }

void* network_space(unsigned log_rows, std::size_t cols) {
    thread_local Buffer space;
    return space.need(fr_kernel->network_bytes(log_rows, cols));
}

void forward(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block, bool inverse_root) {
    fr_kernel->forward(words(rows), log_rows, cols, words(twiddles), first_block, inverse_root, network_space(log_rows, cols));
}

void backward(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block, bool inverse_root) {
    fr_kernel->backward(words(rows), log_rows, cols, words(twiddles), first_block, inverse_root, network_space(log_rows, cols));
}

void mul_into(Fr* a, const Fr* s, std::size_t n) { fr_kernel->mul_into(words(a), words(s), n); }

void mul_sub(Fr* out, const Fr* a, const Fr* b, const Fr* c, std::size_t n) {
    fr_kernel->mul_sub(words(out), words(a), words(b), words(c), n);
}

bool fill_table() {
#if TICKPROOF_HAS_ADX
    if (best_engine() != Engine::ifma || !__builtin_cpu_supports("avx512vbmi2")) return false;
    if (!g1_kernel || !g2_kernel || !fr_kernel) return false;
    vector_engine.msm_g1 = &msm<G1>;
    vector_engine.msm_g2 = &msm<G2>;
    vector_engine.batch_add_g1 = &batch_add<G1>;
    vector_engine.batch_add_g2 = &batch_add<G2>;
    vector_engine.ntt_forward = &forward;
    vector_engine.ntt_backward = &backward;
    vector_engine.mul_into = &mul_into;
    vector_engine.mul_sub = &mul_sub;
    return true;
#else
    return false;
#endif
}

// The table is constant-initialised, so the order of initialisation between files does not matter.
[[maybe_unused]] const bool filled = fill_table();

}  // namespace
}  // namespace tickproof::ifma
