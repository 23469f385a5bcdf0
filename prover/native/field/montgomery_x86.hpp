// Products in BMI2/ADX assembly: of two field elements, and of two elements of a quadratic extension by a root of -1. Values
// below the modulus p in, values below p out, Montgomery form with R = 2^256. Whether they run is decided in field/engine.hpp,
// what is computed with them elsewhere.
//
// With w = 2^64, Montgomery's reduction divides by w four times, each time after it made the lowest limb zero with a
// multiple m p, m = x n0 mod w. The product x n0 stands between the limb x and everything that follows. Three of the four
// divisions do without: C = 1/w mod p, and X = x + w Y becomes Y + x C, congruent to X/w ("fold"). Folds alone do not get
// below 2 p: the last division is Montgomery's. That is 33 multiplications instead of 36, and no waiting for m.
//
//     S = a b0;  S = fold(S + w a b1);  S = fold(S + w a b2);  S = fold(S + w a b3);  (S + m p)/w, less p if not below p
//
// No carry is lost:
//   S + w a bi < w^2 (p + C), and p + C < 2^255: six limbs hold it. By induction: S = a b0 < w p, and a fold gives less than
//   S/w + (w-1) p + (w-1) C < w (p + C), five limbs. So what a row or a fold adds into its top limb never carries out of it.
//   With b3 <= p3, the top limb of p, the last S < (p + C) + p p3 + (w-1) C, and (S + (w-1) p)/w < p + C + p p3/w.
//   folds_fit(1) asserts more than that this is below 2 p, so one subtraction reduces fully. a < 2 p (with b < p) only puts
//   2 p for p in the bound of a row: S < w (2 p + C), still five limbs, and at the end p + C + 2 p (p3 + 1)/w, folds_fit(2).
//
// The two carry chains run beside each other, CF through adcx and OF through adox; CLEAR starts both and keeps z zero.
// Listings are in columns: c_k holds column k of the product, later column k + 6 (or k + 5); x_k are halves of products. The
// order is not the one in which one writes down rows and folds: how a processor spreads additions over its ports beside
// mulx depends on it, by a fifth on Zen 4. These orders were found by measuring thousands that keep every dependency.
#pragma once

#include <array>
#include <cstdint>

