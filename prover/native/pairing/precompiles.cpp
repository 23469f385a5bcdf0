#include "pairing/precompiles.hpp"

#include <algorithm>
#include <vector>

#include "process/threads.hpp"

namespace tickproof::evm {
namespace {

Limbs load_be(const std::uint8_t* bytes) {
    std::array<std::uint8_t, 32> reversed;
    std::reverse_copy(bytes, bytes + 32, reversed.begin());
    return limbs::load_le(reversed.data());
}

Fq coordinate(const std::uint8_t* bytes) {
    const Limbs value = load_be(bytes);
    if (!limbs::less(value, Fq::modulus)) throw NonCanonical("EVM point: a coordinate is not below p");
    return Fq::from_canonical(value);
}

G1Affine g1(const std::uint8_t* bytes) {
    const G1Affine p{coordinate(bytes), coordinate(bytes + 32)};
    if (!p.is_on_curve()) throw NotOnCurve("EVM point: not on the curve");
    return p;
}

G2Affine g2(const std::uint8_t* bytes) {
    const Fq x1 = coordinate(bytes), x0 = coordinate(bytes + 32), y1 = coordinate(bytes + 64), y0 = coordinate(bytes + 96);
    const G2Affine q{{x0, x1}, {y0, y1}};
    if (!q.is_on_curve()) throw NotOnCurve("EVM point: not on the twist");
    if (!is_in_subgroup(q)) throw NotInSubgroup("EVM point: not in the subgroup of order r");
    return q;
}

std::array<std::uint8_t, 64> encode(const G1Affine& p) {
    std::array<std::uint8_t, 64> out;
    p.to_bytes(out.data());
    std::reverse(out.begin(), out.begin() + 32);
    std::reverse(out.begin() + 32, out.end());
    return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> padded(std::span<const std::uint8_t> input) {
    std::array<std::uint8_t, N> out{};
    std::copy_n(input.begin(), std::min(N, input.size()), out.begin());
    return out;
}

}  // namespace

std::array<std::uint8_t, 64> ecadd(std::span<const std::uint8_t> input) {
    const auto data = padded<128>(input);
    const G1Affine a = g1(data.data()), b = g1(data.data() + 64);
    return encode(G1Jacobian::from(a).add(b).to_affine());
}

std::array<std::uint8_t, 64> ecmul(std::span<const std::uint8_t> input) {
    const auto data = padded<96>(input);
    return encode(scalar_mul(g1(data.data()), load_be(data.data() + 64)).to_affine());
}

std::array<std::uint8_t, 32> ecpairing(std::span<const std::uint8_t> input) {
    if (input.size() % kPairBytes != 0) throw MalformedInput("EVM pairing: the input is not whole pairs");
    std::vector<PointPair> pairs(input.size() / kPairBytes);
    threads::parallel_tasks(pairs.size(), [&](std::size_t i) {
        const std::uint8_t* bytes = input.data() + i * kPairBytes;
        pairs[i] = {g1(bytes), g2(bytes + 64)};
    });
    std::array<std::uint8_t, 32> out{};
    out[31] = pairing_product_is_one(pairs);
    return out;
}

}  // namespace tickproof::evm
