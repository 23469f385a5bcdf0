// Reads and validates a witness program. Every template is checked on its own: it reads only wires of its frame that
// are already written, its slots and the constant one, and when it ends each wire of its frame has been written exactly
// once. Since a CALL writes exactly the callee's frame, that makes every run of the whole program safe by induction
// over the (acyclic) call graph, so the cost of checking is linear in the blob and not in the unrolled program.
#include "witness/program.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "field/field.hpp"
#include "witness/written_wires.hpp"

namespace tickproof {
namespace {

using u32 = std::uint32_t;

constexpr std::size_t kHeaderWords = 8;
constexpr std::size_t kCoefficientWords = 8;
constexpr std::size_t kTemplateHeaderWords = 3;

// r, the scalar field's order, in the blob's words.
constexpr std::array<u32, 8> kOrder = [] {
    std::array<u32, 8> words{};
    for (unsigned i = 0; i < 8; ++i) words[i] = static_cast<u32>(Fr::modulus[i / 2] >> (32 * (i % 2)));
    return words;
}();

[[noreturn]] void refuse(ProgramFault fault, const std::string& detail) { throw MalformedProgram(fault, detail); }

std::string at(u32 tmpl, std::size_t offset) {
    return " (template " + std::to_string(tmpl) + ", code word " + std::to_string(offset) + ")";
}

bool below_order(std::span<const u32> value) {
    for (std::size_t i = kCoefficientWords; i-- > 0;) {
        if (value[i] != kOrder[i]) return value[i] < kOrder[i];
    }
    return false;
}

// What a template does, seen from its callers.
struct Effects {
    bool early_only = false;  // holds an input, the mask or a hint other than INVERSE
    bool mask = false;
    u64 inputs = 0;  // saturating
    u32 depth = 0;
};

struct CallSite {
    u32 callee;
    bool late;
    std::size_t offset;
};

u64 saturating_add(u64 a, u64 b) { return a + b < a ? ~u64{0} : a + b; }

const char* fault_name(ProgramFault fault) {
    switch (fault) {
        case ProgramFault::Truncated: return "truncated";
        case ProgramFault::NotAProgram: return "not a witness program";
        case ProgramFault::Version: return "unknown version";
        case ProgramFault::TrailingBytes: return "trailing bytes";
        case ProgramFault::TooLarge: return "too large";
        case ProgramFault::Coefficient: return "bad coefficient";
        case ProgramFault::UnknownOpcode: return "unknown opcode";
        case ProgramFault::OutOfRange: return "out of range";
        case ProgramFault::Recursion: return "recursion";
        case ProgramFault::DoubleWrite: return "wire written twice";
        case ProgramFault::NeverWritten: return "wire never written";
        case ProgramFault::ReadBeforeWrite: return "wire read before it is written";
        case ProgramFault::Challenge: return "misplaced challenge";
        case ProgramFault::AfterChallenge: return "not allowed after the challenge";
        case ProgramFault::InputCount: return "wrong number of inputs";
        case ProgramFault::Root: return "bad root template";
    }
    return "unknown fault";
}

}  // namespace

MalformedProgram::MalformedProgram(ProgramFault fault_, const std::string& detail)
    : MalformedInput("witness program: " + std::string(fault_name(fault_)) + ": " + detail), fault(fault_) {}

class ProgramReader {
public:
    Program read(std::span<const std::uint8_t> blob) {
        load_words(blob);
        read_header();
        read_coefficients();
        read_template_table();
        effects_.resize(program_.templates_.size());
        calls_.resize(program_.templates_.size());
        for (u32 t = 0; t < program_.templates_.size(); ++t) check_template(t);
        order_calls();
        check_whole();
        return std::move(program_);
    }

private:
    Program program_;
    std::vector<Effects> effects_;
    std::vector<std::vector<CallSite>> calls_;

    // Cursor over the code of the template being checked.
    u32 template_ = 0;
    std::size_t cursor_ = 0, code_begin_ = 0, code_end_ = 0;
    u32 n_wires_ = 0, n_slots_ = 0;
    WrittenWires written_;
    bool late_ = false;

    void load_words(std::span<const std::uint8_t> blob) {
        auto& words = program_.words_;
        words.resize(blob.size() / 4);
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::uint8_t* b = blob.data() + 4 * i;
            words[i] = u32{b[0]} | u32{b[1]} << 8 | u32{b[2]} << 16 | u32{b[3]} << 24;
        }
        if (words.empty() || words[0] != Program::kMagic) {
            if (blob.size() < 4) refuse(ProgramFault::Truncated, "no header");
            refuse(ProgramFault::NotAProgram, "the first word is not TPW1");
        }
        if (blob.size() % 4 != 0) refuse(ProgramFault::Truncated, "the length is not a multiple of 4 bytes");
    }