namespace tickproof::x86 {

// The assembly's words, removed at the end of the file. Places in memory are given by bytes from their first.
#define A(o) #o "(%[a])"
#define B(o) #o "(%[b])"
#define W(o) #o "(%[w])"
#define BOTH(o) #o "(%[products])"
#define V0(o) "64+" #o "(%[products])"
#define V1(o) "128+" #o "(%[products])"
#define P(o) #o "+%[constants]"
#define FOLD(o) "32+" #o "+%[constants]"
#define PP(o) "64+" #o "+%[constants]"
#define N0 "128+%[constants]"
#define RDX_AT(m) "movq " m ", %%rdx\n\t"
#define RDX(r) "movq %[" #r "], %%rdx\n\t"
#define CLEAR "xorl %k[z], %k[z]\n\t"
#define MULX(m, low, high) "mulxq " m ", %[" #low "], %[" #high "]\n\t"
#define IMUL(r) "imulq %[" #r "], %%rdx\n\t"
#define ADCX(s, d) "adcxq %[" #s "], %[" #d "]\n\t"
#define ADOX(s, d) "adoxq %[" #s "], %[" #d "]\n\t"
#define LOAD(m, r) "movq " m ", %[" #r "]\n\t"
#define STORE(r, m) "movq %[" #r "], " m "\n\t"
#define COPY(s, d) "movq %[" #s "], %[" #d "]\n\t"
#define ADD(m, r) "addq " m ", %[" #r "]\n\t"
#define ADC(m, r) "adcq " m ", %[" #r "]\n\t"
#define SUB(m, r) "subq " m ", %[" #r "]\n\t"
#define SBB(m, r) "sbbq " m ", %[" #r "]\n\t"
#define OUT(r) [r] "=&r"(r)
#define CMOVC(s, d) "cmovcq %[" #s "], %[" #d "]\n\t"

using Words4 = std::uint64_t[4];
using Words8 = std::uint64_t[8];

// p, C, p^2 and n0 in one place: one operand, so that frame pointers and position-independent code leave registers enough.
template <class F>
inline constexpr std::array<std::uint64_t, 17> constants = [] {
    std::array<std::uint64_t, 17> out{};
    for (unsigned i = 0; i < 4; ++i) {
        out[i] = F::modulus[i];
        out[4 + i] = F::fold[i];
        unsigned __int128 carry = 0;
        for (unsigned j = 0; j < 4; ++j) {
            carry += static_cast<unsigned __int128>(F::modulus[i]) * F::modulus[j] + out[8 + i + j];
            out[8 + i + j] = static_cast<std::uint64_t>(carry);
            carry >>= 64;
        }
        out[12 + i] = static_cast<std::uint64_t>(carry);
    }
    out[16] = F::n0;
    return out;
}();

// The products take up to all of the 14 registers that a frame pointer leaves. The compiler must not spend two on one place,
// one for its pointer and one for the operand that says it is read: after this it knows no other way to it.
template <class T>
[[gnu::always_inline]] inline T* in_one_register(T* place) {
    __asm__("" : "+r"(place));
    return place;
}

// Whether C + times p (p3 + 1)/w < p, from the top limbs alone: C < (C3 + 1) w^3 and p >= p3 w^3.
template <class F>
constexpr bool folds_fit(unsigned times) {
    const unsigned __int128 p3 = F::modulus[3];
    return F::fold[3] + 2 + static_cast<std::uint64_t>((times * (p3 + 1) * p3) >> 64) <= p3;
}

// out = a b / 2^256 mod p, fully reduced; out may alias a or b. b < p, a < p (or 2 p where folds_fit<F>(2)).
template <class F>
[[gnu::always_inline]] inline void montgomery_mul(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b) {
    static_assert(folds_fit<F>(1));
    a = in_one_register(a);
    b = in_one_register(b);
    std::uint64_t c0, c1, c2, c3, c4, c5, x0, x1, x2, z;
    __asm__(
        RDX_AT(B(0)) CLEAR MULX(A(0), c0, c1) MULX(A(8), x0, c2) ADCX(x0, c1) MULX(A(16), x0, c3) MULX(A(24), x1, c4)
        ADCX(x0, c2) ADCX(x1, c3) RDX_AT(B(8)) MULX(A(0), x0, x1) ADCX(z, c4) CLEAR ADCX(x0, c1) MULX(A(8), x0, x2)
        ADOX(x1, c2) ADCX(x0, c2) ADOX(x2, c3) MULX(A(16), x0, x1) ADCX(x0, c3) ADOX(x1, c4) MULX(A(24), x0, c5)
        ADOX(z, c5) ADCX(x0, c4) ADCX(z, c5) CLEAR RDX(c0) MULX(FOLD(0), x0, x1) ADCX(x0, c1) MULX(FOLD(8), x0, x2)
        ADOX(x1, c2) ADCX(x0, c2) ADOX(x2, c3) MULX(FOLD(16), x0, x1) ADCX(x0, c3) ADOX(x1, c4) MULX(FOLD(24), x0, x1)
        RDX_AT(B(16)) ADCX(x0, c4) MULX(A(8), x0, x2) ADOX(x1, c5) ADCX(z, c5) CLEAR MULX(A(0), x1, c0) ADOX(c0, c3)
        ADCX(x1, c2) MULX(A(16), x1, c0) ADOX(x2, c4) ADOX(c0, c5) MULX(A(24), x2, c0) ADCX(x0, c3) ADCX(x1, c4)
        ADCX(x2, c5) ADOX(z, c0) ADCX(z, c0) RDX(c1) MULX(FOLD(0), x0, x1) CLEAR ADCX(x0, c2) ADOX(x1, c3)
        MULX(FOLD(8), x0, x1) MULX(FOLD(16), x2, c1) ADCX(x0, c3) ADOX(x1, c4) ADOX(c1, c5) MULX(FOLD(24), x0, x1)
        ADCX(x2, c4) ADOX(x1, c0) ADCX(x0, c5) ADCX(z, c0) CLEAR RDX_AT(B(24)) MULX(A(0), x0, x1) ADCX(x0, c3)
        ADOX(x1, c4) MULX(A(8), x0, x1) ADOX(x1, c5) ADCX(x0, c4) MULX(A(16), x0, x1) ADOX(x1, c0) ADCX(x0, c5)
        MULX(A(24), x0, c1) ADOX(z, c1) ADCX(x0, c0) ADCX(z, c1) RDX(c2) MULX(FOLD(0), x0, x1) CLEAR ADCX(x0, c3)
        ADOX(x1, c4) MULX(FOLD(8), x0, x1) MULX(FOLD(24), x2, c2) ADOX(x1, c5) ADCX(x0, c4) MULX(FOLD(16), x0, x1)
        RDX_AT(N0) ADCX(x0, c5) ADOX(x1, c0) ADOX(c2, c1) ADCX(x2, c0) ADCX(z, c1) IMUL(c3) CLEAR MULX(P(0), x0, x1)
        ADCX(x0, c3) MULX(P(8), x0, x2) ADOX(x1, c4) ADCX(x0, c4) ADOX(x2, c5) MULX(P(16), x0, x1) ADOX(x1, c0)
        ADCX(x0, c5) MULX(P(24), x0, x1) ADOX(x1, c1) COPY(c4, x1) ADCX(x0, c0) ADCX(z, c1) SUB(P(0), c4) COPY(c5, x0)
        SBB(P(8), c5) COPY(c0, x2) SBB(P(16), c0) COPY(c1, c3) SBB(P(24), c1) CMOVC(x1, c4) CMOVC(x0, c5) CMOVC(x2, c0)
        CMOVC(c3, c1)
        : OUT(c0), OUT(c1), OUT(c2), OUT(c3), OUT(c4), OUT(c5), OUT(x0), OUT(x1), OUT(x2), OUT(z)
        : [a] "r"(a), [b] "r"(b), "m"(*reinterpret_cast<const Words4*>(a)), "m"(*reinterpret_cast<const Words4*>(b)),
          [constants] "m"(constants<F>)
        : "rdx", "cc");
    out[0] = c4;
    out[1] = c5;
    out[2] = c0;
    out[3] = c1;
}

// The extension F[u]/(u^2 + 1), reduced lazily: three products of 512 bits (Karatsuba), two reductions instead of three.
//
//     v0 = a0 b0, v1 = a1 b1, both = (a0 + a1)(b0 + b1), sums not reduced
//     c0 = v0 - v1 + p^2,  c1 = both - v0 - v1 = a0 b1 + a1 b0
//
// Bounds. a0 + a1 < 2 p < 2^255, so every product fits 512 bits. v1 <= (p-1)^2 < p^2, so 0 < c0 < 2 p^2; 0 <= c1 < 2 p^2.
// Reduction of L + 2^256 H, L < w^4, H < 2 p^2/2^256 < 2 p (p3 + 1)/w: four divisions of L by w, the first three folds,
//     S <= L/w + (w-1) C < w^3 + w C,  S/w + (w-1) C < w^2 + w C,  then < w + w C,  and (S + (w-1) p)/w < 1 + C + p.
// Added to H that is below 2 p by folds_fit(2): one subtraction reduces fully. All of these are below w^5, so what is added
// into a top limb never carries out of it. The first fold starts its fourth column as a high half plus a carry, which
// fits, because the high half of a product is at most w - 2.

// w = a b, 512 bits, for any 256-bit a, b
[[gnu::always_inline]] inline void wide_mul(std::uint64_t* w, const std::uint64_t* a, const std::uint64_t* b) {
    w = in_one_register(w);
    a = in_one_register(a);
    b = in_one_register(b);
    std::uint64_t c0, c1, c2, c3, c4, x0, x1, x2, x3, z;
    __asm__(
        RDX_AT(B(0)) CLEAR MULX(A(24), x0, c4) MULX(A(0), c0, c1) MULX(A(8), x1, c2) MULX(A(16), x2, c3) ADCX(x1, c1)
        ADCX(x2, c2) ADCX(x0, c3) ADCX(z, c4) CLEAR RDX_AT(B(8)) MULX(A(0), x0, x1) ADOX(x1, c2) MULX(A(8), x1, x2)
        ADCX(x0, c1) STORE(c1, W(8)) ADCX(x1, c2) STORE(c0, W(0)) ADOX(x2, c3) MULX(A(16), x0, x1) MULX(A(24), x2, c0)
        ADCX(x0, c3) ADOX(x1, c4) ADOX(z, c0) ADCX(x2, c4) RDX_AT(B(16)) MULX(A(0), x0, x1) ADCX(z, c0) CLEAR
        ADCX(x0, c2) MULX(A(16), x0, x2) MULX(A(8), x3, c1) ADOX(x1, c3) ADCX(x3, c3) ADOX(c1, c4) ADCX(x0, c4)
        MULX(A(24), x0, c1) RDX_AT(B(24)) ADOX(x2, c0) ADCX(x0, c0) MULX(A(0), x0, x1) STORE(c2, W(16)) ADOX(z, c1)
        ADCX(z, c1) MULX(A(8), x2, x3) CLEAR ADOX(x1, c4) ADCX(x0, c3) MULX(A(16), x0, x1) ADCX(x2, c4) ADOX(x3, c0)
        MULX(A(24), x2, c2) ADOX(x1, c1) ADCX(x0, c0) ADCX(x2, c1) STORE(c4, W(32)) STORE(c3, W(24)) STORE(c1, W(48))
        ADOX(z, c2) STORE(c0, W(40)) ADCX(z, c2) STORE(c2, W(56))
        : OUT(c0), OUT(c1), OUT(c2), OUT(c3), OUT(c4), OUT(x0), OUT(x1), OUT(x2), OUT(x3), OUT(z),
          "=m"(*reinterpret_cast<Words8*>(w))
        : [w] "r"(w), [a] "r"(a), [b] "r"(b), "m"(*reinterpret_cast<const Words4*>(a)),
          "m"(*reinterpret_cast<const Words4*>(b))
        : "rdx", "cc");
}

// The three products of one multiplication, behind one pointer.
struct Products {
    Words8 both, v0, v1;
};

// out = (both - v0 - v1) / 2^256 mod p; overwrites `both`
template <class F>
[[gnu::always_inline]] inline void reduce_cross(std::uint64_t* out, Products& products) {
    static_assert(folds_fit<F>(2));
    Products* place = in_one_register(&products);
    std::uint64_t c0, c1, c2, c3, c4, x0, x1, x2, x3, z;
    __asm__(
        LOAD(BOTH(8), c1) LOAD(BOTH(24), c3) LOAD(BOTH(0), c0) SUB(V0(0), c0) LOAD(BOTH(32), x0) LOAD(BOTH(56), x1)
        LOAD(BOTH(16), c2) LOAD(BOTH(48), x2) LOAD(BOTH(40), x3) SBB(V0(8), c1) SBB(V0(16), c2) SBB(V0(24), c3)
        SBB(V0(32), x0) SBB(V0(40), x3) SBB(V0(48), x2) SBB(V0(56), x1) SUB(V1(0), c0) SBB(V1(8), c1) SBB(V1(16), c2)
        SBB(V1(24), c3) SBB(V1(32), x0) SBB(V1(40), x3) SBB(V1(48), x2) STORE(x0, BOTH(32)) RDX(c0) STORE(x2, BOTH(48))
        STORE(x3, BOTH(40)) SBB(V1(56), x1) STORE(x1, BOTH(56)) CLEAR MULX(FOLD(0), x0, x1) ADCX(x0, c1) ADOX(x1, c2)
        MULX(FOLD(8), x0, x1) ADOX(x1, c3) ADCX(x0, c2) MULX(FOLD(16), x0, c4) ADOX(z, c4) ADCX(x0, c3)
        MULX(FOLD(24), x0, c0) ADCX(x0, c4) ADCX(z, c0) CLEAR RDX(c1) MULX(FOLD(0), x0, x1) ADCX(x0, c2) ADOX(x1, c3)
        MULX(FOLD(8), x0, x1) ADOX(x1, c4) ADCX(x0, c3) MULX(FOLD(16), x0, x1) ADOX(x1, c0) ADCX(x0, c4)
        MULX(FOLD(24), x0, c1) ADCX(x0, c0) ADOX(z, c1) ADCX(z, c1) CLEAR RDX(c2) MULX(FOLD(0), x0, x1) ADOX(x1, c4)
        MULX(FOLD(8), x1, x2) ADCX(x0, c3) ADCX(x1, c4) MULX(FOLD(16), x0, x1) ADOX(x2, c0) ADOX(x1, c1)
        MULX(FOLD(24), x1, c2) ADCX(x0, c0) ADCX(x1, c1) ADOX(z, c2) RDX_AT(N0) ADCX(z, c2) IMUL(c3) MULX(P(0), x0, x1)
        CLEAR ADOX(x1, c4) ADCX(x0, c3) MULX(P(8), x0, x1) ADCX(x0, c4) ADOX(x1, c0) MULX(P(16), x0, x1)
        MULX(P(24), x2, x3) ADOX(x1, c1) ADOX(x3, c2) ADCX(x0, c0) ADCX(x2, c1) ADCX(z, c2) ADD(BOTH(32), c4)
        ADC(BOTH(40), c0) ADC(BOTH(48), c1) ADC(BOTH(56), c2) COPY(c1, x0) COPY(c2, x1) COPY(c4, x2) SUB(P(0), c4)
        COPY(c0, x3) SBB(P(8), c0) SBB(P(16), c1) SBB(P(24), c2) CMOVC(x2, c4) CMOVC(x3, c0) CMOVC(x0, c1) CMOVC(x1, c2)
        : OUT(c0), OUT(c1), OUT(c2), OUT(c3), OUT(c4), OUT(x0), OUT(x1), OUT(x2), OUT(x3), OUT(z),
          "+m"(*place)
        : [products] "r"(place), [constants] "m"(constants<F>)
        : "rdx", "cc");
    out[0] = c4;
    out[1] = c0;
    out[2] = c1;
    out[3] = c2;
}

// out = (v0 - v1 + p^2) / 2^256 mod p; overwrites v0
template <class F>
[[gnu::always_inline]] inline void reduce_difference(std::uint64_t* out, Products& products) {
    static_assert(folds_fit<F>(2));
    Products* place = in_one_register(&products);
    std::uint64_t c0, c1, c2, c3, c4, x0, x1, x2, x3, z;
    __asm__(
        LOAD(V0(32), x0) LOAD(V0(16), c2) LOAD(V0(0), c0) SUB(V1(0), c0) LOAD(V0(24), c3) LOAD(V0(8), c1)
        LOAD(V0(56), x1) SBB(V1(8), c1) SBB(V1(16), c2) SBB(V1(24), c3) SBB(V1(32), x0) LOAD(V0(48), x2) LOAD(V0(40), x3)
        SBB(V1(40), x3) SBB(V1(48), x2) SBB(V1(56), x1) ADD(PP(0), c0) ADC(PP(8), c1) ADC(PP(16), c2) ADC(PP(24), c3)
        ADC(PP(32), x0) ADC(PP(40), x3) ADC(PP(48), x2) RDX(c0) ADC(PP(56), x1) STORE(x2, V0(48)) STORE(x1, V0(56)) CLEAR
        MULX(FOLD(0), x1, x2) ADOX(x2, c2) ADCX(x1, c1) STORE(x3, V0(40)) STORE(x0, V0(32)) MULX(FOLD(8), x0, x1)
        ADCX(x0, c2) ADOX(x1, c3) MULX(FOLD(16), x0, c4) ADCX(x0, c3) ADOX(z, c4) MULX(FOLD(24), x0, c0) RDX(c1)
        ADCX(x0, c4) ADCX(z, c0) CLEAR MULX(FOLD(0), x0, x1) ADOX(x1, c3) MULX(FOLD(8), x1, x2) ADCX(x0, c2) ADCX(x1, c3)
        ADOX(x2, c4) MULX(FOLD(16), x0, x1) ADOX(x1, c0) MULX(FOLD(24), x1, c1) ADCX(x0, c4) ADCX(x1, c0) ADOX(z, c1)
        RDX(c2) MULX(FOLD(0), x0, x1) MULX(FOLD(8), x2, x3) ADCX(z, c1) CLEAR ADCX(x0, c3) ADOX(x1, c4)
        MULX(FOLD(24), x0, c2) ADCX(x2, c4) ADOX(x3, c0) MULX(FOLD(16), x1, x2) ADCX(x1, c0) ADOX(x2, c1) ADOX(z, c2)
        ADCX(x0, c1) RDX_AT(N0) ADCX(z, c2) IMUL(c3) MULX(P(0), x0, x1) CLEAR MULX(P(8), x2, x3) ADCX(x0, c3)
        ADOX(x1, c4) ADOX(x3, c0) ADCX(x2, c4) MULX(P(16), x0, x1) ADOX(x1, c1) ADCX(x0, c0) MULX(P(24), x0, x1)
        ADCX(x0, c1) ADOX(x1, c2) ADCX(z, c2) ADD(V0(32), c4) ADC(V0(40), c0) ADC(V0(48), c1) ADC(V0(56), c2)
        COPY(c2, x0) COPY(c4, x1) COPY(c0, x2) SUB(P(0), c4) COPY(c1, x3) SBB(P(8), c0) SBB(P(16), c1) SBB(P(24), c2)
        CMOVC(x1, c4) CMOVC(x3, c1) CMOVC(x0, c2) CMOVC(x2, c0)
        : OUT(c0), OUT(c1), OUT(c2), OUT(c3), OUT(c4), OUT(x0), OUT(x1), OUT(x2), OUT(x3), OUT(z),
          "+m"(*place)
        : [products] "r"(place), [constants] "m"(constants<F>)
        : "rdx", "cc");
    out[0] = c4;
    out[1] = c0;
    out[2] = c1;
    out[3] = c2;
}

// out = a + b, not reduced
[[gnu::always_inline]] inline void add_unreduced(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t c0 = a[0], c1 = a[1], c2 = a[2], c3 = a[3];
    __asm__(ADD(B(0), c0) ADC(B(8), c1) ADC(B(16), c2) ADC(B(24), c3)
            : [c0] "+&r"(c0), [c1] "+&r"(c1), [c2] "+&r"(c2), [c3] "+&r"(c3)
            : [b] "r"(b), "m"(*reinterpret_cast<const Words4*>(b))
            : "cc");
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

// out0 + out1 u = (a0 + a1 u)(b0 + b1 u); out may alias a or b. One copy: it is long, and a call costs little beside it.
template <class F>
[[gnu::noinline]] void quadratic_mul(std::uint64_t* out0, std::uint64_t* out1, const std::uint64_t* a0,
                                     const std::uint64_t* a1, const std::uint64_t* b0, const std::uint64_t* b1) {
    Words4 a, b;
    Products products;
    add_unreduced(a, a0, a1);
    add_unreduced(b, b0, b1);
    wide_mul(products.v0, a0, b0);
    wide_mul(products.v1, a1, b1);
    wide_mul(products.both, a, b);
    reduce_cross<F>(out1, products);
    reduce_difference<F>(out0, products);
}

// out = (a + b) c, where a + b is not reduced first
template <class F>
[[gnu::always_inline]] inline void add_mul(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b,
                                           const std::uint64_t* c) {
    static_assert(folds_fit<F>(2));
    Words4 sum;
    add_unreduced(sum, a, b);
    montgomery_mul<F>(out, sum, c);
}

#undef A
#undef B
#undef W
#undef BOTH
#undef V0
#undef V1
#undef P
#undef PP
#undef FOLD
#undef N0
#undef RDX_AT
#undef RDX
#undef CLEAR
#undef MULX
#undef IMUL
#undef ADCX
#undef ADOX
#undef LOAD
#undef STORE
#undef COPY
#undef ADD
#undef ADC
#undef SUB
#undef SBB
#undef CMOVC
#undef OUT

}  // namespace tickproof::x86
