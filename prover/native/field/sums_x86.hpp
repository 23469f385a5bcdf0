// Sums and differences of field elements in plain x86-64 assembly: compilers turn the same sums in C++ into chains that spill
// flags. Products are in field/montgomery_x86.hpp; whether either runs is decided in field/engine.hpp.
#pragma once

#include <cstdint>

namespace tickproof::x86 {

// out = a + b mod p and out = a - b mod p.
template <class F>
[[gnu::always_inline]] inline void add(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], s0, s1, s2, s3;
    __asm__(
        "addq (%[b]), %[t0]\n\t"
        "adcq 8(%[b]), %[t1]\n\t"
        "adcq 16(%[b]), %[t2]\n\t"
        "adcq 24(%[b]), %[t3]\n\t"
        "movq %[t0], %[s0]\n\t"
        "movq %[t1], %[s1]\n\t"
        "movq %[t2], %[s2]\n\t"
        "movq %[t3], %[s3]\n\t"
        "subq %[q0], %[t0]\n\t"
        "sbbq %[q1], %[t1]\n\t"
        "sbbq %[q2], %[t2]\n\t"
        "sbbq %[q3], %[t3]\n\t"
        "cmovcq %[s0], %[t0]\n\t"
        "cmovcq %[s1], %[t1]\n\t"
        "cmovcq %[s2], %[t2]\n\t"
        "cmovcq %[s3], %[t3]\n\t"
        : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2),
          [s3] "=&r"(s3)
        : [b] "r"(b), [q0] "m"(F::modulus[0]), [q1] "m"(F::modulus[1]), [q2] "m"(F::modulus[2]), [q3] "m"(F::modulus[3]),
          "m"(*reinterpret_cast<const std::uint64_t (*)[4]>(b))
        : "cc");
    out[0] = t0;
    out[1] = t1;
    out[2] = t2;
    out[3] = t3;
}

template <class F>
[[gnu::always_inline]] inline void sub(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], s0, s1, s2, s3;
    __asm__(
        "xorl %k[s0], %k[s0]\n\t"
        "xorl %k[s1], %k[s1]\n\t"
        "xorl %k[s2], %k[s2]\n\t"
        "xorl %k[s3], %k[s3]\n\t"
        "subq (%[b]), %[t0]\n\t"
        "sbbq 8(%[b]), %[t1]\n\t"
        "sbbq 16(%[b]), %[t2]\n\t"
        "sbbq 24(%[b]), %[t3]\n\t"
        "cmovcq %[q0], %[s0]\n\t"
        "cmovcq %[q1], %[s1]\n\t"
        "cmovcq %[q2], %[s2]\n\t"
        "cmovcq %[q3], %[s3]\n\t"
        "addq %[s0], %[t0]\n\t"
        "adcq %[s1], %[t1]\n\t"
        "adcq %[s2], %[t2]\n\t"
        "adcq %[s3], %[t3]\n\t"
        : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2),
          [s3] "=&r"(s3)
        : [b] "r"(b), [q0] "m"(F::modulus[0]), [q1] "m"(F::modulus[1]), [q2] "m"(F::modulus[2]), [q3] "m"(F::modulus[3]),
          "m"(*reinterpret_cast<const std::uint64_t (*)[4]>(b))
        : "cc");
    out[0] = t0;
    out[1] = t1;
    out[2] = t2;
    out[3] = t3;
}

}  // namespace tickproof::x86
