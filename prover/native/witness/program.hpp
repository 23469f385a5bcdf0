// The witness program as a trusted value. This file decides what a well-formed program is: `Program::parse` takes any
// bytes and either returns a program that the interpreter can run without a single further check, or throws a
// MalformedProgram that says which rule was broken and where. How instructions compute is in witness/witness.cpp; the format is
// docs/architecture.md, "Witness program (version 1)".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "process/errors.hpp"

namespace tickproof {

enum class ProgramFault : std::uint32_t {
    Truncated = 1,        // the stream ends inside a header, a coefficient, a template or an instruction
    NotAProgram = 2,      // first word is not "TPW1"
    Version = 3,          // a version this reader does not know
    TrailingBytes = 4,    // bytes after the last template
    TooLarge = 5,         // more wires than a BN254 domain holds
    Coefficient = 6,      // not canonical, or numbers 0 and 1 are not 1 and -1
    UnknownOpcode = 7,
    OutOfRange = 8,       // template, coefficient, slot, wire, bit count or reference kind outside its range
    Recursion = 9,        // a template reaches itself, or the root is called
    DoubleWrite = 10,
    NeverWritten = 11,
    ReadBeforeWrite = 12,
    Challenge = 13,       // CHALLENGE outside the root, twice, or with a layout that is not early | late
    AfterChallenge = 14,  // an input, the mask, or a hint other than INVERSE after CHALLENGE
    InputCount = 15,      // the program reads more or fewer inputs than its header says
    Root = 16,            // the root's frame is not the whole witness
};

struct MalformedProgram : MalformedInput {
    MalformedProgram(ProgramFault fault, const std::string& detail);
    ProgramFault fault;
};

enum class Opcode : std::uint32_t {
    Input = 1,
    Mul = 2,
    Lin = 3,
    Call = 4,
    Bits = 5,
    Inverse = 6,
    Quotient = 7,
    DivMod = 8,
    Max = 9,
    Less = 10,
    Sign = 11,
    Mask = 12,
    Challenge = 13,
    MulAdd = 14,
    Signs = 15,
};

// A reference's top two bits; the other thirty are the index.
enum class RefKind : std::uint32_t { Wire = 0, Slot = 1, One = 2 };
constexpr std::uint32_t kRefIndexBits = 30;
constexpr std::uint32_t kRefIndexMask = (1u << kRefIndexBits) - 1;

struct Template {
    std::uint32_t n_slots;
    std::uint32_t n_wires;
    std::size_t code_begin;  // positions in Program::words
    std::size_t code_end;
};

class Program {
public:
    static constexpr std::uint32_t kMagic = 0x31575054;
    static constexpr std::uint32_t kVersion = 1;
    static constexpr std::uint32_t kMaxWires = 1u << 28;  // the two-adicity of BN254's scalar field
    static constexpr std::uint32_t kMaxBits = 256;

    static Program parse(std::span<const std::uint8_t> blob);

    std::uint32_t n_wires() const { return n_wires_; }
    std::uint32_t n_public() const { return n_public_; }
    std::uint32_t n_inputs() const { return n_inputs_; }
    bool has_challenge() const { return has_challenge_; }
    bool uses_mask() const { return uses_mask_; }
    // First late wire; without a challenge every wire is early.
    std::uint32_t n_early() const { return n_early_; }

    std::uint32_t root() const { return root_; }
    const std::vector<Template>& templates() const { return templates_; }
    std::span<const std::uint32_t> words() const { return words_; }
    // Eight words, least significant first, canonical.
    std::span<const std::uint32_t> coefficient(std::uint32_t number) const {
        return std::span(words_).subspan(coefficients_begin_ + 8 * std::size_t{number}, 8);
    }
    std::uint32_t n_coefficients() const { return n_coefficients_; }
    // Deepest chain of calls, the root alone being 1: how many frames a run ever holds.
    std::uint32_t depth() const { return depth_; }

private:
    friend class ProgramReader;
    Program() = default;

    std::vector<std::uint32_t> words_;
    std::vector<Template> templates_;
    std::size_t coefficients_begin_ = 0;
    std::uint32_t n_wires_ = 0, n_public_ = 0, n_inputs_ = 0, n_coefficients_ = 0, root_ = 0, n_early_ = 0;
    std::uint32_t depth_ = 0;
    bool has_challenge_ = false, uses_mask_ = false;
};

}  // namespace tickproof
