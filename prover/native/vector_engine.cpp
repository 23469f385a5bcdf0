// Puts the vector engines into the kernel's table when the extension is loaded, if the processor has what one of them was
// compiled for. Elsewhere the table stays empty and the scalar loops run.
#include "vector_engine.hpp"

#include "vector_buffer.hpp"
#include "vector_kernel.hpp"
#include "vector_msm.hpp"

namespace tickproof::vectors {
namespace {

u64* words(Fr* a) { return reinterpret_cast<u64*>(a); }
const u64* words(const Fr* a) { return reinterpret_cast<const u64*>(a); }

void* network_space(unsigned log_rows, std::size_t cols) {
    thread_local Buffer space;
    return space.need(kernels().fr->network_bytes(log_rows, cols));
}

void forward(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block, bool inverse_root) {
    kernels().fr->forward(words(rows), log_rows, cols, words(twiddles), first_block, inverse_root, network_space(log_rows, cols));
}

void backward(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block, bool inverse_root) {
    kernels().fr->backward(words(rows), log_rows, cols, words(twiddles), first_block, inverse_root, network_space(log_rows, cols));
}

void mul_into(Fr* a, const Fr* s, std::size_t n) { kernels().fr->mul_into(words(a), words(s), n); }

void mul_sub(Fr* out, const Fr* a, const Fr* b, const Fr* c, std::size_t n) {
    kernels().fr->mul_sub(words(out), words(a), words(b), words(c), n);
}

bool fill_table() {
    if (!engine_runs(Engine::avx2) && !engine_runs(Engine::ifma)) return false;
    vector_engine.msm_g1 = &msm<G1>;
    vector_engine.msm_g2 = &msm<G2>;
    vector_engine.batch_add_g1 = &batch_add<G1>;
    vector_engine.batch_add_g2 = &batch_add<G2>;
    vector_engine.ntt_forward = &forward;
    vector_engine.ntt_backward = &backward;
    vector_engine.mul_into = &mul_into;
    vector_engine.mul_sub = &mul_sub;
    return true;
}

// The table is constant-initialised, so the order of initialisation between files does not matter.
[[maybe_unused]] const bool filled = fill_table();

}  // namespace

Kernels kernels() {
    return engine == Engine::ifma ? Kernels{ifma_g1_kernel, ifma_g2_kernel, ifma_fr_kernel}
                                  : Kernels{avx2_g1_kernel, avx2_g2_kernel, avx2_fr_kernel};
}

}  // namespace tickproof::vectors
