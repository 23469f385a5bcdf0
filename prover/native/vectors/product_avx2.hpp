// Products of eight pairs of field elements with AVX2 and FMA: limbs of 52 bits are multiplied as doubles. With rounding
// towards zero, fma(a, b, 2^104) is 2^104 + 2^52 floor(ab / 2^52), whose bits end in that quotient; taking it from
// 2^104 + 2^52 is exact, and fma(a, b, that) is 2^52 + (ab mod 2^52), exact too, whose bits end in that remainder. So two
// FMAs and a subtraction give the two halves that AVX-512 IFMA gives (Emmart, Zheng and Weems, "Faster modular
// exponentiation using double precision floating point arithmetic on the GPU", 2018). The exponents' bits come along:
// every column starts from minus all of them. Whoever calls these functions has switched to rounding towards zero
// (ProductMode below); every other operation on doubles here is exact in any mode.
//
// Instructions bound these loops, not latency, as long as the scheduler sees independent ones: the two halves of a vector
// take turns, and three limbs leave a product at once.
#pragma once

#include "vectors/limbs.hpp"

namespace tickproof::vectors {
namespace {

// For the lifetime of the object doubles are rounded towards zero, with no exceptions raised, whatever mode the caller was
// in. The work in between belongs into a function that is not inlined, so that no compiler moves an operation out of it.
class ProductMode {
   public:
    ProductMode() : before_(_mm_getcsr()) { _mm_setcsr(_MM_MASK_MASK | _MM_ROUND_TOWARD_ZERO); }
    ~ProductMode() { _mm_setcsr(before_); }
    ProductMode(const ProductMode&) = delete;
    ProductMode& operator=(const ProductMode&) = delete;

   private:
    unsigned before_;
};

using Quad = __m256i;
using Doubles = __m256d;

constexpr Lane Vec::* kVecLimb[5] = {&Vec::l0, &Vec::l1, &Vec::l2, &Vec::l3, &Vec::l4};
constexpr Lane Raw::* kRawLimb[5] = {&Raw::l0, &Raw::l1, &Raw::l2, &Raw::l3, &Raw::l4};

VECTOR_INLINE Quad add4(Quad a, Quad b) { return _mm256_add_epi64(a, b); }
VECTOR_INLINE Quad low4(Quad a) { return _mm256_and_si256(a, all4(kLimbMask)); }
VECTOR_INLINE Quad carry4(Quad a) { return _mm256_srli_epi64(a, kLimbBits); }  // of numbers that are not negative

// Numbers below 2^52 to doubles: the bits of 2^52 + a, less 2^52.
constexpr u64 kBits52 = 0x4330000000000000, kBits104 = 0x4670000000000000;  // of 2^52 and 2^104
VECTOR_INLINE Doubles to_doubles(Quad a) {
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(a, all4(kBits52))), _mm256_set1_pd(0x1p52));
}

// low += bits of 2^52 + (ab mod 2^52), high += bits of 2^104 + 2^52 floor(ab / 2^52). In assembly, because compilers
// regroup the sums and run out of registers.
VECTOR_INLINE void multiply_add(Quad& low, Quad& high, Doubles a, const Doubles& b, Doubles c104, Doubles c104_52) {
    Doubles h, l;
    __asm__(
        "vmovapd %[c104], %[h]\n\t"
        "vfmadd231pd %[b], %[a], %[h]\n\t"
        "vsubpd %[h], %[c104_52], %[l]\n\t"
        "vpaddq %[h], %[high], %[high]\n\t"
        "vfmadd231pd %[b], %[a], %[l]\n\t"
        "vpaddq %[l], %[low], %[low]"
        : [low] "+x"(low), [high] "+x"(high), [h] "=&x"(h), [l] "=&x"(l)
        : [b] "m"(b), [a] "x"(a), [c104] "x"(c104), [c104_52] "x"(c104_52));
}

struct Multipliers {  // five limbs, each in all places of a register
    alignas(32) double at[5][4];

    VECTOR_INLINE const Doubles& operator[](int i) const { return *reinterpret_cast<const Doubles*>(at[i]); }
};
constexpr Multipliers spread(const Limbs52& a) {
    Multipliers m{};
    for (int i = 0; i < 5; ++i)
        for (double& d : m.at[i]) d = static_cast<double>(a.l[i]);
    return m;
}

// t[j] and t[j + 1] += a b[j], `from` <= j < 5.
template <int From = 0, class B>
VECTOR_INLINE void add_row(Quad* t, Doubles a, const B& b) {
    const Doubles c104 = _mm256_set1_pd(0x1p104), c104_52 = _mm256_set1_pd(0x1p104 + 0x1p52);
#pragma GCC unroll 5
    for (int j = From; j < 5; ++j) multiply_add(t[j], t[j + 1], a, b[j], c104, c104_52);
}

// What a column must start from: minus the exponents' bits that the products will leave in it.
struct Start {
    alignas(32) u64 at[10][4];

