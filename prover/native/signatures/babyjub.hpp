// Baby Jubjub (EIP-2494), the twisted Edwards curve a x^2 + y^2 = 1 + d x^2 y^2 over Fr, a = 168700, d = 168696. This
// file decides point arithmetic; what a signature is decides signatures/eddsa.hpp. a and -1 are squares and d is not, so the
// addition law has no exception on any two points of the curve, whatever their order.
//
// Inside, points live on the isomorphic curve with a = -1 (x -> x sqrt(-a), d -> -d/a) in extended coordinates
// (Hisil, Wong, Carter, Dawson, eprint 2008/522): x = X/Z, y = Y/Z, T = XY/Z.
#pragma once

#include <array>
#include <cstdint>

#include "field/inversion.hpp"

namespace tickproof::babyjub {

// The prime order l of the subgroup that signatures use; the curve has 8 l points.
struct SubgroupParams {
    static constexpr Limbs modulus{0x677297dc392126f1ULL, 0xab3eedb83920ee0aULL, 0x370a08b6d0302b0bULL,
                                   0x060c89ce5c263405ULL};
    static constexpr const char* name = "Baby Jubjub scalar";
};
using Scalar = Field<SubgroupParams>;

inline constexpr Fr kA = Fr::from_u64(168700);
inline constexpr Fr kD = Fr::from_u64(168696);
inline constexpr Fr kToMinusOne =
    Fr::from_canonical({0x6c7be2c1d8b2d768ULL, 0x74a5f6ca321ea117ULL, 0x2c7ac0ce84e61177ULL, 0x0e0ff35005d6e54bULL});
static_assert(kToMinusOne.sqr() == -kA);
inline constexpr Fr kFromMinusOne = kToMinusOne.inv();
inline constexpr Fr kTwiceD = (-(kD * kA.inv())).dbl();

// A point in the curve's own coordinates; the identity is (0, 1).
struct Affine {
    Fr x, y;

    constexpr bool is_on_curve() const {
        const Fr x2 = x.sqr(), y2 = y.sqr();
        return kA * x2 + y2 == Fr::one() + kD * x2 * y2;
    }
    friend constexpr bool operator==(const Affine& a, const Affine& b) { return a.x == b.x && a.y == b.y; }
};

// What an addition reads of its second operand: y - x, y + x, 2dT, 2Z.
struct Cached {
    Fr minus, plus, t2d, z2;
    constexpr Cached negated() const { return {plus, minus, -t2d, z2}; }
};

struct Extended {
    Fr x, y, z, t;

    static constexpr Extended identity() { return {Fr::zero(), Fr::one(), Fr::one(), Fr::zero()}; }
    // `p` must be on the curve.
    static constexpr Extended from(const Affine& p) {
        const Fr x = p.x * kToMinusOne;
        return {x, p.y, Fr::one(), x * p.y};
    }
    constexpr Cached cached() const { return {y - x, y + x, t * kTwiceD, z.dbl()}; }
    // add-2008-hwcd-3
    constexpr Extended add(const Cached& o) const {
        const Fr a = (y - x) * o.minus, b = (y + x) * o.plus, c = t * o.t2d, d = z * o.z2;
        return complete(b - a, d - c, d + c, b + a);
    }
    // The same with an operand whose Z is 1.
    constexpr Extended add_affine(const Cached& o) const {
        const Fr a = (y - x) * o.minus, b = (y + x) * o.plus, c = t * o.t2d, d = z.dbl();
        return complete(b - a, d - c, d + c, b + a);
    }
    // dbl-2008-hwcd; T is left out when the next step is a doubling, which does not read it.
    constexpr Extended dbl(bool with_t = true) const {
        const Fr a = x.sqr(), b = y.sqr(), h = a + b, e = h - (x + y).sqr(), g = a - b, f = z.sqr().dbl() + g;
        return {e * f, g * h, f * g, with_t ? e * h : Fr::zero()};
    }
    constexpr Extended negated() const { return {-x, y, z, -t}; }
    Affine to_affine() const {
        const Fr zi = inverse(z);
        return {x * zi * kFromMinusOne, y * zi};
    }
    constexpr bool equals(const Affine& p) const { return x == p.x * kToMinusOne * z && y == p.y * z; }

private:
    static constexpr Extended complete(const Fr& e, const Fr& f, const Fr& g, const Fr& h) {
        return {e * f, g * h, f * g, e * h};
    }
};

// The base point of signatures, of order l: 8 times the curve's generator.
inline constexpr Affine kBase8{
    Fr::from_canonical({0x2893f3f6bb957051ULL, 0x2ab8d8010534e0b6ULL, 0x4eacb2e09d6277c1ULL, 0x0bb77a6ad63e739bULL}),
    Fr::from_canonical({0x4b3c257a872d7d8bULL, 0xfce0051fb9e13377ULL, 0x25572e1cd16bf9edULL, 0x25797203f7a0b249ULL})};
static_assert(kBase8.is_on_curve());

// k * p for an ordinary 256-bit integer k, and a point of the curve.
Extended multiply(const Affine& p, const Limbs& k);
// k * base8, from a table.
Extended multiply_base(const Limbs& k);
// j * base8 + k * p, sharing the doublings.
Extended multiply_base_and(const Limbs& j, const Extended& p, const Limbs& k);

}  // namespace tickproof::babyjub