    void read_header() {
        const auto& w = program_.words_;
        if (w.size() < kHeaderWords) refuse(ProgramFault::Truncated, "header");
        if (w[1] != Program::kVersion) refuse(ProgramFault::Version, std::to_string(w[1]));
        program_.n_wires_ = w[2];
        program_.n_public_ = w[3];
        program_.n_inputs_ = w[4];
        program_.n_coefficients_ = w[5];
        program_.root_ = w[7];
        if (w[2] > Program::kMaxWires) refuse(ProgramFault::TooLarge, std::to_string(w[2]) + " wires");
        if (w[2] == 0) refuse(ProgramFault::Root, "no wire for the constant one");
        if (w[3] >= w[2]) refuse(ProgramFault::OutOfRange, "more public wires than wires");
        if (w[7] >= w[6]) refuse(ProgramFault::OutOfRange, "root template");
    }

    void read_coefficients() {
        const auto& w = program_.words_;
        program_.coefficients_begin_ = kHeaderWords;
        const std::size_t count = program_.n_coefficients_;
        if (count > (w.size() - kHeaderWords) / kCoefficientWords) refuse(ProgramFault::Truncated, "coefficients");
        for (u32 i = 0; i < count; ++i) {
            if (!below_order(program_.coefficient(i)))
                refuse(ProgramFault::Coefficient, "number " + std::to_string(i) + " is not below r");
        }
        std::array<u32, 8> one = {1}, minus_one = kOrder;
        minus_one[0] -= 1;
        const auto is = [&](u32 number, const std::array<u32, 8>& value) {
            const auto c = program_.coefficient(number);
            return std::equal(c.begin(), c.end(), value.begin());
        };
        if (count < 2 || !is(0, one) || !is(1, minus_one))
            refuse(ProgramFault::Coefficient, "numbers 0 and 1 are not 1 and r - 1");
    }

    void read_template_table() {
        const auto& w = program_.words_;
        std::size_t p = kHeaderWords + kCoefficientWords * std::size_t{program_.n_coefficients_};
        const u32 count = w[6];
        if (count > (w.size() - p) / kTemplateHeaderWords) refuse(ProgramFault::Truncated, "templates");
        program_.templates_.reserve(count);
        for (u32 t = 0; t < count; ++t) {
            if (w.size() - p < kTemplateHeaderWords)
                refuse(ProgramFault::Truncated, "header of template " + std::to_string(t));
            const u32 length = w[p + 2];
            const Template entry{w[p], w[p + 1], p + kTemplateHeaderWords, p + kTemplateHeaderWords + length};
            if (length > w.size() - entry.code_begin)
                refuse(ProgramFault::Truncated, "code of template " + std::to_string(t));
            if (entry.n_wires > program_.n_wires_)
                refuse(ProgramFault::OutOfRange, "template " + std::to_string(t) + " has more wires than the witness");
            // An index has 30 bits, and each slot costs its callers at least one word: more slots than that cannot be
            // reached, and a bound here keeps every later sum of slots far from overflow.
            if (entry.n_slots > kRefIndexMask)
                refuse(ProgramFault::OutOfRange, "template " + std::to_string(t) + " has too many slots");
            program_.templates_.push_back(entry);
            p = entry.code_end;
        }
        if (p != w.size()) refuse(ProgramFault::TrailingBytes, "after the last template");
        const Template& root = program_.templates_[program_.root_];
        if (root.n_slots != 0) refuse(ProgramFault::Root, "it has slots, which nobody fills");
        if (root.n_wires != program_.n_wires_) refuse(ProgramFault::Root, "its frame is not the whole witness");
    }

    // --- one template -------------------------------------------------------------------------------------------

    u32 next() {
        if (cursor_ >= code_end_) refuse(ProgramFault::Truncated, "instruction" + at(template_, cursor_ - code_begin_));
        return program_.words_[cursor_++];
    }

    [[noreturn]] void refuse_here(ProgramFault fault, const std::string& what) const {
        refuse(fault, what + at(template_, cursor_ - code_begin_));
    }

