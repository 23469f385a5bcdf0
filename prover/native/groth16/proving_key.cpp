#include "groth16/proving_key.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <random>

#include "process/threads.hpp"
#include "sums/msm.hpp"
#include "transforms/ntt.hpp"

namespace tickproof {
namespace {

template <class F>
bool is_canonical(const F& x) {
    if constexpr (std::is_same_v<F, Fq2>)
        return is_canonical(x.c0) && is_canonical(x.c1);
    else
        return limbs::less(x.v, F::modulus);
}

// A point in Montgomery form, checked but for the subgroup.
template <class G>
Affine<G> read_point(const std::uint8_t* bytes, Infinity infinity, const char* what, std::size_t index) {
    Affine<G> p;
    std::memcpy(&p, bytes, sizeof p);
    auto where = [&] { return std::string(what) + " " + std::to_string(index); };
    if (!is_canonical(p.x) || !is_canonical(p.y)) throw NonCanonical(where() + ": a coordinate is not below the modulus");
    if (p.is_infinity()) {
        if (infinity == Infinity::refused) throw InfinityNotAllowed(where() + " is the point at infinity");
        return p;
    }
    if (!p.is_on_curve()) throw NotOnCurve(where() + " is not on the curve");
    return p;
}

template <class G>
void check_query(std::span<const std::uint8_t> points, Infinity infinity, const char* what) {
    threads::parallel_ranges(points.size() / sizeof(Affine<G>), 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            read_point<G>(points.data() + i * sizeof(Affine<G>), infinity, what, i);
    });
}

void check_subgroup_each(std::span<const std::uint8_t> points, const char* what) {
    threads::parallel_ranges(points.size() / sizeof(G2Affine), 8, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            G2Affine p;
            std::memcpy(&p, points.data() + i * sizeof p, sizeof p);
            if (!is_in_subgroup(p)) throw NotInSubgroup(std::string(what) + " " + std::to_string(i) + " is not in the subgroup");
        }
    });
}

// Every point outside the subgroup has a component whose order is a prime factor of the twist's cofactor; the least is
// 10069. Five sums with independent weights below 2^13 < 10069 each miss it with probability at most 2^-13.
void check_subgroup_batch(std::span<const std::uint8_t> points, const char* what) {
    const std::size_t n = points.size() / sizeof(G2Affine);
    if (n < 256) return check_subgroup_each(points, what);
    std::random_device entropy;
    std::vector<Limbs> weights(n);
    for (int round = 0; round < 5; ++round) {
        std::seed_seq seed{entropy(), entropy(), entropy(), entropy(), entropy(), entropy(), entropy(), entropy()};
        std::mt19937_64 random(seed);
        for (std::size_t i = 0; i < n; ++i) weights[i] = {random() >> 51, 0, 0, 0};
        if (!is_in_subgroup(msm<G2>(points.data(), weights.data(), n, nullptr, 14)))
            throw NotInSubgroup(std::string(what) + ": some point is not in the subgroup");
    }
}

G1Affine read_g1(Cursor& cursor, const char* what) {
    return read_point<G1>(cursor.take(sizeof(G1Affine)).data(), Infinity::refused, what, 0);
}
G2Affine read_g2(Cursor& cursor, const char* what) {
    const G2Affine p = read_point<G2>(cursor.take(sizeof(G2Affine)).data(), Infinity::refused, what, 0);
    if (!is_in_subgroup(p)) throw NotInSubgroup(std::string(what) + " is not in the subgroup");
    return p;
}

Fr read_stored(const std::uint8_t* bytes) {
    const Fr value{limbs::load_le(bytes)};
    if (!limbs::less(value.v, Fr::modulus)) throw NonCanonical("a coefficient of the key is not below r");
    return value;
}

void expect_modulus(Cursor& cursor, const Limbs& modulus) {
    if (cursor.u32() != 32 || limbs::load_le(cursor.take(32).data()) != modulus)
        throw UnsupportedKey("the key is not over BN254 (bn128)");
}

std::uint32_t read_u32(const std::uint8_t* bytes) {
    std::uint32_t x;
    std::memcpy(&x, bytes, 4);
    return x;
}

}  // namespace

