// Prime fields of BN254: Fr (scalars) and Fq (coordinates), four 64-bit limbs in Montgomery form with R = 2^256.
// Every value held by a Field is fully reduced, so equality is limb equality, and the memory layout is the one that
// snarkjs keys use on disk. This file decides representation and arithmetic; which multiplication runs (portable C++ or
// BMI2/ADX assembly) is decided in field/engine.hpp. Nothing here is constant time: the kernel runs where
// the prover's secrets already live, and says so in docs.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "field/engine.hpp"
#include "process/errors.hpp"
#if TICKPROOF_HAS_ADX
#include "field/montgomery_x86.hpp"
#include "field/sums_x86.hpp"
#endif

namespace tickproof {

using u64 = std::uint64_t;
using u128 = unsigned __int128;
using Limbs = std::array<u64, 4>;

namespace limbs {

constexpr bool less(const Limbs& a, const Limbs& b) {
    for (int i = 3; i >= 0; --i)
        if (a[i] != b[i]) return a[i] < b[i];
    return false;
}

constexpr bool is_zero(const Limbs& a) { return (a[0] | a[1] | a[2] | a[3]) == 0; }

constexpr u64 add_to(Limbs& a, const Limbs& b) {
    u128 carry = 0;
    for (int i = 0; i < 4; ++i) {
        carry += static_cast<u128>(a[i]) + b[i];
        a[i] = static_cast<u64>(carry);
        carry >>= 64;
    }
    return static_cast<u64>(carry);
}

constexpr u64 sub_from(Limbs& a, const Limbs& b) {
    u64 borrow = 0;
    for (int i = 0; i < 4; ++i) {
        u128 d = static_cast<u128>(a[i]) - b[i] - borrow;
        a[i] = static_cast<u64>(d);
        borrow = static_cast<u64>(d >> 64) & 1;
    }
    return borrow;
}

constexpr int bit_length(const Limbs& a) {
    for (int i = 3; i >= 0; --i)
        if (a[i]) return 64 * i + 64 - __builtin_clzll(a[i]);
    return 0;
}

constexpr bool bit(const Limbs& a, unsigned i) { return (a[i / 64] >> (i % 64)) & 1; }

inline Limbs load_le(const std::uint8_t* bytes) {
    Limbs out;
    std::memcpy(out.data(), bytes, 32);
    return out;
}

inline void store_le(const Limbs& a, std::uint8_t* bytes) { std::memcpy(bytes, a.data(), 32); }

}  // namespace limbs

static_assert(std::endian::native == std::endian::little, "the kernel's byte order is little-endian");

// -m^-1 mod 2^64 by Newton's iteration.
constexpr u64 montgomery_inverse(u64 m) {
    u64 x = 1;
    for (int i = 0; i < 6; ++i) x *= 2 - m * x;
    return ~x + 1;
}

// 2^-64 mod m, for odd m: (n0 m + 1) / 2^64, which is below m.
constexpr Limbs inverse_of_word(const Limbs& m) {
    const u64 n0 = montgomery_inverse(m[0]);
    u128 carry = (static_cast<u128>(n0) * m[0] + 1) >> 64;
    Limbs out{};
    for (std::size_t i = 1; i < 4; ++i) {
        carry += static_cast<u128>(n0) * m[i];
        out[i - 1] = static_cast<u64>(carry);
        carry >>= 64;
    }
    out[3] = static_cast<u64>(carry);
    return out;
}

// 2^k mod m, for the Montgomery constants.
constexpr Limbs power_of_two_mod(int k, const Limbs& m) {
    Limbs a{1, 0, 0, 0};
    for (int i = 0; i < k; ++i) {
        // m < 2^254, so doubling never overflows.
        Limbs twice = a;
        limbs::add_to(twice, a);
        if (!limbs::less(twice, m)) limbs::sub_from(twice, m);
        a = twice;
    }
    return a;
}

struct FrParams {
    static constexpr Limbs modulus{0x43e1f593f0000001ULL, 0x2833e84879b97091ULL, 0xb85045b68181585dULL,
                                   0x30644e72e131a029ULL};
    static constexpr const char* name = "Fr";
};

struct FqParams {
    static constexpr Limbs modulus{0x3c208c16d87cfd47ULL, 0x97816a916871ca8dULL, 0xb85045b68181585dULL,
                                   0x30644e72e131a029ULL};
    static constexpr const char* name = "Fq";
};

template <class P>
struct Field {
    Limbs v;  // a * 2^256 mod p

    static constexpr Limbs modulus = P::modulus;
    static constexpr u64 n0 = montgomery_inverse(P::modulus[0]);
    static constexpr Limbs fold = inverse_of_word(P::modulus);
    static constexpr Limbs r1 = power_of_two_mod(256, P::modulus);
    static constexpr Limbs r2 = power_of_two_mod(512, P::modulus);
    // The no-carry form of CIOS and sums without a fifth limb need room above the modulus.
    static_assert(P::modulus[3] < (u64{1} << 62) - 1);

