#include "groth16/verifying_key.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace tickproof {
namespace {

constexpr std::size_t kHeader = 16;
constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kChallengeDomain = "tickproof.challenge.v1";

std::uint32_t load_u32(const std::uint8_t* b) {
    return std::uint32_t{b[0]} | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 | std::uint32_t{b[3]} << 24;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// What contracts hash: 32-byte big-endian words, imaginary parts first.
class EvmHash {
public:
    template <class F>
    EvmHash& number(const F& value) {
        return integer(value.canonical());
    }
    EvmHash& integer(const Limbs& value) {
        std::array<std::uint8_t, 32> word;
        limbs::store_le(value, word.data());
        std::reverse(word.begin(), word.end());
        hash_.update(word);
        return *this;
    }
    EvmHash& bytes(std::span<const std::uint8_t> data) {
        hash_.update(data);
        return *this;
    }
    EvmHash& point(const G1Affine& p) { return number(p.x).number(p.y); }
    EvmHash& point(const G2Affine& q) { return number(q.x.c1).number(q.x.c0).number(q.y.c1).number(q.y.c0); }
    Keccak256::Digest finish() { return hash_.finish(); }

private:
    Keccak256 hash_;
};

}  // namespace

VerifyingKey::VerifyingKey(const G1Affine& alpha_, std::span<const G2Affine> g2, std::vector<G1Affine> ic_)
    : alpha(alpha_), beta_point(g2[0]), beta(g2[0]), gamma(g2[1]), delta(g2[2]), ic(std::move(ic_)) {
    if (g2.size() == 4) epsilon.emplace(g2[3]);
    const std::array<G1Affine, 1> p{alpha};
    const std::array<const PreparedG2*, 1> q{&beta};
    alpha_beta = miller_product(p, q);

    EvmHash hasher;
    hasher.point(alpha).point(g2[0]).point(g2[1]);
    if (epsilon) hasher.point(g2[3]);
    hasher.point(g2[2]);
    for (const G1Affine& point : ic) hasher.point(point);
    hash = hasher.finish();
}

VerifyingKey VerifyingKey::parse(std::span<const std::uint8_t> blob) {
    if (blob.size() < kHeader || std::memcmp(blob.data(), "TPVK", 4) != 0)
        throw MalformedInput("verifying key: does not start with TPVK");
    const std::uint32_t version = load_u32(blob.data() + 4), form = load_u32(blob.data() + 8);
    const std::size_t n_ic = load_u32(blob.data() + 12);
    if (version != kVersion || form > 1)
        throw MalformedInput("verifying key: version " + std::to_string(version) + ", form " + std::to_string(form));
    const std::size_t n_g2 = 3 + form;
    const std::size_t fixed = kHeader + G1::affine_bytes + n_g2 * G2::affine_bytes;
    if (blob.size() != fixed + n_ic * G1::affine_bytes)
        throw MalformedInput("verifying key: " + std::to_string(blob.size()) + " bytes do not hold " +
                             std::to_string(n_ic) + " IC elements");
    if (n_ic == 0) throw MalformedInput("verifying key: a key has at least IC_0");
    if (form == 1 && n_ic != 3) throw MalformedInput("verifying key: the challenge form has the inputs chi and y");

    const std::uint8_t* at = blob.data() + kHeader;
    const G1Affine alpha = point_from_bytes<G1>(at, Infinity::refused);
    at += G1::affine_bytes;
    std::vector<G2Affine> g2;
    for (std::size_t i = 0; i < n_g2; ++i, at += G2::affine_bytes)
        g2.push_back(point_from_bytes<G2>(at, Infinity::refused));
    std::vector<G1Affine> ic;
    ic.reserve(n_ic);
    for (std::size_t i = 0; i < n_ic; ++i, at += G1::affine_bytes)
        ic.push_back(point_from_bytes<G1>(at, Infinity::refused));
    for (std::size_t i = 0; i < n_g2; ++i)
        for (std::size_t j = 0; j < i; ++j)
            // Equal x: equal or opposite points.
            if (g2[i].x == g2[j].x)
                throw DegenerateKey("verifying key: two of beta, gamma, delta, epsilon are equal or opposite");
    return VerifyingKey(alpha, g2, std::move(ic));
}

Proof VerifyingKey::parse_proof(std::span<const std::uint8_t> bytes) const {
    if (bytes.size() != proof_bytes())
        throw MalformedInput("proof: " + std::to_string(bytes.size()) + " bytes, the key's form has " +
                             std::to_string(proof_bytes()));
    return {point_from_bytes<G1>(bytes.data(), Infinity::refused),
            point_from_bytes<G2>(bytes.data() + 64, Infinity::refused),
            point_from_bytes<G1>(bytes.data() + 192, Infinity::refused),
            has_challenge() ? point_from_bytes<G1>(bytes.data() + 256, Infinity::refused) : G1Affine::infinity()};
}

Fr challenge(const VerifyingKey& key, const G1Affine& d, std::span<const Fr> words) {
    const Limbs n{words.size(), 0, 0, 0};
    EvmHash statement;
    statement.integer(n);
    for (const Fr& word : words) statement.number(word);
    const Keccak256::Digest domain = Keccak256().update(bytes_of(kChallengeDomain)).finish();
    Keccak256::Digest out =
        EvmHash().bytes(domain).bytes(key.hash).point(d).integer(n).bytes(statement.finish()).finish();
    std::reverse(out.begin(), out.end());
    return Fr::from_limbs_reduced(limbs::load_le(out.data()));
}

}  // namespace tickproof
