// Eight field elements at a time as five limbs of 52 bits, a lane an element: the types, and what is done limb by limb.
// Values with carries pending are a Raw, so that a sum or difference of products costs one carry chain; only normalised
// values (a Vec) may enter a product. The including file says for which engine it is compiled, TICKPROOF_LANES_AVX2 or
// TICKPROOF_LANES_IFMA: the compiler's flags do not decide that, or a build for a newer processor would turn one into the other.
#pragma once

#if defined(TICKPROOF_LANES_IFMA)
#include "vectors/lanes_avx512.hpp"
#elif defined(TICKPROOF_LANES_AVX2)
#if defined(__AVX512F__)
#error "the avx2 engine must run on processors without AVX-512: compile its files with -mno-avx512f"
#endif
#include "vectors/lanes_avx2.hpp"
#else
#error "TICKPROOF_LANES_AVX2 or TICKPROOF_LANES_IFMA says which engine this file belongs to"
#endif

namespace tickproof::vectors {
namespace {

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

VECTOR_INLINE Raw raw(const Vec& a) { return {a.l0, a.l1, a.l2, a.l3, a.l4}; }
VECTOR_INLINE Raw operator+(const Raw& a, const Raw& b) {
    return {add64(a.l0, b.l0), add64(a.l1, b.l1), add64(a.l2, b.l2), add64(a.l3, b.l3), add64(a.l4, b.l4)};
}
VECTOR_INLINE Raw operator-(const Raw& a, const Raw& b) {
    return {sub64(a.l0, b.l0), sub64(a.l1, b.l1), sub64(a.l2, b.l2), sub64(a.l3, b.l3), sub64(a.l4, b.l4)};
}
VECTOR_INLINE Raw operator+(const Raw& a, const Vec& b) { return a + raw(b); }
VECTOR_INLINE Raw operator-(const Raw& a, const Vec& b) { return a - raw(b); }
VECTOR_INLINE Raw operator+(const Vec& a, const Vec& b) { return raw(a) + raw(b); }
VECTOR_INLINE Raw operator-(const Vec& a, const Vec& b) { return raw(a) - raw(b); }
VECTOR_INLINE Raw operator+(const Vec& a, const Raw& b) { return raw(a) + b; }
VECTOR_INLINE Raw operator-(const Vec& a, const Raw& b) { return raw(a) - b; }
VECTOR_INLINE Raw times4(const Raw& a) { return {left<2>(a.l0), left<2>(a.l1), left<2>(a.l2), left<2>(a.l3), left<2>(a.l4)}; }

VECTOR_INLINE Wide operator+(const Wide& a, const Wide& b) {
    Wide w;
    for (int i = 0; i < 10; ++i) w.t[i] = add64(a.t[i], b.t[i]);
    return w;
}
VECTOR_INLINE Wide operator-(const Wide& a, const Wide& b) {
    Wide w;
    for (int i = 0; i < 10; ++i) w.t[i] = sub64(a.t[i], b.t[i]);
    return w;
}

// A limb's low bits do not change when it is lifted.
VECTOR_INLINE Lane lifted(Lane a) { return add64(a, all(kLift)); }
VECTOR_INLINE Lane relifted(Lane a) { return add64(a, all(kLift - (kLift >> kLimbBits))); }  // after a lifted limb's carry
VECTOR_INLINE Lane lowered(Lane a) { return sub64(a, all(kLift >> kLimbBits)); }             // likewise, the last limb
VECTOR_INLINE Lane carry52(Lane a) { return lowered(carry52_of_lifted(lifted(a))); }

VECTOR_INLINE Vec normal(const Raw& a) {
    const Lane b0 = lifted(a.l0);
    const Lane b1 = add64(relifted(a.l1), carry52_of_lifted(b0));
    const Lane b2 = add64(relifted(a.l2), carry52_of_lifted(b1));
    const Lane b3 = add64(relifted(a.l3), carry52_of_lifted(b2));
    return {low52(b0), low52(b1), low52(b2), low52(b3), add64(lowered(a.l4), carry52_of_lifted(b3))};
}

VECTOR_INLINE Vec select(Mask m, const Vec& yes, const Vec& no) {
    return {blend(m, yes.l0, no.l0), blend(m, yes.l1, no.l1), blend(m, yes.l2, no.l2), blend(m, yes.l3, no.l3),
            blend(m, yes.l4, no.l4)};
}

VECTOR_INLINE Vec broadcast(const Limbs52& a) { return {all(a.l[0]), all(a.l[1]), all(a.l[2]), all(a.l[3]), all(a.l[4])}; }

// Lane i takes lane i + N mod 8.
template <int N>
VECTOR_INLINE Vec rotate(const Vec& a) {
    return {rotate<N>(a.l0), rotate<N>(a.l1), rotate<N>(a.l2), rotate<N>(a.l3), rotate<N>(a.l4)};
}

}  // namespace
}  // namespace tickproof::vectors
