// Eight 64-bit lanes in one AVX-512 register, and what the vector kernels do with them one lane at a time or across
// lanes. vectors/lanes_avx2.hpp offers the same names on AVX2; everything above these two files is written once for both.
#pragma once

#include <immintrin.h>

#include "field/modulus52.hpp"

#define VECTOR_INLINE inline __attribute__((always_inline))
// Products of whole field elements: 32 registers hold an inlined one, and its neighbours fill its gaps.
#define VECTOR_PRODUCT VECTOR_INLINE

namespace tickproof::vectors {
namespace {

using Lane = __m512i;
using Mask = __mmask8;

VECTOR_INLINE Lane all(u64 x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
VECTOR_INLINE Lane zeros() { return _mm512_setzero_si512(); }
VECTOR_INLINE Lane add64(Lane a, Lane b) { return _mm512_add_epi64(a, b); }
VECTOR_INLINE Lane sub64(Lane a, Lane b) { return _mm512_sub_epi64(a, b); }
VECTOR_INLINE Lane or64(Lane a, Lane b) { return _mm512_or_si512(a, b); }
VECTOR_INLINE Lane low52(Lane a) { return _mm512_and_si512(a, all(kLimbMask)); }
// Signed limbs carry as they are; vectors/lanes_avx2.hpp must lift them first.
constexpr u64 kLift = 0;
VECTOR_INLINE Lane carry52_of_lifted(Lane a) { return _mm512_srai_epi64(a, kLimbBits); }
template <int N>
VECTOR_INLINE Lane left(Lane a) {
    return _mm512_slli_epi64(a, N);
}
template <int N>
VECTOR_INLINE Lane right(Lane a) {
    return _mm512_srli_epi64(a, N);
}
// The low word of high:low shifted right.
template <int N>
VECTOR_INLINE Lane funnel(Lane low, Lane high) {
    return _mm512_shrdi_epi64(low, high, N);
}
VECTOR_INLINE Lane not_negative(Lane a) { return _mm512_max_epi64(a, zeros()); }

VECTOR_INLINE Lane load_lanes(const u64* from) { return _mm512_loadu_si512(from); }
VECTOR_INLINE Lane load_halves(const u64* low, const u64* high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(low))),
                              _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high)), 1);
}
VECTOR_INLINE void store_lanes(u64* to, Lane a) { _mm512_storeu_si512(to, a); }

VECTOR_INLINE Lane blend(Mask m, Lane yes, Lane no) { return _mm512_mask_mov_epi64(no, m, yes); }
VECTOR_INLINE Lane keep(Mask m, Lane a) { return _mm512_maskz_mov_epi64(m, a); }
VECTOR_INLINE Mask zero_lanes(Lane a) { return _mm512_testn_epi64_mask(a, a); }
VECTOR_INLINE Mask negative_lanes(Lane a) { return _mm512_movepi64_mask(a); }

// Lane i takes lane i + N mod 8.
template <int N>
VECTOR_INLINE Lane rotate(Lane a) {
    return _mm512_alignr_epi64(a, a, N);
}
VECTOR_INLINE u64 first_lane(Lane a) { return static_cast<u64>(_mm_cvtsi128_si64(_mm512_castsi512_si128(a))); }

// 8 rows of 8 words to 8 columns, or back.
VECTOR_INLINE void transpose(Lane* r) {
    Lane a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
    }
    for (int half = 0; half < 2; ++half) {
        const int o = 4 * half;
        b[o] = _mm512_shuffle_i64x2(a[o], a[o + 2], 0x88);
        b[o + 2] = _mm512_shuffle_i64x2(a[o], a[o + 2], 0xdd);
        b[o + 1] = _mm512_shuffle_i64x2(a[o + 1], a[o + 3], 0x88);
        b[o + 3] = _mm512_shuffle_i64x2(a[o + 1], a[o + 3], 0xdd);
    }
    for (int i = 0; i < 4; ++i) {
        r[i] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0x88);
        r[i + 4] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0xdd);
    }
}

// Eight elements of four words, in a row, to four words of eight and back. A lane holds the element of this number; an involution.
constexpr int kLaneOrder[8] = {0, 2, 1, 3, 4, 6, 5, 7};

VECTOR_INLINE void to_columns(Lane* r) {
    const Lane a = _mm512_unpacklo_epi64(r[0], r[1]), b = _mm512_unpackhi_epi64(r[0], r[1]);
    const Lane c = _mm512_unpacklo_epi64(r[2], r[3]), d = _mm512_unpackhi_epi64(r[2], r[3]);
    r[0] = _mm512_shuffle_i64x2(a, c, 0x88);
    r[1] = _mm512_shuffle_i64x2(b, d, 0x88);
    r[2] = _mm512_shuffle_i64x2(a, c, 0xdd);
    r[3] = _mm512_shuffle_i64x2(b, d, 0xdd);
}
VECTOR_INLINE void to_rows(Lane* r) {
    const Lane low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const Lane a = _mm512_permutex2var_epi64(r[0], low, r[2]), c = _mm512_permutex2var_epi64(r[0], high, r[2]);
    const Lane b = _mm512_permutex2var_epi64(r[1], low, r[3]), d = _mm512_permutex2var_epi64(r[1], high, r[3]);
    r[0] = _mm512_unpacklo_epi64(a, b);
    r[1] = _mm512_unpackhi_epi64(a, b);
    r[2] = _mm512_unpacklo_epi64(c, d);
    r[3] = _mm512_unpackhi_epi64(c, d);
}

}  // namespace
}  // namespace tickproof::vectors
