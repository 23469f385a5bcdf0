// Python's view of systems, keys and proofs. Witnesses arrive as bytes or as the handle of a finished witness run.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bind/crypto.hpp"
#include "groth16/groth16.hpp"
#include "groth16/proving_key.hpp"
#include "groth16/r1cs.hpp"
#include "groth16/setup.hpp"
#include "process/threads.hpp"
#include "witness/witness.hpp"

namespace nb = nanobind;
using namespace tickproof;

namespace {

using Words = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

std::span<const std::uint32_t> words_of(const Words& array) { return {array.data(), array.size()}; }

std::vector<Limbs> canonical(const Witness& witness, std::size_t count) {
    const std::vector<Fr>& wires = witness.data().wires;
    if (count > wires.size()) throw MalformedInput("the witness has " + std::to_string(wires.size()) + " wires, not " + std::to_string(count));
    std::vector<Limbs> out(count);
    threads::parallel_ranges(count, 4096, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) out[i] = wires[i].canonical();
    });
    return out;
}

std::vector<Limbs> complete_witness(const Witness& witness, std::uint32_t n_wires) {
    if (!witness.complete()) throw ProgramError("the witness is not complete: finish(chi) it first");
    if (witness.size() != n_wires)
        throw MalformedInput("the circuit has " + std::to_string(n_wires) + " wires, the witness " + std::to_string(witness.size()));
    std::vector<Limbs> out = canonical(witness, n_wires);
    if (out[0] != Limbs{1, 0, 0, 0}) throw MalformedInput("wire 0 of a witness is the constant one");
    return out;
}

template <class P>
nb::bytes point_bytes(const P& p) {
    std::uint8_t out[sizeof(P)];
    p.to_bytes(out);
    return nb::bytes(reinterpret_cast<const char*>(out), sizeof out);
}

using PhaseTuple = std::tuple<std::string, double, std::uint64_t>;
using ProofTuple = std::tuple<nb::bytes, nb::bytes, nb::bytes, std::optional<nb::bytes>, std::vector<PhaseTuple>>;

template <class MakeWitness>
ProofTuple prove_with(const ProvingKey& key, const nb::bytes& r, const nb::bytes& s, const std::optional<nb::bytes>& early,
                      MakeWitness&& witness) {
    const Fr r_value = scalar_from(r, "r"), s_value = scalar_from(s, "s");
    std::optional<G1Affine> given;
    if (early) {
        if (early->size() != G1::affine_bytes) throw MalformedInput("D is 64 bytes");
        given = point_from_bytes<G1>(reinterpret_cast<const std::uint8_t*>(early->c_str()), Infinity::refused);
    }
    Proof proof = [&] {
        const Working working;
        const std::vector<Limbs> w = witness();
        return prove(key, w, r_value, s_value, given);
    }();
    std::vector<PhaseTuple> profile;
    for (const Phase& p : proof.profile) profile.emplace_back(p.name, p.seconds, p.multiplications);
    std::optional<nb::bytes> d;
    if (proof.d) d = point_bytes(*proof.d);
    return {point_bytes(proof.a), point_bytes(proof.b), point_bytes(proof.c), d, profile};
}

KeyCheck check_from(const std::string& name) {
    if (name == "each") return KeyCheck::each;
    if (name == "batch") return KeyCheck::batch;
    if (name == "unsafe_nothing") return KeyCheck::nothing;
    throw MalformedInput("a key check is 'each', 'batch' or 'unsafe_nothing'");
}

std::optional<ChallengeLayout> layout_from(
    const std::optional<std::tuple<std::uint32_t, std::uint32_t, std::vector<std::uint32_t>>>& given) {
    if (!given) return std::nullopt;
    return ChallengeLayout{std::get<0>(*given), std::get<1>(*given), std::get<2>(*given)};
}

}  // namespace

