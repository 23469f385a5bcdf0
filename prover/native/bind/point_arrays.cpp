// Python's view of arrays of points in the form of key files. Arrays come in without a copy, bytes go out.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstring>

#include "bind/crypto.hpp"
#include "groth16/point_arrays.hpp"
#include "groth16/setup.hpp"

namespace nb = nanobind;
using namespace tickproof;

namespace {

using Octets = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Numbers = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

Bytes view(const Octets& array) { return {array.data(), array.size()}; }
std::span<const std::uint32_t> view(const Numbers& array) { return {array.data(), array.size()}; }

template <class G, class Make>
nb::bytes stored_bytes(std::size_t count, Make&& make) {
    return bytes_of(count * sizeof(Affine<G>), [&](std::uint8_t* out) {
        const std::vector<Affine<G>> points = make();
        if (points.size()) std::memcpy(out, points.data(), points.size() * sizeof(Affine<G>));
    });
}

template <class G>
std::int64_t fault(const Octets& points) {
    const Working working;
    const auto found = first_stored_fault<G>(view(points));
    return found ? static_cast<std::int64_t>(*found) : -1;
}

template <class G>
nb::bytes sum(const Octets& points, const Octets& scalars) {
    return bytes_of(G::affine_bytes, [&](std::uint8_t* out) {
        if (scalars.size() % 32) throw MalformedInput("the scalars: not a whole number of 32-byte elements");
        std::vector<Limbs> k(scalars.size() / 32);
        for (std::size_t i = 0; i < k.size(); ++i) k[i] = Fr::from_bytes_le(scalars.data() + 32 * i).canonical();
        stored_sum<G>(view(points), k).to_bytes(out);
    });
}

template <class G>
nb::bytes sparse(const Octets& points, const Numbers& ptr, const Numbers& point, const Numbers& coefficient, const nb::bytes& table) {
    if (ptr.size() == 0) throw MalformedInput("the rows of a sparse sum do not fit its points and coefficients");
    const auto table_bytes = copy_bytes(table);
    return stored_bytes<G>(ptr.size() - 1, [&] {
        return sparse_sums<G>(view(points), {view(ptr), view(point), view(coefficient), scalars_from(table_bytes, "coefficients")});
    });
}

nb::bytes multiples(const Octets& points, const nb::bytes& scalar) {
    const Fr k = scalar_from(scalar, "scalar");
    return stored_bytes<G1>(stored_count<G1>(view(points)), [&] { return stored_multiples<G1>(view(points), k); });
}

nb::bytes differences(const Octets& left, const Octets& right) {
    return stored_bytes<G1>(stored_count<G1>(view(left)), [&] { return stored_differences<G1>(view(left), view(right)); });
}

template <class G>
nb::bytes transformed(const Octets& points) {
    return stored_bytes<G>(stored_count<G>(view(points)), [&] { return inverse_transform<G>(view(points)); });
}

template <class G>
nb::bytes uncompressed(const Octets& points) {
    return bytes_of(points.size(), [&](std::uint8_t* out) { stored_uncompressed<G>(view(points), out); });
}

template <class G>
nb::bytes generator_multiples(const nb::bytes& scalars, const Affine<G>& generator) {
    const auto bytes = copy_bytes(scalars);
    return stored_bytes<G>(bytes.size() / 32, [&] { return fixed_base_multiples<G>(generator, scalars_from(bytes, "scalars")); });
}

}  // namespace

void register_point_arrays(nb::module_& m) {
    m.def("stored_fault_g1", &fault<G1>, nb::arg("points"),
          "The number of the first G1 point (64 bytes each, Montgomery form as in key files) that is not canonical or off the "
          "curve, or -1. Infinity passes.");
    m.def("stored_fault_g2", &fault<G2>, nb::arg("points"),
          "As stored_fault_g1 on the twist (128 bytes each); the subgroup is not looked at.");
    m.def("stored_in_subgroup",
          [](const Octets& points) {
              const Working working;
              return stored_in_subgroup(view(points));
          },
          nb::arg("points"),
          "Whether all G2 points in file form have order r or are infinity, by random sums: false lists pass with a chance "
          "below 2^-128. Raises MalformedInput.");
    m.def("stored_sum_g1", &sum<G1>, nb::arg("points"), nb::arg("scalars"),
          "Sum of scalars[i] * points[i]: points in file form, checked; scalars and result in the kernel's byte order. Raises "
          "MalformedInput, NonCanonical.");
    m.def("stored_sum_g2", &sum<G2>, nb::arg("points"), nb::arg("scalars"),
          "As stored_sum_g1; the points are checked for the twist, not for the subgroup.");
    m.def("stored_sparse_sums_g1", &sparse<G1>, nb::arg("points"), nb::arg("ptr"), nb::arg("point"), nb::arg("coefficient"),
          nb::arg("table"),
          "For each row i the sum over [ptr[i], ptr[i+1]) of table[coefficient] * points[point], all in file form but the "
          "table (32 bytes each, canonical). Raises MalformedInput, NonCanonical.");
    m.def("stored_sparse_sums_g2", &sparse<G2>, nb::arg("points"), nb::arg("ptr"), nb::arg("point"), nb::arg("coefficient"),
          nb::arg("table"), "As stored_sparse_sums_g1; the subgroup is not looked at.");
    m.def("stored_multiples_g1", &multiples, nb::arg("points"), nb::arg("scalar"),
          "scalar * point for every point, in file form. Not constant time. Raises MalformedInput, NonCanonical.");
    m.def("stored_differences_g1", &differences, nb::arg("left"), nb::arg("right"),
          "left[i] - right[i], in file form. Raises MalformedInput.");
    m.def("stored_inverse_transform_g1", &transformed<G1>, nb::arg("points"),
          "1/n sum over j of w^(-jk) points[j] for every k, over a domain of as many points: the Lagrange form of powers. "
          "Raises MalformedInput.");
    m.def("stored_inverse_transform_g2", &transformed<G2>, nb::arg("points"), "As stored_inverse_transform_g1.");
    m.def("stored_uncompressed_g1", &uncompressed<G1>, nb::arg("points"),
          "Points in file form as ceremonies hash them: big-endian x, y. Raises MalformedInput, NonCanonical.");
    m.def("stored_uncompressed_g2", &uncompressed<G2>, nb::arg("points"),
          "As stored_uncompressed_g1, imaginary parts first.");
    m.def("generator_multiples_g1", [](const nb::bytes& scalars) { return generator_multiples<G1>(scalars, g1_generator()); },
          nb::arg("scalars"), "scalar * generator for every scalar, in file form. Raises MalformedInput, NonCanonical.");
    m.def("generator_multiples_g2", [](const nb::bytes& scalars) { return generator_multiples<G2>(scalars, g2_generator()); },
          nb::arg("scalars"), "scalar * generator of G2 for every scalar, in file form. Raises MalformedInput, NonCanonical.");
}
