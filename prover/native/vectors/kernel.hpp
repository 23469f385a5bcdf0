// What the portable callers of the vector engines (sums/vector_msm.cpp, transforms/ntt.cpp) and their vector half (avx2_*.cpp,
// ifma_*.cpp) say to each other: plain pointers and sizes, no inline code, so that nothing compiled for wide instructions
// can be linked into a portable path. Points are 8 (G1) or 16 (G2) words, affine, Montgomery 2^256, infinity all zero.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tickproof::vectors {

// A run of `length` entries from `start`, to be summed into the point numbered `target`. An entry is twice the number of
// a point, plus one if the point counts negatively.
struct Chunk {
    std::uint32_t start, length, target;
};

struct CurveKernel {
    std::size_t point_words;
    std::size_t window_bytes;                                    // of one window's result
    std::size_t (*space_bytes)(std::size_t slots);               // workspace for `slots` (even) vectors of eight points
    void (*sum_chunks)(const std::uint64_t* points, const std::uint32_t* entries, const Chunk* chunks, std::size_t n_chunks,
                       std::uint64_t* out, void* space, std::size_t slots);
    void (*reduce_buckets)(const std::uint64_t* buckets, std::size_t n, void* space, std::size_t slots, void* window);
    bool (*join_windows)(const void* windows, const unsigned* widths, std::size_t n, std::uint64_t* out);
    void (*add_arrays)(std::uint64_t* a, const std::uint64_t* b, std::size_t n, void* space, std::size_t slots);
};

// Layers that a network may have: what vectors/fr.hpp's bounds cover.
inline constexpr unsigned kMaxLogRows = 26;

// Decimation networks and pointwise products over Fr. Four words an element, Montgomery 2^256, below r; the tables
// likewise. `space` is 64-byte aligned. Results are the same bytes as the scalar loops'.
//
// A network works on 2^log_rows rows of `cols` elements, row-major, in place; cols a multiple of 8, or 1 with log_rows >= 6.
//   forward (Cooley-Tukey): layers h = rows/2, rows/4, ..., 1; at the layer with blocks of 2h rows, block k of this buffer
//     uses t = twiddle(first_block * (rows / 2h) + k) and (u, v) -> (u + t v, u - t v) on rows (j, j + h), every column.
//   backward (Gentleman-Sande): layers h = 1, 2, ..., rows/2, and (u, v) -> (u + v, (u - v) t), the same t indexing.
// `twiddles[k]` = omega^bitreverse(k), k < N/2, bit reversal over log2(N/2) bits; it is one table for all layers.
// inverse_root = true takes omega^-1 instead: with j = floor(log2 k), inverse(k) = -twiddles[k ^ (2^j - 1)], inverse(0) = 1.
//   mul_into: a[i] = a[i] s[i].  mul_sub: out[i] = a[i] b[i] - c[i]; out may be any of them.
struct ScalarKernel {
    std::size_t (*network_bytes)(unsigned log_rows, std::size_t cols);
    void (*forward)(std::uint64_t* rows, unsigned log_rows, std::size_t cols, const std::uint64_t* twiddles,
                    std::size_t first_block, bool inverse_root, void* space);
    void (*backward)(std::uint64_t* rows, unsigned log_rows, std::size_t cols, const std::uint64_t* twiddles,
                     std::size_t first_block, bool inverse_root, void* space);
    void (*mul_into)(std::uint64_t* a, const std::uint64_t* s, std::size_t n);
    void (*mul_sub)(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c, std::size_t n);
};

// What one compilation offers, or null where the compiler lacks its instructions.
extern const CurveKernel* const avx2_g1_kernel;
extern const CurveKernel* const avx2_g2_kernel;
extern const ScalarKernel* const avx2_fr_kernel;
extern const CurveKernel* const ifma_g1_kernel;
extern const CurveKernel* const ifma_g2_kernel;
extern const ScalarKernel* const ifma_fr_kernel;

// Those of the engine in use: all of them, or none where it works on one number at a time and the scalar loops run.
struct Kernels {
    const CurveKernel *g1 = nullptr, *g2 = nullptr;
    const ScalarKernel* fr = nullptr;
};
Kernels kernels();

}  // namespace tickproof::vectors
