// Eight 64-bit lanes in two AVX2 registers, with the names and meanings of vectors/lanes_avx512.hpp.
#pragma once

#include <immintrin.h>

#include "field/modulus52.hpp"

#define VECTOR_INLINE inline __attribute__((always_inline))
// Products of whole field elements: with 16 registers their operands come from memory anyway, and thousands of
// instructions apiece would not fit the instruction cache inlined.
#define VECTOR_PRODUCT __attribute__((noinline))

namespace tickproof::vectors {
namespace {

struct Lane {
    __m256i h[2];
};
using Mask = std::uint8_t;

VECTOR_INLINE __m256i all4(u64 x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }
VECTOR_INLINE Lane all(u64 x) { return {all4(x), all4(x)}; }
VECTOR_INLINE Lane zeros() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
VECTOR_INLINE Lane add64(Lane a, Lane b) { return {_mm256_add_epi64(a.h[0], b.h[0]), _mm256_add_epi64(a.h[1], b.h[1])}; }
VECTOR_INLINE Lane sub64(Lane a, Lane b) { return {_mm256_sub_epi64(a.h[0], b.h[0]), _mm256_sub_epi64(a.h[1], b.h[1])}; }
VECTOR_INLINE Lane or64(Lane a, Lane b) { return {_mm256_or_si256(a.h[0], b.h[0]), _mm256_or_si256(a.h[1], b.h[1])}; }
VECTOR_INLINE Lane and64(Lane a, Lane b) { return {_mm256_and_si256(a.h[0], b.h[0]), _mm256_and_si256(a.h[1], b.h[1])}; }
VECTOR_INLINE Lane low52(Lane a) { return and64(a, all(kLimbMask)); }
template <int N>
VECTOR_INLINE Lane left(Lane a) {
    return {_mm256_slli_epi64(a.h[0], N), _mm256_slli_epi64(a.h[1], N)};
}
template <int N>
VECTOR_INLINE Lane right(Lane a) {
    return {_mm256_srli_epi64(a.h[0], N), _mm256_srli_epi64(a.h[1], N)};
}
// AVX2 shifts no signed 64-bit lanes: what is to be carried is lifted, which makes it positive, and the next limb gives
// back what that added to the carry.
constexpr u64 kLift = u64{1} << 62;
VECTOR_INLINE Lane carry52_of_lifted(Lane a) { return right<kLimbBits>(a); }
// The low word of high:low shifted right.
template <int N>
VECTOR_INLINE Lane funnel(Lane low, Lane high) {
    return or64(right<N>(low), left<64 - N>(high));
}
VECTOR_INLINE Lane not_negative(Lane a) {
    const __m256i zero = _mm256_setzero_si256();
    return {_mm256_andnot_si256(_mm256_cmpgt_epi64(zero, a.h[0]), a.h[0]),
            _mm256_andnot_si256(_mm256_cmpgt_epi64(zero, a.h[1]), a.h[1])};
}

VECTOR_INLINE Lane load_halves(const u64* low, const u64* high) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(low)), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high))};
}
VECTOR_INLINE Lane load_lanes(const u64* from) { return load_halves(from, from + 4); }
VECTOR_INLINE void store_lanes(u64* to, Lane a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), a.h[0]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 4), a.h[1]);
}

// Bit i of the mask fills lane i.
VECTOR_INLINE Lane filled(Mask m) {
    const __m256i low = _mm256_setr_epi64x(1, 2, 4, 8), high = _mm256_setr_epi64x(16, 32, 64, 128), bits = all4(m);
    return {_mm256_cmpeq_epi64(_mm256_and_si256(bits, low), low), _mm256_cmpeq_epi64(_mm256_and_si256(bits, high), high)};
}
VECTOR_INLINE Lane blend(Mask m, Lane yes, Lane no) {
    const Lane f = filled(m);
    return {_mm256_blendv_epi8(no.h[0], yes.h[0], f.h[0]), _mm256_blendv_epi8(no.h[1], yes.h[1], f.h[1])};
}
VECTOR_INLINE Lane keep(Mask m, Lane a) { return and64(filled(m), a); }
VECTOR_INLINE Mask negative_lanes(Lane a) {
    return static_cast<Mask>(_mm256_movemask_pd(_mm256_castsi256_pd(a.h[0])) |
                             _mm256_movemask_pd(_mm256_castsi256_pd(a.h[1])) << 4);
}
VECTOR_INLINE Mask zero_lanes(Lane a) {
    const __m256i zero = _mm256_setzero_si256();
    return negative_lanes({_mm256_cmpeq_epi64(a.h[0], zero), _mm256_cmpeq_epi64(a.h[1], zero)});
}

