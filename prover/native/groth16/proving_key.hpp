// A proving key: snarkjs's .zkey (Groth16 on bn128) and .tkey, the same container for circuits with a challenge. The queries
// stay where they are, in the mapped file; everything else is parsed once. Decides what a key must fulfil before anything
// is proved with it: sizes, indices, canonical coordinates, every point on its curve, every G2 point in the subgroup.
// A loaded file must not be written to in place (the map would change, or end); ours are only ever replaced.
//
// Sections (all numbers little-endian, coordinates in Montgomery form with R = 2^256):
//    1 protocol (1)           2 header: field sizes and moduli, n_wires, n_public, domain size, alpha_1, beta_1, beta_2,
//    3 IC                       gamma_2, delta_1, delta_2
//    4 coefficients of A, B: u32 count, then (u32 matrix, u32 row, u32 wire, 32 bytes c * 2^512) each
//    5 A_i  6 B_i (G1)  7 B_i (G2)  8 K_i/delta of the late wires  9 H_i  10 contributions
//   .tkey only: 11 challenge layout: u32 n_early, mask, count, words; epsilon_1, epsilon_2   12 K_i/epsilon of early wires
//   written by our setup, ignored by others: 13 the R1CS, compact: u32 n_constraints, u32 distinct coefficients, those
//      (32 bytes, c * 2^512), then for A, B, C: u32 entries, row pointers, wires, coefficient numbers (u32 each).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "curve/curve.hpp"
#include "groth16/key_file.hpp"
#include "groth16/r1cs.hpp"

namespace tickproof {

enum class KeyCheck {
    each,    // every point on its own, subgroup of each G2 point included
    batch,   // curve equation of each; G2 subgroups by random linear combinations, a bad key passes with chance 2^-65
    nothing, // sizes, indices and coefficients only: for files that this machine has just written and trusts
};

namespace key_section {
inline constexpr std::uint32_t protocol = 1, header = 2, ic = 3, coefficients = 4, a = 5, b1 = 6, b2 = 7, late = 8, h = 9,
                               contributions = 10, challenge = 11, early = 12, r1cs = 13;
}

class ProvingKey {
   public:
    // Throws FileFailure, UnsupportedKey, MalformedInput and its kinds (NonCanonical, NotOnCurve, NotInSubgroup,
    // InfinityNotAllowed).
    static std::shared_ptr<const ProvingKey> load(const std::string& path, KeyCheck check);

    std::uint32_t n_wires = 0, n_public = 0;
    unsigned log_domain = 0;
    std::size_t domain_size() const { return std::size_t{1} << log_domain; }
    std::uint32_t first_late() const { return challenge ? challenge->n_early : n_public + 1; }

    G1Affine alpha_1, beta_1, delta_1;
    G2Affine beta_2, gamma_2, delta_2;
    std::optional<ChallengeLayout> challenge;
    G1Affine epsilon_1 = G1Affine::infinity();
    G2Affine epsilon_2 = G2Affine::infinity();

    // Affine points in the file's bytes.
    std::span<const std::uint8_t> ic, a, b1, b2, late, h, early;
    // The verifying key's IC points.
    std::vector<G1Affine> ic_points() const;

    // Rows over the domain, public rows included; C only if the file has the R1CS.
    SparseMatrix rows_a, rows_b;
    std::optional<SparseMatrix> rows_c;
    CoefficientTable table;
    std::uint32_t n_constraints = 0;  // known only with the R1CS

   private:
    explicit ProvingKey(const std::string& path) : file_(path) {}
    void read_header(const Sections& sections);
    void read_queries(const Sections& sections);
    void read_coefficients(const Sections& sections);
    void read_r1cs(std::span<const std::uint8_t> section);
    void check_points(KeyCheck check) const;

    MappedFile file_;
};

}  // namespace tickproof
