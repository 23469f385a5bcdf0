// What scripts/sanitize.sh runs under the address and undefined-behaviour sanitizers: every engine the processor has, on one,
// two and four threads, over the inputs that break such code. Oracles: double-and-add, the definition of a transform, the
// pairing equation, and equal bytes between engines. Then key files, damaged in thousands of ways.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "groth16/groth16.hpp"
#include "groth16/point_arrays.hpp"
#include "groth16/proving_key.hpp"
#include "groth16/r1cs.hpp"
#include "groth16/setup.hpp"
#include "process/threads.hpp"
#include "signatures/babyjub.hpp"
#include "sums/msm.hpp"
#include "transforms/ntt.hpp"

using namespace tickproof;

namespace {

int failures = 0;
void expect(bool condition, const std::string& what) {
    if (condition) return;
    ++failures;
    std::fprintf(stderr, "FAILED: %s\n", what.c_str());
}

std::mt19937_64 random_bits(2024);

Limbs random_scalar() {
    return Fr::from_limbs_reduced({random_bits(), random_bits(), random_bits(), random_bits()}).canonical();
}

std::vector<Engine> engines() {
    std::vector<Engine> out;
    for (Engine e : {Engine::portable, Engine::adx, Engine::avx2, Engine::ifma})
        if (engine_runs(e)) out.push_back(e);
    return out;
}

// Limbs at which carries start, stop or run through: as they stand in memory, in Montgomery form.
template <class F>
std::vector<F> limb_edges() {
    const std::vector<u64> low{0,          1,          ~0ull,        ~0ull - 1,      1ull << 63, (1ull << 63) - 1,
                               F::modulus[0], F::modulus[0] - 1, F::modulus[1], F::modulus[2], F::n0,     ~F::n0};
    const std::vector<u64> top{0, 1, F::modulus[3] / 2, F::modulus[3] - 1, F::modulus[3]};
    std::vector<F> out;
    const auto take = [&](const Limbs& v) {
        if (limbs::less(v, F::modulus)) out.push_back(F{v});
    };
    for (u64 k = 0; k < 4; ++k) {
        Limbs last = F::modulus;
        limbs::sub_from(last, {k + 1, 0, 0, 0});
        take(last);
        take({k, 0, 0, 0});
    }
    for (u64 high : top) {
        for (u64 x : low) take({x, x, x, high});
        for (int i = 0; i < 12; ++i)
            take({low[random_bits() % low.size()], low[random_bits() % low.size()], low[random_bits() % low.size()], high});
    }
    return out;
}

template <class F>
void test_field() {
    std::vector<F> samples = limb_edges<F>();
    for (int i = 0; i < 100; ++i)
        samples.push_back(F::from_limbs_reduced({random_bits(), random_bits(), random_bits(), random_bits()}));
    for (const F& a : samples) {
        for (const F& b : samples) {
            use_engine(Engine::portable);
            const F product = a * b, sum = a + b, difference = a - b;
            use_engine(best_engine());
            expect(a * b == product && a + b == sum && a - b == difference, "field arithmetic differs between engines");
            expect(limbs::less((a * b).v, F::modulus), "a product is not reduced");
        }
        expect(a.is_zero() ? a.inv().is_zero() : (a * a.inv()).is_one(), "inverse");
        F square = a;
        square *= square;
        expect(square == F::mul_portable(a, a), "a product over its own operands");
    }
}

// Lazy reduction against the schoolbook's four products.
void test_extension() {
    const std::vector<Fq> edges = limb_edges<Fq>();
    const auto pick = [&] {
        if (random_bits() % 3) return edges[random_bits() % edges.size()];
        return Fq::from_limbs_reduced({random_bits(), random_bits(), random_bits(), random_bits()});
    };
    for (int i = 0; i < 20000; ++i) {
        const Fq2 a{pick(), pick()}, b{pick(), pick()};
        use_engine(Engine::portable);
        const Fq2 product{a.c0 * b.c0 - a.c1 * b.c1, a.c0 * b.c1 + a.c1 * b.c0};
        const Fq2 square{a.c0 * a.c0 - a.c1 * a.c1, a.c0 * a.c1 + a.c1 * a.c0};
        for (Engine e : engines()) {
            use_engine(e);
            expect(a * b == product && a.sqr() == square, "extension arithmetic differs between engines");
            Fq2 over = a;
            over *= over;
            expect(over == square, "an extension product over its own operands");
        }
    }
    use_engine(best_engine());
}

template <class G>
void test_msm(const Affine<G>& generator, std::size_t largest) {
    std::vector<Affine<G>> pool;
    for (int i = 0; i < 6; ++i) pool.push_back(scalar_mul(generator, random_scalar()).to_affine());
    pool.push_back(-pool[0]);
    pool.push_back(Affine<G>::infinity());
    for (std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{8}, std::size_t{9},
                          std::size_t{63}, std::size_t{65}, std::size_t{127}, std::size_t{1023}, largest}) {
        for (int kind = 0; kind < 6; ++kind) {
            std::vector<Affine<G>> points(n);
            std::vector<Limbs> scalars(n);
            std::vector<Fr> weight(pool.size(), Fr::zero());
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t which = kind == 5 ? 0 : random_bits() % pool.size();
                Limbs k = random_scalar();
                if (kind == 1) k = {random_bits() % 2, 0, 0, 0};
                if (kind == 2) k = (-Fr::from_u64(1 + random_bits() % 300)).canonical();
                if (kind == 3) k = {random_bits(), 0, 0, 0};
                if (kind == 4) k = {3, 0, 0, 0};
                points[i] = pool[which];
                scalars[i] = k;
                weight[which] += Fr::from_canonical(k);
            }
            Jacobian<G> sum = Jacobian<G>::infinity();
            for (std::size_t j = 0; j < pool.size(); ++j) sum = sum.add(scalar_mul(pool[j], weight[j]));
            const Affine<G> expected = sum.to_affine();
            // Key files do not align their points: shift by one to four bytes.
            std::vector<std::uint8_t> bytes(n * sizeof(Affine<G>) + 8);
            const std::size_t shift = random_bits() % 5;
            if (n) std::memcpy(bytes.data() + shift, points.data(), n * sizeof(Affine<G>));
            for (Engine e : engines()) {
                use_engine(e);
                for (unsigned threads : {1u, 2u, 4u}) {
                    threads::set_count(threads);
                    const Affine<G> got = msm<G>(bytes.data() + shift, scalars.data(), n, nullptr,
                                                 threads == 4 ? 3 + static_cast<unsigned>(random_bits() % 14) : 0);
                    expect(got == expected, std::string("msm ") + G::name + " n=" + std::to_string(n) + " kind=" + std::to_string(kind));
                }
            }
        }
    }
    use_engine(best_engine());
}