void ProvingKey::read_header(const Sections& sections) {
    const bool with_challenge = sections.magic == "tkey";
    if (!with_challenge && sections.magic != "zkey") throw MalformedInput("not a .zkey or .tkey file");
    if (read_u32(sections.exactly(key_section::protocol, 4, "protocol").data()) != 1)
        throw UnsupportedKey("not a Groth16 key");
    Cursor cursor(sections.get(key_section::header, "header"), "the header");
    expect_modulus(cursor, Fq::modulus);
    expect_modulus(cursor, Fr::modulus);
    n_wires = cursor.u32();
    n_public = cursor.u32();
    const std::uint32_t domain = cursor.u32();
    if (n_public >= n_wires || n_wires >= (1u << 30) || !std::has_single_bit(domain) || domain > (1u << (max_log_domain - 1)) ||
        n_public >= domain)
        throw MalformedInput("wires, public inputs and domain do not fit each other");
    log_domain = static_cast<unsigned>(std::countr_zero(domain));
    alpha_1 = read_g1(cursor, "alpha_1");
    beta_1 = read_g1(cursor, "beta_1");
    beta_2 = read_g2(cursor, "beta_2");
    gamma_2 = read_g2(cursor, "gamma_2");
    delta_1 = read_g1(cursor, "delta_1");
    delta_2 = read_g2(cursor, "delta_2");
    cursor.end();
    if (!with_challenge) return;
    Cursor layout(sections.get(key_section::challenge, "the challenge"), "the challenge layout");
    ChallengeLayout c;
    c.n_early = layout.u32();
    c.mask = layout.u32();
    const std::uint32_t words = layout.u32();
    if (layout.left() < std::uint64_t{4} * words) throw MalformedInput("the challenge layout is truncated");
    for (std::uint32_t i = 0; i < words; ++i) c.words.push_back(layout.u32());
    check_layout(c, n_wires, n_public);
    challenge = std::move(c);
    epsilon_1 = read_g1(layout, "epsilon_1");
    epsilon_2 = read_g2(layout, "epsilon_2");
    layout.end();
}

void ProvingKey::read_queries(const Sections& sections) {
    auto g1 = [&](std::uint32_t number, std::uint64_t count, const char* what) {
        return sections.exactly(number, count * sizeof(G1Affine), what);
    };
    ic = g1(key_section::ic, n_public + 1, "IC");
    a = g1(key_section::a, n_wires, "A");
    b1 = g1(key_section::b1, n_wires, "B1");
    b2 = sections.exactly(key_section::b2, std::uint64_t{n_wires} * sizeof(G2Affine), "B2");
    late = g1(key_section::late, n_wires - first_late(), "C");
    h = g1(key_section::h, domain_size(), "H");
    if (challenge) early = g1(key_section::early, first_late() - n_public - 1, "early");
}

void ProvingKey::read_coefficients(const Sections& sections) {
    constexpr std::size_t entry = 44;
    Cursor cursor(sections.get(key_section::coefficients, "coefficients"), "the coefficient section");
    const std::uint32_t count = cursor.u32();
    if (cursor.left() != std::uint64_t{count} * entry) throw MalformedInput("the coefficients do not fill their section");
    const auto entries = cursor.take(cursor.left());
    SparseMatrix* const matrices[2] = {&rows_a, &rows_b};
    for (SparseMatrix* m : matrices) m->row_ptr.assign(domain_size() + 1, 0);
    for (std::size_t k = 0; k < count; ++k) {
        const std::uint8_t* e = entries.data() + k * entry;
        const std::uint32_t matrix = read_u32(e), row = read_u32(e + 4), wire = read_u32(e + 8);
        if (matrix > 1 || row >= domain_size() || wire >= n_wires)
            throw MalformedInput("coefficient " + std::to_string(k) + " of the key is out of range");
        ++matrices[matrix]->row_ptr[row + 1];
    }
    std::vector<std::uint32_t> place[2];
    for (int m = 0; m < 2; ++m) {
        auto& ptr = matrices[m]->row_ptr;
        for (std::size_t i = 0; i < domain_size(); ++i) ptr[i + 1] += ptr[i];
        matrices[m]->wire.resize(ptr.back());
        matrices[m]->coefficient.resize(ptr.back());
        place[m].assign(ptr.begin(), ptr.end() - 1);
    }
    for (std::size_t k = 0; k < count; ++k) {
        const std::uint8_t* e = entries.data() + k * entry;
        const std::uint32_t matrix = read_u32(e);
        const std::uint32_t at = place[matrix][read_u32(e + 4)]++;
        matrices[matrix]->wire[at] = read_u32(e + 8);
        matrices[matrix]->coefficient[at] = table.add_stored(read_stored(e + 12));
    }
    file_.forget(entries);
}

