// The one scalar inversion behind a batch of vector additions: x^-1 mod p by the division steps of Bernstein and Yang
// ("Fast constant-time gcd computation and modular inversion", 2019), in groups of 62 and with runs of zero bits taken
// in one step, so not constant time. Plain integers, no Montgomery factor. Zero has no inverse and gives zero, which the
// callers use as the sign that some factor of their product was zero.
#pragma once

#include "field/modulus52.hpp"

namespace tickproof::vectors {
namespace {

using i128 = __int128;
constexpr u64 kMask62 = ~u64{0} >> 2;

struct Signed62 {  // little-endian limbs of 62 bits, the top one signed
    i64 v[5];
};

struct Steps {  // 2^62 times the matrix of 62 division steps
    i64 u, v, q, r;
};

constexpr Signed62 split62(const Words& a) {
    return {{static_cast<i64>(a.w[0] & kMask62), static_cast<i64>((a.w[0] >> 62 | a.w[1] << 2) & kMask62),
             static_cast<i64>((a.w[1] >> 60 | a.w[2] << 4) & kMask62), static_cast<i64>((a.w[2] >> 58 | a.w[3] << 6) & kMask62),
             static_cast<i64>(a.w[3] >> 56)}};
}

// eta is minus the delta of the paper. Only the low words of f and g decide the steps.
inline i64 division_steps(i64 eta, u64 f, u64 g, Steps& t) {
    u64 u = 1, v = 0, q = 0, r = 1;
    int left = 62;
    for (;;) {
        const int zeros = __builtin_ctzll(g | ~u64{0} << left);
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= zeros;
        left -= zeros;
        if (left == 0) break;
        if (eta < 0) {
            eta = -eta;
            u64 s = f;
            f = g, g = ~s + 1;
            s = u, u = q, q = ~s + 1;
            s = v, v = r, r = ~s + 1;
        }
        // eta + 1 steps go by before f and g can swap again: add the multiple of f that clears as many bits of g, at most
        // six, because f (2 - f^2) is 1/f to six bits.
        const i64 run = eta + 1 < left ? eta + 1 : left;
        const u64 w = g * (f * (f * f - 2)) & (run >= 6 ? u64{63} : (u64{1} << run) - 1);
        g += f * w;
        q += u * w;
        r += v * w;
    }
    t = {static_cast<i64>(u), static_cast<i64>(v), static_cast<i64>(q), static_cast<i64>(r)};
    return eta;
}

// (f, g) <- t (f, g) / 2^62, exactly.
inline void advance_fg(Signed62& f, Signed62& g, const Steps& t) {
    i128 cf = static_cast<i128>(t.u) * f.v[0] + static_cast<i128>(t.v) * g.v[0];
    i128 cg = static_cast<i128>(t.q) * f.v[0] + static_cast<i128>(t.r) * g.v[0];
    cf >>= 62, cg >>= 62;
    for (int i = 1; i < 5; ++i) {
        cf += static_cast<i128>(t.u) * f.v[i] + static_cast<i128>(t.v) * g.v[i];
        cg += static_cast<i128>(t.q) * f.v[i] + static_cast<i128>(t.r) * g.v[i];
        f.v[i - 1] = static_cast<i64>(static_cast<u64>(cf) & kMask62);
        g.v[i - 1] = static_cast<i64>(static_cast<u64>(cg) & kMask62);
        cf >>= 62, cg >>= 62;
    }
    f.v[4] = static_cast<i64>(cf);
    g.v[4] = static_cast<i64>(cg);
}

// (d, e) <- t (d, e) / 2^62 mod p; both stay in (-2p, p).
inline void advance_de(Signed62& d, Signed62& e, const Steps& t, const Signed62& p, u64 p_inverse) {
    const i64 sd = d.v[4] >> 63, se = e.v[4] >> 63;
    i64 md = (t.u & sd) + (t.v & se), me = (t.q & sd) + (t.r & se);
    i128 cd = static_cast<i128>(t.u) * d.v[0] + static_cast<i128>(t.v) * e.v[0];
    i128 ce = static_cast<i128>(t.q) * d.v[0] + static_cast<i128>(t.r) * e.v[0];
    md -= static_cast<i64>((p_inverse * static_cast<u64>(cd) + static_cast<u64>(md)) & kMask62);
    me -= static_cast<i64>((p_inverse * static_cast<u64>(ce) + static_cast<u64>(me)) & kMask62);
    cd += static_cast<i128>(p.v[0]) * md;
    ce += static_cast<i128>(p.v[0]) * me;
    cd >>= 62, ce >>= 62;
    for (int i = 1; i < 5; ++i) {
        cd += static_cast<i128>(t.u) * d.v[i] + static_cast<i128>(t.v) * e.v[i] + static_cast<i128>(p.v[i]) * md;
        ce += static_cast<i128>(t.q) * d.v[i] + static_cast<i128>(t.r) * e.v[i] + static_cast<i128>(p.v[i]) * me;
        d.v[i - 1] = static_cast<i64>(static_cast<u64>(cd) & kMask62);
        e.v[i - 1] = static_cast<i64>(static_cast<u64>(ce) & kMask62);
        cd >>= 62, ce >>= 62;
    }
    d.v[4] = static_cast<i64>(cd);
    e.v[4] = static_cast<i64>(ce);
}

inline void carry62(Signed62& a) {
    for (int i = 0; i < 4; ++i) {
        a.v[i + 1] += a.v[i] >> 62;
        a.v[i] = static_cast<i64>(static_cast<u64>(a.v[i]) & kMask62);
    }
}

template <class M>
Words inverse(const Words& x) {
    constexpr Signed62 p = split62(M::words);
    constexpr u64 p_inverse = (~negative_inverse(M::words.w[0]) + 1) & kMask62;
    Signed62 d{}, e{{1, 0, 0, 0, 0}}, f = p, g = split62(x);
    i64 eta = -1;
    while (g.v[0] | g.v[1] | g.v[2] | g.v[3] | g.v[4]) {
        Steps t;
        eta = division_steps(eta, static_cast<u64>(f.v[0]) | static_cast<u64>(f.v[1]) << 62,
                             static_cast<u64>(g.v[0]) | static_cast<u64>(g.v[1]) << 62, t);
        advance_de(d, e, t, p, p_inverse);
        advance_fg(f, g, t);
    }
    // f is +1 or -1 (p for x = 0, where d stays 0); d is in (-2p, p)
    const auto add_p_if_negative = [&] {
        const i64 mask = d.v[4] >> 63;
        for (int i = 0; i < 5; ++i) d.v[i] += p.v[i] & mask;
        carry62(d);
    };
    add_p_if_negative();
    if (f.v[4] < 0) {
        for (auto& limb : d.v) limb = -limb;
        carry62(d);
    }
    add_p_if_negative();
    add_p_if_negative();
    const auto v = [&](int i) { return static_cast<u64>(d.v[i]); };
    return {{v(0) | v(1) << 62, v(1) >> 2 | v(2) << 60, v(2) >> 4 | v(3) << 58, v(3) >> 6 | v(4) << 56}};
}

}  // namespace
}  // namespace tickproof::vectors
