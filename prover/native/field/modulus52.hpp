// The two moduli of BN254 in five limbs of 52 bits, and powers of two modulo them, all computed by the compiler from the
// four 64-bit words of the modulus. The vector files include this and no other header of the kernel: they are compiled
// with AVX-512 or AVX2 switched on, and an inline function that they shared with the portable files could be linked from
// here into code that runs on a machine without them. For the same reason everything here and in the vector headers lives in
// an unnamed namespace.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tickproof::vectors {
namespace {

using u64 = std::uint64_t;
using i64 = std::int64_t;
using u32 = std::uint32_t;
using std::size_t;
using u128 = unsigned __int128;

constexpr unsigned kLimbs = 5;
constexpr unsigned kLimbBits = 52;
constexpr u64 kLimbMask = (u64{1} << kLimbBits) - 1;

struct Words {
    u64 w[4];
};

struct Limbs52 {
    u64 l[5];
};

constexpr Limbs52 split52(const Words& a) {
    return {{a.w[0] & kLimbMask, (a.w[0] >> 52 | a.w[1] << 12) & kLimbMask, (a.w[1] >> 40 | a.w[2] << 24) & kLimbMask,
             (a.w[2] >> 28 | a.w[3] << 36) & kLimbMask, a.w[3] >> 16}};
}

// k a in limbs; the carry beyond the fifth is kept in the fifth.
constexpr Limbs52 times(const Limbs52& a, u64 k) {
    Limbs52 out{};
    u128 carry = 0;
    for (int i = 0; i < 5; ++i) {
        carry += static_cast<u128>(a.l[i]) * k;
        out.l[i] = i < 4 ? static_cast<u64>(carry) & kLimbMask : static_cast<u64>(carry);
        carry >>= 52;
    }
    return out;
}

// 2^e mod m, by doubling.
constexpr Words power_of_two(unsigned e, const Words& m) {
    Words x{{1, 0, 0, 0}};
    for (unsigned i = 0; i < e; ++i) {
        for (int k = 3; k > 0; --k) x.w[k] = x.w[k] << 1 | x.w[k - 1] >> 63;
        x.w[0] <<= 1;
        Words y{};
        u64 borrow = 0;
        for (int k = 0; k < 4; ++k) {
            u128 d = static_cast<u128>(x.w[k]) - m.w[k] - borrow;
            y.w[k] = static_cast<u64>(d);
            borrow = static_cast<u64>(d >> 64) & 1;
        }
        if (!borrow) x = y;
    }
    return x;
}

// 2^-e mod m: halve one e times.
constexpr Words over_power_of_two(unsigned e, const Words& m) {
    Words x{{1, 0, 0, 0}};
    for (unsigned i = 0; i < e; ++i) {
        if (x.w[0] & 1) {
            u128 carry = 0;
            for (int k = 0; k < 4; ++k) {
                carry += static_cast<u128>(x.w[k]) + m.w[k];
                x.w[k] = static_cast<u64>(carry);
                carry >>= 64;
            }
        }
        for (int k = 0; k < 3; ++k) x.w[k] = x.w[k] >> 1 | x.w[k + 1] << 63;
        x.w[3] >>= 1;
    }
    return x;
}

// k x mod m, for small k.
constexpr Words times_mod(const Words& x, unsigned k, const Words& m) {
    Words sum{};
    for (unsigned i = 0; i < k; ++i) {
        Words next{}, less{};
        u64 carry = 0, borrow = 0;
        for (int j = 0; j < 4; ++j) {
            const u128 s = static_cast<u128>(sum.w[j]) + x.w[j] + carry;
            next.w[j] = static_cast<u64>(s);
            carry = static_cast<u64>(s >> 64);
            const u128 d = static_cast<u128>(next.w[j]) - m.w[j] - borrow;
            less.w[j] = static_cast<u64>(d);
            borrow = static_cast<u64>(d >> 64) & 1;
        }
        sum = borrow ? next : less;
    }
    return sum;
}

// x / k mod m, for small k: the one of x, x + m, x + 2m, ... that k divides.
constexpr Words divided_mod(const Words& x, unsigned k, const Words& m) {
    for (unsigned j = 0; j < k; ++j) {
        u64 sum[5] = {};
        u128 carry = 0;
        for (int i = 0; i < 4; ++i) {
            carry += static_cast<u128>(m.w[i]) * j + x.w[i];
            sum[i] = static_cast<u64>(carry);
            carry >>= 64;
        }
        sum[4] = static_cast<u64>(carry);
        Words out{};
        u128 rest = sum[4];
        for (int i = 3; i >= 0; --i) {
            rest = rest << 64 | sum[i];
            out.w[i] = static_cast<u64>(rest / k);
            rest %= k;
        }
        if (rest == 0) return out;
    }
    return {};
}

// -m^-1 mod 2^64.
constexpr u64 negative_inverse(u64 m) {
    u64 x = 1;
    for (int i = 0; i < 6; ++i) x *= 2 - m * x;
    return ~x + 1;
}

// kWord: R1 = 2^256 is the Montgomery factor of stored values; kVector: R = 2^260 is what one product divides by.
struct FqModulus {
    static constexpr Words words{{0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029}};
};
struct FrModulus {
    static constexpr Words words{{0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
};

template <class M>
struct Constants {
    static constexpr Words words = M::words;
    static constexpr Limbs52 p = split52(words);
    template <unsigned E>
    static constexpr Limbs52 over_two_to = split52(over_power_of_two(E, words));
    static constexpr Limbs52 shift = over_two_to<52>;
    static constexpr u64 ninv = negative_inverse(words.w[0]) & kLimbMask;
    // k p for k = 0..7, limb by limb, to be indexed by a small quotient
    struct Table {
        alignas(64) u64 at[5][8];
    };
    static constexpr Table multiples = [] {
        Table t{};
        for (u64 k = 0; k < 8; ++k) {
            Limbs52 kp = times(p, k);
            for (int i = 0; i < 5; ++i) t.at[i][k] = kp.l[i];
        }
        return t;
    }();
    // floor(2^52 / (top limb of p + 2)) rounds a quotient estimate down, and 2^6 finer than the limb alone would
    static constexpr u64 reciprocal = (u64{1} << 58) / (p.l[4] + 2);
    template <unsigned E>
    static constexpr Limbs52 two_to = split52(power_of_two(E, words));

    // Bounds, in units of p. What a factor must stay below, 2^260 / p = 84.6, so that its five limbs hold it; and what a
    // product of columns worth `ab` p^2 stays below: ab p / 2^260, and what the reduction may have added, p for the limb that
    // leaves as in Montgomery's method, 2^-52 mod p for the one before it, and 2^-52 times less than 4 p for the others.
    static constexpr double factor_bound = 0x1p52 / static_cast<double>(p.l[4] + 1);
    static constexpr double product_bound(double ab) {
        return 1 + static_cast<double>(shift.l[4] + 1) / static_cast<double>(p.l[4]) + 0x1p-50 + ab / factor_bound;
    }
};

}  // namespace
}  // namespace tickproof::vectors
