// The two groups of BN254 (alt_bn128): G1 over Fq, y^2 = x^3 + 3, and G2 on the twist over Fq2 = Fq[u]/(u^2 + 1),
// y^2 = x^3 + 3/(9 + u). Points are affine (infinity is x = y = 0, which is on neither curve), Jacobian for scalar
// multiplication, and XYZZ (x = X/ZZ, y = Y/ZZZ) for sums. Formulas: Bernstein and Lange, Explicit-Formulas Database.
// Parsing here checks canonical coordinates, the curve equation and, for G2, the subgroup; what may be infinity is the
// caller's decision.
#pragma once

#include "field/field.hpp"
#include "process/fork.hpp"

namespace tickproof {

struct Fq2 {
    Fq c0, c1;

    static constexpr Fq2 zero() { return {Fq::zero(), Fq::zero()}; }
    static constexpr Fq2 one() { return {Fq::one(), Fq::zero()}; }
    static constexpr Fq2 from_u64(u64 x) { return {Fq::from_u64(x), Fq::zero()}; }
    static Fq2 from_bytes_le(const std::uint8_t* b) { return {Fq::from_bytes_le(b), Fq::from_bytes_le(b + 32)}; }
    void to_bytes_le(std::uint8_t* b) const {
        c0.to_bytes_le(b);
        c1.to_bytes_le(b + 32);
    }

    constexpr bool is_zero() const { return c0.is_zero() && c1.is_zero(); }
    friend constexpr bool operator==(const Fq2& a, const Fq2& b) { return a.c0 == b.c0 && a.c1 == b.c1; }
    friend constexpr Fq2 operator+(const Fq2& a, const Fq2& b) { return {a.c0 + b.c0, a.c1 + b.c1}; }
    friend constexpr Fq2 operator-(const Fq2& a, const Fq2& b) { return {a.c0 - b.c0, a.c1 - b.c1}; }
    friend constexpr Fq2 operator-(const Fq2& a) { return {-a.c0, -a.c1}; }
    friend constexpr Fq2 operator*(const Fq2& a, const Fq2& b) {
#if TICKPROOF_HAS_ADX
        if (!std::is_constant_evaluated() && adx_products) [[likely]] {
            Fq2 out;
            x86::quadratic_mul<Fq>(out.c0.v.data(), out.c1.v.data(), a.c0.v.data(), a.c1.v.data(), b.c0.v.data(), b.c1.v.data());
            return out;
        }
#endif
        Fq t0 = a.c0 * b.c0;
        Fq t1 = a.c1 * b.c1;
        Fq cross = (a.c0 + a.c1) * (b.c0 + b.c1);
        return {t0 - t1, cross - t0 - t1};
    }
    friend constexpr Fq2 operator*(const Fq2& a, const Fq& k) { return {a.c0 * k, a.c1 * k}; }
    constexpr Fq2& operator+=(const Fq2& o) { return *this = *this + o; }
    constexpr Fq2& operator-=(const Fq2& o) { return *this = *this - o; }
    constexpr Fq2& operator*=(const Fq2& o) { return *this = *this * o; }
    constexpr Fq2 sqr() const {
#if TICKPROOF_HAS_ADX
        if (!std::is_constant_evaluated() && adx_products) [[likely]] {
            const Fq difference = c0 - c1;
            Fq2 out;
            x86::add_mul<Fq>(out.c0.v.data(), c0.v.data(), c1.v.data(), difference.v.data());
            x86::add_mul<Fq>(out.c1.v.data(), c0.v.data(), c0.v.data(), c1.v.data());
            return out;
        }
#endif
        Fq product = c0 * c1;
        return {(c0 + c1) * (c0 - c1), product.dbl()};
    }
    constexpr Fq2 dbl() const { return {c0.dbl(), c1.dbl()}; }
    constexpr Fq2 conjugate() const { return {c0, -c1}; }
    constexpr Fq2 inv() const {
        Fq norm = (c0.sqr() + c1.sqr()).inv();
        return {c0 * norm, -(c1 * norm)};
    }
    // (9 + u) a, the non-residue that builds Fq6 and the twist
    constexpr Fq2 mul_by_xi() const {
        Fq2 eight = dbl().dbl().dbl();
        return {eight.c0 + c0 - c1, eight.c1 + c1 + c0};
    }
    constexpr Fq2 pow(const Limbs& e) const {
        Fq2 out = one();
        for (int i = limbs::bit_length(e) - 1; i >= 0; --i) {
            out = out.sqr();
            if (limbs::bit(e, static_cast<unsigned>(i))) out = out * *this;
        }
        return out;
    }
};
static_assert(sizeof(Fq2) == 64);

struct G1 {
    using F = Fq;
    static constexpr std::size_t affine_bytes = 64;
    static constexpr Fq b() { return Fq::from_u64(3); }
    static constexpr const char* name = "G1";
};

struct G2 {
    using F = Fq2;
    static constexpr std::size_t affine_bytes = 128;
    static constexpr Fq2 b() {
        constexpr Fq2 value = Fq2::from_u64(3) * Fq2{Fq::from_u64(9), Fq::one()}.inv();
        return value;
    }
    static constexpr const char* name = "G2";
};

template <class G>
struct Affine {
    using F = typename G::F;
    F x, y;

