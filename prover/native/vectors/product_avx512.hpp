// Products of eight pairs of field elements with AVX-512 IFMA, which multiplies limbs of 52 bits and adds either half of the
// result. vectors/product_avx2.hpp offers the same names.
#pragma once

#include "vectors/limbs.hpp"

namespace tickproof::vectors {
namespace {

VECTOR_INLINE Lane lo(Lane sum, Lane a, Lane b) { return _mm512_madd52lo_epu64(sum, a, b); }
VECTOR_INLINE Lane hi(Lane sum, Lane a, Lane b) { return _mm512_madd52hi_epu64(sum, a, b); }

// These instructions need no mode of the processor.
struct ProductMode {
    ProductMode() {}
};

// Row by row: at every step the ten sums are independent, which keeps the multiplier busy.
VECTOR_INLINE Wide wide_mul(const Vec& a, const Vec& b) {
    const Lane z = zeros();
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
VECTOR_INLINE Wide wide_sqr(const Vec& a) {
    const Lane z = zeros();
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

// Products modulo the p of these Constants.
template <class K>
struct Product {
    // w / 2^260, between w / 2^260 and w / 2^260 + 2p; w may be negative. Four limbs leave as a multiple of
    // 2^-52 mod p, which needs no multiplication to find; the fifth as in Montgomery's method, which is what bounds the
    // result. In that one the lowest column becomes a multiple of 2^52, so its carry is its quotient rounded up.
    static VECTOR_INLINE Raw reduce(Wide w) {
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
        const Lane m = lo(zeros(), t[4], all(K::ninv));
        t[5] = add64(t[5], carry52(add64(t[4], all(kLimbMask))));
        t[5] = lo(t[5], m, p.l1), t[6] = lo(t[6], m, p.l2), t[7] = lo(t[7], m, p.l3), t[8] = lo(t[8], m, p.l4);
        t[5] = hi(t[5], m, p.l0), t[6] = hi(t[6], m, p.l1), t[7] = hi(t[7], m, p.l2), t[8] = hi(t[8], m, p.l3);
        t[9] = hi(t[9], m, p.l4);
        return {t[5], t[6], t[7], t[8], t[9]};
    }

    static VECTOR_INLINE Raw mul(const Vec& a, const Vec& b) { return reduce(wide_mul(a, b)); }
    static VECTOR_INLINE Raw sqr(const Vec& a) { return reduce(wide_sqr(a)); }
    static VECTOR_INLINE Vec normal_mul(const Vec& a, const Vec& b) { return normal(mul(a, b)); }
    static VECTOR_INLINE Vec normal_sqr(const Vec& a) { return normal(sqr(a)); }

    // floor(a k / 2^52), for a and k below 2^52.
    static VECTOR_INLINE Lane high(Lane a, u64 k) { return hi(zeros(), a, all(k)); }
    // a - q p, for q < 8, from a table.
    static VECTOR_INLINE Raw less_few(const Raw& a, Lane q) { return a - pick(q); }
    // The same for any q up to 80, computed.
    static VECTOR_INLINE Raw less_many(const Raw& a, Lane q) {
        const Lane zero = zeros();
        const Vec p = broadcast(K::p);
        const Raw qp = {lo(zero, q, p.l0), lo(hi(zero, q, p.l0), q, p.l1), lo(hi(zero, q, p.l1), q, p.l2),
                        lo(hi(zero, q, p.l2), q, p.l3), lo(hi(zero, q, p.l3), q, p.l4)};
        return a - qp;
    }

   private:
    static VECTOR_INLINE Raw pick(Lane q) {
        const auto& t = K::multiples.at;
        return {_mm512_permutexvar_epi64(q, _mm512_load_si512(t[0])), _mm512_permutexvar_epi64(q, _mm512_load_si512(t[1])),
                _mm512_permutexvar_epi64(q, _mm512_load_si512(t[2])), _mm512_permutexvar_epi64(q, _mm512_load_si512(t[3])),
                _mm512_permutexvar_epi64(q, _mm512_load_si512(t[4]))};
    }
};

}  // namespace
}  // namespace tickproof::vectors