    static constexpr Field zero() { return Field{{0, 0, 0, 0}}; }
    static constexpr Field one() { return Field{r1}; }

    static constexpr Field from_u64(u64 x) { return from_canonical({x, 0, 0, 0}); }
    // a signed small number, for constants
    static constexpr Field from_i64(std::int64_t x) {
        return x < 0 ? -from_u64(~static_cast<u64>(x) + 1) : from_u64(static_cast<u64>(x));
    }
    // `c` must be < p; callers that hold untrusted numbers use from_bytes_le.
    static constexpr Field from_canonical(const Limbs& c) { return Field{c} * Field{r2}; }
    // Any 256-bit number, reduced mod p (hash outputs).
    static constexpr Field from_limbs_reduced(Limbs c) {
        while (!limbs::less(c, modulus)) limbs::sub_from(c, modulus);
        return from_canonical(c);
    }

    static bool try_from_bytes_le(const std::uint8_t* bytes, Field& out) {
        Limbs c = limbs::load_le(bytes);
        if (!limbs::less(c, modulus)) return false;
        out = from_canonical(c);
        return true;
    }
    // Throws NonCanonical when the 32 bytes are not below the modulus.
    static Field from_bytes_le(const std::uint8_t* bytes) {
        Field out;
        if (!try_from_bytes_le(bytes, out)) throw NonCanonical(std::string(P::name) + " element is not below its modulus");
        return out;
    }

    // The canonical integer.
    constexpr Limbs canonical() const { return (*this * Field{{1, 0, 0, 0}}).v; }
    void to_bytes_le(std::uint8_t* bytes) const { limbs::store_le(canonical(), bytes); }

    constexpr bool is_zero() const { return limbs::is_zero(v); }
    constexpr bool is_one() const { return v == r1; }
    friend constexpr bool operator==(const Field& a, const Field& b) { return a.v == b.v; }

    friend constexpr Field operator+(const Field& a, const Field& b) {
#if TICKPROOF_HAS_ADX
        if (!std::is_constant_evaluated() && adx_products) [[likely]] {
            Field out;
            x86::add<Field>(out.v.data(), a.v.data(), b.v.data());
            return out;
        }
#endif
        u128 t = static_cast<u128>(a.v[0]) + b.v[0];
        u64 s0 = static_cast<u64>(t);
        t = static_cast<u128>(a.v[1]) + b.v[1] + static_cast<u64>(t >> 64);
        u64 s1 = static_cast<u64>(t);
        t = static_cast<u128>(a.v[2]) + b.v[2] + static_cast<u64>(t >> 64);
        u64 s2 = static_cast<u64>(t);
        u64 s3 = a.v[3] + b.v[3] + static_cast<u64>(t >> 64);
        return reduce_once(s0, s1, s2, s3);
    }
    friend constexpr Field operator-(const Field& a, const Field& b) {
#if TICKPROOF_HAS_ADX
        if (!std::is_constant_evaluated() && adx_products) [[likely]] {
            Field out;
            x86::sub<Field>(out.v.data(), a.v.data(), b.v.data());
            return out;
        }
#endif
        u128 t = static_cast<u128>(a.v[0]) - b.v[0];
        u64 s0 = static_cast<u64>(t);
        t = static_cast<u128>(a.v[1]) - b.v[1] - (static_cast<u64>(t >> 64) & 1);
        u64 s1 = static_cast<u64>(t);
        t = static_cast<u128>(a.v[2]) - b.v[2] - (static_cast<u64>(t >> 64) & 1);
        u64 s2 = static_cast<u64>(t);
        t = static_cast<u128>(a.v[3]) - b.v[3] - (static_cast<u64>(t >> 64) & 1);
        u64 s3 = static_cast<u64>(t);
        u64 mask = static_cast<u64>(t >> 64);
        t = static_cast<u128>(s0) + (modulus[0] & mask);
        s0 = static_cast<u64>(t);
        t = static_cast<u128>(s1) + (modulus[1] & mask) + static_cast<u64>(t >> 64);
        s1 = static_cast<u64>(t);
        t = static_cast<u128>(s2) + (modulus[2] & mask) + static_cast<u64>(t >> 64);
        s2 = static_cast<u64>(t);
        s3 += (modulus[3] & mask) + static_cast<u64>(t >> 64);
        return Field{{s0, s1, s2, s3}};
    }
    friend constexpr Field operator-(const Field& a) { return zero() - a; }
    friend constexpr Field operator*(const Field& a, const Field& b) {
#if TICKPROOF_HAS_ADX
        if (!std::is_constant_evaluated() && adx_products) [[likely]] {
            Field out;
            x86::montgomery_mul<Field>(out.v.data(), a.v.data(), b.v.data());
            return out;
        }
#endif
        return mul_portable(a, b);
    }

    constexpr Field& operator+=(const Field& o) { return *this = *this + o; }
    constexpr Field& operator-=(const Field& o) { return *this = *this - o; }
    constexpr Field& operator*=(const Field& o) { return *this = *this * o; }

    constexpr Field sqr() const { return *this * *this; }
    constexpr Field dbl() const { return *this + *this; }

