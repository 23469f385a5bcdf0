#include "groth16/r1cs.hpp"

#include <atomic>
#include <bit>
#include <random>

#include "process/threads.hpp"
#include "transforms/ntt.hpp"

namespace tickproof {
namespace {

constexpr std::size_t max_distinct = 1u << 16;  // beyond this, coefficients are no longer searched for equals
constexpr std::uint32_t empty_slot = 0xffffffff;

SparseMatrix matrix_from(const CsrView& view, const std::vector<std::uint32_t>& numbers, std::uint32_t n_wires,
                         std::size_t n_constraints, const char* name) {
    const std::string where = std::string("matrix ") + name;
    if (view.row_ptr.size() != n_constraints + 1) throw MalformedInput(where + ": row pointers do not fit the constraints");
    if (view.col.size() != view.coeff.size()) throw MalformedInput(where + ": as many columns as coefficients are needed");
    if (view.row_ptr.front() != 0 || view.row_ptr.back() != view.col.size())
        throw MalformedInput(where + ": row pointers do not fit the entries");
    for (std::size_t i = 0; i < n_constraints; ++i)
        if (view.row_ptr[i] > view.row_ptr[i + 1]) throw MalformedInput(where + ": row pointers decrease");
    SparseMatrix out;
    out.row_ptr.assign(view.row_ptr.begin(), view.row_ptr.end());
    out.wire.resize(view.col.size());
    out.coefficient.resize(view.col.size());
    for (std::size_t k = 0; k < view.col.size(); ++k) {
        if (view.col[k] >= n_wires) throw MalformedInput(where + ": an entry names a wire that does not exist");
        if (view.coeff[k] >= numbers.size()) throw MalformedInput(where + ": an entry names a coefficient that does not exist");
        out.wire[k] = view.col[k];
        out.coefficient[k] = numbers[view.coeff[k]];
    }
    return out;
}

}  // namespace

CoefficientTable::CoefficientTable() {
    std::random_device entropy;
    seed_ = (static_cast<u64>(entropy()) << 32 | entropy()) | 1;
    append(Fr::one());
    append(-Fr::one());
}

std::uint32_t CoefficientTable::append(const Fr& value) {
    stored_.push_back(value * Fr{Fr::r2});
    return static_cast<std::uint32_t>(stored_.size() - 1);
}

std::uint32_t CoefficientTable::add_stored(const Fr& stored) {
    if (slots_.empty()) {
        slots_.assign(4 * max_distinct, empty_slot);
        for (std::uint32_t i = 0; i < stored_.size(); ++i) {
            const Fr known = stored_[i];
            u64 h = seed_;
            for (u64 limb : known.v) h = (h ^ limb) * 0x9e3779b97f4a7c15ULL, h ^= h >> 29;
            std::size_t at = h % slots_.size();
            while (slots_[at] != empty_slot) at = (at + 1) % slots_.size();
            slots_[at] = i;
        }
    }
    u64 h = seed_;
    for (u64 limb : stored.v) h = (h ^ limb) * 0x9e3779b97f4a7c15ULL, h ^= h >> 29;
    std::size_t at = h % slots_.size();
    for (; slots_[at] != empty_slot; at = (at + 1) % slots_.size())
        if (stored_[slots_[at]] == stored) return slots_[at];
    stored_.push_back(stored);
    const auto number = static_cast<std::uint32_t>(stored_.size() - 1);
    if (stored_.size() <= max_distinct) slots_[at] = number;
    return number;
}

void check_layout(const ChallengeLayout& layout, std::uint32_t n_wires, std::uint32_t n_public) {
    auto early = [&](std::uint32_t w) { return w >= 3 && w < layout.n_early; };
    bool good = n_public == 2 && layout.n_early > 3 && layout.n_early <= n_wires && early(layout.mask);
    for (std::uint32_t w : layout.words) good = good && early(w);
    if (!good) throw MalformedInput("the challenge layout does not fit the wires");
}

R1cs R1cs::from_csr(std::uint32_t n_wires, std::uint32_t n_public, const CsrView& a, const CsrView& b, const CsrView& c,
                    std::span<const std::uint8_t> coefficients, std::optional<ChallengeLayout> challenge) {
    if (n_wires == 0 || n_public >= n_wires) throw MalformedInput("a system needs n_public < n_wires");
    if (n_wires >= (1u << 30)) throw MalformedInput("too many wires");
    if (a.row_ptr.empty()) throw MalformedInput("matrix A has no row pointers");
    if (coefficients.size() % 32) throw MalformedInput("coefficients: not a whole number of 32-byte elements");
    R1cs out;
    out.n_wires = n_wires;
    out.n_public = n_public;
    const std::size_t n_constraints = a.row_ptr.size() - 1;
    if (n_constraints + n_public + 1 > (std::size_t{1} << max_log_domain)) throw MalformedInput("too many constraints");
    out.n_constraints = static_cast<std::uint32_t>(n_constraints);
    std::vector<std::uint32_t> numbers(coefficients.size() / 32);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = out.table.add_stored(Fr::from_bytes_le(coefficients.data() + 32 * i) * Fr{Fr::r2});
    out.a = matrix_from(a, numbers, n_wires, n_constraints, "A");
    out.b = matrix_from(b, numbers, n_wires, n_constraints, "B");
    out.c = matrix_from(c, numbers, n_wires, n_constraints, "C");
    if (challenge) {
        check_layout(*challenge, n_wires, n_public);
        out.challenge = std::move(challenge);
    }
    return out;
}

unsigned R1cs::log_domain() const {
    return static_cast<unsigned>(std::bit_width(static_cast<u64>(n_constraints) + n_public));
}

std::int64_t R1cs::first_unsatisfied(std::span<const Limbs> witness) const {
    if (witness.size() != n_wires)
        throw MalformedInput("the system has " + std::to_string(n_wires) + " wires, the witness " + std::to_string(witness.size()));
    std::atomic<std::int64_t> first{n_constraints};
    threads::parallel_ranges(n_constraints, 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            if (first.load(std::memory_order_relaxed) <= static_cast<std::int64_t>(begin)) return;
            if (a.row(i, table, witness.data()) * b.row(i, table, witness.data()) == c.row(i, table, witness.data())) continue;
            std::int64_t known = first.load();
            while (static_cast<std::int64_t>(i) < known && !first.compare_exchange_weak(known, static_cast<std::int64_t>(i))) {
            }
            return;
        }
    });
    return first == static_cast<std::int64_t>(n_constraints) ? -1 : first.load();
}

std::vector<Limbs> witness_from_bytes(std::span<const std::uint8_t> bytes, std::uint32_t n_wires) {
    if (bytes.size() != std::size_t{32} * n_wires)
        throw MalformedInput("a witness of " + std::to_string(n_wires) + " wires has " + std::to_string(std::size_t{32} * n_wires) +
                             " bytes, not " + std::to_string(bytes.size()));
    std::vector<Limbs> out(n_wires);
    std::memcpy(out.data(), bytes.data(), bytes.size());
    std::atomic<std::size_t> bad{n_wires};
    threads::parallel_ranges(n_wires, 4096, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            if (!limbs::less(out[i], Fr::modulus)) bad = i;
    });
    if (bad != n_wires) throw NonCanonical("wire " + std::to_string(bad.load()) + " of the witness is not below r");
    if (n_wires && out[0] != Limbs{1, 0, 0, 0}) throw MalformedInput("wire 0 of a witness is the constant one");
    return out;
}

}  // namespace tickproof