void test_ntt() {
    for (unsigned log_size = 0; log_size <= 11; ++log_size) {
        const std::size_t n = std::size_t{1} << log_size;
        const auto domain = Domain::get(log_size);
        std::vector<Fr> a(n), b(n);
        for (auto& x : a) x = Fr::from_canonical(random_scalar());
        for (auto& x : b) x = Fr::from_u64(random_bits() % 3);
        std::vector<Fr> first;
        for (Engine e : engines()) {
            use_engine(e);
            for (unsigned threads : {1u, 2u, 4u}) {
                threads::set_count(threads);
                std::vector<Fr> v = a;
                ntt(*domain, v.data(), false);
                const std::size_t k = random_bits() % n;
                const Fr x = domain->omega().pow(static_cast<u64>(k));
                Fr value = Fr::zero();
                for (std::size_t j = n; j-- > 0;) value = value * x + a[j];
                expect(value == v[k], "ntt");
                ntt(*domain, v.data(), true);
                expect(v == a, "inverse ntt");
                std::vector<Fr> qa = a, qb = b, qc(n);
                quotient_on_coset(*domain, qa.data(), qb.data(), qc.data());
                if (first.empty()) first = qa;
                expect(first == qa, "quotient differs between engines or threads");
            }
        }
    }
    use_engine(best_engine());
}

