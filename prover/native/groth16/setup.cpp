#include "groth16/setup.hpp"

#include <algorithm>
#include <bit>

#include "groth16/key_file.hpp"
#include "groth16/proving_key.hpp"
#include "process/threads.hpp"
#include "sums/msm.hpp"
#include "sums/signed_windows.hpp"
#include "transforms/ntt.hpp"

namespace tickproof {
namespace {

// weight_i(tau) = (tau^m - 1)/m * x_i / (tau - x_i) for x_i = first * step^i: Lagrange values of points x_i of a subgroup of
// order m.
std::vector<Fr> lagrange_values(const Fr& tau, const Fr& first, const Fr& step, std::size_t count, std::size_t order) {
    const Fr scale = (tau.pow(static_cast<u64>(order)) - Fr::one()) * Fr::from_u64(order).inv();
    std::vector<Fr> out(count);
    threads::parallel_ranges(count, 2048, [&](std::size_t begin, std::size_t end) {
        std::vector<Fr> x(end - begin);
        Fr power = first * step.pow(static_cast<u64>(begin));
        for (std::size_t i = begin; i < end; ++i) {
            x[i - begin] = power;
            out[i] = tau - power;
            power *= step;
        }
        batch_inverse<Fr>(std::span<Fr>(out.data() + begin, end - begin));
        for (std::size_t i = begin; i < end; ++i) out[i] = out[i] * x[i - begin] * scale;
    });
    return out;
}

std::vector<Fr> wire_values(const SparseMatrix& m, const CoefficientTable& table, const std::vector<Fr>& lagrange,
                            std::size_t n_wires) {
    std::vector<Fr> coefficients(table.size());
    for (std::uint32_t i = 0; i < table.size(); ++i) coefficients[i] = table.value(i);
    std::vector<Fr> out(n_wires, Fr::zero());
    for (std::size_t row = 0; row < m.rows(); ++row) {
        for (std::uint32_t k = m.row_ptr[row]; k < m.row_ptr[row + 1]; ++k) {
            Fr& value = out[m.wire[k]];
            if (m.coefficient[k] == CoefficientTable::plus_one)
                value += lagrange[row];
            else if (m.coefficient[k] == CoefficientTable::minus_one)
                value -= lagrange[row];
            else
                value += coefficients[m.coefficient[k]] * lagrange[row];
        }
    }
    return out;
}

void check_secrets(const R1cs& r1cs, const Secrets& s) {
    for (const Fr* x : {&s.tau, &s.alpha, &s.beta, &s.gamma, &s.delta})
        if (x->is_zero()) throw BadSecret("a secret of the setup is zero");
    if (s.epsilon.has_value() != r1cs.challenge.has_value())
        throw BadSecret("epsilon goes with a circuit that has a challenge, and only there");
    if (s.epsilon && s.epsilon->is_zero()) throw BadSecret("a secret of the setup is zero");
    // A verifier refuses such keys: with gamma = delta, say, a proof could move the statement into its free element.
    std::vector<Fr> apart{s.beta, s.gamma, s.delta};
    if (s.epsilon) apart.push_back(*s.epsilon);
    for (std::size_t i = 0; i < apart.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (apart[i] == apart[j] || apart[i] == -apart[j])
                throw BadSecret("beta, gamma, delta and epsilon must be neither equal nor opposite");
    if (s.tau.pow(u64{1} << (r1cs.log_domain() + 1)).is_one()) throw BadSecret("tau lies in the domain");
}

template <class G>
void write_points(AtomicFile& file, const std::vector<Affine<G>>& points) {
    for (std::size_t i = 0; i < points.size(); i += 4096)
        file.write(points.data() + i, std::min<std::size_t>(4096, points.size() - i) * sizeof(Affine<G>));
}

void write_coefficients(AtomicFile& file, const R1cs& r) {
    const std::uint64_t count = r.a.wire.size() + r.b.wire.size() + r.n_public + 1;
    if (count > 0xffffffff) throw MalformedInput("too many entries for a key file");
    file.section(key_section::coefficients, 4 + 44 * count);
    file.u32(static_cast<std::uint32_t>(count));
    auto entry = [&](std::uint32_t matrix, std::size_t row, std::uint32_t wire, const Fr& stored) {
        file.u32(matrix);
        file.u32(static_cast<std::uint32_t>(row));
        file.u32(wire);
        file.write(&stored, 32);
    };
    for (std::size_t row = 0; row < r.n_constraints; ++row) {
        std::uint32_t matrix = 0;
        for (const SparseMatrix* m : {&r.a, &r.b}) {
            for (std::uint32_t k = m->row_ptr[row]; k < m->row_ptr[row + 1]; ++k)
                entry(matrix, row, m->wire[k], r.table.stored(m->coefficient[k]));
            ++matrix;
        }
    }
    for (std::uint32_t i = 0; i <= r.n_public; ++i) entry(0, r.n_constraints + i, i, r.table.stored(CoefficientTable::plus_one));
}

void write_r1cs(AtomicFile& file, const R1cs& r) {
    std::uint64_t size = 8 + 32 * r.table.size();
    for (const SparseMatrix* m : {&r.a, &r.b, &r.c}) size += 4 + 4 * (std::uint64_t{r.n_constraints} + 1) + 8 * m->wire.size();
    file.section(key_section::r1cs, size);
    file.u32(r.n_constraints);
    file.u32(static_cast<std::uint32_t>(r.table.size()));
    for (std::uint32_t i = 0; i < r.table.size(); ++i) file.write(&r.table.stored(i), 32);
    for (const SparseMatrix* m : {&r.a, &r.b, &r.c}) {
        file.u32(static_cast<std::uint32_t>(m->wire.size()));
        file.write(m->row_ptr.data(), 4 * m->row_ptr.size());
        file.write(m->wire.data(), 4 * m->wire.size());
        file.write(m->coefficient.data(), 4 * m->coefficient.size());
    }
}

}  // namespace

template <class G>
std::vector<Affine<G>> fixed_base_multiples(const Affine<G>& base, const std::vector<Fr>& scalars) {
    const std::size_t n = scalars.size();
    const unsigned c = std::clamp<unsigned>(static_cast<unsigned>(std::bit_width(n)) / 2 + 3, 4, 13);
    const unsigned windows = windows_of(c);
    const std::size_t half = std::size_t{1} << (c - 1);

    // table[w * half + k - 1] = k 2^(cw) base, built by doubling the filled prefix of all windows at once.
    std::vector<Affine<G>> table(windows * half);
    {
        Jacobian<G> power = Jacobian<G>::from(base);
        for (unsigned w = 0; w < windows; ++w) {
            table[w * half] = power.to_affine();
            for (unsigned k = 0; k < c; ++k) power = power.dbl();
        }
        std::vector<Affine<G>> next, step;
        for (std::size_t filled = 1; filled < half; filled *= 2) {
            next.resize(windows * filled);
            step.resize(windows * filled);
            for (unsigned w = 0; w < windows; ++w) {
                std::copy_n(table.data() + w * half, filled, next.data() + w * filled);
                std::fill_n(step.data() + w * filled, filled, table[w * half + filled - 1]);
            }
            batch_add<G>(next.data(), step.data(), next.size());
            for (unsigned w = 0; w < windows; ++w)
                std::copy_n(next.data() + w * filled, filled, table.data() + w * half + filled);
        }
    }

    const Wide bias = bias_of(c);
    std::vector<Affine<G>> out(n, Affine<G>::infinity());
    constexpr std::size_t chunk = 1024;
    threads::parallel_tasks((n + chunk - 1) / chunk, [&](std::size_t t) {
        const std::size_t begin = t * chunk, count = std::min(n - begin, chunk);
        std::vector<Wide> k(count);
        for (std::size_t i = 0; i < count; ++i) k[i] = biased(scalars[begin + i].canonical(), bias);
        std::vector<Affine<G>> step(count);
        for (unsigned w = 0; w < windows; ++w) {
            for (std::size_t i = 0; i < count; ++i) {
                const int digit = static_cast<int>(window_at(k[i], c * w, c)) - static_cast<int>(half);
                if (digit == 0)
                    step[i] = Affine<G>::infinity();
                else
                    step[i] = digit > 0 ? table[w * half + static_cast<std::size_t>(digit) - 1]
                                        : -table[w * half + static_cast<std::size_t>(-digit) - 1];
            }
            batch_add<G>(out.data() + begin, step.data(), count);
        }
    });
    return out;
}
template std::vector<G1Affine> fixed_base_multiples<G1>(const G1Affine&, const std::vector<Fr>&);
template std::vector<G2Affine> fixed_base_multiples<G2>(const G2Affine&, const std::vector<Fr>&);

void setup(const R1cs& r1cs, const Secrets& secrets, const std::string& path) {
    check_secrets(r1cs, secrets);
    const unsigned log_n = r1cs.log_domain();
    if (log_n >= max_log_domain) throw MalformedInput("too many constraints");
    const std::size_t n = std::size_t{1} << log_n;
    const std::size_t n_wires = r1cs.n_wires, n_public = r1cs.n_public;
    const std::size_t first_late = r1cs.challenge ? r1cs.challenge->n_early : n_public + 1;
    AtomicFile file(path);  // first: an unwritable place should not cost a setup

    const std::vector<Fr> lagrange = lagrange_values(secrets.tau, Fr::one(), root_of_unity(log_n), n, n);
    std::vector<Fr> a(n_wires), b(n_wires), k(n_wires);
    threads::parallel_tasks(3, [&](std::size_t m) {
        if (m == 0) {
            a = wire_values(r1cs.a, r1cs.table, lagrange, n_wires);
            for (std::size_t i = 0; i <= n_public; ++i) a[i] += lagrange[r1cs.n_constraints + i];
        } else if (m == 1) {
            b = wire_values(r1cs.b, r1cs.table, lagrange, n_wires);
        } else {
            k = wire_values(r1cs.c, r1cs.table, lagrange, n_wires);
        }
    });
    const Fr per_gamma = secrets.gamma.inv(), per_delta = secrets.delta.inv();
    const Fr per_epsilon = secrets.epsilon ? secrets.epsilon->inv() : Fr::zero();
    threads::parallel_ranges(n_wires, 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const Fr& share = i <= n_public ? per_gamma : i < first_late ? per_epsilon : per_delta;
            k[i] = (secrets.beta * a[i] + secrets.alpha * b[i] + k[i]) * share;
        }
    });