    constexpr void expect(int low_column, int lows, int high_column, int highs) {
        if (lows) add(low_column, 0 - static_cast<u64>(lows) * kBits52);
        if (highs) add(high_column, 0 - static_cast<u64>(highs) * kBits104);
    }
    constexpr void add(int column, u64 x) {
        for (u64& place : at[column]) place += x;
    }
    VECTOR_INLINE Quad operator[](int i) const { return _mm256_load_si256(reinterpret_cast<const Quad*>(at[i])); }
};
constexpr Start kProductStart = [] {
    Start s{};
    for (int i = 0; i < 5; ++i)
        for (int j = 0; j < 5; ++j) s.expect(i + j, 1, i + j + 1, 1);
    return s;
}();
// The cross products' columns are doubled before the squares are added: half of the squares' bits, which are even.
constexpr Start kSquareStart = [] {
    Start s{};
    for (int i = 0; i < 5; ++i) {
        for (int j = i + 1; j < 5; ++j) s.expect(i + j, 1, i + j + 1, 1);
        s.add(2 * i, 0 - kBits52 / 2);
        s.add(2 * i + 1, 0 - kBits104 / 2);
    }
    return s;
}();
// Columns are signed: 2^60 keeps those that carry positive, and what it adds to a carry is taken off the next.
constexpr Start kReductionStart = [] {
    Start s{};
    for (int j = 0; j < 5; ++j) {
        s.expect(3 + j, 3, 4 + j, 3);
        s.expect(4 + j, 1, 5 + j, 1);
        s.expect(4 + j, j > 0, 5 + j, 1);
    }
    for (int i = 0; i < 5; ++i) {
        s.add(i, u64{1} << 60);
        s.add(i + 1, 0 - (u64{1} << 8));
    }
    return s;
}();
constexpr Start operator+(const Start& a, const Start& b) {
    Start s = a;
    for (int i = 0; i < 10; ++i) s.add(i, b.at[i][0]);
    return s;
}

// The limbs of one half of a vector, in doubles.
struct Factors {
    Doubles d[5];

    VECTOR_INLINE Factors(const Vec& a, int half) {
#pragma GCC unroll 5
        for (int i = 0; i < 5; ++i) d[i] = to_doubles((a.*kVecLimb[i]).h[half]);
    }
    VECTOR_INLINE const Doubles& operator[](int i) const { return d[i]; }
};

VECTOR_INLINE void product_columns(Quad* t, const Start& start, const Vec& a, const Factors& b, int half) {
#pragma GCC unroll 10
    for (int i = 0; i < 10; ++i) t[i] = start[i];
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) add_row(t + i, to_doubles((a.*kVecLimb[i]).h[half]), b);
}

VECTOR_INLINE void square_columns(Quad* t, const Start& extra, const Factors& a) {
    const Doubles c104 = _mm256_set1_pd(0x1p104), c104_52 = _mm256_set1_pd(0x1p104 + 0x1p52);
#pragma GCC unroll 10
    for (int i = 0; i < 10; ++i) t[i] = kSquareStart[i];
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i)
#pragma GCC unroll 5
        for (int j = i + 1; j < 5; ++j) multiply_add(t[i + j], t[i + j + 1], a[i], a[j], c104, c104_52);
#pragma GCC unroll 10
    for (int i = 0; i < 10; ++i) t[i] = add4(add4(t[i], t[i]), extra[i]);
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) multiply_add(t[2 * i], t[2 * i + 1], a[i], a[i], c104, c104_52);
}

constexpr Start kNothing{};

VECTOR_INLINE Wide wide_mul(const Vec& a, const Vec& b) {
    Wide w;
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
        Quad t[10];
        product_columns(t, kProductStart, a, Factors(b, half), half);
        for (int i = 0; i < 10; ++i) w.t[i].h[half] = t[i];
    }
    return w;
}

