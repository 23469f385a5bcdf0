// The interpreter's loop. Programs are validated, so nothing is checked here but the caller's inputs; there is no
// recursion, because a valid program may call as deep as it is long.
#include "witness/witness.hpp"

#include <string>
#include <utility>

#include "field/integer.hpp"
#include "field/inversion.hpp"

namespace tickproof {
namespace {

using u32 = std::uint32_t;

constexpr u32 kOne = 0;       // coefficient number 0 is 1
constexpr u32 kMinusOne = 1;  // coefficient number 1 is r - 1

Fr from_integer(const Limbs& value) { return limbs::is_zero(value) ? Fr::zero() : Fr::from_canonical(value); }

// r/2 rounded down: larger values stand for negative numbers.
constexpr Limbs kLargestPositive = integer::shift_right(Fr::modulus, 1);

bool is_negative(const Limbs& canonical) { return limbs::less(kLargestPositive, canonical); }

// Order of the signed readings. Among two of one sign the canonical integers have the same order.
bool signed_less(const Limbs& a, const Limbs& b) {
    const bool na = is_negative(a), nb = is_negative(b);
    return na != nb ? na : limbs::less(a, b);
}

}  // namespace

LoadedProgram::LoadedProgram(Program parsed) : program(std::move(parsed)) {
    coefficients.reserve(program.n_coefficients());
    for (u32 i = 0; i < program.n_coefficients(); ++i) {
        const auto words = program.coefficient(i);
        Limbs value;
        for (unsigned k = 0; k < 4; ++k) value[k] = u64{words[2 * k]} | u64{words[2 * k + 1]} << 32;
        coefficients.push_back(Fr::from_canonical(value));
    }
}

Witness::Witness(WitnessData data)
    : data_(std::move(data)), n_early_(static_cast<u32>(data_.wires.size())), complete_(true) {}

Witness::Witness(std::shared_ptr<const LoadedProgram> program, std::optional<Fr> mask)
    : program_(std::move(program)), n_early_(program_->program.n_early()), mask_(std::move(mask)) {
    const Program& p = program_->program;
    data_.wires.assign(p.n_wires(), Fr::zero());
    data_.wires[0] = Fr::one();
    const Template& root = p.templates()[p.root()];
    frames_.push_back({root.code_begin, root.code_end, 0, 0});
}

std::unique_ptr<Witness> Witness::start(std::shared_ptr<const LoadedProgram> program,
                                        std::span<const std::uint8_t> inputs, const std::optional<Fr>& mask) {
    const Program& p = program->program;
    if (inputs.size() != 32 * std::size_t{p.n_inputs()})
        throw ProgramError("the program takes " + std::to_string(p.n_inputs()) + " inputs of 32 bytes, given " +
                           std::to_string(inputs.size()) + " bytes");
    if (mask.has_value() != p.uses_mask())
        throw ProgramError(p.uses_mask() ? "the program needs the blinding mask" : "the program takes no blinding mask");
    std::vector<Fr> values(p.n_inputs());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = Fr::from_bytes_le(inputs.data() + 32 * i);
    std::unique_ptr<Witness> witness(new Witness(std::move(program), mask));
    witness->execute(values);
    return witness;
}

void Witness::finish(const Fr& chi) {
    const std::lock_guard lock(mutex_);
    if (complete_) throw ProgramError("the witness is complete: there is no late part to run");
    data_.wires[1] = chi;
    execute({});
}

bool Witness::complete() const {
    const std::lock_guard lock(mutex_);
    return complete_;
}

void Witness::read(std::span<const u32> indices, std::uint8_t* out) const {
    const std::lock_guard lock(mutex_);
    for (const u32 index : indices) {
        if (index >= data_.wires.size()) throw MalformedInput("wire " + std::to_string(index) + " does not exist");
        const bool late = index == 1 || index == 2 || index >= n_early_;
        if (!complete_ && late) throw ProgramError("wire " + std::to_string(index) + " is known after the challenge only");
        data_.wires[index].to_bytes_le(out);
        out += 32;
    }
}

void Witness::read_all(std::uint8_t* out) const {
    const std::lock_guard lock(mutex_);
    if (!complete_) throw ProgramError("the witness waits for its challenge");
    for (const Fr& wire : data_.wires) {
        wire.to_bytes_le(out);
        out += 32;
    }
}

Fr Witness::combination(const u32*& pc, const Frame& frame) const {
    Fr sum = Fr::zero();
    const u32 terms = *pc++;
    for (u32 i = 0; i < terms; ++i) {
        const u32 coefficient = *pc++;
        const u32 reference = *pc++;
        const u32 index = reference & kRefIndexMask;
        const RefKind kind = static_cast<RefKind>(reference >> kRefIndexBits);
        if (kind == RefKind::One) {
            sum += program_->coefficients[coefficient];
            continue;
        }
        const Fr& value = kind == RefKind::Wire ? data_.wires[frame.base + index] : slots_[frame.slots + index];
        if (coefficient == kOne)
            sum += value;
        else if (coefficient == kMinusOne)
            sum -= value;
        else if (!value.is_zero())
            sum += program_->coefficients[coefficient] * value;
    }
    return sum;
}

void Witness::execute(std::span<const Fr> inputs) {
    const Program& program = program_->program;
    const u32* const words = program.words().data();
    Fr* const wires = data_.wires.data();
    std::size_t next_input = 0;
    Frame frame = frames_.back();
    frames_.pop_back();
    const u32* pc = words + frame.pc;
    const u32* end = words + frame.end;

    const auto enter = [&](const Template& callee, u32 base) {
        const std::size_t slots = slots_.size();
        slots_.resize(slots + callee.n_slots);
        for (u32 i = 0; i < callee.n_slots; ++i) slots_[slots + i] = combination(pc, frame);
        frame.pc = static_cast<std::size_t>(pc - words);
        frames_.push_back(frame);
        frame = {callee.code_begin, callee.code_end, frame.base + base, slots};
        pc = words + frame.pc;
        end = words + frame.end;
    };
    const auto skip_combination = [&] { pc += 1 + 2 * std::size_t{*pc}; };

    for (;;) {
        while (pc == end) {
            slots_.resize(frame.slots);
            if (frames_.empty()) {
                complete_ = true;
                return;
            }
            frame = frames_.back();
            frames_.pop_back();
            pc = words + frame.pc;
            end = words + frame.end;
        }
        switch (static_cast<Opcode>(*pc++)) {
            case Opcode::Input: {
                Fr* dst = wires + frame.base + *pc++;
                const u32 count = *pc++;
                for (u32 i = 0; i < count; ++i) dst[i] = inputs[next_input++];
                break;
            }
            case Opcode::Mul: {
                Fr& dst = wires[frame.base + *pc++];
                const Fr a = combination(pc, frame);
                const Fr b = combination(pc, frame);
                dst = a * b;
                break;
            }
            case Opcode::MulAdd: {
                Fr& dst = wires[frame.base + *pc++];
                const Fr a = combination(pc, frame);
                const Fr b = combination(pc, frame);
                const Fr c = combination(pc, frame);
                dst = a * b + c;
                break;
            }
            case Opcode::Lin: {
                Fr& dst = wires[frame.base + *pc++];
                dst = combination(pc, frame);
                break;
            }
            case Opcode::Call: {
                const Template& callee = program.templates()[*pc++];
                const u32 base = *pc++;
                // A template without wires can have no effect. Skipping it keeps the number of calls, and with it the
                // running time, within (wires x depth), however small the blob.
                if (callee.n_wires == 0) {
                    for (u32 i = 0; i < callee.n_slots; ++i) skip_combination();
                } else {
                    enter(callee, base);
                }
                break;
            }
            case Opcode::Bits: {
                Fr* dst = wires + frame.base + *pc++;
                const u32 count = *pc++;
                const Limbs value = combination(pc, frame).canonical();
                for (u32 i = 0; i < count; ++i) dst[i] = limbs::bit(value, i) ? Fr::one() : Fr::zero();
                break;
            }
            case Opcode::Signs: {
                Fr* dst = wires + frame.base + *pc++;
                const u32 count = *pc++;
                const Limbs value = combination(pc, frame).canonical();
                const Fr plus = combination(pc, frame);
                const Fr minus = Fr::zero() - plus;
                for (u32 i = 0; i < count; ++i) dst[i] = limbs::bit(value, i) ? plus : minus;
                break;
            }
            case Opcode::Inverse: {
                Fr& dst = wires[frame.base + *pc++];
                const Fr a = combination(pc, frame);
                dst = inverse(a);
                break;
            }
            case Opcode::Quotient: {
                Fr& dst = wires[frame.base + *pc++];
                const Fr a = combination(pc, frame);
                const Fr b = combination(pc, frame);
                dst = a.is_zero() || b.is_zero() ? Fr::zero() : b.is_one() ? a : a * inverse(b);
                break;
            }
            case Opcode::DivMod: {
                Fr* dst = wires + frame.base + *pc++;
                const Limbs a = combination(pc, frame).canonical();
                const Limbs b = combination(pc, frame).canonical();
                const auto [quotient, remainder] = integer::divmod(a, b);
                dst[0] = from_integer(quotient);
                dst[1] = from_integer(remainder);
                break;
            }
            case Opcode::Max: {
                Fr& dst = wires[frame.base + *pc++];
                const u32 count = *pc++;
                Fr best = combination(pc, frame);
                Limbs best_integer = best.canonical();
                for (u32 i = 1; i < count; ++i) {
                    const Fr candidate = combination(pc, frame);
                    const Limbs integer = candidate.canonical();
                    if (signed_less(best_integer, integer)) {
                        best = candidate;
                        best_integer = integer;
                    }
                }
                dst = best;
                break;
            }
            case Opcode::Less: {
                Fr& dst = wires[frame.base + *pc++];
                const Limbs a = combination(pc, frame).canonical();
                const Limbs b = combination(pc, frame).canonical();
                dst = limbs::less(a, b) ? Fr::one() : Fr::zero();
                break;
            }
            case Opcode::Sign: {
                Fr& dst = wires[frame.base + *pc++];
                dst = is_negative(combination(pc, frame).canonical()) ? Fr::one() : Fr::zero();
                break;
            }
            case Opcode::Mask: wires[frame.base + *pc++] = *mask_; break;
            case Opcode::Challenge:
                frame.pc = static_cast<std::size_t>(pc - words);
                frames_.push_back(frame);
                return;
        }
    }
}

}  // namespace tickproof