    const G1Affine& g1 = g1_generator();
    const G2Affine& g2 = g2_generator();
    auto in_g1 = [&](const Fr& x) { return scalar_mul(g1, x).to_affine(); };
    auto in_g2 = [&](const Fr& x) { return scalar_mul(g2, x).to_affine(); };
    const std::vector<G1Affine> k_points = fixed_base_multiples<G1>(g1, k);
    for (std::size_t i = 0; i <= n_public; ++i)
        if (k_points[i].is_infinity()) throw BadSecret("these secrets put an IC element at infinity");

    file.write(r1cs.challenge ? "tkey" : "zkey", 4);
    file.u32(1);
    file.u32(r1cs.challenge ? 13 : 11);
    file.section(key_section::protocol, 4);
    file.u32(1);
    file.section(key_section::header, 2 * 36 + 12 + 3 * sizeof(G1Affine) + 3 * sizeof(G2Affine));
    file.u32(32);
    file.write(Fq::modulus.data(), 32);
    file.u32(32);
    file.write(Fr::modulus.data(), 32);
    file.u32(r1cs.n_wires);
    file.u32(r1cs.n_public);
    file.u32(static_cast<std::uint32_t>(n));
    write_points<G1>(file, {in_g1(secrets.alpha), in_g1(secrets.beta)});
    write_points<G2>(file, {in_g2(secrets.beta), in_g2(secrets.gamma)});
    write_points<G1>(file, {in_g1(secrets.delta)});
    write_points<G2>(file, {in_g2(secrets.delta)});
    file.section(key_section::ic, (n_public + 1) * sizeof(G1Affine));
    write_points<G1>(file, {k_points.begin(), k_points.begin() + static_cast<std::ptrdiff_t>(n_public + 1)});
    write_coefficients(file, r1cs);
    file.section(key_section::a, n_wires * sizeof(G1Affine));
    write_points(file, fixed_base_multiples<G1>(g1, a));
    file.section(key_section::b1, n_wires * sizeof(G1Affine));
    write_points(file, fixed_base_multiples<G1>(g1, b));
    file.section(key_section::b2, n_wires * sizeof(G2Affine));
    write_points(file, fixed_base_multiples<G2>(g2, b));
    file.section(key_section::late, (n_wires - first_late) * sizeof(G1Affine));
    write_points<G1>(file, {k_points.begin() + static_cast<std::ptrdiff_t>(first_late), k_points.end()});
    {
        std::vector<Fr> h = lagrange_values(secrets.tau, root_of_unity(log_n + 1), root_of_unity(log_n), n, 2 * n);
        for (Fr& x : h) x *= per_delta;
        file.section(key_section::h, n * sizeof(G1Affine));
        write_points(file, fixed_base_multiples<G1>(g1, h));
    }
    // No ceremony: an empty circuit hash and no contributions.
    file.section(key_section::contributions, 68);
    const std::uint8_t none[68] = {};
    file.write(none, sizeof none);
    if (r1cs.challenge) {
        const ChallengeLayout& layout = *r1cs.challenge;
        file.section(key_section::challenge, 12 + 4 * layout.words.size() + sizeof(G1Affine) + sizeof(G2Affine));
        file.u32(layout.n_early);
        file.u32(layout.mask);
        file.u32(static_cast<std::uint32_t>(layout.words.size()));
        for (std::uint32_t w : layout.words) file.u32(w);
        write_points<G1>(file, {in_g1(*secrets.epsilon)});
        write_points<G2>(file, {in_g2(*secrets.epsilon)});
        file.section(key_section::early, (first_late - n_public - 1) * sizeof(G1Affine));
        write_points<G1>(file, {k_points.begin() + static_cast<std::ptrdiff_t>(n_public + 1),
                                k_points.begin() + static_cast<std::ptrdiff_t>(first_late)});
    }
    write_r1cs(file, r1cs);
    file.commit();
}

}  // namespace tickproof