    // exponent: an ordinary integer, least significant limb first
    constexpr Field pow(const Limbs& exponent) const {
        Field out = one();
        for (int i = limbs::bit_length(exponent) - 1; i >= 0; --i) {
            out = out.sqr();
            if (limbs::bit(exponent, static_cast<unsigned>(i))) out = out * *this;
        }
        return out;
    }
    constexpr Field pow(u64 exponent) const { return pow(Limbs{exponent, 0, 0, 0}); }

    // 1/a by Fermat; the inverse of zero is zero, so callers that must not divide by zero check first.
    [[gnu::noinline]] constexpr Field inv() const {
        Limbs e = modulus;
        limbs::sub_from(e, {2, 0, 0, 0});
        // four bits at a time: 64 table multiplications instead of about 127
        Field table[16] = {one(), *this};
        for (int i = 2; i < 16; ++i) table[i] = table[i - 1] * *this;
        Field out = one();
        for (int i = 63; i >= 0; --i) {
            out = out.sqr().sqr().sqr().sqr();
            u64 digit = (e[static_cast<unsigned>(i) / 16] >> (4 * (static_cast<unsigned>(i) % 16))) & 15;
            if (digit) out = out * table[digit];
        }
        return out;
    }

    // never inlined: hot loops are flattened, and only one path belongs in them
    [[gnu::noinline]] static constexpr Field mul_portable(const Field& a, const Field& b) {
        // CIOS without the extra carry word: the modulus leaves two bits of room (Acar; El Housni and Botrel, "no-carry").
        u64 t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        for (int i = 0; i < 4; ++i) {
            u128 p = static_cast<u128>(a.v[0]) * b.v[i] + t0;
            u64 low = static_cast<u64>(p);
            u64 carry_a = static_cast<u64>(p >> 64);
            u64 m = low * n0;
            u128 q = static_cast<u128>(m) * modulus[0] + low;
            u64 carry_m = static_cast<u64>(q >> 64);

            p = static_cast<u128>(a.v[1]) * b.v[i] + t1 + carry_a;
            carry_a = static_cast<u64>(p >> 64);
            q = static_cast<u128>(m) * modulus[1] + static_cast<u64>(p) + carry_m;
            t0 = static_cast<u64>(q);
            carry_m = static_cast<u64>(q >> 64);

            p = static_cast<u128>(a.v[2]) * b.v[i] + t2 + carry_a;
            carry_a = static_cast<u64>(p >> 64);
            q = static_cast<u128>(m) * modulus[2] + static_cast<u64>(p) + carry_m;
            t1 = static_cast<u64>(q);
            carry_m = static_cast<u64>(q >> 64);

            p = static_cast<u128>(a.v[3]) * b.v[i] + t3 + carry_a;
            carry_a = static_cast<u64>(p >> 64);
            q = static_cast<u128>(m) * modulus[3] + static_cast<u64>(p) + carry_m;
            t2 = static_cast<u64>(q);
            t3 = static_cast<u64>(q >> 64) + carry_a;
        }
        return reduce_once(t0, t1, t2, t3);
    }

   private:
    static constexpr Field reduce_once(u64 s0, u64 s1, u64 s2, u64 s3) {
        u128 t = static_cast<u128>(s0) - modulus[0];
        u64 d0 = static_cast<u64>(t);
        t = static_cast<u128>(s1) - modulus[1] - (static_cast<u64>(t >> 64) & 1);
        u64 d1 = static_cast<u64>(t);
        t = static_cast<u128>(s2) - modulus[2] - (static_cast<u64>(t >> 64) & 1);
        u64 d2 = static_cast<u64>(t);
        t = static_cast<u128>(s3) - modulus[3] - (static_cast<u64>(t >> 64) & 1);
        u64 d3 = static_cast<u64>(t);
        u64 keep = static_cast<u64>(t >> 64);  // all ones when s < p
        return Field{{d0 ^ ((d0 ^ s0) & keep), d1 ^ ((d1 ^ s1) & keep), d2 ^ ((d2 ^ s2) & keep), d3 ^ ((d3 ^ s3) & keep)}};
    }
};

using Fr = Field<FrParams>;
using Fq = Field<FqParams>;
static_assert(sizeof(Fr) == 32 && std::is_trivially_copyable_v<Fr>);

// Inverts every element with one inversion (Montgomery's trick); zeros stay zero. `scratch` needs values.size() places.
template <class F>
void batch_inverse(std::span<F> values, F* scratch) {
    F product = F::one();
    for (std::size_t i = 0; i < values.size(); ++i) {
        scratch[i] = product;
        if (!values[i].is_zero()) product = product * values[i];
    }
    F inverse = product.inv();
    for (std::size_t i = values.size(); i-- > 0;) {
        if (values[i].is_zero()) continue;
        F next = inverse * values[i];
        values[i] = inverse * scratch[i];
        inverse = next;
    }
}

template <class F>
void batch_inverse(std::span<F> values) {
    std::vector<F> scratch(values.size());
    batch_inverse(values, scratch.data());
}

}  // namespace tickproof
