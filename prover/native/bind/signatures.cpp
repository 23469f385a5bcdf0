// Python's view of Poseidon, Baby Jubjub and EdDSA.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>

#include "bind/crypto.hpp"
#include "hashes/poseidon.hpp"
#include "signatures/eddsa.hpp"

namespace nb = nanobind;

namespace tickproof {
namespace {

Limbs integer_from(const nb::bytes& bytes, const char* what) {
    if (bytes.size() != 32) throw MalformedInput(std::string(what) + " must be 32 bytes");
    return limbs::load_le(view(bytes).data());
}

babyjub::Affine point_from(const nb::bytes& bytes) {
    if (bytes.size() != 64) throw MalformedInput("a Baby Jubjub point must be 64 bytes");
    const babyjub::Affine p{Fr::from_bytes_le(view(bytes).data()), Fr::from_bytes_le(view(bytes).data() + 32)};
    if (!p.is_on_curve()) throw NotOnCurve("Baby Jubjub point is not on the curve");
    return p;
}

void store(const babyjub::Affine& p, std::uint8_t* out) {
    p.x.to_bytes_le(out);
    p.y.to_bytes_le(out + 32);
}

nb::bytes hash(const nb::bytes& inputs) {
    const auto data = view(inputs);
    // Checked before anything is copied: the values live on the stack.
    if (data.size() % 32 != 0 || data.empty() || data.size() > 32 * kPoseidonMaxArity)
        throw MalformedInput("poseidon takes 1 to 16 elements of 32 bytes");
    std::array<Fr, kPoseidonMaxArity> values;
    const std::size_t arity = data.size() / 32;
    for (std::size_t i = 0; i < arity; ++i) values[i] = Fr::from_bytes_le(data.data() + 32 * i);
    return bytes_of(32, [&](std::uint8_t* out) { poseidon(std::span(values).first(arity)).to_bytes_le(out); });
}

nb::bytes hash_batch(unsigned arity, const nb::bytes& inputs) {
    if (arity < 1 || arity > kPoseidonMaxArity) throw MalformedInput("poseidon takes 1 to 16 inputs");
    if (inputs.size() % (32 * std::size_t{arity}) != 0)
        throw MalformedInput("poseidon_batch: the inputs are not a whole number of tuples");
    const std::vector<std::uint8_t> copy = copy_bytes(inputs);
    return bytes_of(copy.size() / arity, [&](std::uint8_t* out) {
        const std::vector<Fr> values = scalars_from(copy, "poseidon_batch");
        std::vector<Fr> hashes(values.size() / arity);
        poseidon_batch(arity, values, hashes);
        for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i].to_bytes_le(out + 32 * i);
    });
}

void verify(const nb::bytes& ax, const nb::bytes& ay, const nb::bytes& r8x, const nb::bytes& r8y, const nb::bytes& s,
            const nb::bytes& msg) {
    std::array<std::uint8_t, kSignatureRecordBytes> record;
    std::size_t place = 0;
    for (const nb::bytes* part : {&ax, &ay, &r8x, &r8y, &s, &msg}) {
        if (part->size() != 32) throw MalformedInput("signature: every part must be 32 bytes");
        std::copy_n(view(*part).data(), 32, record.data() + place);
        place += 32;
    }
    const Working working;
    verify_signature(record.data());
}

}  // namespace

void register_signatures(nb::module_& m) {
    auto invalid = nb::exception<InvalidSignature>(m, "InvalidSignature", nb::object(m.attr("KernelError")).ptr());
    nb::exception<SmallOrderKey>(m, "SmallOrderKey", invalid.ptr());

    m.def("poseidon", &hash, nb::arg("inputs"),
          "circomlib's Poseidon of 1 to 16 elements of 32 bytes. Raises MalformedInput, NonCanonical.");
    m.def("poseidon_batch", &hash_batch, nb::arg("arity"), nb::arg("inputs"),
          "One hash of 32 bytes for each consecutive tuple of `arity` elements. Raises MalformedInput, NonCanonical.");

    m.def("babyjub_mul",
          [](const nb::bytes& point, const nb::bytes& scalar) {
              const babyjub::Affine p = point_from(point);
              const Limbs k = integer_from(scalar, "scalar");
              return bytes_of(64, [&](std::uint8_t* out) { store(babyjub::multiply(p, k).to_affine(), out); });
          },
          nb::arg("point"), nb::arg("scalar"),
          "scalar * point on Baby Jubjub: x || y of 64 bytes, any 256-bit scalar. Raises MalformedInput, NonCanonical, "
          "NotOnCurve.");
    m.def("babyjub_mul_base",
          [](const nb::bytes& scalar) {
              const Limbs k = integer_from(scalar, "scalar");
              return bytes_of(64, [&](std::uint8_t* out) { store(babyjub::multiply_base(k).to_affine(), out); });
          },
          nb::arg("scalar"), "scalar * Base8, the base point of signatures; any 256-bit scalar. Raises MalformedInput.");

    m.def("eddsa_verify", &verify, nb::arg("ax"), nb::arg("ay"), nb::arg("r8x"), nb::arg("r8y"), nb::arg("s"),
          nb::arg("message"),
          "Return if the EdDSA-Poseidon signature is valid (docs/protocol.md, section 4); every part has 32 bytes. Raises "
          "NonCanonical (a coordinate, the message, or S not below the subgroup's order), NotOnCurve, SmallOrderKey (8 A is "
          "the identity), InvalidSignature (the equation), MalformedInput (a length).");
    m.def("eddsa_verify_batch",
          [](const nb::bytes& records) {
              if (records.size() % kSignatureRecordBytes != 0)
                  throw MalformedInput("eddsa_verify_batch: not a whole number of 192-byte records");
              const std::vector<std::uint8_t> copy = copy_bytes(records);
              const std::size_t count = copy.size() / kSignatureRecordBytes;
              return bytes_of(count, [&](std::uint8_t* out) { check_signatures(copy, {out, count}); });
          },
          nb::arg("records"),
          "One byte for each 192-byte record Ax, Ay, R8x, R8y, S, message: 0 valid, 1 a number not below r, 2 S not below the "
          "subgroup's order, 3 key or 4 R8 not on the curve, 5 the equation does not hold, 6 key of small order. Raises "
          "MalformedInput on a wrong length.");
    m.def("eddsa_public_key",
          [](const nb::bytes& secret) {
              const Limbs k = integer_from(secret, "secret");
              return bytes_of(64, [&](std::uint8_t* out) { store(public_key(k), out); });
          },
          nb::arg("secret"),
          "x || y of secret/8 * Base8; secret is the pruned scalar, a multiple of 8. Raises MalformedInput.");
    m.def("eddsa_sign",
          [](const nb::bytes& secret, const nb::bytes& nonce, const nb::bytes& message) {
              const Limbs k = integer_from(secret, "secret");
              if (nonce.size() != 64) throw MalformedInput("nonce must be 64 bytes");
              std::array<std::uint8_t, 64> hash;
              std::copy_n(view(nonce).data(), 64, hash.data());
              const Fr m = scalar_from(message, "message");
              return bytes_of(96, [&](std::uint8_t* out) {
                  const Signature signature = sign(k, hash, m);
                  store(signature.r8, out);
                  limbs::store_le(signature.s, out + 64);
              });
          },
          nb::arg("secret"), nb::arg("nonce"), nb::arg("message"),
          "R8x || R8y || S of the message, from the pruned secret scalar and the 64-byte nonce hash, as circomlibjs's "
          "signPoseidon. Not constant time. Raises MalformedInput, NonCanonical.");
}

}  // namespace tickproof
