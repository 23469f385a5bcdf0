// The EVM's precompiled contracts over BN254, byte for byte: ECADD (0x06) and ECMUL (0x07) of EIP-196 and ECPAIRING
// (0x08) of EIP-197. Numbers are 32 bytes big-endian; a G2 coordinate is written imaginary part first; infinity is all
// zeros. Where the EVM consumes all gas and fails, these throw: NonCanonical, NotOnCurve, NotInSubgroup, or
// MalformedInput for a pairing input that is not whole pairs. Gas is the chain's business.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "pairing/pairing.hpp"

namespace tickproof::evm {

constexpr std::size_t kPairBytes = 192;

// Input shorter than the operands is continued with zeros; what follows them is ignored.
std::array<std::uint8_t, 64> ecadd(std::span<const std::uint8_t> input);
// The scalar is any 256-bit number.
std::array<std::uint8_t, 64> ecmul(std::span<const std::uint8_t> input);
// 1 if the product of the pairings is one (no pair at all included), else 0, as 32 bytes.
std::array<std::uint8_t, 32> ecpairing(std::span<const std::uint8_t> input);

}  // namespace tickproof::evm
