// Signed windows of scalars, shared by the sums over many points (msm) and the multiples of one point (setup): k is taken in
// (-r/2, r/2] and a bias turns each c-bit window into a digit in [-2^(c-1), 2^(c-1)) that depends on no other window.
#pragma once

#include <array>
#include <cstdint>

#include "field/field.hpp"

namespace tickproof {

inline constexpr unsigned scalar_bits = 254;  // |k| <= r/2 < 2^253, and a sign
// Digits are stored in 16 bits; two-bit windows (-2..1) would not reach r/2 in 254 bits.
inline constexpr unsigned min_window = 3, max_window = 16;

inline unsigned windows_of(unsigned c) { return (scalar_bits + c - 1) / c; }

// The last window may reach beyond 256 bits.
using Wide = std::array<u64, 5>;

// Sum over windows of 2^(c-1) 2^(cw): what makes every signed digit non-negative.
inline Wide bias_of(unsigned c) {
    Wide bias{};
    for (unsigned w = 0; w < windows_of(c); ++w) {
        unsigned bit = c * w + c - 1;
        bias[bit / 64] |= u64{1} << (bit % 64);
    }
    return bias;
}

// (r - 1) / 2
inline constexpr Limbs half_modulus = [] {
    Limbs half{};
    for (unsigned i = 0; i < 4; ++i) half[i] = (Fr::modulus[i] >> 1) | (i < 3 ? Fr::modulus[i + 1] << 63 : 0);
    return half;
}();

// k + bias for k <= r/2, k - r + bias above: the windows of the result are the digits plus 2^(c-1).
inline Wide biased(Limbs k, const Wide& bias) {
    const bool negative = limbs::less(half_modulus, k);
    if (negative) limbs::sub_from(k, Fr::modulus);  // two's complement, extended by its sign below
    Wide out{};
    u128 carry = 0;
    for (unsigned i = 0; i < 5; ++i) {
        carry += static_cast<u128>(i < 4 ? k[i] : negative ? ~u64{0} : 0) + bias[i];
        out[i] = static_cast<u64>(carry);
        carry >>= 64;
    }
    return out;
}

inline std::uint16_t window_at(const Wide& k, unsigned bit, unsigned c) {
    unsigned limb = bit / 64, shift = bit % 64;
    u64 v = k[limb] >> shift;
    if (shift + c > 64 && limb < 4) v |= k[limb + 1] << (64 - shift);
    return static_cast<std::uint16_t>(v & ((u64{1} << c) - 1));
}

}  // namespace tickproof
