// EdDSA over Baby Jubjub with Poseidon, as circomlib's EdDSAPoseidonVerifier and docs/protocol.md section 4 have it:
// h = Poseidon(R8x, R8y, Ax, Ay, M) and S * Base8 = R8 + 8 h A, with S canonical, both points on the curve, and 8 A not the
// identity (anyone could sign for such a key). This file decides what a valid signature is. Key derivation from private
// bytes (BLAKE-512) is the caller's.
#pragma once

#include <cstdint>
#include <span>

#include "signatures/babyjub.hpp"

namespace tickproof {

constexpr std::size_t kSignatureRecordBytes = 192;  // Ax, Ay, R8x, R8y, S, M

enum class SignatureFault : std::uint8_t {
    None = 0,
    NonCanonical = 1,   // a coordinate or the message is not below r
    ScalarRange = 2,    // S is not below the subgroup's order
    KeyNotOnCurve = 3,
    NonceNotOnCurve = 4,
    Equation = 5,
    KeySmallOrder = 6,
};

struct InvalidSignature : KernelError {
    using KernelError::KernelError;
};
struct SmallOrderKey : InvalidSignature {
    using InvalidSignature::InvalidSignature;
};

// Six 32-byte little-endian numbers.
SignatureFault check_signature(const std::uint8_t* record);
// The same, throwing NonCanonical, NotOnCurve, SmallOrderKey or InvalidSignature.
void verify_signature(const std::uint8_t* record);
// One fault per record, on the kernel's threads.
void check_signatures(std::span<const std::uint8_t> records, std::span<std::uint8_t> faults);

struct Signature {
    babyjub::Affine r8;
    Limbs s;
};

// circomlibjs's signPoseidon from the point where its hashes end: `secret` is the pruned scalar (a multiple of 8; the
// public key is secret/8 * Base8), `nonce` any 512-bit little-endian hash. Throws MalformedInput if the secret is not a
// multiple of 8.
Signature sign(const Limbs& secret, std::span<const std::uint8_t, 64> nonce, const Fr& message);
babyjub::Affine public_key(const Limbs& secret);

}  // namespace tickproof
