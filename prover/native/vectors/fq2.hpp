// Eight elements of Fq2 = Fq[u]/(u^2 + 1) at a time, with the interface of the prime field in vectors/field.hpp, so that one
// curve kernel serves both groups. Products are Karatsuba's on unreduced columns: three multiplications, two reductions.
// Factors with coordinates below A p and B p must have A, B <= 42, because the sum of two coordinates is a factor too and five
// limbs hold less than 84.6 p, and AB <= 80, because the first coordinate's columns may be negative by AB p^2. With s = 0.127 of vectors/field.hpp, the product's first coordinate lies below (2 + s + AB/84.6) p, its
// second below (1 + s + 2AB/84.6) p. The largest that vectors/curve.hpp multiplies are 12.1 and 3.4.
#pragma once

#include "vectors/field.hpp"

namespace tickproof::vectors {
namespace {

struct Vec2 {
    Vec c0, c1;
};
struct Raw2 {
    Raw c0, c1;
};

VECTOR_INLINE Raw2 raw(const Vec2& a) { return {raw(a.c0), raw(a.c1)}; }
template <class A, class B>
concept OneIsQuadratic = (__is_same(A, Vec2) || __is_same(A, Raw2)) && (__is_same(B, Vec2) || __is_same(B, Raw2));
template <class A, class B>
    requires OneIsQuadratic<A, B>
VECTOR_INLINE Raw2 operator+(const A& a, const B& b) {
    return {a.c0 + b.c0, a.c1 + b.c1};
}
template <class A, class B>
    requires OneIsQuadratic<A, B>
VECTOR_INLINE Raw2 operator-(const A& a, const B& b) {
    return {a.c0 - b.c0, a.c1 - b.c1};
}
VECTOR_INLINE Raw2 times4(const Raw2& a) { return {times4(a.c0), times4(a.c1)}; }
VECTOR_INLINE Vec2 normal(const Raw2& a) { return {normal(a.c0), normal(a.c1)}; }
VECTOR_INLINE Vec2 select(Mask m, const Vec2& yes, const Vec2& no) {
    return {select(m, yes.c0, no.c0), select(m, yes.c1, no.c1)};
}
template <int N>
VECTOR_INLINE Vec2 rotate(const Vec2& a) {
    return {rotate<N>(a.c0), rotate<N>(a.c1)};
}

struct Fq2Vec {
    using Base = FqVec;
    using Modulus = FqModulus;
    using Value = Vec2;
    static constexpr unsigned kWords = 8;

    template <u64 N>
    static VECTOR_INLINE Raw2 multiple() {
        return {Base::multiple<N>(), Base::multiple<N>()};
    }

    // a0 b0 - a1 b1 may be negative by AB p^2: one p more makes its reduction positive.
    static VECTOR_PRODUCT Raw2 mul_raw(const Vec2& a, const Vec2& b) {
        const Wide both = wide_mul(normal(a.c0 + a.c1), normal(b.c0 + b.c1));
        const Wide w0 = wide_mul(a.c0, b.c0), w1 = wide_mul(a.c1, b.c1);
        return {Base::reduce(w0 - w1) + Base::multiple<1>(), Base::reduce(both - w0 - w1)};
    }
    // (a0 + a1)(a0 - a1) + 2 a0 a1 u, for coordinates below 4p
    static VECTOR_INLINE Raw2 sqr_raw(const Vec2& a) {
        const Vec sum = normal(a.c0 + a.c1), difference = normal(a.c0 - a.c1 + Base::multiple<4>());
        const Vec twice = normal(a.c0 + a.c0);
        return {Base::mul_raw(sum, difference), Base::mul_raw(twice, a.c1)};
    }
    static VECTOR_INLINE Vec2 mul(const Vec2& a, const Vec2& b) { return normal(mul_raw(a, b)); }
    static VECTOR_INLINE Vec2 sqr(const Vec2& a) { return normal(sqr_raw(a)); }
    static VECTOR_INLINE Vec2 reduced(const Raw2& a) { return {Base::reduced(a.c0), Base::reduced(a.c1)}; }
    static VECTOR_INLINE Vec2 canonical(const Raw2& a) { return {Base::canonical(a.c0), Base::canonical(a.c1)}; }
    static VECTOR_INLINE Mask is_zero(const Raw2& a) { return Base::is_zero(a.c0) & Base::is_zero(a.c1); }

    static VECTOR_INLINE Vec2 from_words(const Lane* w) { return {Base::from_words(w), Base::from_words(w + 4)}; }
    static VECTOR_INLINE void to_words(const Vec2& a, Lane* w) {
        Base::to_words(a.c0, w);
        Base::to_words(a.c1, w + 4);
    }
    template <unsigned E>
    static VECTOR_INLINE Vec2 two_to() {
        return {Base::two_to<E>(), broadcast({})};
    }

    // Three times the b of the twist, 9/(9 + u) = 9 (9 - u)/82, with the factor 2^260.
    static VECTOR_INLINE Vec2 three_b() {
        constexpr Words p = FqModulus::words, part = divided_mod(power_of_two(260, p), 82, p);
        constexpr Limbs52 c0 = split52(times_mod(part, 81, p));
        constexpr Limbs52 minus_c1 = split52(times_mod(part, 9, p));
        return {broadcast(c0), normal(Base::multiple<1>() - broadcast(minus_c1))};
    }

    static bool inverse_each(const Vec2& v, Vec2& out) {
        const Vec2 a = mul(v, rotate<4>(v)), b = mul(a, rotate<2>(a)), all8 = mul(b, rotate<1>(b));
        const Vec2 others = mul(mul(rotate<4>(v), rotate<2>(a)), rotate<1>(b));
        Vec2 t;
        if (!inverse_lane0(all8, t)) return false;
        out = mul(others, t);
        return true;
    }

    // As for the prime field, through the norm: 1/(c0 + c1 u) = (c0 - c1 u) / (c0^2 + c1^2), zero only for zero.
    static bool inverse_lane0(const Vec2& v, Vec2& out) {
        Vec t;
        if (!Base::inverse_lane0(normal(Base::sqr_raw(v.c0) + Base::sqr_raw(v.c1)), t)) return false;
        out = {Base::mul(v.c0, t), Base::mul(normal(Base::multiple<4>() - v.c1), t)};
        return true;
    }
};

}  // namespace
}  // namespace tickproof::vectors