    void write(u32 dst, u64 count) {
        if (dst > n_wires_ || count > n_wires_ - dst)
            refuse_here(ProgramFault::OutOfRange, "destination " + std::to_string(dst));
        if (!written_.add(dst, dst + static_cast<u32>(count)))
            refuse_here(ProgramFault::DoubleWrite, "destination " + std::to_string(dst));
    }

    void read_combination() {
        const u32 terms = next();
        if (terms > (code_end_ - cursor_) / 2) refuse_here(ProgramFault::Truncated, "linear combination");
        for (u32 i = 0; i < terms; ++i) {
            const u32 coefficient = next();
            const u32 reference = next();
            if (coefficient >= program_.n_coefficients_)
                refuse_here(ProgramFault::OutOfRange, "coefficient " + std::to_string(coefficient));
            const u32 index = reference & kRefIndexMask;
            switch (static_cast<RefKind>(reference >> kRefIndexBits)) {
                case RefKind::Wire:
                    if (index >= n_wires_) refuse_here(ProgramFault::OutOfRange, "wire " + std::to_string(index));
                    if (!written_.contains(index))
                        refuse_here(ProgramFault::ReadBeforeWrite, "wire " + std::to_string(index));
                    break;
                case RefKind::Slot:
                    if (index >= n_slots_) refuse_here(ProgramFault::OutOfRange, "slot " + std::to_string(index));
                    break;
                case RefKind::One:
                    if (index != 0) refuse_here(ProgramFault::OutOfRange, "the constant one has no index");
                    break;
                default: refuse_here(ProgramFault::OutOfRange, "reference kind 3");
            }
        }
    }

    void early_only(const char* what) {
        if (late_) refuse_here(ProgramFault::AfterChallenge, what);
        effects_[template_].early_only = true;
    }

    void check_template(u32 t) {
        const Template& entry = program_.templates_[t];
        template_ = t;
        code_begin_ = cursor_ = entry.code_begin;
        code_end_ = entry.code_end;
        n_wires_ = entry.n_wires;
        n_slots_ = entry.n_slots;
        written_ = {};
        late_ = false;
        if (t == program_.root_) written_.add(0, 1);  // the constant one is there before the program starts
        while (cursor_ < code_end_) check_instruction();
        const u32 gap = written_.first_gap(0);
        if (gap < n_wires_)
            refuse(ProgramFault::NeverWritten, "wire " + std::to_string(gap) + " of template " + std::to_string(t));
    }

    void check_instruction() {
        const u32 opcode = next();
        Effects& effects = effects_[template_];
        switch (static_cast<Opcode>(opcode)) {
            case Opcode::Input: {
                early_only("INPUT");
                const u32 dst = next(), count = next();
                write(dst, count);
                effects.inputs = saturating_add(effects.inputs, count);
                break;
            }
            case Opcode::Mul: {
                const u32 dst = next();
                read_combination();
                read_combination();
                write(dst, 1);
                break;
            }
            case Opcode::MulAdd: {
                const u32 dst = next();
                for (int i = 0; i < 3; ++i) read_combination();
                write(dst, 1);
                break;
            }
            case Opcode::Lin:
            case Opcode::Inverse: {
                const u32 dst = next();
                read_combination();
                write(dst, 1);
                break;
            }
            case Opcode::Call: check_call(); break;
            case Opcode::Bits: {
                early_only("BITS");
                const u32 dst = next(), count = next();
                if (count > Program::kMaxBits) refuse_here(ProgramFault::OutOfRange, "bit count");
                read_combination();
                write(dst, count);
                break;
            }
            case Opcode::Signs: {
                early_only("SIGNS");
                const u32 dst = next(), count = next();
                if (count > Program::kMaxBits) refuse_here(ProgramFault::OutOfRange, "bit count");
                read_combination();
                read_combination();
                write(dst, count);
                break;
            }
            case Opcode::Quotient:
            case Opcode::Less: {
                early_only("hint");
                const u32 dst = next();
                read_combination();
                read_combination();
                write(dst, 1);
                break;
            }
            case Opcode::DivMod: {
                early_only("DIVMOD");
                const u32 dst = next();
                read_combination();
                read_combination();
                write(dst, 2);
                break;
            }
            case Opcode::Max: {
                early_only("MAX");
                const u32 dst = next(), count = next();
                if (count == 0) refuse_here(ProgramFault::OutOfRange, "MAX of nothing");
                for (u32 i = 0; i < count; ++i) read_combination();
                write(dst, 1);
                break;
            }
            case Opcode::Sign: {
                early_only("SIGN");
                const u32 dst = next();
                read_combination();
                write(dst, 1);
                break;
            }
            case Opcode::Mask: {
                early_only("MASK");
                effects.mask = true;
                write(next(), 1);
                break;
            }
            case Opcode::Challenge: check_challenge(); break;
            default: refuse_here(ProgramFault::UnknownOpcode, std::to_string(opcode));
        }
    }

