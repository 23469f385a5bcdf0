// Arithmetic of 256-bit integers that are not field elements: what DIVMOD computes.
#pragma once

#include <utility>

#include "field/field.hpp"

namespace tickproof::integer {

// a / 2^bits, for bits below 256.
constexpr Limbs shift_right(const Limbs& a, unsigned bits) {
    Limbs out{};
    const unsigned words = bits / 64, rest = bits % 64;
    for (unsigned i = 0; i + words < 4; ++i) {
        out[i] = a[i + words] >> rest;
        if (rest && i + words + 1 < 4) out[i] |= a[i + words + 1] << (64 - rest);
    }
    return out;
}

// {a / b, a mod b}; both zero when b is zero.
inline std::pair<Limbs, Limbs> divmod(const Limbs& a, const Limbs& b) {
    Limbs quotient{}, remainder{};
    if (limbs::is_zero(b)) return {quotient, remainder};
    if ((b[1] | b[2] | b[3]) == 0) {
        u128 rest = 0;
        for (unsigned i = 4; i-- > 0;) {
            rest = rest << 64 | a[i];
            quotient[i] = static_cast<u64>(rest / b[0]);
            rest %= b[0];
        }
        remainder[0] = static_cast<u64>(rest);
        return {quotient, remainder};
    }
    // Schoolbook in bits: as many leading bits of a as cannot reach b are the first remainder, then one at a time.
    const int length = limbs::bit_length(a), leading = limbs::bit_length(b) - 1;
    if (length <= leading) return {quotient, a};
    remainder = shift_right(a, static_cast<unsigned>(length - leading));
    for (int i = length - leading - 1; i >= 0; --i) {
        const bool overflow = remainder[3] >> 63;
        for (unsigned k = 3; k > 0; --k) remainder[k] = remainder[k] << 1 | remainder[k - 1] >> 63;
        remainder[0] = remainder[0] << 1 | limbs::bit(a, static_cast<unsigned>(i));
        if (overflow || !limbs::less(remainder, b)) {
            limbs::sub_from(remainder, b);
            quotient[static_cast<unsigned>(i) / 64] |= u64{1} << (static_cast<unsigned>(i) % 64);
        }
    }
    return {quotient, remainder};
}

}  // namespace tickproof::integer