    static constexpr Affine infinity() { return {F::zero(), F::zero()}; }
    constexpr bool is_infinity() const { return x.is_zero() && y.is_zero(); }
    friend constexpr bool operator==(const Affine& a, const Affine& b) { return a.x == b.x && a.y == b.y; }
    friend constexpr Affine operator-(const Affine& a) { return {a.x, -a.y}; }
    // Infinity counts as on the curve here.
    constexpr bool is_on_curve() const { return is_infinity() || y.sqr() == x.sqr() * x + G::b(); }
    void to_bytes(std::uint8_t* out) const {
        x.to_bytes_le(out);
        y.to_bytes_le(out + G::affine_bytes / 2);
    }
};
using G1Affine = Affine<G1>;
using G2Affine = Affine<G2>;
static_assert(sizeof(G1Affine) == 64 && sizeof(G2Affine) == 128);

template <class G>
struct Jacobian {
    using F = typename G::F;
    F x, y, z;

    static constexpr Jacobian infinity() { return {F::one(), F::one(), F::zero()}; }
    static constexpr Jacobian from(const Affine<G>& a) {
        return a.is_infinity() ? infinity() : Jacobian{a.x, a.y, F::one()};
    }
    constexpr bool is_infinity() const { return z.is_zero(); }
    friend constexpr Jacobian operator-(const Jacobian& a) { return {a.x, -a.y, a.z}; }

    // dbl-2009-l
    constexpr Jacobian dbl() const {
        if (is_infinity()) return *this;
        F a = x.sqr();
        F b = y.sqr();
        F c = b.sqr();
        F d = ((x + b).sqr() - a - c).dbl();
        F e = a.dbl() + a;
        F x3 = e.sqr() - d.dbl();
        return {x3, e * (d - x3) - c.dbl().dbl().dbl(), (y * z).dbl()};
    }
    // madd-2007-bl, with equal and opposite points handled
    constexpr Jacobian add(const Affine<G>& o) const {
        if (o.is_infinity()) return *this;
        if (is_infinity()) return from(o);
        F zz = z.sqr();
        F u2 = o.x * zz;
        F s2 = o.y * z * zz;
        if (u2 == x) return s2 == y ? dbl() : infinity();
        F h = u2 - x;
        F hh = h.sqr();
        F i = hh.dbl().dbl();
        F j = h * i;
        F r = (s2 - y).dbl();
        F v = x * i;
        F x3 = r.sqr() - j - v.dbl();
        return {x3, r * (v - x3) - (y * j).dbl(), (z + h).sqr() - zz - hh};
    }
    // add-2007-bl, with equal and opposite points handled
    constexpr Jacobian add(const Jacobian& o) const {
        if (o.is_infinity()) return *this;
        if (is_infinity()) return o;
        F z1z1 = z.sqr();
        F z2z2 = o.z.sqr();
        F u1 = x * z2z2;
        F u2 = o.x * z1z1;
        F s1 = y * o.z * z2z2;
        F s2 = o.y * z * z1z1;
        if (u1 == u2) return s1 == s2 ? dbl() : infinity();
        F h = u2 - u1;
        F i = h.dbl().sqr();
        F j = h * i;
        F r = (s2 - s1).dbl();
        F v = u1 * i;
        F x3 = r.sqr() - j - v.dbl();
        return {x3, r * (v - x3) - (s1 * j).dbl(), ((z + o.z).sqr() - z1z1 - z2z2) * h};
    }
    constexpr Affine<G> to_affine() const {
        if (is_infinity()) return Affine<G>::infinity();
        F zi = z.inv();
        F zi2 = zi.sqr();
        return {x * zi2, y * zi2 * zi};
    }
    friend constexpr bool operator==(const Jacobian& a, const Jacobian& b) {
        if (a.is_infinity() || b.is_infinity()) return a.is_infinity() == b.is_infinity();
        F za = a.z.sqr(), zb = b.z.sqr();
        return a.x * zb == b.x * za && a.y * zb * b.z == b.y * za * a.z;
    }
};

template <class G>
struct Xyzz {
    using F = typename G::F;
    F x, y, zz, zzz;

