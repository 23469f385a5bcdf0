// Verifying keys and proofs of Groth16 (eprint 2016/260) in its plain form and in the one with a challenge, as trusted
// values: every point is canonical, finite, on its curve and in its subgroup, and the key is not one under which anyone
// can forge. The bytes are those of verifier.keys (`VerifyingKey.to_bytes`, `Proof.to_bytes`), and so are the rules.
// Equations are in groth16/batch_verify.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hashes/keccak.hpp"
#include "pairing/pairing.hpp"

namespace tickproof {

// beta, gamma, delta, epsilon with two of them equal or opposite: a key that nobody contributed to.
struct DegenerateKey : MalformedInput {
    using MalformedInput::MalformedInput;
};

struct Proof {
    G1Affine a;
    G2Affine b;
    G1Affine c;
    G1Affine d;  // infinity in the plain form
};

class VerifyingKey {
public:
    // "TPVK", version 1, form (1 = challenge), number of IC (u32 little-endian), alpha, beta, gamma, delta, [epsilon],
    // IC. Throws MalformedInput, one of its kinds for a point, or DegenerateKey.
    static VerifyingKey parse(std::span<const std::uint8_t> blob);

    bool has_challenge() const { return epsilon.has_value(); }
    std::size_t n_public() const { return ic.size() - 1; }
    std::size_t proof_bytes() const { return has_challenge() ? 320 : 256; }
    // a, b, c[, d]. Throws like parse.
    Proof parse_proof(std::span<const std::uint8_t> bytes) const;

    G1Affine alpha;
    G2Affine beta_point;
    PreparedG2 beta, gamma, delta;
    std::optional<PreparedG2> epsilon;
    std::vector<G1Affine> ic;
    Fq12 alpha_beta;          // the Miller function of (alpha, beta)
    Keccak256::Digest hash;   // docs/protocol.md, section 7: over the points in EVM byte order

private:
    VerifyingKey(const G1Affine& alpha, std::span<const G2Affine> g2, std::vector<G1Affine> ic);
};

// chi of the challenge form: keccak256(domain || vk_hash || D.x || D.y || n || digest of the words) mod r.
Fr challenge(const VerifyingKey& key, const G1Affine& d, std::span<const Fr> words);

}  // namespace tickproof
