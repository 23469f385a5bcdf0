// The vector engines' products and reductions on limbs that no canonical input produces: all ones, all zeros, single bits,
// carries pending in either direction, values up to the bounds that the vector headers promise to take. Every lane's result
// is held against the portable field, and against its own bound. test_products.py compiles it once for each engine and runs
// it; it prints what failed and returns 1, or 77 if the processor lacks the engine.
#include <algorithm>
#include <cstdio>
#include <random>

#include "field/field.hpp"
#include "vectors/fq2.hpp"

namespace tickproof::vectors {
namespace {

std::mt19937_64 random_word(20);

struct Number {  // one lane's limbs
    i64 l[5];
};
constexpr i64 kMost = static_cast<i64>(kLimbMask);

i64 any_limb(i64 most) {
    switch (random_word() % 8) {
        case 0: return 0;
        case 1: return most;
        case 2: return most ? most - 1 : 0;
        case 3: return 1;
        case 4: return static_cast<i64>(u64{1} << random_word() % 52) & most;
        default: return static_cast<i64>(random_word() % (static_cast<u64>(most) + 1));
    }
}

// Limbs below 2^52, value below `times` p, and up to a millionth of p from it.
template <class M>
Number any_number(double times) {
    const auto top = static_cast<i64>(times * static_cast<double>(Constants<M>::p.l[4])) - 1;
    return {{any_limb(kMost), any_limb(kMost), any_limb(kMost), any_limb(kMost), any_limb(top)}};
}

template <class V>
V packed(const Number (&n)[8]) {
    alignas(64) u64 words[5][8];
    for (int lane = 0; lane < 8; ++lane)
        for (int i = 0; i < 5; ++i) words[i][lane] = static_cast<u64>(n[lane].l[i]);
    return {load_lanes(words[0]), load_lanes(words[1]), load_lanes(words[2]), load_lanes(words[3]), load_lanes(words[4])};
}
template <class V>
void unpack(const V& v, Number (&n)[8]) {
    alignas(64) u64 words[5][8];
    store_lanes(words[0], v.l0), store_lanes(words[1], v.l1), store_lanes(words[2], v.l2), store_lanes(words[3], v.l3);
    store_lanes(words[4], v.l4);
    for (int lane = 0; lane < 8; ++lane)
        for (int i = 0; i < 5; ++i) n[lane].l[i] = static_cast<i64>(words[i][lane]);
}

template <class F>
F value(const Number& n) {
    F out = F::zero();
    for (int i = 4; i >= 0; --i) out = out * F::from_u64(u64{1} << 52) + F::from_i64(n.l[i]);
    return out;
}

// The value over p, to a few digits: enough to hold a bound against.
template <class M>
double multiple_of_p(const Number& n) {
    double x = 0, p = 0;
    for (int i = 4; i >= 0; --i) {
        x = x * 0x1p52 + static_cast<double>(n.l[i]);
        p = p * 0x1p52 + static_cast<double>(Constants<M>::p.l[i]);
    }
    return x / p;
}

// What a reduction added at most, in p: near its bound, or the bound would say little.
double largest_share = 0;

int failures = 0;
void expect(bool holds, const char* what) {
    if (holds) return;
    ++failures;
    std::printf("failed: %s\n", what);
}

bool is_normal(const Number& n) {
    for (const i64 limb : n.l)
        if (limb < 0 || limb > kMost) return false;
    return true;
}

// What runs in the mode for products, apart from what judges it.
template <class P>
struct Results {
    Number product[8], square[8], raw_product[8], raw_square[8], near[8], far[8], canonical[8];
};
template <class P>
__attribute__((noinline)) void compute(const Vec& a, const Vec& b, const Raw& near, const Raw& far, Results<P>& out) {
    unpack(P::mul(a, b), out.product);
    unpack(P::sqr(a), out.square);
    unpack(P::mul_raw(a, b), out.raw_product);
    unpack(P::sqr_raw(a), out.raw_square);
    unpack(P::reduced(near), out.near);
    unpack(P::reduced_far(far), out.far);
    unpack(P::canonical_far(far), out.canonical);
}

template <class M, class F>
void one_round() {
    using P = Prime<M>;
    const F scale = F::from_u64(2).pow(260).inv();
    // up to what five limbs hold, and what the forward transform multiplies: values below 80 p, twiddles below 2 p
    const double a_times = static_cast<double>(1 + random_word() % 84), b_times = random_word() % 2 ? 84 : 2;
    Number a[8], b[8], near[8], far[8];
    for (int lane = 0; lane < 8; ++lane) {
        a[lane] = any_number<M>(lane % 2 ? a_times : 80), b[lane] = any_number<M>(lane % 2 ? b_times : 2);
        near[lane] = any_number<M>(6), far[lane] = any_number<M>(78);
        // carries pending, both ways: 2^52 k from a limb to the one below
        for (int i = 0; i < 4; ++i) {
            const auto k = static_cast<i64>(random_word() % 200) - 100;
            near[lane].l[i] += k << 52, near[lane].l[i + 1] -= k;
            far[lane].l[i] += k << 52, far[lane].l[i + 1] -= k;
        }
    }
    Results<P> r;
    {
        const ProductMode mode;
        compute<P>(packed<Vec>(a), packed<Vec>(b), packed<Raw>(near), packed<Raw>(far), r);
    }
    for (int lane = 0; lane < 8; ++lane) {
        const F x = value<F>(a[lane]), y = value<F>(b[lane]);
        expect(value<F>(r.product[lane]) == x * y * scale && is_normal(r.product[lane]), "product");
        expect(value<F>(r.square[lane]) == x * x * scale && is_normal(r.square[lane]), "square");
        expect(value<F>(r.raw_product[lane]) == x * y * scale, "raw product");
        expect(value<F>(r.raw_square[lane]) == x * x * scale, "raw square");
        const double most = multiple_of_p<M>(a[lane]) * multiple_of_p<M>(b[lane]);
        expect(multiple_of_p<M>(r.product[lane]) < Constants<M>::product_bound(most), "bound of a product");
        largest_share = std::max(largest_share, multiple_of_p<M>(r.product[lane]) - most / Constants<M>::factor_bound);
        const F n = value<F>(near[lane]), f = value<F>(far[lane]);
        expect(value<F>(r.near[lane]) == n && is_normal(r.near[lane]), "reduced");
        expect(value<F>(r.far[lane]) == f && is_normal(r.far[lane]), "reduced far");
        expect(multiple_of_p<M>(r.near[lane]) < 1.01 && multiple_of_p<M>(r.far[lane]) < 1.02, "bound of a reduced value");
        expect(value<F>(r.canonical[lane]) == f && multiple_of_p<M>(r.canonical[lane]) <= 1, "canonical");
    }
}

struct PairResults {
    Number c0[2][8], c1[2][8];
};
__attribute__((noinline)) void compute_pair(const Vec2& a, const Vec2& b, PairResults& out) {
    const Vec2 product = Fq2Vec::mul(a, b), square = Fq2Vec::sqr(b);
    unpack(product.c0, out.c0[0]), unpack(product.c1, out.c1[0]);
    unpack(square.c0, out.c0[1]), unpack(square.c1, out.c1[1]);
}

void one_round_of_pairs(double a_times, double b_times) {
    const Fq scale = Fq::from_u64(2).pow(260).inv();
    Number a[2][8], b[2][8];
    for (int lane = 0; lane < 8; ++lane)
        for (int c = 0; c < 2; ++c) a[c][lane] = any_number<FqModulus>(a_times), b[c][lane] = any_number<FqModulus>(b_times);
    PairResults r;
    {
        const ProductMode mode;
        compute_pair({packed<Vec>(a[0]), packed<Vec>(a[1])}, {packed<Vec>(b[0]), packed<Vec>(b[1])}, r);
    }
    for (int lane = 0; lane < 8; ++lane) {
        const Fq a0 = value<Fq>(a[0][lane]), a1 = value<Fq>(a[1][lane]), b0 = value<Fq>(b[0][lane]), b1 = value<Fq>(b[1][lane]);
        expect(value<Fq>(r.c0[0][lane]) == (a0 * b0 - a1 * b1) * scale && is_normal(r.c0[0][lane]), "Fq2 product, real");
        expect(value<Fq>(r.c1[0][lane]) == (a0 * b1 + a1 * b0) * scale && is_normal(r.c1[0][lane]), "Fq2 product, imaginary");
        expect(value<Fq>(r.c0[1][lane]) == (b0 * b0 - b1 * b1) * scale && is_normal(r.c0[1][lane]), "Fq2 square, real");
        expect(value<Fq>(r.c1[1][lane]) == (b0 * b1).dbl() * scale && is_normal(r.c1[1][lane]), "Fq2 square, imaginary");
        const double ab = a_times * b_times;
        expect(multiple_of_p<FqModulus>(r.c0[0][lane]) < 1 + Constants<FqModulus>::product_bound(ab), "bound of a Fq2 product, real");
        expect(multiple_of_p<FqModulus>(r.c1[0][lane]) < Constants<FqModulus>::product_bound(2 * ab), "bound of a Fq2 product, imaginary");
    }
}

}  // namespace
}  // namespace tickproof::vectors

int main() {
    using namespace tickproof;
    if (!engine_runs(Engine::TICKPROOF_TESTED_ENGINE)) return 77;
    use_engine(Engine::portable);
    for (int k = 0; k < 20000 && vectors::failures == 0; ++k) {
        vectors::one_round<vectors::FqModulus, Fq>();
        vectors::one_round<vectors::FrModulus, Fr>();
        // the largest factors that the curve multiplies, and the largest that any may
        vectors::one_round_of_pairs(12.1, 3.4);
        vectors::one_round_of_pairs(42, 1.9);
    }
    vectors::expect(vectors::largest_share > 1.05, "reductions add what their bound allows");
    if (vectors::failures == 0) std::printf("products: ok\n");
    return vectors::failures != 0;
}
