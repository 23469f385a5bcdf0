// Runs witness programs. A LoadedProgram is a validated program with its coefficients in field form, shared by all its
// runs; a Witness is one run's assignment, complete or stopped at the challenge. This file decides how instructions
// compute; what a program may be is decided in witness/program.hpp, and whether the assignment satisfies the circuit in
// the prover.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "process/fork.hpp"
#include "witness/program.hpp"
#include "witness/witness_data.hpp"

namespace tickproof {

struct LoadedProgram {
    explicit LoadedProgram(Program parsed);

    Program program;
    std::vector<Fr> coefficients;
};

class Witness {
public:
    // An assignment that comes from elsewhere (a .wtns file): complete, and nothing is known about it yet.
    explicit Witness(WitnessData data);

    // Runs `program` to its end, or to its challenge. Inputs are 32 bytes each, little-endian, canonical. Throws
    // ProgramError when the number of inputs or the presence of the mask is not what the program says.
    static std::unique_ptr<Witness> start(std::shared_ptr<const LoadedProgram> program,
                                          std::span<const std::uint8_t> inputs, const std::optional<Fr>& mask);

    // The late part, once. Throws ProgramError if there is none, or if it has run.
    void finish(const Fr& chi);

    bool complete() const;
    std::size_t size() const { return data_.wires.size(); }
    // Wires below this number are known before the challenge (all but 1 and 2); all of them if there is no challenge.
    std::uint32_t n_early() const { return n_early_; }

    // The assignment for the prover. Late wires are zero until finish() has returned.
    const WitnessData& data() const { return data_; }
    // Wire values, 32 bytes each. Throws ProgramError for a wire that is not known yet, MalformedInput past the end.
    void read(std::span<const std::uint32_t> indices, std::uint8_t* out) const;
    void read_all(std::uint8_t* out) const;

private:
    struct Frame {
        std::size_t pc, end;
        std::uint32_t base;
        std::size_t slots;
    };
    Witness(std::shared_ptr<const LoadedProgram> program, std::optional<Fr> mask);

    void execute(std::span<const Fr> inputs);
    Fr combination(const std::uint32_t*& pc, const Frame& frame) const;

    std::shared_ptr<const LoadedProgram> program_;
    WitnessData data_;
    std::uint32_t n_early_ = 0;
    std::optional<Fr> mask_;
    std::vector<Frame> frames_;
    std::vector<Fr> slots_;
    bool complete_ = false;
    mutable HandleLock mutex_;
};

}  // namespace tickproof
