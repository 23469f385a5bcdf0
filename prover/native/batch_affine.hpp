// Affine additions in batches with one shared inversion (Montgomery's trick): about six multiplications for a sum where a
// mixed XYZZ addition costs ten. Complete: equal points double, opposite points give infinity, infinity is neutral. This is
// the scalar loop; vector_engine.hpp names what may replace it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "curve.hpp"

namespace tickproof {

template <class G>
struct BatchScratch {
    using F = typename G::F;
    std::vector<F> denominator, prefix;
    std::vector<std::uint8_t> kind;
    void reserve(std::size_t n) {
        if (kind.size() >= n) return;
        denominator.resize(n);
        prefix.resize(n);
        kind.resize(n);
    }
};

// For k < n: put(k, left(k) + right(k)). Results are put in descending k, so put must not overwrite an operand of a
// smaller k.
template <class G, class Left, class Right, class Put>
void batch_affine_add(std::size_t n, Left&& left, Right&& right, Put&& put, BatchScratch<G>& scratch) {
    using F = typename G::F;
    enum : std::uint8_t { chord, tangent, opposite, take_left, take_right };
    if (n == 0) return;
    scratch.reserve(n);
    F product = F::one();
    for (std::size_t k = 0; k < n; ++k) {
        const Affine<G>& a = left(k);
        const Affine<G>& b = right(k);
        F d = b.x - a.x;
        std::uint8_t kind = chord;
        // A finite point never has x = y = 0; x alone may be zero only if 3 (or 3/xi) is a square, so test both.
        if (a.x.is_zero() || b.x.is_zero() || d.is_zero()) [[unlikely]] {
            if (a.is_infinity()) {
                kind = take_right;
            } else if (b.is_infinity()) {
                kind = take_left;
            } else if (d.is_zero()) {
                if (a.y == b.y) {
                    kind = tangent;  // y = 0 has order two: no such point in groups of odd order
                    d = a.y.dbl();
                } else {
                    kind = opposite;
                }
            }
            if (kind >= opposite) d = F::one();
        }
        scratch.kind[k] = kind;
        scratch.denominator[k] = d;
        scratch.prefix[k] = product;
        product = product * d;
    }
    F inverse = product.inv();
    for (std::size_t k = n; k-- > 0;) {
        F slope = inverse * scratch.prefix[k];
        inverse = inverse * scratch.denominator[k];
        const Affine<G>& a = left(k);
        const Affine<G>& b = right(k);
        switch (scratch.kind[k]) {
            [[likely]] case chord:
                slope = slope * (b.y - a.y);
                break;
            case tangent: {
                F xx = a.x.sqr();
                slope = slope * (xx.dbl() + xx);
                break;
            }
            case opposite:
                put(k, Affine<G>::infinity());
                continue;
            case take_left:
                put(k, Affine<G>(a));
                continue;
            default:
                put(k, Affine<G>(b));
                continue;
        }
        F x = slope.sqr() - a.x - b.x;
        put(k, Affine<G>{x, slope * (a.x - x) - a.y});
    }
}

}  // namespace tickproof
