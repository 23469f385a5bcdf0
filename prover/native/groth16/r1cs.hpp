// Rank-1 constraint systems in the compact form that keys and checks share: rows of (wire, coefficient number), one table of
// coefficients. Decides how a row is evaluated and whether a witness satisfies; circuits/ decides what the rows say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "field/field.hpp"
#include "process/errors.hpp"

namespace tickproof {

// Coefficients as multipliers of canonical wires: c * 2^512 mod r, so that one Montgomery multiplication by the
// canonical integer w gives c w in Montgomery form (snarkjs stores its coefficients so). Numbers 0 and 1 are 1 and -1, which
// cost an addition instead.
class CoefficientTable {
   public:
    CoefficientTable();
    // The number of a coefficient given in the stored form c * 2^512.
    std::uint32_t add_stored(const Fr& stored);
    // The number of a coefficient, without looking for an equal one.
    std::uint32_t append(const Fr& value);
    const Fr& stored(std::uint32_t number) const { return stored_[number]; }
    Fr value(std::uint32_t number) const { return stored_[number] * Fr{{1, 0, 0, 0}}; }
    std::size_t size() const { return stored_.size(); }

    static constexpr std::uint32_t plus_one = 0, minus_one = 1;

   private:
    std::vector<Fr> stored_;
    std::vector<std::uint32_t> slots_;  // open addressing, seeded afresh in every process
    u64 seed_;
};

struct SparseMatrix {
    std::vector<std::uint32_t> row_ptr{0};  // rows + 1
    std::vector<std::uint32_t> wire;
    std::vector<std::uint32_t> coefficient;

    std::size_t rows() const { return row_ptr.size() - 1; }
    // Row i times the witness, in Montgomery form; rows beyond the last are empty.
    Fr row(std::size_t i, const CoefficientTable& table, const Limbs* witness) const {
        Fr total = Fr::zero(), units = Fr::zero();
        bool has_units = false;
        for (std::uint32_t k = row_ptr[i], end = row_ptr[i + 1]; k < end; ++k) {
            const Fr w{witness[wire[k]]};
            const std::uint32_t c = coefficient[k];
            if (c == CoefficientTable::plus_one) {
                units += w;
                has_units = true;
            } else if (c == CoefficientTable::minus_one) {
                units -= w;
                has_units = true;
            } else {
                total += table.stored(c) * w;
            }
        }
        return has_units ? total + units * Fr{Fr::r2} : total;
    }
};

struct ChallengeLayout {
    std::uint32_t n_early = 0;
    std::uint32_t mask = 0;
    std::vector<std::uint32_t> words;
};

// One CSR matrix as it arrives from outside.
struct CsrView {
    std::span<const std::uint32_t> row_ptr, col, coeff;
};

struct R1cs {
    std::uint32_t n_wires = 0, n_public = 0, n_constraints = 0;
    SparseMatrix a, b, c;
    CoefficientTable table;
    std::optional<ChallengeLayout> challenge;

    // Throws MalformedInput or NonCanonical unless everything fits. Coefficients are 32 bytes each, canonical.
    static R1cs from_csr(std::uint32_t n_wires, std::uint32_t n_public, const CsrView& a, const CsrView& b, const CsrView& c,
                         std::span<const std::uint8_t> coefficients, std::optional<ChallengeLayout> challenge);

    // log2 of the least power of two with room for the constraints and the n_public + 1 rows of the public wires.
    unsigned log_domain() const;
    // The first row that the canonical witness breaks, or -1. Throws MalformedInput if its length is wrong.
    std::int64_t first_unsatisfied(std::span<const Limbs> witness) const;
};

void check_layout(const ChallengeLayout& layout, std::uint32_t n_wires, std::uint32_t n_public);

// n_wires canonical little-endian numbers, wire 0 = 1. Throws MalformedInput or NonCanonical.
std::vector<Limbs> witness_from_bytes(std::span<const std::uint8_t> bytes, std::uint32_t n_wires);

}  // namespace tickproof