// Lane i takes lane i + N mod 8.
template <int N>
VECTOR_INLINE Lane rotate(Lane a) {
    static_assert(N == 1 || N == 2 || N == 4);
    if constexpr (N == 4) return {a.h[1], a.h[0]};
    const __m256i across[2] = {_mm256_permute2x128_si256(a.h[0], a.h[1], 0x21), _mm256_permute2x128_si256(a.h[1], a.h[0], 0x21)};
    if constexpr (N == 2) return {across[0], across[1]};
    return {_mm256_alignr_epi8(across[0], a.h[0], 8), _mm256_alignr_epi8(across[1], a.h[1], 8)};
}
VECTOR_INLINE u64 first_lane(Lane a) { return static_cast<u64>(_mm_cvtsi128_si64(_mm256_castsi256_si128(a.h[0]))); }

VECTOR_INLINE void transpose4(__m256i& a, __m256i& b, __m256i& c, __m256i& d) {
    const __m256i ab0 = _mm256_unpacklo_epi64(a, b), ab1 = _mm256_unpackhi_epi64(a, b);
    const __m256i cd0 = _mm256_unpacklo_epi64(c, d), cd1 = _mm256_unpackhi_epi64(c, d);
    a = _mm256_permute2x128_si256(ab0, cd0, 0x20), b = _mm256_permute2x128_si256(ab1, cd1, 0x20);
    c = _mm256_permute2x128_si256(ab0, cd0, 0x31), d = _mm256_permute2x128_si256(ab1, cd1, 0x31);
}

// 8 rows of 8 words to 8 columns, or back: the four quarters, and two of them change places.
VECTOR_INLINE void transpose(Lane* r) {
    for (int half = 0; half < 2; ++half)
        for (int i = 0; i < 8; i += 4) transpose4(r[i].h[half], r[i + 1].h[half], r[i + 2].h[half], r[i + 3].h[half]);
    for (int i = 0; i < 4; ++i) {
        const __m256i t = r[i].h[1];
        r[i].h[1] = r[i + 4].h[0];
        r[i + 4].h[0] = t;
    }
}

// Eight elements of four words, in a row, to four words of eight and back. A lane holds the element of this number.
constexpr int kLaneOrder[8] = {0, 1, 2, 3, 4, 5, 6, 7};

VECTOR_INLINE void to_columns(Lane* r) {
    __m256i e[8] = {r[0].h[0], r[0].h[1], r[1].h[0], r[1].h[1], r[2].h[0], r[2].h[1], r[3].h[0], r[3].h[1]};
    transpose4(e[0], e[1], e[2], e[3]);
    transpose4(e[4], e[5], e[6], e[7]);
    for (int i = 0; i < 4; ++i) r[i] = {e[i], e[i + 4]};
}
VECTOR_INLINE void to_rows(Lane* r) {
    __m256i e[8] = {r[0].h[0], r[1].h[0], r[2].h[0], r[3].h[0], r[0].h[1], r[1].h[1], r[2].h[1], r[3].h[1]};
    transpose4(e[0], e[1], e[2], e[3]);
    transpose4(e[4], e[5], e[6], e[7]);
    for (int i = 0; i < 4; ++i) r[i] = {e[2 * i], e[2 * i + 1]};
}

}  // namespace
}  // namespace tickproof::vectors