// n squarings in a chain, x_{i+1} = x_i^2 + i, each wire also a bit times one; wires: one, out, x_0, x_1, ...
R1cs chain(std::uint32_t n, std::vector<Limbs>& witness, bool with_challenge) {
    const std::uint32_t first = with_challenge ? 3 : 2;
    std::vector<std::uint8_t> coefficients(32 * (n + 2), 0);
    coefficients[0] = 1;
    Fr minus = -Fr::one();
    minus.to_bytes_le(coefficients.data() + 32);
    for (std::uint32_t i = 0; i < n; ++i) {
        (-Fr::from_u64(i)).to_bytes_le(coefficients.data() + 32 * (i + 2));
    }
    std::vector<std::uint32_t> ptr{0}, ptr_c{0}, col, coeff, col_c, coeff_c;
    std::vector<Fr> w{Fr::one(), Fr::zero()};
    if (with_challenge) w.push_back(Fr::from_u64(5));
    w.push_back(Fr::from_u64(3));
    for (std::uint32_t i = 0; i < n; ++i) {
        col.push_back(first + i);
        coeff.push_back(0);
        ptr.push_back(static_cast<std::uint32_t>(col.size()));
        const bool last = i + 1 == n;
        for (auto [wire, number] : {std::pair{last ? 1 : first + i + 1, 0u}, std::pair{0u, i + 2}}) {
            col_c.push_back(wire);
            coeff_c.push_back(number);
        }
        ptr_c.push_back(static_cast<std::uint32_t>(col_c.size()));
        const Fr next = w[first + i].sqr() + Fr::from_u64(i);
        if (last)
            w[1] = next;
        else
            w.push_back(next);
    }
    witness.clear();
    for (const Fr& x : w) witness.push_back(x.canonical());
    std::optional<ChallengeLayout> layout;
    if (with_challenge) layout = ChallengeLayout{first + n / 2, first, {first + 1, first + 2}};
    return R1cs::from_csr(static_cast<std::uint32_t>(w.size()), with_challenge ? 2 : 1, {ptr, col, coeff}, {ptr, col, coeff},
                          {ptr_c, col_c, coeff_c}, coefficients, layout);
}