    void check_call() {
        const std::size_t offset = cursor_ - code_begin_;
        const u32 callee = next(), base = next();
        if (callee >= program_.templates_.size())
            refuse_here(ProgramFault::OutOfRange, "template " + std::to_string(callee));
        if (callee == program_.root_ || callee == template_)
            refuse_here(ProgramFault::Recursion, "call of template " + std::to_string(callee));
        const Template& target = program_.templates_[callee];
        // Counting first makes a hostile slot count an error at once, before the loop.
        if (target.n_slots > code_end_ - cursor_) refuse_here(ProgramFault::Truncated, "slots of a call");
        for (u32 i = 0; i < target.n_slots; ++i) read_combination();
        write(base, target.n_wires);
        calls_[template_].push_back({callee, late_, offset});
    }

    void check_challenge() {
        if (template_ != program_.root_) refuse_here(ProgramFault::Challenge, "outside the root");
        if (late_) refuse_here(ProgramFault::Challenge, "a second one");
        if (program_.n_public_ != 2) refuse_here(ProgramFault::Challenge, "the public wires are not chi and y");
        // Early wires are 0 and 3..n_early-1; chi and y are not known yet.
        const u32 n_early = written_.contains(3) ? written_.first_gap(3) : 3;
        const bool only_one = n_early == 3 && written_.is_exactly(0, 1);
        const bool one_and_early = n_early > 3 && written_.pieces() == 2 && !written_.contains(1) && !written_.contains(2);
        if (!only_one && !one_and_early)
            refuse_here(ProgramFault::Challenge, "the early wires are not 3 .. n_early - 1");
        program_.has_challenge_ = true;
        program_.n_early_ = n_early;
        late_ = true;
        write(1, 1);
    }

    // --- the call graph -----------------------------------------------------------------------------------------

    // Depth-first with an explicit stack (the graph may be as deep as the blob is long): refuses cycles, and sums up
    // what each template does once all that it calls is known.
    void order_calls() {
        enum class Mark : std::uint8_t { New, Open, Done };
        std::vector<Mark> marks(program_.templates_.size(), Mark::New);
        std::vector<std::pair<u32, std::size_t>> stack;
        for (u32 start = 0; start < marks.size(); ++start) {
            if (marks[start] != Mark::New) continue;
            marks[start] = Mark::Open;
            stack.emplace_back(start, 0);
            while (!stack.empty()) {
                auto& [t, position] = stack.back();
                if (position == calls_[t].size()) {
                    sum_up(t);
                    marks[t] = Mark::Done;
                    stack.pop_back();
                    continue;
                }
                const CallSite& site = calls_[t][position++];
                if (marks[site.callee] == Mark::Open)
                    refuse(ProgramFault::Recursion, "call of template " + std::to_string(site.callee) + at(t, site.offset));
                if (marks[site.callee] == Mark::New) {
                    marks[site.callee] = Mark::Open;
                    stack.emplace_back(site.callee, 0);
                }
            }
        }
    }

    void sum_up(u32 t) {
        Effects& effects = effects_[t];
        for (const CallSite& site : calls_[t]) {
            const Effects& callee = effects_[site.callee];
            if (site.late && callee.early_only)
                refuse(ProgramFault::AfterChallenge,
                       "call of template " + std::to_string(site.callee) + at(t, site.offset));
            effects.early_only |= callee.early_only;
            effects.mask |= callee.mask;
            effects.inputs = saturating_add(effects.inputs, callee.inputs);
            effects.depth = std::max(effects.depth, callee.depth);
        }
        effects.depth += 1;
    }

    void check_whole() {
        const Effects& root = effects_[program_.root_];
        if (root.inputs != program_.n_inputs_)
            refuse(ProgramFault::InputCount, "the code reads " + std::to_string(root.inputs) + ", the header says " +
                                                 std::to_string(program_.n_inputs_));
        program_.uses_mask_ = root.mask;
        program_.depth_ = root.depth;
        if (!program_.has_challenge_) program_.n_early_ = program_.n_wires_;
    }
};

Program Program::parse(std::span<const std::uint8_t> blob) { return ProgramReader().read(blob); }

}  // namespace tickproof