void register_groth16(nb::module_& m) {
    nb::class_<R1cs>(m, "R1cs", "A rank-1 constraint system held by the kernel.")
        .def("__init__",
             [](R1cs* self, std::uint32_t n_wires, std::uint32_t n_public, const Words& a_ptr, const Words& a_col,
                const Words& a_coeff, const Words& b_ptr, const Words& b_col, const Words& b_coeff, const Words& c_ptr,
                const Words& c_col, const Words& c_coeff, const nb::bytes& coefficients,
                const std::optional<std::tuple<std::uint32_t, std::uint32_t, std::vector<std::uint32_t>>>& challenge) {
                 new (self) R1cs(R1cs::from_csr(n_wires, n_public, {words_of(a_ptr), words_of(a_col), words_of(a_coeff)},
                                                {words_of(b_ptr), words_of(b_col), words_of(b_coeff)},
                                                {words_of(c_ptr), words_of(c_col), words_of(c_coeff)}, view(coefficients),
                                                layout_from(challenge)));
             },
             nb::arg("n_wires"), nb::arg("n_public"), nb::arg("a_row_ptr"), nb::arg("a_col"), nb::arg("a_coeff"),
             nb::arg("b_row_ptr"), nb::arg("b_col"), nb::arg("b_coeff"), nb::arg("c_row_ptr"), nb::arg("c_col"),
             nb::arg("c_coeff"), nb::arg("coefficients"), nb::arg("challenge") = nb::none(),
             "Three CSR matrices over one table of 32-byte coefficients; challenge is (n_early, mask, words). Everything is "
             "checked. Raises MalformedInput, NonCanonical.")
        .def_prop_ro("n_wires", [](const R1cs& r) { return r.n_wires; })
        .def_prop_ro("n_public", [](const R1cs& r) { return r.n_public; })
        .def_prop_ro("n_constraints", [](const R1cs& r) { return r.n_constraints; })
        .def_prop_ro("domain_size", [](const R1cs& r) { return std::size_t{1} << r.log_domain(); })
        .def("check",
             [](const R1cs& self, const nb::bytes& witness) {
                 const auto copy = copy_bytes(witness);
                 const Working working;
                 return self.first_unsatisfied(witness_from_bytes(copy, self.n_wires));
             },
             nb::arg("witness"), "The first constraint that the witness breaks, or -1.")
        .def("check",
             [](const R1cs& self, const Witness& witness) {
                 const Working working;
                 return self.first_unsatisfied(complete_witness(witness, self.n_wires));
             },
             nb::arg("witness"), "The first constraint that the witness breaks, or -1.");

    nb::class_<ProvingKey>(m, "ProvingKey", "A proving key, mapped and checked; used for any number of proofs.")
        .def_static("load",
                    [](const std::string& path, const std::string& check) {
                        const KeyCheck mode = check_from(check);
                        const Working working;
                        return std::const_pointer_cast<ProvingKey>(ProvingKey::load(path, mode));
                    },
                    nb::arg("path"), nb::arg("check") = "batch",
                    "Load a .zkey or .tkey. check: 'each' tests every G2 point for the subgroup, 'batch' tests random "
                    "combinations of them (a bad key passes with chance 2^-65), 'unsafe_nothing' trusts the points. Raises "
                    "FileFailure, UnsupportedKey, MalformedInput and its kinds.")
        .def_prop_ro("n_wires", [](const ProvingKey& k) { return k.n_wires; })
        .def_prop_ro("n_public", [](const ProvingKey& k) { return k.n_public; })
        .def_prop_ro("domain_size", [](const ProvingKey& k) { return k.domain_size(); })
        .def_prop_ro("has_challenge", [](const ProvingKey& k) { return k.challenge.has_value(); })
        .def_prop_ro("n_early", [](const ProvingKey& k) { return k.first_late(); }, "The first wire whose K is over delta.")
        .def_prop_ro("has_r1cs", [](const ProvingKey& k) { return k.rows_c.has_value(); },
                     "Whether the file holds the constraint system, so that witnesses are checked row by row.")
        .def_prop_ro("words",
                     [](const ProvingKey& k) { return k.challenge ? k.challenge->words : std::vector<std::uint32_t>{}; })
        .def_prop_ro("mask", [](const ProvingKey& k) { return k.challenge ? k.challenge->mask : 0; })
        .def("verifying_key",
             [](const ProvingKey& k) {
                 std::vector<nb::bytes> ic;
                 for (const G1Affine& p : k.ic_points()) ic.push_back(point_bytes(p));
                 std::optional<nb::bytes> epsilon;
                 if (k.challenge) epsilon = point_bytes(k.epsilon_2);
                 return std::tuple(point_bytes(k.alpha_1), point_bytes(k.beta_2), point_bytes(k.gamma_2), epsilon,
                                   point_bytes(k.delta_2), ic);
             },
             "alpha (G1), beta, gamma, epsilon or None, delta (G2), IC (G1 each).");

    m.def("commit_early",
          [](const ProvingKey& key, const nb::bytes& witness) {
              const auto copy = copy_bytes(witness);
              G1Affine d = [&] {
                  const Working working;
                  if (copy.size() % 32) throw MalformedInput("the witness: not a whole number of 32-byte elements");
                  return commit_early(key, witness_from_bytes(copy, static_cast<std::uint32_t>(copy.size() / 32)));
              }();
              return point_bytes(d);
          },
          nb::arg("key"), nb::arg("witness"), "D over the early wires; values from wire n_early on are not looked at.");
    m.def("commit_early",
          [](const ProvingKey& key, const Witness& witness) {
              G1Affine d = [&] {
                  const Working working;
                  return commit_early(key, canonical(witness, key.first_late()));
              }();
              return point_bytes(d);
          },
          nb::arg("key"), nb::arg("witness"), "D over the early wires of a witness stopped at its challenge.");

    m.def("prove",
          [](const ProvingKey& key, const nb::bytes& witness, const nb::bytes& r, const nb::bytes& s,
             const std::optional<nb::bytes>& early) {
              const auto copy = copy_bytes(witness);
              return prove_with(key, r, s, early, [&] { return witness_from_bytes(copy, key.n_wires); });
          },
          nb::arg("key"), nb::arg("witness"), nb::arg("r"), nb::arg("s"), nb::arg("early") = nb::none(),
          "(A, B, C, D or None, profile); profile is (phase, seconds, field multiplications). `early`: D from commit_early on the "
          "same early wires, which is then not computed again. Raises UnsatisfiedWitness, InconsistentKey, MalformedInput, "
          "NonCanonical, NotOnCurve, InfinityNotAllowed.");
    m.def("prove",
          [](const ProvingKey& key, const Witness& witness, const nb::bytes& r, const nb::bytes& s,
             const std::optional<nb::bytes>& early) {
              return prove_with(key, r, s, early, [&] { return complete_witness(witness, key.n_wires); });
          },
          nb::arg("key"), nb::arg("witness"), nb::arg("r"), nb::arg("s"), nb::arg("early") = nb::none(),
          "(A, B, C, D or None, profile) for a finished witness run.");

    m.def("unsafe_setup",
          [](const R1cs& r1cs, const std::string& path, const nb::bytes& tau, const nb::bytes& alpha, const nb::bytes& beta,
             const nb::bytes& gamma, const nb::bytes& delta, const std::optional<nb::bytes>& epsilon) {
              Secrets secrets{scalar_from(tau, "tau"), scalar_from(alpha, "alpha"), scalar_from(beta, "beta"),
                              scalar_from(gamma, "gamma"), scalar_from(delta, "delta"), std::nullopt};
              if (epsilon) secrets.epsilon = scalar_from(*epsilon, "epsilon");
              const Working working;
              setup(r1cs, secrets, path);
          },
          nb::arg("r1cs"), nb::arg("path"), nb::kw_only(), nb::arg("tau"), nb::arg("alpha"), nb::arg("beta"), nb::arg("gamma"),
          nb::arg("delta"), nb::arg("epsilon") = nb::none(),
          "Write a key from known secrets: a .zkey, or a .tkey for a circuit with a challenge. Whoever knows the secrets "
          "forges. Raises BadSecret, FileFailure.");
}
