// Python's view of Groth16 verification. A key is parsed once into a handle; proofs are parsed at each call.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "bind/crypto.hpp"
#include "groth16/batch_verify.hpp"

namespace nb = nanobind;

namespace tickproof {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Whether the caller's numbers are the public inputs themselves or the words behind chi and y.
enum class Statement { inputs, words };

void require_form(const VerifyingKey& key, Statement statement) {
    if (statement == Statement::words && !key.has_challenge())
        throw UnsupportedKey("a plain key verifies public inputs, not words");
    if (statement == Statement::inputs && key.has_challenge())
        throw UnsupportedKey("a key of the challenge form verifies words, not (chi, y): see verify_words");
}

Claim read_claim(const VerifyingKey& key, const Bytes& proof, const Bytes& numbers, Statement statement) {
    Claim claim{key.parse_proof(proof), {}};
    const std::vector<Fr> values = scalars_from(numbers, statement == Statement::words ? "words" : "public inputs");
    claim.public_inputs = statement == Statement::words ? challenge_inputs(key, claim.proof, values) : values;
    if (claim.public_inputs.size() != key.n_public())
        throw MalformedInput("the key takes " + std::to_string(key.n_public()) + " public inputs, given " +
                             std::to_string(claim.public_inputs.size()));
    return claim;
}

void verify_one(const VerifyingKey& key, const nb::bytes& proof, const nb::bytes& numbers, Statement statement) {
    const Bytes proof_copy = copy_bytes(proof), numbers_copy = copy_bytes(numbers);
    const Working working;
    check_equation(key, read_claim(key, proof_copy, numbers_copy, statement));
}

void verify_many(const VerifyingKey& key, const std::vector<nb::bytes>& proofs, const std::vector<nb::bytes>& numbers,
                 Statement statement) {
    require_form(key, statement);
    if (proofs.size() != numbers.size()) throw MalformedInput("as many statements as proofs are needed");
    std::vector<Bytes> proof_copies, number_copies;
    for (const nb::bytes& proof : proofs) proof_copies.push_back(copy_bytes(proof));
    for (const nb::bytes& one : numbers) number_copies.push_back(copy_bytes(one));
    const Working working;
    std::vector<Claim> claims;
    for (std::size_t i = 0; i < proof_copies.size(); ++i)
        claims.push_back(read_claim(key, proof_copies[i], number_copies[i], statement));
    check_batch(key, claims);
}

}  // namespace

void register_verify(nb::module_& m) {
    nb::exception<DegenerateKey>(m, "DegenerateKey", nb::object(m.attr("MalformedInput")).ptr());
    nb::exception<InvalidProof>(m, "InvalidProof", nb::object(m.attr("KernelError")).ptr());

    nb::class_<VerifyingKey>(m, "PreparedVerifyingKey",
                             "A Groth16 verifying key, parsed, checked and prepared once; used for any number of proofs.")
        .def("__init__",
             [](VerifyingKey* self, const nb::bytes& blob) {
                 const Bytes copy = copy_bytes(blob);
                 const Working working;
                 new (self) VerifyingKey(VerifyingKey::parse(copy));
             },
             nb::arg("blob"),
             "The bytes of verifier.keys.VerifyingKey.to_bytes. Raises MalformedInput, NonCanonical, NotOnCurve, NotInSubgroup, "
             "InfinityNotAllowed, DegenerateKey.")
        .def_prop_ro("n_public", &VerifyingKey::n_public)
        .def_prop_ro("has_challenge", &VerifyingKey::has_challenge)
        .def_prop_ro("hash", [](const VerifyingKey& key) { return nb::bytes(key.hash.data(), key.hash.size()); },
                     "vk_hash of docs/protocol.md, section 7.")
        .def("verify",
             [](const VerifyingKey& key, const nb::bytes& proof, const nb::bytes& public_inputs) {
                 require_form(key, Statement::inputs);
                 verify_one(key, proof, public_inputs, Statement::inputs);
             },
             nb::arg("proof"), nb::arg("public_inputs"),
             "Return if the plain proof (256 bytes) is valid for the inputs (32 bytes each). Raises InvalidProof, UnsupportedKey "
             "(a key with a challenge), MalformedInput and its kinds.")
        .def("verify_words",
             [](const VerifyingKey& key, const nb::bytes& proof, const nb::bytes& words) {
                 require_form(key, Statement::words);
                 verify_one(key, proof, words, Statement::words);
             },
             nb::arg("proof"), nb::arg("words"),
             "Return if the proof with a challenge (320 bytes) is valid for the words (32 bytes each); chi and y are computed "
             "here. Raises InvalidProof, UnsupportedKey (a plain key), MalformedInput and its kinds.")
        .def("unsafe_check_equation",
             [](const VerifyingKey& key, const nb::bytes& proof, const nb::bytes& public_inputs) {
                 verify_one(key, proof, public_inputs, Statement::inputs);
             },
             nb::arg("proof"), nb::arg("public_inputs"),
             "The bare equation, of either form. Proves nothing where the prover chose chi.")
        .def("verify_batch",
             [](const VerifyingKey& key, const std::vector<nb::bytes>& proofs, const std::vector<nb::bytes>& inputs) {
                 verify_many(key, proofs, inputs, Statement::inputs);
             },
             nb::arg("proofs"), nb::arg("public_inputs"),
             "verify for many proofs at once: n + 3 Miller loops. The InvalidProof raised names the first false one.")
        .def("verify_words_batch",
             [](const VerifyingKey& key, const std::vector<nb::bytes>& proofs, const std::vector<nb::bytes>& words) {
                 verify_many(key, proofs, words, Statement::words);
             },
             nb::arg("proofs"), nb::arg("words"),
             "verify_words for many proofs at once: n + 4 Miller loops. The InvalidProof raised names the first false one.");
    m.def("keccak256",
          [](const nb::bytes& data) {
              const Bytes copy = copy_bytes(data);
              return bytes_of(32, [&](std::uint8_t* out) {
                  const auto digest = Keccak256().update(copy).finish();
                  std::copy(digest.begin(), digest.end(), out);
              });
          },
          nb::arg("data"), "Ethereum's Keccak-256.");
}

}  // namespace tickproof
