// Python's view of pairings and of the EVM's precompiles.
#include <nanobind/nanobind.h>

#include "bind/crypto.hpp"
#include "pairing/precompiles.hpp"

namespace nb = nanobind;

namespace tickproof {
namespace {

template <class Precompile>
auto precompile(Precompile run) {
    return [run](const nb::bytes& input) {
        const std::vector<std::uint8_t> copy = copy_bytes(input);
        const auto result = [&] {
            const Working working;
            return run(std::span<const std::uint8_t>(copy));
        }();
        return nb::bytes(result.data(), result.size());
    };
}

bool pairing_check(const nb::bytes& pairs) {
    constexpr std::size_t kPair = G1::affine_bytes + G2::affine_bytes;
    if (pairs.size() % kPair != 0) throw MalformedInput("pairing_check: not a whole number of 192-byte pairs");
    const std::vector<std::uint8_t> copy = copy_bytes(pairs);
    const Working working;
    std::vector<PointPair> points(copy.size() / kPair);
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::uint8_t* bytes = copy.data() + i * kPair;
        points[i] = {point_from_bytes<G1>(bytes, Infinity::allowed),
                     point_from_bytes<G2>(bytes + G1::affine_bytes, Infinity::allowed)};
    }
    return pairing_product_is_one(points);
}

}  // namespace

void register_pairing(nb::module_& m) {
    m.def("pairing_check", &pairing_check, nb::arg("pairs"),
          "Whether the product of e(P, Q) is one over pairs of 192 bytes (P in G1, Q in G2, the kernel's byte order; infinity "
          "allowed). Raises MalformedInput, NonCanonical, NotOnCurve, NotInSubgroup.");
    m.def("ecadd", precompile(&evm::ecadd), nb::arg("input"),
          "The EVM's precompile 0x06 (EIP-196): big-endian, short input continued with zeros. Raises NonCanonical or NotOnCurve "
          "where the EVM fails the call.");
    m.def("ecmul", precompile(&evm::ecmul), nb::arg("input"),
          "The EVM's precompile 0x07 (EIP-196): any 256-bit scalar. Raises NonCanonical or NotOnCurve where the EVM fails.");
    m.def("ecpairing", precompile(&evm::ecpairing), nb::arg("input"),
          "The EVM's precompile 0x08 (EIP-197): 32 bytes, 1 or 0. Raises MalformedInput, NonCanonical, NotOnCurve or "
          "NotInSubgroup where the EVM fails the call.");
}

}  // namespace tickproof
