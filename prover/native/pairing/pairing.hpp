// The optimal ate pairing of BN254, as products: what verification, batching and the EVM precompile need is whether a
// product of pairings is one. Points given here are trusted: on their curves, G2 points in the subgroup; infinity
// contributes one. Source: Vercauteren, eprint 2008/096; lines in homogeneous coordinates, Costello, Lange, Naehrig,
// eprint 2009/615; final exponentiation, Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, SAC 2011.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "curve/curve.hpp"
#include "pairing/fq12.hpp"

namespace tickproof {

// The lines of a G2 point's Miller loop: what a fixed point of a key needs only once.
class PreparedG2 {
public:
    explicit PreparedG2(const G2Affine& q);

    // a yP + (b xP + c v) w
    struct Line {
        Fq2 a, b, c;
    };
    std::span<const Line> lines() const { return lines_; }
    bool is_infinity() const { return lines_.empty(); }

private:
    std::vector<Line> lines_;
};

// The product of the Miller functions. One squaring chain for all; `ps` and `qs` have equal length.
Fq12 miller_product(std::span<const G1Affine> ps, std::span<const PreparedG2* const> qs);

// f^(m (p^12-1)/r) with m = 2u (6u^2 + 3u + 1), prime to r: one exactly when the reduced pairing is.
Fq12 final_exponentiation(const Fq12& f);

struct PointPair {
    G1Affine p;
    G2Affine q;
};

// Product of Miller functions over many pairs, on the kernel's threads.
Fq12 miller_product(std::span<const PointPair> pairs);
bool pairing_product_is_one(std::span<const PointPair> pairs);

}  // namespace tickproof
