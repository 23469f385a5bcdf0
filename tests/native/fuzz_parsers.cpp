// Throws damaged bytes at every parser of the kernel's cryptographic half. A parser may accept (then what it accepted is
// run) or throw a KernelError; anything else - another exception, a sanitizer's report, a hang - is a failure.
//
//   fuzz_parsers [SECONDS] [SEED]        mutates good inputs until the time is up (default 10 s)
//
// With clang, -fsanitize=fuzzer -DTICKPROOF_LIBFUZZER makes it a libFuzzer target: the first byte chooses the parser.
// scripts/fuzz_parsers.sh builds it with the address and undefined-behaviour sanitizers.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "groth16/batch_verify.hpp"
#include "hashes/poseidon.hpp"
#include "pairing/precompiles.hpp"
#include "signatures/eddsa.hpp"
#include "witness/witness.hpp"

using namespace tickproof;

namespace {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

void run_program(View data) {
    auto program = std::make_shared<const LoadedProgram>(Program::parse(data));
    const Program& p = program->program;
    // A program of a few bytes may have millions of wires; running those tells nothing new.
    if (p.n_wires() > 100'000 || p.n_inputs() > 100'000) return;
    const Bytes inputs(32 * std::size_t{p.n_inputs()}, 7);
    const auto witness =
        Witness::start(program, inputs, p.uses_mask() ? std::optional(Fr::from_u64(5)) : std::nullopt);
    if (!witness->complete()) witness->finish(Fr::from_u64(3));
    Bytes out(32 * witness->size());
    witness->read_all(out.data());
}

void run_key(View data) {
    const VerifyingKey key = VerifyingKey::parse(data);
    const std::vector<Fr> words(3, Fr::one());
    (void)challenge(key, key.ic[0], words);
}

// A fixed key of the challenge form; the bytes are a proof, then words.
const VerifyingKey& fixed_key();
void run_proof(View data) {
    const VerifyingKey& key = fixed_key();
    const Proof proof = key.parse_proof(data.first(std::min(data.size(), key.proof_bytes())));
    check_batch(key, std::vector<Claim>{{proof, {Fr::one(), Fr::one()}}, {proof, {Fr::zero(), Fr::one()}}});
}

void run_signature(View data) {
    std::array<std::uint8_t, kSignatureRecordBytes> record{};
    std::copy_n(data.begin(), std::min(data.size(), record.size()), record.begin());
    verify_signature(record.data());
}

using Target = void (*)(View);
constexpr std::array<Target, 7> kTargets = {
    run_program,
    run_key,
    run_proof,
    run_signature,
    [](View data) { (void)evm::ecadd(data); },
    [](View data) { (void)evm::ecmul(data); },
    [](View data) { (void)evm::ecpairing(data); },
};

bool survives(std::size_t target, View data) {
    try {
        kTargets[target](data);
        return true;
    } catch (const KernelError&) {
        return false;
    }
}

// --- good inputs ------------------------------------------------------------------------------------------------

template <class G>
void append(Bytes& out, const Affine<G>& point) {
    const std::size_t place = out.size();
    out.resize(place + G::affine_bytes);
    point.to_bytes(out.data() + place);
}

G1Affine g1(std::uint64_t k) { return scalar_mul(g1_generator(), Fr::from_u64(k)).to_affine(); }
G2Affine g2(std::uint64_t k) { return scalar_mul(g2_generator(), Fr::from_u64(k)).to_affine(); }

Bytes good_key() {
    Bytes out{'T', 'P', 'V', 'K', 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0};
    append(out, g1(3));
    for (std::uint64_t k : {5, 7, 11, 13}) append(out, g2(k));
    for (std::uint64_t k : {17, 19, 23}) append(out, g1(k));
    return out;
}

Bytes good_proof() {
    Bytes out;
    append(out, g1(29));
    append(out, g2(31));
    append(out, g1(37));
    append(out, g1(41));
    return out;
}

Bytes good_signature() {
    const Limbs secret{8 * 123456789, 5, 0, 0};
    const Fr message = Fr::from_u64(99);
    const Signature signature = sign(secret, std::array<std::uint8_t, 64>{1, 2, 3}, message);
    const babyjub::Affine key = public_key(secret);
    Bytes out(kSignatureRecordBytes);
    std::uint8_t* at = out.data();
    for (const Fr& value : {key.x, key.y, signature.r8.x, signature.r8.y}) {
        value.to_bytes_le(at);
        at += 32;
    }
    limbs::store_le(signature.s, at);
    message.to_bytes_le(at + 32);
    return out;
}

// One instruction of every opcode, a template, and a challenge.
Bytes good_program() {
    constexpr std::uint32_t one = 2u << 30, slot = 1u << 30;
    std::vector<std::uint32_t> words{0x31575054, 1, 29, 2, 2, 3, 2, 0};
    std::array<std::uint32_t, 8> minus_one;
    for (unsigned i = 0; i < 8; ++i) minus_one[i] = static_cast<std::uint32_t>(Fr::modulus[i / 2] >> (32 * (i % 2)));
    minus_one[0] -= 1;
    words.insert(words.end(), {1, 0, 0, 0, 0, 0, 0, 0});
    words.insert(words.end(), minus_one.begin(), minus_one.end());
    words.insert(words.end(), {5, 0, 0, 0, 0, 0, 0, 0});
    const std::vector<std::uint32_t> root{
        1,  3,  2,                                        // INPUT
        12, 5,                                            // MASK
        5,  6,  8,  2, 0, 3, 2, one,                      // BITS
        7,  14, 1,  0, 3, 1, 0, 4,                        // QUOTIENT
        8,  15, 1,  0, 3, 1, 0, 4,                        // DIVMOD
        9,  17, 2,  1, 0, 3, 1, 1, 4,                     // MAX
        10, 18, 1,  0, 3, 1, 0, 4,                        // LESS
        11, 19, 1,  1, 3,                                 // SIGN
        15, 20, 2,  1, 0, 3, 1, 0, 4,                     // SIGNS
        14, 22, 1,  0, 3, 1, 0, 4, 0,                     // MULADD
        13,                                               // CHALLENGE
        2,  23, 1,  0, 1, 1, 0, 5,                        // MUL
        4,  1,  24, 1, 0, 23,                             // CALL
        6,  27, 1,  0, 1,                                 // INVERSE
        3,  28, 0,                                        // LIN
        3,  2,  2,  0, 3, 1, 1,                           // LIN: y
    };
    const std::vector<std::uint32_t> child{3, 0, 1, 0, slot, 2, 1, 1, 0, 0, 1, 0, slot, 6, 2, 1, 2, 1};
    words.insert(words.end(), {0, 29, static_cast<std::uint32_t>(root.size())});
    words.insert(words.end(), root.begin(), root.end());
    words.insert(words.end(), {1, 3, static_cast<std::uint32_t>(child.size())});
    words.insert(words.end(), child.begin(), child.end());
    Bytes out;
    for (const std::uint32_t word : words)
        for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
    return out;
}

Bytes big_endian(const Bytes& little) {
    Bytes out(little);
    for (std::size_t i = 0; i + 32 <= out.size(); i += 32) std::reverse(out.begin() + i, out.begin() + i + 32);
    return out;
}

Bytes evm_pairs() {
    Bytes out;
    for (const auto& [a, b] : {std::pair(g1(6), g2(5)), std::pair(-g1(15), g2(2))}) {
        append(out, a);
        append(out, G2Affine{{b.x.c1, b.x.c0}, {b.y.c1, b.y.c0}});
    }
    return big_endian(out);
}

const VerifyingKey& fixed_key() {
    static const VerifyingKey key = VerifyingKey::parse(good_key());
    return key;
}

std::array<Bytes, kTargets.size()> good_inputs() {
    Bytes points;
    append(points, g1(3));
    append(points, g1(4));
    return {good_program(), good_key(), good_proof(), good_signature(), big_endian(points), big_endian(points), evm_pairs()};
}

// --- damage -----------------------------------------------------------------------------------------------------

void damage(Bytes& data, std::mt19937_64& random) {
    const auto below = [&](std::size_t n) { return n ? static_cast<std::size_t>(random() % n) : 0; };
    for (std::size_t times = 1 + below(3); times-- > 0 && !data.empty();) {
        const std::size_t place = below(data.size()), word = place / 4 * 4;
        switch (below(7)) {
            case 0: data[place] ^= static_cast<std::uint8_t>(1u << below(8)); break;
            case 1: data[place] = static_cast<std::uint8_t>(random()); break;
            case 2: data.resize(place); break;
            case 3: data.insert(data.begin() + static_cast<std::ptrdiff_t>(place), 1 + below(40), 0xff); break;
            case 4: data.erase(data.begin() + static_cast<std::ptrdiff_t>(word),
                               data.begin() + static_cast<std::ptrdiff_t>(std::min(word + 4, data.size()))); break;
            case 5:  // a whole word: counts, indices, opcodes
                for (std::size_t i = word; i < std::min(word + 4, data.size()); ++i)
                    data[i] = static_cast<std::uint8_t>(i == word ? below(32) : 0);
                break;
            default: {  // a whole field element
                const std::size_t begin = place / 32 * 32;
                const std::uint8_t fill = below(2) ? 0xff : 0;
                for (std::size_t i = begin; i < std::min(begin + 32, data.size()); ++i) data[i] = fill;
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size) survives(data[0] % kTargets.size(), {data + 1, size - 1});
    return 0;
}

#ifndef TICKPROOF_LIBFUZZER
int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 10;
    std::mt19937_64 random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
    const auto seeds = good_inputs();
    // The proof and the second multiplication's scalar are arbitrary: parsed, but not true.
    for (std::size_t target = 0; target < kTargets.size(); ++target)
        if (!survives(target, seeds[target]) && kTargets[target] != run_proof) {
            std::fprintf(stderr, "the good input of target %zu was refused\n", target);
            return 1;
        }
    std::array<std::array<unsigned long, 2>, kTargets.size()> counts{};
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    do {
        for (std::size_t target = 0; target < kTargets.size(); ++target) {
            // The first parser is the one with structure; the others are slow and shallow.
            for (int i = 0; i < (target == 0 ? 50 : 1); ++i) {
                Bytes data = seeds[target];
                damage(data, random);
                ++counts[target][survives(target, data)];
            }
        }
    } while (std::chrono::steady_clock::now() < end);
    for (std::size_t target = 0; target < kTargets.size(); ++target)
        std::printf("target %zu: %lu refused, %lu accepted\n", target, counts[target][0], counts[target][1]);
    return 0;
}
#endif