// Products modulo the p of these Constants.
template <class K>
struct Product {
    // w / 2^260, between w / 2^260 and w / 2^260 + 2p; w may be negative. Three limbs leave at once as multiples of
    // 2^-156, 2^-104 and 2^-52 mod p, which need no multiplication to find, a fourth as a multiple of 2^-52; the fifth as
    // in Montgomery's method, which is what bounds the result: after three, three times 2^52 p may have been added, after
    // four 2^52 p and 3p, and after the last 2p and (3 / 2^52) p, which 84 < 2^260 / p leaves room for.
    // In that last step the lowest column becomes a multiple of 2^52, so its carry is its quotient rounded up.
    static VECTOR_INLINE void reduce_columns(Quad (*t)[10]) {
        const Doubles c104 = _mm256_set1_pd(0x1p104), c104_52 = _mm256_set1_pd(0x1p104 + 0x1p52);
        Doubles low[2][3], last[2];
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            Quad* const u = t[half];
#pragma GCC unroll 3
            for (int k = 0; k < 3; ++k) {
                u[k + 1] = add4(u[k + 1], carry4(u[k]));
                low[half][k] = to_doubles(low4(u[k]));
            }
        }
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            add_row(t[half] + 3, low[half][0], kShift156);
            add_row(t[half] + 3, low[half][1], kShift104);
            add_row(t[half] + 3, low[half][2], kShift52);
        }
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            Quad* const u = t[half];
            u[4] = add4(u[4], carry4(u[3]));
            add_row(u + 4, to_doubles(low4(u[3])), kShift52);
        }
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            Quad* const u = t[half];
            const Doubles x = to_doubles(low4(u[4])), n = _mm256_set1_pd(static_cast<double>(K::ninv));
            const Doubles high = _mm256_fmadd_pd(x, n, c104);
            last[half] = _mm256_sub_pd(_mm256_fmadd_pd(x, n, _mm256_sub_pd(c104_52, high)), _mm256_set1_pd(0x1p52));
            u[5] = add4(u[5], carry4(add4(u[4], all4(kLimbMask))));
            u[5] = add4(u[5], _mm256_castpd_si256(_mm256_fmadd_pd(last[half], kP[0], c104)));
        }
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) add_row<1>(t[half] + 4, last[half], kP);
    }

    static VECTOR_INLINE Raw result(const Quad (*t)[10]) {
        Raw out;
#pragma GCC unroll 5
        for (int i = 0; i < 5; ++i) out.*kRawLimb[i] = {t[0][5 + i], t[1][5 + i]};
        return out;
    }
    // Products of numbers that are not negative have no negative limbs.
    static VECTOR_INLINE Vec normal_result(const Quad (*t)[10]) {
        Vec out;
        Quad carry[2] = {t[0][5], t[1][5]};
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
            out.*kVecLimb[i] = {low4(carry[0]), low4(carry[1])};
            carry[0] = add4(t[0][6 + i], carry4(carry[0]));
            carry[1] = add4(t[1][6 + i], carry4(carry[1]));
        }
        out.l4 = {carry[0], carry[1]};
        return out;
    }

    static VECTOR_INLINE Raw reduce(const Wide& w) {
        Quad t[2][10];
#pragma GCC unroll 10
        for (int i = 0; i < 10; ++i) {
            t[0][i] = add4(w.t[i].h[0], kReductionStart[i]);
            t[1][i] = add4(w.t[i].h[1], kReductionStart[i]);
        }
        reduce_columns(t);
        return result(t);
    }

    static VECTOR_INLINE void multiply(Quad (*t)[10], const Vec& a, const Vec& b) {
        const Factors factors[2] = {Factors(b, 0), Factors(b, 1)};
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) product_columns(t[half], kMulStart, a, factors[half], half);
        reduce_columns(t);
    }
    static VECTOR_INLINE void square(Quad (*t)[10], const Vec& a) {
        const Factors factors[2] = {Factors(a, 0), Factors(a, 1)};
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) square_columns(t[half], kReductionStart, factors[half]);
        reduce_columns(t);
    }

    static VECTOR_PRODUCT Raw mul(const Vec& a, const Vec& b) {
        Quad t[2][10];
        multiply(t, a, b);
        return result(t);
    }
    static VECTOR_PRODUCT Raw sqr(const Vec& a) {
        Quad t[2][10];
        square(t, a);
        return result(t);
    }
    static VECTOR_PRODUCT Vec normal_mul(const Vec& a, const Vec& b) {
        Quad t[2][10];
        multiply(t, a, b);
        return normal_result(t);
    }
    static VECTOR_PRODUCT Vec normal_sqr(const Vec& a) {
        Quad t[2][10];
        square(t, a);
        return normal_result(t);
    }

    // floor(a k / 2^52), for a and k below 2^52.
    static VECTOR_INLINE Lane high(const Lane& a, u64 k) {
        const Doubles c104 = _mm256_set1_pd(0x1p104), d = _mm256_set1_pd(static_cast<double>(k));
        Lane out;
        for (int half = 0; half < 2; ++half)
            out.h[half] = low4(_mm256_castpd_si256(_mm256_fmadd_pd(to_doubles(a.h[half]), d, c104)));
        return out;
    }
    // a - q p, for q <= 80: limbs of p in 32 and 20 bits, so that the integer multiplier takes them.
    static VECTOR_INLINE Raw less_many(const Raw& a, const Lane& q) {
        Raw out;
#pragma GCC unroll 5
        for (int i = 0; i < 5; ++i)
#pragma GCC unroll 2
            for (int half = 0; half < 2; ++half) {
                const Quad low = _mm256_mul_epu32(q.h[half], all4(K::p.l[i] & 0xffffffff));
                const Quad high = _mm256_mul_epu32(q.h[half], all4(K::p.l[i] >> 32));
                (out.*kRawLimb[i]).h[half] = _mm256_sub_epi64((a.*kRawLimb[i]).h[half], add4(low, _mm256_slli_epi64(high, 32)));
            }
        return out;
    }
    static VECTOR_INLINE Raw less_few(const Raw& a, const Lane& q) { return less_many(a, q); }

   private:
    static constexpr Multipliers kP = spread(K::p), kShift52 = spread(K::shift), kShift104 = spread(K::template over_two_to<104>),
                                 kShift156 = spread(K::template over_two_to<156>);
    static constexpr Start kMulStart = kProductStart + kReductionStart;
};

}  // namespace
}  // namespace tickproof::vectors
