// What the portable half of the vector engine (ifma_msm.cpp, ifma.cpp) and its vector half (ifma_g1.cpp, ifma_g2.cpp)
// say to each other: plain pointers and sizes, no inline code, so that nothing compiled for AVX-512 can be linked into a
// portable path. Points are 8 (G1) or 16 (G2) words, affine, Montgomery 2^256, infinity all zero.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tickproof::ifma {

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

extern const CurveKernel* const g1_kernel;
extern const CurveKernel* const g2_kernel;

}  // namespace tickproof::ifma
