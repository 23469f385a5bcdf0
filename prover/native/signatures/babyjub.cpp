// Scalar multiplication by signed odd digits (w-NAF). The base point's table is made on first use.
#include "signatures/babyjub.hpp"

#include <algorithm>

#include "process/fork.hpp"

namespace tickproof::babyjub {
namespace {

constexpr unsigned kBaseWindow = 8;   // 64 points of the base, made once
constexpr unsigned kPointWindow = 5;  // 8 points of an operand, made per call
constexpr std::size_t kDigits = 257;

struct Digits {
    std::array<std::int16_t, kDigits> value{};
    std::size_t length = 0;
};

// k = sum value[i] 2^i with digits odd and below 2^(window-1) in size, or zero.
Digits signed_digits(Limbs k, unsigned window) {
    Digits out;
    u64 top = 0;  // bit 256: a borrowed negative digit may carry past the top
    std::size_t i = 0;
    while (!limbs::is_zero(k) || top) {
        if (k[0] & 1) {
            const auto full = static_cast<std::int64_t>(k[0] & ((u64{1} << window) - 1));
            const std::int64_t digit = full >= (std::int64_t{1} << (window - 1)) ? full - (std::int64_t{1} << window) : full;
            out.value[i] = static_cast<std::int16_t>(digit);
            if (digit > 0)
                top -= limbs::sub_from(k, {static_cast<u64>(digit), 0, 0, 0});
            else
                top += limbs::add_to(k, {static_cast<u64>(-digit), 0, 0, 0});
            out.length = i + 1;
        }
        for (unsigned j = 0; j < 3; ++j) k[j] = k[j] >> 1 | k[j + 1] << 63;
        k[3] = k[3] >> 1 | top << 63;
        top >>= 1;
        ++i;
    }
    return out;
}

template <std::size_t N>
std::array<Cached, N> odd_multiples(const Extended& p) {
    std::array<Cached, N> out;
    const Cached twice = p.dbl().cached();
    Extended current = p;
    for (std::size_t i = 0; i < N; ++i) {
        out[i] = current.cached();
        current = current.add(twice);
    }
    return out;
}

using BaseTable = std::array<Cached, 1 << (kBaseWindow - 2)>;

// Affine, so that an addition saves a product.
const BaseTable& base_table() {
    static constinit Published<BaseTable> table;
    return table.get([] {
        BaseTable out;
        const Cached twice = Extended::from(kBase8).dbl().cached();
        Extended current = Extended::from(kBase8);
        for (Cached& entry : out) {
            entry = Extended::from(current.to_affine()).cached();
            current = current.add(twice);
        }
        return out;
    });
}

template <std::size_t N>
Cached entry(const std::array<Cached, N>& table, int digit) {
    return digit > 0 ? table[static_cast<std::size_t>(digit) / 2] : table[static_cast<std::size_t>(-digit) / 2].negated();
}

}  // namespace

Extended multiply_base_and(const Limbs& j, const Extended& p, const Limbs& k) {
    const Digits base = signed_digits(j, kBaseWindow), point = signed_digits(k, kPointWindow);
    const auto multiples = odd_multiples<1 << (kPointWindow - 2)>(p);
    const BaseTable& bases = base_table();
    Extended sum = Extended::identity();
    for (std::size_t i = std::max(base.length, point.length); i-- > 0;) {
        const int b = base.value[i], q = point.value[i];
        sum = sum.dbl(b != 0 || q != 0 || i == 0);
        if (q) sum = sum.add(entry(multiples, q));
        if (b) sum = sum.add_affine(entry(bases, b));
    }
    return sum;
}

Extended multiply(const Affine& p, const Limbs& k) { return multiply_base_and({}, Extended::from(p), k); }

Extended multiply_base(const Limbs& k) { return multiply_base_and(k, Extended::identity(), {}); }

}  // namespace tickproof::babyjub