std::string read_all(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write_all(const std::string& path, const std::string& data) { std::ofstream(path, std::ios::binary) << data; }

void test_proofs(const std::string& folder) {
    for (bool with_challenge : {false, true}) {
        for (std::uint32_t n : {6u, 30u, 300u}) {
            std::vector<Limbs> witness;
            const R1cs r1cs = chain(n, witness, with_challenge);
            expect(r1cs.first_unsatisfied(witness) == -1, "the chain's witness satisfies it");
            Secrets secrets{Fr::from_u64(11), Fr::from_u64(13), Fr::from_u64(17), Fr::from_u64(19), Fr::from_u64(23), std::nullopt};
            if (with_challenge) secrets.epsilon = Fr::from_u64(29);
            const std::string path = folder + "/key";
            std::string file;
            std::optional<Proof> known;
            for (Engine e : engines()) {
                use_engine(e);
                for (unsigned threads : {1u, 2u, 4u}) {
                    threads::set_count(threads);
                    setup(r1cs, secrets, path);
                    if (file.empty()) file = read_all(path);
                    expect(file == read_all(path), "setup differs between engines or threads");
                    const auto key = ProvingKey::load(path, threads == 1 ? KeyCheck::each : KeyCheck::batch);
                    const Proof proof = prove(*key, witness, Fr::from_u64(7), Fr::from_u64(9));
                    expect(proof_holds(*key, proof, witness), "the proof verifies");
                    if (!known) known = proof;
                    expect(known->a == proof.a && known->b == proof.b && known->c == proof.c && known->d == proof.d,
                           "proofs differ between engines or threads");
                    std::vector<Limbs> bent = witness;
                    bent.back() = random_scalar();
                    bool refused = false;
                    try {
                        prove(*key, bent, Fr::from_u64(7), Fr::from_u64(9));
                    } catch (const UnsatisfiedWitness&) {
                        refused = true;
                    }
                    expect(refused, "a broken witness is refused");
                }
            }
            use_engine(best_engine());
        }
    }
}

void test_damaged_files(const std::string& folder, int rounds) {
    threads::set_count(2);
    for (bool with_challenge : {false, true}) {
        std::vector<Limbs> witness;
        const R1cs r1cs = chain(14, witness, with_challenge);
        Secrets secrets{Fr::from_u64(11), Fr::from_u64(13), Fr::from_u64(17), Fr::from_u64(19), Fr::from_u64(23), std::nullopt};
        if (with_challenge) secrets.epsilon = Fr::from_u64(29);
        const std::string path = folder + "/key";
        setup(r1cs, secrets, path);
        const std::string good = read_all(path);
        int refused = 0;
        for (int i = 0; i < rounds; ++i) {
            std::string bad = good;
            switch (random_bits() % 4) {
                case 0:
                    bad.resize(random_bits() % bad.size());
                    break;
                case 1:  // a count or size somewhere in the headers
                    std::memset(bad.data() + random_bits() % 1024, static_cast<int>(random_bits() % 256), 1 + random_bits() % 4);
                    break;
                case 2:  // the last sections: layout, R1CS
                    bad[bad.size() - 1 - random_bits() % 1600] ^= static_cast<char>(1 << random_bits() % 8);
                    break;
                default:
                    bad[random_bits() % bad.size()] ^= static_cast<char>(1 << random_bits() % 8);
            }
            write_all(path, bad);
            try {
                const auto key = ProvingKey::load(path, KeyCheck::each);
                if (key->n_wires == witness.size()) prove(*key, witness, Fr::from_u64(7), Fr::from_u64(9));
            } catch (const KernelError&) {
                ++refused;
            }
        }
        expect(refused > rounds / 2, "most damage is noticed");
    }
}

template <class G>
Bytes file_form(const std::vector<Affine<G>>& points) {
    return {reinterpret_cast<const std::uint8_t*>(points.data()), points.size() * sizeof(Affine<G>)};
}

// Points of known logarithms: what is done to the points is done to the logarithms.
template <class G>
void test_arrays(const Affine<G>& generator) {
    std::vector<Fr> logs{Fr::zero(), Fr::one(), -Fr::one()}, table{Fr::zero(), Fr::one(), -Fr::one(), Fr::from_u64(16)};
    while (logs.size() < 64) logs.push_back(Fr::from_canonical(random_scalar()));
    while (table.size() < 20) table.push_back(Fr::from_canonical(random_scalar()));
    std::vector<std::uint32_t> ptr{0}, point, coefficient;
    std::vector<Fr> sums;
    for (std::size_t length : {0, 1, 3, 2047, 2049, 0, 2}) {
        Fr sum = Fr::zero();
        for (std::size_t i = 0; i < length; ++i) {
            point.push_back(static_cast<std::uint32_t>(random_bits() % logs.size()));
            coefficient.push_back(static_cast<std::uint32_t>(random_bits() % table.size()));
            sum += logs[point.back()] * table[coefficient.back()];
        }
        ptr.push_back(static_cast<std::uint32_t>(point.size()));
        sums.push_back(sum);
    }
    const std::vector<Affine<G>> expected = fixed_base_multiples<G>(generator, sums);
    const std::vector<Affine<G>> points = fixed_base_multiples<G>(generator, logs);
    std::vector<Fr> values = logs;
    ntt(*Domain::get(6), values.data(), true);
    const std::vector<Affine<G>> transformed = fixed_base_multiples<G>(generator, values);
    for (Engine e : engines()) {
        use_engine(e);
        for (unsigned threads : {1u, 4u}) {
            threads::set_count(threads);
            expect(sparse_sums<G>(file_form(points), {ptr, point, coefficient, table}) == expected, "sparse sums");
            expect(inverse_transform<G>(file_form(points)) == transformed, "the transform of points");
            expect(!first_stored_fault<G>(file_form(points)), "points are points");
            std::vector<std::uint8_t> out(points.size() * sizeof(Affine<G>));
            stored_uncompressed<G>(file_form(points), out.data());
        }
    }
    use_engine(best_engine());
}

}  // namespace

// Without arguments everything; else the parts named.
int main(int argc, char** argv) {
    char folder[] = "/tmp/tickproof-sanitize.XXXXXX";
    if (!mkdtemp(folder)) return 2;
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    const auto wanted = [&](const char* part) {
        bool named = argc < 2;
        for (int i = 1; i < argc; ++i) named = named || std::strcmp(argv[i], part) == 0;
        if (named) std::puts(part);
        return named;
    };
    if (wanted("field")) {
        test_field<Fr>();
        test_field<Fq>();
        test_field<babyjub::Scalar>();
        test_extension();
    }
    if (wanted("sums")) {
        test_msm<G1>(g1_generator(), 9000);
        test_msm<G2>(g2_generator(), 257);
    }
    if (wanted("transforms")) test_ntt();
    if (wanted("arrays")) {
        test_arrays<G1>(g1_generator());
        test_arrays<G2>(g2_generator());
    }
    if (wanted("proofs")) test_proofs(folder);
    if (wanted("files")) test_damaged_files(folder, 500);
    ::unlink((std::string(folder) + "/key").c_str());
    ::rmdir(folder);
    std::printf("%d failures\n", failures);
    return failures ? 1 : 0;
}