void ProvingKey::read_r1cs(std::span<const std::uint8_t> section) {
    Cursor cursor(section, "the R1CS section");
    n_constraints = cursor.u32();
    if (std::uint64_t{n_constraints} + n_public + 1 > domain_size()) throw MalformedInput("the R1CS does not fit the domain");
    const std::uint32_t distinct = cursor.u32();
    const auto values = cursor.take(std::uint64_t{32} * distinct);
    std::vector<std::uint32_t> numbers(distinct);
    for (std::uint32_t i = 0; i < distinct; ++i) numbers[i] = table.add_stored(read_stored(values.data() + 32 * i));
    auto array = [&](std::uint64_t n) {
        const auto bytes = cursor.take(4 * n);
        std::vector<std::uint32_t> out(n);
        if (n) std::memcpy(out.data(), bytes.data(), 4 * n);
        return out;
    };
    rows_c.emplace();
    for (SparseMatrix* m : {&rows_a, &rows_b, &*rows_c}) {
        const std::uint64_t count = cursor.u32();
        m->row_ptr = array(std::uint64_t{n_constraints} + 1);
        m->wire = array(count);
        m->coefficient = array(count);
        bool good = m->row_ptr.front() == 0 && m->row_ptr.back() == count && std::ranges::is_sorted(m->row_ptr);
        for (std::uint32_t w : m->wire) good = good && w < n_wires;
        for (std::uint32_t& c : m->coefficient) {
            good = good && c < distinct;
            if (good) c = numbers[c];
        }
        if (!good) throw MalformedInput("the R1CS section is inconsistent");
    }
    cursor.end();
    // The rows that carry the public wires belong to the key, not to the system.
    for (std::uint32_t i = 0; i <= n_public; ++i) {
        rows_a.wire.push_back(i);
        rows_a.coefficient.push_back(CoefficientTable::plus_one);
        rows_a.row_ptr.push_back(static_cast<std::uint32_t>(rows_a.wire.size()));
    }
    for (SparseMatrix* m : {&rows_a, &rows_b, &*rows_c}) m->row_ptr.resize(domain_size() + 1, m->row_ptr.back());
    file_.forget(section);
}

void ProvingKey::check_points(KeyCheck check) const {
    if (check == KeyCheck::nothing) return;
    check_query<G1>(ic, Infinity::allowed, "IC");
    check_query<G1>(a, Infinity::allowed, "A");
    check_query<G1>(b1, Infinity::allowed, "B1");
    check_query<G1>(late, Infinity::allowed, "C");
    check_query<G1>(early, Infinity::allowed, "early");
    // L_i(tau) t(tau)/delta vanishes only for tau in the domain: no sound key has infinity here.
    check_query<G1>(h, Infinity::refused, "H");
    check_query<G2>(b2, Infinity::allowed, "B2");
    if (check == KeyCheck::each)
        check_subgroup_each(b2, "B2");
    else
        check_subgroup_batch(b2, "B2");
}

std::vector<G1Affine> ProvingKey::ic_points() const {
    std::vector<G1Affine> out(ic.size() / sizeof(G1Affine));
    std::memcpy(out.data(), ic.data(), ic.size());
    return out;
}

std::shared_ptr<const ProvingKey> ProvingKey::load(const std::string& path, KeyCheck check) {
    std::shared_ptr<ProvingKey> key(new ProvingKey(path));
    const Sections sections = read_sections(key->file_.bytes());
    key->read_header(sections);
    key->read_queries(sections);
    if (sections.has(key_section::r1cs))
        key->read_r1cs(sections.get(key_section::r1cs, "R1CS"));
    else
        key->read_coefficients(sections);
    key->check_points(check);
    return key;
}

}  // namespace tickproof
