// What the portable half of Poseidon (hashes/poseidon.cpp) and its vector half (vectors/ifma_poseidon.cpp) say to each other: tables of
// constants and one function, no inline code, so that nothing compiled for AVX-512 can be linked into a portable path.
#pragma once

#include <cstdint>

namespace tickproof::vectors {

// The state lies across the lanes of up to three vectors, element i in lane i mod 8 of vector i / 8. A block is one
// vector of constants: five limbs of 52 bits of eight elements, limb by limb; lanes past the width are zero. Elements are
// canonical, times 2^260, the factor that a vector product divides by.
constexpr unsigned kPoseidonBlockWords = 40;

struct PoseidonTables {
    unsigned width, vectors, partial;
    // Pointers to blocks (64-byte aligned); [v] runs over the vectors.
    const std::uint64_t* first;           // [5][v]: constants of the four first full rounds, and what precedes the partial ones
    const std::uint64_t* last;            // [4][v]
    const std::uint64_t* dense;           // [width][v]: the matrix, by columns
    const std::uint64_t* dense_partial;   // [width][v]: that of the last full round before the partial ones
    const std::uint64_t* after_power;     // five limbs for each partial round: added to element 0
    const std::uint64_t* rows;            // [partial][v]: the sparse first row; lane 0 is zero
    const std::uint64_t* columns;         // [partial][v]: the sparse first column, the row's element 0 in lane 0
    const std::uint64_t* out;             // [v]: the matrix's first row times 2^256, which brings the result back to that factor
};

// inputs: width - 1 elements of four words, Montgomery 2^256; out: one.
using PoseidonPermute = void (*)(const PoseidonTables& tables, const std::uint64_t* inputs, std::uint64_t* out);

// Null where the compiler has no AVX-512 IFMA. To be called only where the processor has it, and VBMI2.
extern const PoseidonPermute poseidon_permute;

}  // namespace tickproof::vectors
