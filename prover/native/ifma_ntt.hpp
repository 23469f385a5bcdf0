// Decimation networks and pointwise products over Fr on the vector engine; vector_engine.hpp says what each computes.
// Plain pointers: four words an element, Montgomery 2^256, below r; the tables likewise. `space` is 64-byte aligned.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tickproof::ifma {

struct ScalarKernel {
    std::size_t (*network_bytes)(unsigned log_rows, std::size_t cols);
    void (*forward)(std::uint64_t* rows, unsigned log_rows, std::size_t cols, const std::uint64_t* twiddles,
                    std::size_t first_block, bool inverse_root, void* space);
    void (*backward)(std::uint64_t* rows, unsigned log_rows, std::size_t cols, const std::uint64_t* twiddles,
                     std::size_t first_block, bool inverse_root, void* space);
    void (*mul_into)(std::uint64_t* a, const std::uint64_t* s, std::size_t n);
    void (*mul_sub)(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c, std::size_t n);
};

extern const ScalarKernel* const fr_kernel;  // null where the compiler has no AVX-512

}  // namespace tickproof::ifma
