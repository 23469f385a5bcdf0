// The tower over Fq2 in which pairings take their values: Fq6 = Fq2[v]/(v^3 - xi), Fq12 = Fq6[w]/(w^2 - v),
// xi = 9 + u, so that w^6 = xi. This file decides representation and arithmetic; pairing/pairing.hpp what is computed with it.
#pragma once

#include <array>

#include "curve/curve.hpp"
#include "process/fork.hpp"

namespace tickproof {

struct Fq6 {
    Fq2 c0, c1, c2;

    static constexpr Fq6 zero() { return {Fq2::zero(), Fq2::zero(), Fq2::zero()}; }
    static constexpr Fq6 one() { return {Fq2::one(), Fq2::zero(), Fq2::zero()}; }
    friend constexpr bool operator==(const Fq6& a, const Fq6& b) { return a.c0 == b.c0 && a.c1 == b.c1 && a.c2 == b.c2; }
    friend constexpr Fq6 operator+(const Fq6& a, const Fq6& b) { return {a.c0 + b.c0, a.c1 + b.c1, a.c2 + b.c2}; }
    friend constexpr Fq6 operator-(const Fq6& a, const Fq6& b) { return {a.c0 - b.c0, a.c1 - b.c1, a.c2 - b.c2}; }
    friend constexpr Fq6 operator-(const Fq6& a) { return {-a.c0, -a.c1, -a.c2}; }
    // Karatsuba (Devegili, O hEigeartaigh, Scott, Dahab, eprint 2006/471): six products in Fq2
    friend constexpr Fq6 operator*(const Fq6& a, const Fq6& b) {
        const Fq2 t0 = a.c0 * b.c0, t1 = a.c1 * b.c1, t2 = a.c2 * b.c2;
        return {t0 + ((a.c1 + a.c2) * (b.c1 + b.c2) - t1 - t2).mul_by_xi(),
                (a.c0 + a.c1) * (b.c0 + b.c1) - t0 - t1 + t2.mul_by_xi(),
                (a.c0 + a.c2) * (b.c0 + b.c2) - t0 - t2 + t1};
    }
    friend constexpr Fq6 operator*(const Fq6& a, const Fq2& k) { return {a.c0 * k, a.c1 * k, a.c2 * k}; }
    // times b0 + b1 v
    constexpr Fq6 mul_by_01(const Fq2& b0, const Fq2& b1) const {
        const Fq2 t0 = c0 * b0, t1 = c1 * b1;
        return {t0 + ((c1 + c2) * b1 - t1).mul_by_xi(), (c0 + c1) * (b0 + b1) - t0 - t1, (c0 + c2) * b0 - t0 + t1};
    }
    constexpr Fq6 mul_by_v() const { return {c2.mul_by_xi(), c0, c1}; }
    constexpr Fq6 inv() const {
        const Fq2 t0 = c0.sqr() - (c1 * c2).mul_by_xi();
        const Fq2 t1 = c2.sqr().mul_by_xi() - c0 * c1;
        const Fq2 t2 = c1.sqr() - c0 * c2;
        const Fq2 norm = (c0 * t0 + ((c2 * t1) + (c1 * t2)).mul_by_xi()).inv();
        return {t0 * norm, t1 * norm, t2 * norm};
    }
};

// xi^(k (p-1)/6), k = 0..5: what the Frobenius map multiplies w^k by.
inline const std::array<Fq2, 6>& frobenius_constants() {
    static constinit Published<std::array<Fq2, 6>> table;
    return table.get([] {
        Limbs exponent = Fq::modulus;
        limbs::sub_from(exponent, {1, 0, 0, 0});
        u128 rest = 0;
        for (unsigned i = 4; i-- > 0;) {
            rest = rest << 64 | exponent[i];
            exponent[i] = static_cast<u64>(rest / 6);
            rest %= 6;
        }
        std::array<Fq2, 6> out{Fq2::one()};
        out[1] = Fq2{Fq::from_u64(9), Fq::one()}.pow(exponent);
        for (unsigned k = 2; k < 6; ++k) out[k] = out[k - 1] * out[1];
        return out;
    });
}

struct Fq12 {
    Fq6 c0, c1;

    static constexpr Fq12 one() { return {Fq6::one(), Fq6::zero()}; }
    friend constexpr bool operator==(const Fq12& a, const Fq12& b) { return a.c0 == b.c0 && a.c1 == b.c1; }
    friend constexpr Fq12 operator*(const Fq12& a, const Fq12& b) {
        const Fq6 t0 = a.c0 * b.c0, t1 = a.c1 * b.c1;
        return {t0 + t1.mul_by_v(), (a.c0 + a.c1) * (b.c0 + b.c1) - t0 - t1};
    }
    constexpr Fq12& operator*=(const Fq12& o) { return *this = *this * o; }
    constexpr Fq12 sqr() const {
        const Fq6 product = c0 * c1;
        return {(c0 + c1) * (c0 + c1.mul_by_v()) - product - product.mul_by_v(), product + product};
    }
    // times a + (b + c v) w, the shape of a line
    constexpr Fq12 mul_by_line(const Fq2& a, const Fq2& b, const Fq2& c) const {
        const Fq6 t0 = c0 * a, t1 = c1.mul_by_01(b, c);
        return {t0 + t1.mul_by_v(), (c0 + c1).mul_by_01(a + b, c) - t0 - t1};
    }
    // a^(p^6): the inverse, in the cyclotomic subgroup
    constexpr Fq12 conjugate() const { return {c0, -c1}; }
    constexpr Fq12 inv() const {
        const Fq6 norm = (c0 * c0 - (c1 * c1).mul_by_v()).inv();
        return {c0 * norm, -(c1 * norm)};
    }
    // a^p
    Fq12 frobenius() const {
        const auto& g = frobenius_constants();
        return {{c0.c0.conjugate(), c0.c1.conjugate() * g[2], c0.c2.conjugate() * g[4]},
                {c1.c0.conjugate() * g[1], c1.c1.conjugate() * g[3], c1.c2.conjugate() * g[5]}};
    }
    // a^2 for a in the cyclotomic subgroup (Granger and Scott, eprint 2009/565): three squarings in Fq4 = Fq2[y]/(y^2 - xi)
    constexpr Fq12 cyclotomic_sqr() const {
        const auto fq4_sqr = [](const Fq2& a, const Fq2& b) {
            const Fq2 product = a * b;
            return std::array<Fq2, 2>{(a + b) * (a + b.mul_by_xi()) - product - product.mul_by_xi(), product.dbl()};
        };
        const auto [a0, a1] = fq4_sqr(c0.c0, c1.c1);
        const auto [b0, b1] = fq4_sqr(c1.c0, c0.c2);
        const auto [d0, d1] = fq4_sqr(c0.c1, c1.c2);
        const auto minus = [](const Fq2& t, const Fq2& x) { return (t - x).dbl() + t; };  // 3t - 2x
        const auto plus = [](const Fq2& t, const Fq2& x) { return (t + x).dbl() + t; };   // 3t + 2x
        return {{minus(a0, c0.c0), minus(b0, c0.c1), minus(d0, c0.c2)},
                {plus(d1.mul_by_xi(), c1.c0), plus(a1, c1.c1), plus(b1, c1.c2)}};
    }
};

}  // namespace tickproof