    static constexpr Xyzz infinity() { return {F::zero(), F::zero(), F::zero(), F::zero()}; }
    static constexpr Xyzz from(const Affine<G>& a) {
        return a.is_infinity() ? infinity() : Xyzz{a.x, a.y, F::one(), F::one()};
    }
    constexpr bool is_infinity() const { return zz.is_zero(); }

    // dbl-2008-s-1
    constexpr Xyzz dbl() const {
        if (is_infinity()) return *this;
        F u = y.dbl();
        F v = u.sqr();
        F w = u * v;
        F s = x * v;
        F xx = x.sqr();
        F m = xx.dbl() + xx;
        F x3 = m.sqr() - s.dbl();
        return {x3, m * (s - x3) - w * y, v * zz, w * zzz};
    }
    // madd-2008-s
    constexpr void add(const Affine<G>& o) {
        if (o.is_infinity()) return;
        if (is_infinity()) {
            *this = from(o);
            return;
        }
        F p = o.x * zz - x;
        F r = o.y * zzz - y;
        if (p.is_zero()) {
            *this = r.is_zero() ? dbl() : infinity();
            return;
        }
        F pp = p.sqr();
        F ppp = p * pp;
        F q = x * pp;
        F x3 = r.sqr() - ppp - q.dbl();
        y = r * (q - x3) - y * ppp;
        x = x3;
        zz = zz * pp;
        zzz = zzz * ppp;
    }
    // add-2008-s
    constexpr void add(const Xyzz& o) {
        if (o.is_infinity()) return;
        if (is_infinity()) {
            *this = o;
            return;
        }
        F u1 = x * o.zz;
        F s1 = y * o.zzz;
        F p = o.x * zz - u1;
        F r = o.y * zzz - s1;
        if (p.is_zero()) {
            *this = r.is_zero() ? dbl() : infinity();
            return;
        }
        F pp = p.sqr();
        F ppp = p * pp;
        F q = u1 * pp;
        F x3 = r.sqr() - ppp - q.dbl();
        y = r * (q - x3) - s1 * ppp;
        x = x3;
        zz = zz * o.zz * pp;
        zzz = zzz * o.zzz * ppp;
    }
    constexpr Affine<G> to_affine() const {
        if (is_infinity()) return Affine<G>::infinity();
        F i = zzz.inv();
        F zi = i * zz;  // 1/z
        return {x * zi.sqr(), y * i};
    }
};

using G1Jacobian = Jacobian<G1>;
using G2Jacobian = Jacobian<G2>;
using G1Xyzz = Xyzz<G1>;
using G2Xyzz = Xyzz<G2>;

// k * p for an ordinary integer k (not reduced): double and add.
template <class G>
Jacobian<G> scalar_mul(const Jacobian<G>& p, const Limbs& k) {
    Jacobian<G> out = Jacobian<G>::infinity();
    for (int i = limbs::bit_length(k) - 1; i >= 0; --i) {
        out = out.dbl();
        if (limbs::bit(k, static_cast<unsigned>(i))) out = out.add(p);
    }
    return out;
}
template <class G>
Jacobian<G> scalar_mul(const Affine<G>& p, const Limbs& k) {
    Jacobian<G> out = Jacobian<G>::infinity();
    for (int i = limbs::bit_length(k) - 1; i >= 0; --i) {
        out = out.dbl();
        if (limbs::bit(k, static_cast<unsigned>(i))) out = out.add(p);
    }
    return out;
}
template <class G>
Jacobian<G> scalar_mul(const Affine<G>& p, const Fr& k) {
    return scalar_mul(p, k.canonical());
}

// The curve parameter of BN254; p and r are polynomials in it.
inline constexpr u64 bn_u = 4965661367192848881ULL;

// The untwist-Frobenius-twist endomorphism; it acts on the subgroup as multiplication by p mod r.
inline G2Jacobian psi(const G2Jacobian& p) {
    static constinit Published<std::array<Fq2, 2>> published;
    const std::array<Fq2, 2>& constants = published.get([] {
        // xi^((p-1)/3) and xi^((p-1)/2)
        Limbs e = Fq::modulus;
        limbs::sub_from(e, {1, 0, 0, 0});
        auto divide = [](Limbs a, u64 d) {
            u128 rem = 0;
            for (int i = 3; i >= 0; --i) {
                u128 cur = (rem << 64) | a[i];
                a[i] = static_cast<u64>(cur / d);
                rem = cur % d;
            }
            return a;
        };
        Fq2 xi{Fq::from_u64(9), Fq::one()};
        return std::array<Fq2, 2>{xi.pow(divide(e, 3)), xi.pow(divide(e, 2))};
    });
    return {p.x.conjugate() * constants[0], p.y.conjugate() * constants[1], p.z.conjugate()};
}

// El Housni, Guillevic, Piellard (eprint 2022/352), BN curves: P on the twist is in the subgroup exactly when
// [u+1]P + psi([u]P) + psi^2([u]P) = psi^3([2u]P).
inline bool is_in_subgroup(const G2Affine& p) {
    if (p.is_infinity()) return true;
    G2Jacobian up = scalar_mul(p, Limbs{bn_u, 0, 0, 0});
    G2Jacobian psi1 = psi(up);
    G2Jacobian psi2 = psi(psi1);
    G2Jacobian left = up.add(p).add(psi1).add(psi2);
    return left == psi(psi2).dbl();
}
// G1 has prime order: every point of the curve is in the group.
inline bool is_in_subgroup(const G1Affine&) { return true; }

enum class Infinity { allowed, refused };

// Reads an affine point in the kernel's byte order and checks everything about it. Throws NonCanonical, NotOnCurve,
// NotInSubgroup or InfinityNotAllowed.
template <class G>
Affine<G> point_from_bytes(const std::uint8_t* bytes, Infinity infinity) {
    Affine<G> p{G::F::from_bytes_le(bytes), G::F::from_bytes_le(bytes + G::affine_bytes / 2)};
    if (p.is_infinity()) {
        if (infinity == Infinity::refused) throw InfinityNotAllowed(std::string(G::name) + " point at infinity");
        return p;
    }
    if (!p.is_on_curve()) throw NotOnCurve(std::string(G::name) + " point is not on the curve");
    if (!is_in_subgroup(p)) throw NotInSubgroup(std::string(G::name) + " point is not in the subgroup of order r");
    return p;
}

inline const G1Affine& g1_generator() {
    static constexpr G1Affine g{Fq::from_u64(1), Fq::from_u64(2)};
    return g;
}

inline const G2Affine& g2_generator() {
    static constexpr G2Affine g{
        {Fq::from_canonical({0x46debd5cd992f6edULL, 0x674322d4f75edaddULL, 0x426a00665e5c4479ULL, 0x1800deef121f1e76ULL}),
         Fq::from_canonical({0x97e485b7aef312c2ULL, 0xf1aa493335a9e712ULL, 0x7260bfb731fb5d25ULL, 0x198e9393920d483aULL})},
        {Fq::from_canonical({0x4ce6cc0166fa7daaULL, 0xe3d1e7690c43d37bULL, 0x4aab71808dcb408fULL, 0x12c85ea5db8c6debULL}),
         Fq::from_canonical({0x55acdadcd122975bULL, 0xbc4b313370b38ef3ULL, 0xec9e99ad690c3395ULL, 0x090689d0585ff075ULL})}};
    return g;
}

}  // namespace tickproof
