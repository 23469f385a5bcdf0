// Eight field elements at a time: five limbs of 52 bits, one __m512i a limb, a lane an element. A product of values below
// A p and B p divides by 2^260 and lies below (2 + AB/84) p, since p < 2^260 / 84; the callers keep AB <= 80 and write
// the bounds down. Numbers in memory are those of the scalar field, x 2^256 mod p; a product therefore loses a factor of
// 2^4, which every formula here gives back where it is cheapest. Values with carries pending are a Raw, so that a sum or
// difference of products costs one carry chain; only normalised values (a Vec) may enter a product. This file decides the
// arithmetic of one field; ifma_fq2.hpp builds the quadratic extension on it.
#pragma once

#include <immintrin.h>

#include "ifma_inverse.hpp"
#include "ifma_modulus.hpp"

#define IFMA_INLINE inline __attribute__((always_inline))

namespace tickproof::ifma {
namespace {

using Lane = __m512i;
using Mask = __mmask8;

// Limbs below 2^52, value non-negative.
struct Vec {
    Lane l0, l1, l2, l3, l4;
};

// Limbs signed and up to 2^60 in size; the value is non-negative unless a function says otherwise.
struct Raw {
    Lane l0, l1, l2, l3, l4;
};

// A product before reduction: ten columns, signed.
struct Wide {
    Lane t[10];
};

IFMA_INLINE Lane all(u64 x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
IFMA_INLINE Lane add64(Lane a, Lane b) { return _mm512_add_epi64(a, b); }
IFMA_INLINE Lane sub64(Lane a, Lane b) { return _mm512_sub_epi64(a, b); }
IFMA_INLINE Lane low52(Lane a) { return _mm512_and_si512(a, all(kLimbMask)); }
IFMA_INLINE Lane carry52(Lane a) { return a >> static_cast<int>(kLimbBits); }  // arithmetic: lanes are signed

IFMA_INLINE Raw raw(const Vec& a) { return {a.l0, a.l1, a.l2, a.l3, a.l4}; }
IFMA_INLINE Raw operator+(const Raw& a, const Raw& b) {
    return {add64(a.l0, b.l0), add64(a.l1, b.l1), add64(a.l2, b.l2), add64(a.l3, b.l3), add64(a.l4, b.l4)};
}
IFMA_INLINE Raw operator-(const Raw& a, const Raw& b) {
    return {sub64(a.l0, b.l0), sub64(a.l1, b.l1), sub64(a.l2, b.l2), sub64(a.l3, b.l3), sub64(a.l4, b.l4)};
}
IFMA_INLINE Raw operator+(const Raw& a, const Vec& b) { return a + raw(b); }
IFMA_INLINE Raw operator-(const Raw& a, const Vec& b) { return a - raw(b); }
IFMA_INLINE Raw operator+(const Vec& a, const Vec& b) { return raw(a) + raw(b); }
IFMA_INLINE Raw operator-(const Vec& a, const Vec& b) { return raw(a) - raw(b); }
IFMA_INLINE Raw operator+(const Vec& a, const Raw& b) { return raw(a) + b; }
IFMA_INLINE Raw operator-(const Vec& a, const Raw& b) { return raw(a) - b; }
IFMA_INLINE Raw times4(const Raw& a) { return {a.l0 << 2, a.l1 << 2, a.l2 << 2, a.l3 << 2, a.l4 << 2}; }

IFMA_INLINE Vec normal(const Raw& a) {
    const Lane b1 = add64(a.l1, carry52(a.l0));
    const Lane b2 = add64(a.l2, carry52(b1));
    const Lane b3 = add64(a.l3, carry52(b2));
    const Lane b4 = add64(a.l4, carry52(b3));
    return {low52(a.l0), low52(b1), low52(b2), low52(b3), b4};
}

IFMA_INLINE Vec select(Mask m, const Vec& yes, const Vec& no) {
    return {_mm512_mask_mov_epi64(no.l0, m, yes.l0), _mm512_mask_mov_epi64(no.l1, m, yes.l1),
            _mm512_mask_mov_epi64(no.l2, m, yes.l2), _mm512_mask_mov_epi64(no.l3, m, yes.l3),
            _mm512_mask_mov_epi64(no.l4, m, yes.l4)};
}

IFMA_INLINE Vec broadcast(const Limbs52& a) { return {all(a.l[0]), all(a.l[1]), all(a.l[2]), all(a.l[3]), all(a.l[4])}; }

// Lane i takes lane i + N mod 8.
template <int N>
IFMA_INLINE Vec rotate(const Vec& a) {
    return {_mm512_alignr_epi64(a.l0, a.l0, N), _mm512_alignr_epi64(a.l1, a.l1, N), _mm512_alignr_epi64(a.l2, a.l2, N),
            _mm512_alignr_epi64(a.l3, a.l3, N), _mm512_alignr_epi64(a.l4, a.l4, N)};
}

IFMA_INLINE Lane lo(Lane sum, Lane a, Lane b) { return _mm512_madd52lo_epu64(sum, a, b); }
IFMA_INLINE Lane hi(Lane sum, Lane a, Lane b) { return _mm512_madd52hi_epu64(sum, a, b); }

// Row by row: at every step the ten sums are independent, which keeps the multiplier busy.
IFMA_INLINE Wide wide_mul(const Vec& a, const Vec& b) {
    const Lane z = _mm512_setzero_si512();
    Wide w;
    Lane* t = w.t;
    t[0] = lo(z, a.l0, b.l0), t[1] = lo(z, a.l0, b.l1), t[2] = lo(z, a.l0, b.l2), t[3] = lo(z, a.l0, b.l3);
    t[4] = lo(z, a.l0, b.l4), t[5] = lo(z, a.l1, b.l4), t[6] = lo(z, a.l2, b.l4), t[7] = lo(z, a.l3, b.l4);
    t[8] = lo(z, a.l4, b.l4), t[9] = hi(z, a.l4, b.l4);
    t[1] = hi(t[1], a.l0, b.l0), t[2] = hi(t[2], a.l0, b.l1), t[3] = hi(t[3], a.l0, b.l2), t[4] = hi(t[4], a.l0, b.l3);
    t[5] = hi(t[5], a.l0, b.l4), t[6] = hi(t[6], a.l1, b.l4), t[7] = hi(t[7], a.l2, b.l4), t[8] = hi(t[8], a.l3, b.l4);
    t[1] = lo(t[1], a.l1, b.l0), t[2] = lo(t[2], a.l1, b.l1), t[3] = lo(t[3], a.l1, b.l2), t[4] = lo(t[4], a.l1, b.l3);
    t[5] = lo(t[5], a.l2, b.l3), t[6] = lo(t[6], a.l3, b.l3), t[7] = lo(t[7], a.l4, b.l3), t[8] = hi(t[8], a.l4, b.l3);
    t[2] = hi(t[2], a.l1, b.l0), t[3] = hi(t[3], a.l1, b.l1), t[4] = hi(t[4], a.l1, b.l2), t[5] = hi(t[5], a.l1, b.l3);
    t[6] = hi(t[6], a.l2, b.l3), t[7] = hi(t[7], a.l3, b.l3);
    t[2] = lo(t[2], a.l2, b.l0), t[3] = lo(t[3], a.l2, b.l1), t[4] = lo(t[4], a.l2, b.l2), t[5] = lo(t[5], a.l3, b.l2);
    t[6] = lo(t[6], a.l4, b.l2), t[7] = hi(t[7], a.l4, b.l2);
    t[3] = hi(t[3], a.l2, b.l0), t[4] = hi(t[4], a.l2, b.l1), t[5] = hi(t[5], a.l2, b.l2), t[6] = hi(t[6], a.l3, b.l2);
    t[3] = lo(t[3], a.l3, b.l0), t[4] = lo(t[4], a.l3, b.l1), t[5] = lo(t[5], a.l4, b.l1), t[6] = hi(t[6], a.l4, b.l1);
    t[4] = hi(t[4], a.l3, b.l0), t[5] = hi(t[5], a.l3, b.l1);
    t[4] = lo(t[4], a.l4, b.l0), t[5] = hi(t[5], a.l4, b.l0);
    return w;
}

// The ten cross products once, doubled by one addition a column, then the five squares.
IFMA_INLINE Wide wide_sqr(const Vec& a) {
    const Lane z = _mm512_setzero_si512();
    Wide w;
    Lane* t = w.t;
    t[1] = lo(z, a.l0, a.l1), t[2] = lo(z, a.l0, a.l2), t[3] = lo(z, a.l0, a.l3), t[4] = lo(z, a.l0, a.l4);
    t[5] = lo(z, a.l1, a.l4), t[6] = lo(z, a.l2, a.l4), t[7] = lo(z, a.l3, a.l4), t[8] = hi(z, a.l3, a.l4);
    t[2] = hi(t[2], a.l0, a.l1), t[3] = hi(t[3], a.l0, a.l2), t[4] = hi(t[4], a.l0, a.l3), t[5] = hi(t[5], a.l0, a.l4);
    t[6] = hi(t[6], a.l1, a.l4), t[7] = hi(t[7], a.l2, a.l4);
    t[3] = lo(t[3], a.l1, a.l2), t[4] = lo(t[4], a.l1, a.l3), t[5] = lo(t[5], a.l2, a.l3), t[6] = hi(t[6], a.l2, a.l3);
    t[4] = hi(t[4], a.l1, a.l2), t[5] = hi(t[5], a.l1, a.l3);
    for (int i = 1; i < 9; ++i) t[i] = add64(t[i], t[i]);
    t[0] = lo(z, a.l0, a.l0), t[9] = hi(z, a.l4, a.l4);
    t[1] = hi(t[1], a.l0, a.l0), t[2] = lo(t[2], a.l1, a.l1), t[3] = hi(t[3], a.l1, a.l1), t[4] = lo(t[4], a.l2, a.l2);
    t[5] = hi(t[5], a.l2, a.l2), t[6] = lo(t[6], a.l3, a.l3), t[7] = hi(t[7], a.l3, a.l3), t[8] = lo(t[8], a.l4, a.l4);
    return w;
}

IFMA_INLINE Wide operator+(const Wide& a, const Wide& b) {
    Wide w;
    for (int i = 0; i < 10; ++i) w.t[i] = add64(a.t[i], b.t[i]);
    return w;
}
IFMA_INLINE Wide operator-(const Wide& a, const Wide& b) {
    Wide w;
    for (int i = 0; i < 10; ++i) w.t[i] = sub64(a.t[i], b.t[i]);
    return w;
}

// The arithmetic of one modulus.
template <class M>
struct Prime {
    using K = Constants<M>;
    using Modulus = M;
    using Value = Vec;
    static constexpr unsigned kWords = 4;  // 64-bit words of an element in memory

    template <u64 N>
    static IFMA_INLINE Raw multiple() {  // N p
        constexpr Limbs52 np = times(K::p, N);
        return raw(broadcast(np));
    }

    // w / 2^260, between w / 2^260 and w / 2^260 + 2p; w may be negative. Four limbs leave as a multiple of
    // 2^-52 mod p, which needs no multiplication to find; the fifth as in Montgomery's method, which is what bounds the
    // result. In that one the lowest column becomes a multiple of 2^52, so its carry is its quotient rounded up.
    static IFMA_INLINE Raw reduce(Wide w) {
        Lane* t = w.t;
        const Vec q = broadcast(K::shift);
        for (int k = 0; k < 4; ++k) {
            const Lane m = low52(t[k]);
            t[k + 1] = add64(t[k + 1], carry52(t[k]));
            t[k + 1] = lo(t[k + 1], m, q.l0);
            t[k + 2] = lo(t[k + 2], m, q.l1), t[k + 3] = lo(t[k + 3], m, q.l2), t[k + 4] = lo(t[k + 4], m, q.l3);
            t[k + 5] = lo(t[k + 5], m, q.l4);
            t[k + 2] = hi(t[k + 2], m, q.l0), t[k + 3] = hi(t[k + 3], m, q.l1), t[k + 4] = hi(t[k + 4], m, q.l2);
            t[k + 5] = hi(t[k + 5], m, q.l3);
            t[k + 6] = hi(t[k + 6], m, q.l4);
        }
        const Vec p = broadcast(K::p);
        const Lane m = lo(_mm512_setzero_si512(), t[4], all(K::ninv));
        t[5] = add64(t[5], carry52(add64(t[4], all(kLimbMask))));
        t[5] = lo(t[5], m, p.l1), t[6] = lo(t[6], m, p.l2), t[7] = lo(t[7], m, p.l3), t[8] = lo(t[8], m, p.l4);
        t[5] = hi(t[5], m, p.l0), t[6] = hi(t[6], m, p.l1), t[7] = hi(t[7], m, p.l2), t[8] = hi(t[8], m, p.l3);
        t[9] = hi(t[9], m, p.l4);
        return {t[5], t[6], t[7], t[8], t[9]};
    }

    static IFMA_INLINE Raw mul_raw(const Vec& a, const Vec& b) { return reduce(wide_mul(a, b)); }
    static IFMA_INLINE Raw sqr_raw(const Vec& a) { return reduce(wide_sqr(a)); }
    static IFMA_INLINE Vec mul(const Vec& a, const Vec& b) { return normal(mul_raw(a, b)); }
    static IFMA_INLINE Vec sqr(const Vec& a) { return normal(sqr_raw(a)); }

    // Below 7.9 p to below 1.01 p: subtract the multiple of p that the top limb shows, rounded down.
    static IFMA_INLINE Vec reduced(const Raw& a) {
        const Lane zero = _mm512_setzero_si512();
        // without the lowest carries, so off by one at most: the reciprocal allows for one too many, the clamp for -1
        const Lane top = _mm512_max_epi64(add64(a.l4, carry52(add64(a.l3, carry52(a.l2)))), zero);
        const Lane q = hi(zero, _mm512_srai_epi64(top, 6), all(K::reciprocal));
        return normal(a - pick(q));
    }

    // The same for values below 80 p, with the multiple computed.
    static IFMA_INLINE Vec reduced_far(const Raw& a) {
        const Lane zero = _mm512_setzero_si512();
        const Vec p = broadcast(K::p);
        const Lane top = _mm512_max_epi64(add64(a.l4, carry52(add64(a.l3, carry52(a.l2)))), zero);
        const Lane q = hi(zero, top >> 6, all(K::reciprocal));
        const Raw qp = {lo(zero, q, p.l0), lo(hi(zero, q, p.l0), q, p.l1), lo(hi(zero, q, p.l1), q, p.l2),
                        lo(hi(zero, q, p.l2), q, p.l3), lo(hi(zero, q, p.l3), q, p.l4)};
        return normal(a - qp);
    }

    // The representative below p, of a value below 7.9 p, or 80 p.
    static IFMA_INLINE Vec canonical(const Raw& a) { return below_p(reduced(a)); }
    static IFMA_INLINE Vec canonical_far(const Raw& a) { return below_p(reduced_far(a)); }

    static IFMA_INLINE Vec below_p(const Vec& v) {  // of a value below 2p
        const Vec d = normal(v - multiple<1>());
        return select(_mm512_movepi64_mask(d.l4), v, d);
    }

    static IFMA_INLINE Mask is_zero(const Raw& a) {
        const Vec c = canonical(a);
        const Lane any = _mm512_or_si512(_mm512_or_si512(_mm512_or_si512(c.l0, c.l1), _mm512_or_si512(c.l2, c.l3)), c.l4);
        return _mm512_testn_epi64_mask(any, any);
    }

    // Words w[0..3] of eight numbers below 2^256, a lane each, to limbs and back.
    static IFMA_INLINE Vec from_words(const Lane* w) {
        return {low52(w[0]), low52(_mm512_shrdi_epi64(w[0], w[1], 52)), low52(_mm512_shrdi_epi64(w[1], w[2], 40)),
                low52(_mm512_shrdi_epi64(w[2], w[3], 28)), _mm512_srli_epi64(w[3], 16)};
    }
    // 16 times the numbers, below 2^260.
    static IFMA_INLINE Vec from_words_times16(const Lane* w) {
        return {low52(_mm512_slli_epi64(w[0], 4)), low52(_mm512_shrdi_epi64(w[0], w[1], 48)),
                low52(_mm512_shrdi_epi64(w[1], w[2], 36)), low52(_mm512_shrdi_epi64(w[2], w[3], 24)),
                _mm512_srli_epi64(w[3], 12)};
    }
    static IFMA_INLINE void to_words(const Vec& a, Lane* w) {
        w[0] = _mm512_or_si512(a.l0, _mm512_slli_epi64(a.l1, 52));
        w[1] = _mm512_or_si512(_mm512_srli_epi64(a.l1, 12), _mm512_slli_epi64(a.l2, 40));
        w[2] = _mm512_or_si512(_mm512_srli_epi64(a.l2, 24), _mm512_slli_epi64(a.l3, 28));
        w[3] = _mm512_or_si512(_mm512_srli_epi64(a.l3, 36), _mm512_slli_epi64(a.l4, 16));
    }

    template <unsigned E>
    static IFMA_INLINE Vec two_to() {
        constexpr Limbs52 c = K::template two_to<E>;
        return broadcast(c);
    }

    // out = 2^518 over each lane; false if any lane is zero. The lanes are multiplied together by rotation, so one
    // inversion serves all eight, and each lane multiplies back what it did not contain.
    static bool inverse_each(const Vec& v, Vec& out) {
        const Vec a = mul(v, rotate<4>(v)), b = mul(a, rotate<2>(a)), all8 = mul(b, rotate<1>(b));
        const Vec others = mul(mul(rotate<4>(v), rotate<2>(a)), rotate<1>(b));
        Vec t;
        if (!inverse_lane0(all8, t)) return false;
        out = mul(others, t);
        return true;
    }

    // out = 2^518 over lane 0, in every lane; false if that is zero.
    static bool inverse_lane0(const Vec& v, Vec& out) {
        const Vec c = canonical(raw(v));
        Lane w[4];
        to_words(c, w);
        const auto first = [](Lane x) { return static_cast<u64>(_mm_cvtsi128_si64(_mm512_castsi512_si128(x))); };
        const Words t = inverse<M>({{first(w[0]), first(w[1]), first(w[2]), first(w[3])}});
        out = mul(broadcast(split52(t)), two_to<778>());
        return (t.w[0] | t.w[1] | t.w[2] | t.w[3]) != 0;
    }

    // Three times the b of G1's y^2 = x^3 + 3, with the factor 2^260 that products divide by.
    static IFMA_INLINE Vec three_b() {
        constexpr Limbs52 nine = split52(times_mod(power_of_two(260, M::words), 9, M::words));
        return broadcast(nine);
    }

   private:
    static IFMA_INLINE Raw pick(Lane q) {
        const auto& t = K::multiples.at;
        return {_mm512_permutexvar_epi64(q, _mm512_load_si512(t[0])), _mm512_permutexvar_epi64(q, _mm512_load_si512(t[1])),
                _mm512_permutexvar_epi64(q, _mm512_load_si512(t[2])), _mm512_permutexvar_epi64(q, _mm512_load_si512(t[3])),
                _mm512_permutexvar_epi64(q, _mm512_load_si512(t[4]))};
    }
};

using FqVec = Prime<FqModulus>;
using FrVec = Prime<FrModulus>;

}  // namespace
}  // namespace tickproof::ifma
