#include "signatures/eddsa.hpp"

#include <array>

#include "field/integer.hpp"
#include "hashes/poseidon.hpp"
#include "process/threads.hpp"

namespace tickproof {
namespace {

using babyjub::Affine;
using babyjub::Extended;
using babyjub::Scalar;

Fr challenge(const Affine& r8, const Affine& key, const Fr& message) {
    return poseidon(std::array<Fr, 5>{r8.x, r8.y, key.x, key.y, message});
}

// A 256-bit integer mod the subgroup's order.
Scalar reduce(const Limbs& value) { return Scalar::from_canonical(integer::divmod(value, Scalar::modulus).second); }

Limbs eighth(const Limbs& secret) {
    if (secret[0] & 7) throw MalformedInput("the secret scalar is not a multiple of 8");
    return integer::shift_right(secret, 3);
}

}  // namespace

SignatureFault check_signature(const std::uint8_t* record) {
    Affine key, r8;
    Fr message;
    if (!Fr::try_from_bytes_le(record, key.x) || !Fr::try_from_bytes_le(record + 32, key.y) ||
        !Fr::try_from_bytes_le(record + 64, r8.x) || !Fr::try_from_bytes_le(record + 96, r8.y) ||
        !Fr::try_from_bytes_le(record + 160, message))
        return SignatureFault::NonCanonical;
    const Limbs s = limbs::load_le(record + 128);
    if (!limbs::less(s, Scalar::modulus)) return SignatureFault::ScalarRange;
    if (!key.is_on_curve()) return SignatureFault::KeyNotOnCurve;
    if (!r8.is_on_curve()) return SignatureFault::NonceNotOnCurve;
    // 8A has order l whatever the order of A, so that h may be reduced mod l; S B - h (8A) = R8 is the equation, exact:
    // an R8 with a part outside the subgroup does not pass.
    const Extended key8 = Extended::from(key).dbl(false).dbl(false).dbl();
    // In the subgroup only the identity has x = 0.
    if (key8.x.is_zero()) return SignatureFault::KeySmallOrder;
    const Limbs h = reduce(challenge(r8, key, message).canonical()).canonical();
    const Extended nonce = babyjub::multiply_base_and(s, key8.negated(), h);
    return nonce.equals(r8) ? SignatureFault::None : SignatureFault::Equation;
}

void verify_signature(const std::uint8_t* record) {
    switch (check_signature(record)) {
        case SignatureFault::None: return;
        case SignatureFault::NonCanonical: throw NonCanonical("signature: a coordinate or the message is not below r");
        case SignatureFault::ScalarRange: throw NonCanonical("signature: S is not below the subgroup's order");
        case SignatureFault::KeyNotOnCurve: throw NotOnCurve("signature: the key is not on the curve");
        case SignatureFault::NonceNotOnCurve: throw NotOnCurve("signature: R8 is not on the curve");
        case SignatureFault::Equation: throw InvalidSignature("signature: the equation does not hold");
        case SignatureFault::KeySmallOrder: break;
    }
    throw SmallOrderKey("signature: the key is of small order");
}

void check_signatures(std::span<const std::uint8_t> records, std::span<std::uint8_t> faults) {
    if (records.size() != faults.size() * kSignatureRecordBytes)
        throw MalformedInput("signatures: not a whole number of 192-byte records");
    threads::parallel_ranges(faults.size(), 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            faults[i] = static_cast<std::uint8_t>(check_signature(records.data() + i * kSignatureRecordBytes));
    });
}

babyjub::Affine public_key(const Limbs& secret) { return babyjub::multiply_base(eighth(secret)).to_affine(); }

Signature sign(const Limbs& secret, std::span<const std::uint8_t, 64> nonce, const Fr& message) {
    const Affine key = public_key(secret);
    // nonce mod l, from its two halves
    const Scalar low = reduce(limbs::load_le(nonce.data())), high = reduce(limbs::load_le(nonce.data() + 32));
    const Scalar r = low + high * Scalar{Scalar::r2};  // r2 read as a Montgomery form is 2^256
    const Affine r8 = babyjub::multiply_base(r.canonical()).to_affine();
    const Scalar h = reduce(challenge(r8, key, message).canonical());
    return {r8, (r + h * reduce(secret)).canonical()};
}

}  // namespace tickproof
