// Eight field elements at a time: five limbs of 52 bits, one vector a limb, a lane an element. A product of values below
// A p and B p divides by 2^260 and lies below (1 + s + AB/84.6) p with s = (2^-52 mod p)/p, 0.127 for Fq and 0.123 for Fr
// (Constants::product_bound). A and B each stay below 84.6, or five limbs would not hold them; the callers write their bounds
// down. Numbers in memory are those of the scalar field, x 2^256 mod p; a product therefore loses a factor of
// 2^4, which every formula here gives back where it is cheapest. Values with carries pending are a Raw, so that a sum or
// difference of products costs one carry chain; only normalised values (a Vec) may enter a product. This file decides the
// arithmetic of one field; vectors/fq2.hpp builds the quadratic extension on it.
#pragma once

#include "field/division_steps.hpp"
#include "vectors/limbs.hpp"

#if defined(TICKPROOF_LANES_IFMA)
#include "vectors/product_avx512.hpp"
#else
#include "vectors/product_avx2.hpp"
#endif

namespace tickproof::vectors {
namespace {

// The arithmetic of one modulus.
template <class M>
struct Prime {
    using K = Constants<M>;
    using Modulus = M;
    using Value = Vec;
    static constexpr unsigned kWords = 4;  // 64-bit words of an element in memory

    template <u64 N>
    static VECTOR_INLINE Raw multiple() {  // N p
        constexpr Limbs52 np = times(K::p, N);
        return raw(broadcast(np));
    }

    static VECTOR_INLINE Raw reduce(const Wide& w) { return Product<K>::reduce(w); }
    static VECTOR_INLINE Raw mul_raw(const Vec& a, const Vec& b) { return Product<K>::mul(a, b); }
    static VECTOR_INLINE Raw sqr_raw(const Vec& a) { return Product<K>::sqr(a); }
    static VECTOR_INLINE Vec mul(const Vec& a, const Vec& b) { return Product<K>::normal_mul(a, b); }
    static VECTOR_INLINE Vec sqr(const Vec& a) { return Product<K>::normal_sqr(a); }

    // Below 7.9 p to below 1.01 p: subtract the multiple of p that the top limb shows, rounded down.
    static VECTOR_INLINE Vec reduced(const Raw& a) { return normal(Product<K>::less_few(a, quotient(a))); }

    // The same for values below 80 p.
    static VECTOR_INLINE Vec reduced_far(const Raw& a) { return normal(Product<K>::less_many(a, quotient(a))); }

    // The representative below p, of a value below 7.9 p, or 80 p.
    static VECTOR_INLINE Vec canonical(const Raw& a) { return below_p(reduced(a)); }
    static VECTOR_INLINE Vec canonical_far(const Raw& a) { return below_p(reduced_far(a)); }

    static VECTOR_INLINE Vec below_p(const Vec& v) {  // of a value below 2p
        const Vec d = normal(v - multiple<1>());
        return select(negative_lanes(d.l4), v, d);
    }

    static VECTOR_INLINE Mask is_zero(const Raw& a) {
        const Vec c = canonical(a);
        return zero_lanes(or64(or64(or64(c.l0, c.l1), or64(c.l2, c.l3)), c.l4));
    }

    // Words w[0..3] of eight numbers below 2^256, a lane each, to limbs and back.
    static VECTOR_INLINE Vec from_words(const Lane* w) {
        return {low52(w[0]), low52(funnel<52>(w[0], w[1])), low52(funnel<40>(w[1], w[2])),
                low52(funnel<28>(w[2], w[3])), right<16>(w[3])};
    }
    // 16 times the numbers, below 2^260.
    static VECTOR_INLINE Vec from_words_times16(const Lane* w) {
        return {low52(left<4>(w[0])), low52(funnel<48>(w[0], w[1])),
                low52(funnel<36>(w[1], w[2])), low52(funnel<24>(w[2], w[3])),
                right<12>(w[3])};
    }
    static VECTOR_INLINE void to_words(const Vec& a, Lane* w) {
        w[0] = or64(a.l0, left<52>(a.l1));
        w[1] = or64(right<12>(a.l1), left<40>(a.l2));
        w[2] = or64(right<24>(a.l2), left<28>(a.l3));
        w[3] = or64(right<36>(a.l3), left<16>(a.l4));
    }

    template <unsigned E>
    static VECTOR_INLINE Vec two_to() {
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
        const Words t = inverse<M>({{first_lane(w[0]), first_lane(w[1]), first_lane(w[2]), first_lane(w[3])}});
        out = mul(broadcast(split52(t)), two_to<778>());
        return (t.w[0] | t.w[1] | t.w[2] | t.w[3]) != 0;
    }

    // Three times the b of G1's y^2 = x^3 + 3, with the factor 2^260 that products divide by.
    static VECTOR_INLINE Vec three_b() {
        constexpr Limbs52 nine = split52(times_mod(power_of_two(260, M::words), 9, M::words));
        return broadcast(nine);
    }

   private:
    // Of values below 80 p: how often p goes into them, or one less. The top limb without the lowest carries is off by one
    // at most: the reciprocal allows for one too many, the clamp for -1.
    static VECTOR_INLINE Lane quotient(const Raw& a) {
        const Lane top = not_negative(add64(a.l4, carry52(add64(a.l3, carry52(a.l2)))));
        return Product<K>::high(right<6>(top), K::reciprocal);
    }
};

using FqVec = Prime<FqModulus>;
using FrVec = Prime<FrModulus>;

}  // namespace
}  // namespace tickproof::vectors
