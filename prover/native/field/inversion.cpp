#include "field/inversion.hpp"

#include <algorithm>

#include "field/division_steps.hpp"

namespace tickproof {
namespace {

// The division steps know nothing of Montgomery's form: from a R they give 1/(a R), and a product with R^3 divides by R
// once, which leaves R/a.
template <class F, class Modulus>
F by_division_steps(const F& a) {
    static_assert(std::equal(F::modulus.begin(), F::modulus.end(), Modulus::words.w));
    static constexpr F cube{power_of_two_mod(768, F::modulus)};
    const vectors::Words plain = vectors::inverse<Modulus>({{a.v[0], a.v[1], a.v[2], a.v[3]}});
    return F{{plain.w[0], plain.w[1], plain.w[2], plain.w[3]}} * cube;
}

}  // namespace

Fr inverse(const Fr& a) { return by_division_steps<Fr, vectors::FrModulus>(a); }
Fq inverse(const Fq& a) { return by_division_steps<Fq, vectors::FqModulus>(a); }

}  // namespace tickproof
