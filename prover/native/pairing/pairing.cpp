#include "pairing/pairing.hpp"

#include <algorithm>

#include "field/integer.hpp"
#include "process/threads.hpp"

namespace tickproof {
namespace {

// 6u + 2 in signed digits, least significant first, none adjacent.
struct LoopDigits {
    std::array<signed char, 66> value{};
    std::size_t length = 0;
};
constexpr LoopDigits kLoop = [] {
    LoopDigits out;
    u128 k = static_cast<u128>(bn_u) * 6 + 2;
    while (k != 0) {
        int digit = 0;
        if (k & 1) {
            digit = (k & 3) == 3 ? -1 : 1;
            k = digit > 0 ? k - 1 : k + 1;
        }
        out.value[out.length++] = static_cast<signed char>(digit);
        k >>= 1;
    }
    return out;
}();

constexpr std::size_t kLines = [] {
    std::size_t lines = 2;  // the two Frobenius images at the end
    for (std::size_t i = 0; i + 1 < kLoop.length; ++i) lines += kLoop.value[i] ? 2 : 1;
    return lines;
}();

// a/2: halving works on the Montgomery form as on the number.
Fq half(const Fq& a) {
    Limbs v = a.v;
    if (v[0] & 1) limbs::add_to(v, Fq::modulus);
    return Fq{integer::shift_right(v, 1)};
}
Fq2 half(const Fq2& a) { return {half(a.c0), half(a.c1)}; }
Fq2 triple(const Fq2& a) { return a.dbl() + a; }

struct Homogeneous {
    Fq2 x, y, z;

    PreparedG2::Line dbl() {
        constexpr Fq2 twist_b = G2::b();
        const Fq2 a = half(x * y), b = y.sqr(), c = z.sqr(), e = twist_b * triple(c), f = triple(e), g = half(b + f);
        const Fq2 h = (y + z).sqr() - b - c, i = e - b, j = x.sqr(), ee = e.sqr();
        x = a * (b - f);
        y = g.sqr() - triple(ee);
        z = b * h;
        return {-h, triple(j), i};
    }
    // q is affine, and not this point or its opposite: inside the loop the multiples differ by construction.
    PreparedG2::Line add(const G2Affine& q) {
        const Fq2 theta = y - q.y * z, lambda = x - q.x * z;
        const Fq2 c = theta.sqr(), d = lambda.sqr(), e = lambda * d, f = z * c, g = x * d, h = e + f - g.dbl();
        x = lambda * h;
        y = theta * (g - h) - e * y;
        z = z * e;
        return {lambda, -theta, theta * q.x - lambda * q.y};
    }
};

// The p-power Frobenius, seen on the twist.
G2Affine frobenius(const G2Affine& q) {
    const auto& g = frobenius_constants();
    return {q.x.conjugate() * g[2], q.y.conjugate() * g[3]};
}

// a^u in the cyclotomic subgroup.
Fq12 power_u(const Fq12& a) {
    static constexpr auto digits = [] {
        std::array<signed char, 65> out{};
        u128 k = bn_u;
        for (std::size_t i = 0; k != 0; ++i, k >>= 1) {
            if (!(k & 1)) continue;
            out[i] = (k & 3) == 3 ? -1 : 1;
            k = out[i] > 0 ? k - 1 : k + 1;
        }
        return out;
    }();
    const Fq12 inverse = a.conjugate();
    Fq12 out = Fq12::one();
    bool started = false;
    for (std::size_t i = digits.size(); i-- > 0;) {
        if (started) out = out.cyclotomic_sqr();
        if (!digits[i]) continue;
        out = started ? out * (digits[i] > 0 ? a : inverse) : a;
        started = true;
    }
    return out;
}

}  // namespace

PreparedG2::PreparedG2(const G2Affine& q) {
    if (q.is_infinity()) return;
    lines_.reserve(kLines);
    Homogeneous t{q.x, q.y, Fq2::one()};
    for (std::size_t i = kLoop.length - 1; i-- > 0;) {
        lines_.push_back(t.dbl());
        if (kLoop.value[i]) lines_.push_back(t.add(kLoop.value[i] > 0 ? q : -q));
    }
    const G2Affine q1 = frobenius(q), q2 = frobenius(q1);
    lines_.push_back(t.add(q1));
    lines_.push_back(t.add(-q2));
}

Fq12 miller_product(std::span<const G1Affine> ps, std::span<const PreparedG2* const> qs) {
    Fq12 f = Fq12::one();
    std::size_t line = 0;
    const auto multiply = [&] {
        for (std::size_t k = 0; k < ps.size(); ++k) {
            if (ps[k].is_infinity() || qs[k]->is_infinity()) continue;
            const auto& l = qs[k]->lines()[line];
            f = f.mul_by_line(l.a * ps[k].y, l.b * ps[k].x, l.c);
        }
        ++line;
    };
    for (std::size_t i = kLoop.length - 1; i-- > 0;) {
        if (i + 2 < kLoop.length) f = f.sqr();
        multiply();
        if (kLoop.value[i]) multiply();
    }
    multiply();
    multiply();
    return f;
}

Fq12 miller_product(std::span<const PointPair> pairs) {
    // A part of eight pairs costs its own squarings, an eighth of its lines.
    constexpr std::size_t kPart = 8;
    const std::size_t parts = (pairs.size() + kPart - 1) / kPart;
    std::vector<Fq12> products(parts, Fq12::one());
    threads::parallel_tasks(parts, [&](std::size_t part) {
        const auto mine = pairs.subspan(part * kPart, std::min(kPart, pairs.size() - part * kPart));
        std::vector<PreparedG2> prepared;
        std::vector<G1Affine> ps;
        std::vector<const PreparedG2*> qs;
        prepared.reserve(mine.size());
        for (const PointPair& pair : mine) {
            if (pair.p.is_infinity() || pair.q.is_infinity()) continue;
            prepared.emplace_back(pair.q);
            ps.push_back(pair.p);
            qs.push_back(&prepared.back());
        }
        products[part] = miller_product(ps, qs);
    });
    Fq12 out = Fq12::one();
    for (const Fq12& product : products) out *= product;
    return out;
}

Fq12 final_exponentiation(const Fq12& f) {
    // f^((p^6 - 1)(p^2 + 1)): into the cyclotomic subgroup
    Fq12 r = f.conjugate() * f.inv();
    r = r.frobenius().frobenius() * r;
    // The hard part in terms of a = r^u, b = r^(u^2), c = r^(u^3):
    // 1 + 6u + 12u^2 + 12u^3 + (4u + 6u^2 + 12u^3) p + (6u + 6u^2 + 12u^3) p^2 + (-1 + 4u + 6u^2 + 12u^3) p^3
    const Fq12 a = power_u(r);
    const Fq12 a2 = a.cyclotomic_sqr();
    const Fq12 a4 = a2.cyclotomic_sqr();
    const Fq12 a6 = a4 * a2;
    const Fq12 b6 = power_u(a6);
    const Fq12 c12 = power_u(b6.cyclotomic_sqr());
    const Fq12 common = c12 * b6;  // 6u^2 + 12u^3
    const Fq12 p2 = common * a6;
    const Fq12 p1 = common * a4;
    const Fq12 p0 = p2 * b6 * r;
    const Fq12 p3 = p1 * r.conjugate();
    return p0 * p1.frobenius() * p2.frobenius().frobenius() * p3.frobenius().frobenius().frobenius();
}

bool pairing_product_is_one(std::span<const PointPair> pairs) {
    return final_exponentiation(miller_product(pairs)) == Fq12::one();
}

}  // namespace tickproof
