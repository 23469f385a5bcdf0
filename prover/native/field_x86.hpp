// Which multiplication runs: decided when the extension is loaded, from the processor and from the environment variable
// TICKPROOF_ENGINE=portable|adx|avx2|ifma (it can only lower what the processor offers), and changeable by tests. This file
// owns that choice and the assembly for sums; products are in montgomery_x86.hpp, and the vector engines have files of their own.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

// Unoptimised, compilers give every operand an address register of its own, and the products need nearly all registers.
#if defined(__x86_64__) && defined(__GNUC__) && defined(__OPTIMIZE__)
#define TICKPROOF_HAS_ADX 1
#include <cpuid.h>
#else
#define TICKPROOF_HAS_ADX 0
#endif

namespace tickproof {

// The build says which vector engines the compiler could make (CMakeLists.txt).
#ifndef TICKPROOF_HAS_AVX2
#define TICKPROOF_HAS_AVX2 0
#endif
#ifndef TICKPROOF_HAS_IFMA
#define TICKPROOF_HAS_IFMA 0
#endif

enum class Engine { portable = 0, adx = 1, avx2 = 2, ifma = 3 };

inline Engine best_engine() {
#if TICKPROOF_HAS_ADX
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return Engine::portable;
    const bool bmi2 = b & (1u << 8), adx = b & (1u << 19);
    if (!bmi2 || !adx) return Engine::portable;
    // __builtin_cpu_supports also asks the operating system whether it saves the wide registers.
    __builtin_cpu_init();
    if (TICKPROOF_HAS_IFMA && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512ifma") &&
        __builtin_cpu_supports("avx512vbmi2"))
        return Engine::ifma;
    if (TICKPROOF_HAS_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Engine::avx2;
    return Engine::adx;
#else
    return Engine::portable;
#endif
}

inline Engine engine_from_environment() {
    const Engine best = best_engine();
    const char* wanted = std::getenv("TICKPROOF_ENGINE");
    if (!wanted) return best;
    Engine level = best;
    if (std::strcmp(wanted, "portable") == 0) level = Engine::portable;
    if (std::strcmp(wanted, "adx") == 0) level = Engine::adx;
    if (std::strcmp(wanted, "avx2") == 0) level = Engine::avx2;
    return level < best ? level : best;
}

inline Engine engine = engine_from_environment();

#if TICKPROOF_HAS_ADX
namespace x86 {

// out = a + b mod p and out = a - b mod p. Plain x86-64: compilers turn the same sums in C++ into chains that spill flags.
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

}  // namespace x86
#endif

}  // namespace tickproof
