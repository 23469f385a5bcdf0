// Arrays of points as key and powers-of-tau files hold them (Montgomery form, infinity all zero): the work of a phase 2 on
// whole queries, which one call per point cannot do in reasonable time. Decides how checks, sums, multiples and
// sparse products are batched; what they are for is decided by prover/ceremony. The file's bytes are untrusted: `check` is
// where they become points, and every other function says whether it checks or assumes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "curve/curve.hpp"

namespace tickproof {

using Bytes = std::span<const std::uint8_t>;

// The number of points. Throws MalformedInput unless the size is a whole number of them.
template <class G>
std::size_t stored_count(Bytes points);

// The first point that has a coordinate not below p or that is off its curve. Infinity passes; the subgroup is not looked at.
template <class G>
std::optional<std::size_t> first_stored_fault(Bytes points);

// Whether every point of G2 has order r or is infinity; a list with one that is not passes with probability below 2^-128.
// Checks the points as above first and throws MalformedInput.
bool stored_in_subgroup(Bytes points);

// Sum of scalars[i] * points[i], the points checked as above. Throws MalformedInput.
template <class G>
Affine<G> stored_sum(Bytes points, const std::vector<Limbs>& scalars);

// Rows of (point number, coefficient number), row i being entries [ptr[i], ptr[i+1]).
struct SparseSums {
    std::span<const std::uint32_t> ptr, point, coefficient;
    std::vector<Fr> table;
};

// out[i] = sum over row i of table[coefficient] * points[point], in file form. The points are checked; throws MalformedInput
// on them and on rows that do not fit.
template <class G>
std::vector<Affine<G>> sparse_sums(Bytes points, const SparseSums& rows);

// scalar * points[i] for every i. The points are checked; throws MalformedInput.
template <class G>
std::vector<Affine<G>> stored_multiples(Bytes points, const Fr& scalar);

// left[i] - right[i]. Both are checked; throws MalformedInput.
template <class G>
std::vector<Affine<G>> stored_differences(Bytes left, Bytes right);

// The recoded roots of a transform take 127 bytes a point.
inline constexpr unsigned max_log_transform = 23;

// The inverse transform over a domain of as many points, a power of two up to 2^max_log_transform, natural order:
// out[k] = 1/n sum over j of w^(-jk) points[j], which turns powers of tau into their Lagrange form. The points are
// checked; throws MalformedInput.
template <class G>
std::vector<Affine<G>> inverse_transform(Bytes points);

// Every point uncompressed and big-endian (G2: imaginary parts first), infinity zeros: the form that ceremonies hash.
// Coordinates must be canonical; throws NonCanonical.
template <class G>
void stored_uncompressed(Bytes points, std::uint8_t* out);

}  // namespace tickproof
