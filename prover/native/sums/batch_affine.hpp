// Affine additions in batches with one shared inversion (Montgomery's trick): about six multiplications for a sum where a
// mixed XYZZ addition costs ten. Complete: equal points double, opposite points give infinity, infinity is neutral. This is
// the scalar loop; vectors/curve.hpp adds eight at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "curve/curve.hpp"
#include "field/inversion.hpp"

namespace tickproof {

enum class Addition : std::uint8_t { chord, tangent, opposite, take_left, take_right };

template <class G>
struct BatchScratch {
    using F = typename G::F;
    std::vector<F> denominator, prefix;
    std::vector<Addition> kind;
    void reserve(std::size_t n) {
        if (kind.size() >= n) return;
        denominator.resize(n);
        prefix.resize(n);
        kind.resize(n);
    }
};

// a + b, given in `slope` the inverse of the denominator that classify_addition chose.
template <class G>
Affine<G> finish_addition(Addition kind, const Affine<G>& a, const Affine<G>& b, typename G::F slope) {
    using F = typename G::F;
    switch (kind) {
        case Addition::chord:
            slope = slope * (b.y - a.y);
            break;
        case Addition::tangent: {
            const F xx = a.x.sqr();
            slope = slope * (xx.dbl() + xx);
            break;
        }
        case Addition::opposite:
            return Affine<G>::infinity();
        case Addition::take_left:
            return a;
        case Addition::take_right:
            return b;
    }
    const F x = slope.sqr() - a.x - b.x;
    return {x, slope * (a.x - x) - a.y};
}

// What a + b takes, and the denominator of its slope (one where there is no slope).
template <class G>
Addition classify_addition(const Affine<G>& a, const Affine<G>& b, typename G::F& d) {
    using F = typename G::F;
    d = b.x - a.x;
    // A finite point never has x = y = 0; x alone may be zero only if 3 (or 3/xi) is a square, so test both.
    if (a.x.is_zero() || b.x.is_zero() || d.is_zero()) [[unlikely]] {
        Addition kind = Addition::chord;
        if (a.is_infinity()) {
            kind = Addition::take_right;
        } else if (b.is_infinity()) {
            kind = Addition::take_left;
        } else if (d.is_zero()) {
            if (a.y == b.y) {
                d = a.y.dbl();  // y = 0 has order two: no such point in groups of odd order
                return Addition::tangent;
            }
            kind = Addition::opposite;
        }
        if (kind != Addition::chord) d = F::one();
        return kind;
    }
    return Addition::chord;
}

// By division steps: the small rounds of a tree of sums weigh mostly their inversion.
inline Fq shared_inverse(const Fq& a) { return inverse(a); }
inline Fq2 shared_inverse(const Fq2& a) {
    const Fq norm = inverse(a.c0.sqr() + a.c1.sqr());
    return {a.c0 * norm, -(a.c1 * norm)};
}

// For k < n: put(k, left(k) + right(k)). Results are put in descending k, so put must not overwrite an operand of a
// smaller k. An addition is one chain of dependent multiplications, longer than a processor looks ahead: two chains of
// products (even k, odd k) and additions taken two at a time give it independent ones to overlap.
template <class G, class Left, class Right, class Put>
void batch_affine_add(std::size_t n, Left&& left, Right&& right, Put&& put, BatchScratch<G>& scratch) {
    using F = typename G::F;
    if (n == 0) return;
    scratch.reserve(n);
    F product[2] = {F::one(), F::one()};
    for (std::size_t k = 0; k < n; ++k) {
        F& chain = product[k % 2];
        scratch.kind[k] = classify_addition<G>(left(k), right(k), scratch.denominator[k]);
        scratch.prefix[k] = chain;
        chain = chain * scratch.denominator[k];
    }
    const F both = shared_inverse(product[0] * product[1]);
    F inverse[2] = {both * product[1], both * product[0]};
    std::size_t k = n;
    if (k % 2) {
        --k;
        const F slope = inverse[0] * scratch.prefix[k];
        inverse[0] = inverse[0] * scratch.denominator[k];
        put(k, finish_addition<G>(scratch.kind[k], left(k), right(k), slope));
    }
    while (k > 0) {
        const std::size_t i = k - 1, j = k - 2;
        k = j;
        F s = inverse[1] * scratch.prefix[i];
        F t = inverse[0] * scratch.prefix[j];
        inverse[1] = inverse[1] * scratch.denominator[i];
        inverse[0] = inverse[0] * scratch.denominator[j];
        const Affine<G>& a = left(i);
        const Affine<G>& b = right(i);
        const Affine<G>& c = left(j);
        const Affine<G>& d = right(j);
        if (scratch.kind[i] != Addition::chord || scratch.kind[j] != Addition::chord) [[unlikely]] {
            put(i, finish_addition<G>(scratch.kind[i], a, b, s));
            put(j, finish_addition<G>(scratch.kind[j], c, d, t));
            continue;
        }
        s = s * (b.y - a.y);
        t = t * (d.y - c.y);
        const F x = s.sqr() - a.x - b.x;
        const F z = t.sqr() - c.x - d.x;
        const F y = s * (a.x - x) - a.y;
        const F w = t * (c.x - z) - c.y;
        put(i, Affine<G>{x, y});
        put(j, Affine<G>{z, w});
    }
}

}  // namespace tickproof
