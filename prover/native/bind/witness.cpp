// Python's view of witness programs and their runs. Bytes are copied out of Python before the GIL is released.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <string>

#include "bind/crypto.hpp"
#include "witness/witness.hpp"

namespace nb = nanobind;

namespace tickproof {
namespace {

struct FaultName {
    ProgramFault fault;
    const char* python;
};

constexpr std::array kFaultNames = {
    FaultName{ProgramFault::Truncated, "ProgramTruncated"},
    FaultName{ProgramFault::NotAProgram, "ProgramMagic"},
    FaultName{ProgramFault::Version, "ProgramVersion"},
    FaultName{ProgramFault::TrailingBytes, "ProgramTrailingBytes"},
    FaultName{ProgramFault::TooLarge, "ProgramTooLarge"},
    FaultName{ProgramFault::Coefficient, "ProgramCoefficient"},
    FaultName{ProgramFault::UnknownOpcode, "ProgramOpcode"},
    FaultName{ProgramFault::OutOfRange, "ProgramOutOfRange"},
    FaultName{ProgramFault::Recursion, "ProgramRecursion"},
    FaultName{ProgramFault::DoubleWrite, "ProgramDoubleWrite"},
    FaultName{ProgramFault::NeverWritten, "ProgramNeverWritten"},
    FaultName{ProgramFault::ReadBeforeWrite, "ProgramReadBeforeWrite"},
    FaultName{ProgramFault::Challenge, "ProgramChallenge"},
    FaultName{ProgramFault::AfterChallenge, "ProgramAfterChallenge"},
    FaultName{ProgramFault::InputCount, "ProgramInputCount"},
    FaultName{ProgramFault::Root, "ProgramRoot"},
};

// One Python class for each fault, below MalformedProgram, below MalformedInput. They live as long as the interpreter.
struct FaultClasses {
    PyObject* base = nullptr;
    std::array<PyObject*, kFaultNames.size()> by_fault{};
} fault_classes;

void register_faults(nb::module_& m) {
    const auto add = [&m](const char* name, PyObject* base) {
        PyObject* type = PyErr_NewException((std::string("prover.native._kernel.") + name).c_str(), base, nullptr);
        if (!type) throw nb::python_error();
        m.attr(name) = nb::handle(type);
        return type;
    };
    fault_classes.base = add("MalformedProgram", nb::object(m.attr("MalformedInput")).ptr());
    for (std::size_t i = 0; i < kFaultNames.size(); ++i)
        fault_classes.by_fault[i] = add(kFaultNames[i].python, fault_classes.base);
    nb::register_exception_translator([](const std::exception_ptr& error, void*) {
        try {
            std::rethrow_exception(error);
        } catch (const MalformedProgram& refused) {
            PyObject* type = fault_classes.base;
            for (std::size_t i = 0; i < kFaultNames.size(); ++i)
                if (kFaultNames[i].fault == refused.fault) type = fault_classes.by_fault[i];
            PyErr_SetString(type, refused.what());
        }
    });
}

std::unique_ptr<Witness> start(const std::shared_ptr<LoadedProgram>& program, const nb::bytes& inputs,
                               const std::optional<nb::bytes>& mask) {
    const std::vector<std::uint8_t> copy = copy_bytes(inputs);
    std::optional<Fr> mask_value;
    if (mask) mask_value = scalar_from(*mask, "mask");
    const Working working;
    return Witness::start(program, copy, mask_value);
}

}  // namespace

void register_witness(nb::module_& m) {
    register_faults(m);

    nb::class_<LoadedProgram>(m, "WitnessProgram",
                              "A witness program (docs/architecture.md), validated once; used for any number of runs.")
        .def("__init__",
             [](LoadedProgram* self, const nb::bytes& blob) {
                 const std::vector<std::uint8_t> copy = copy_bytes(blob);
                 const Working working;
                 new (self) LoadedProgram(Program::parse(copy));
             },
             nb::arg("blob"), "Raises one kind of MalformedProgram for each rule of the format.")
        .def_prop_ro("n_wires", [](const LoadedProgram& p) { return p.program.n_wires(); })
        .def_prop_ro("n_public", [](const LoadedProgram& p) { return p.program.n_public(); })
        .def_prop_ro("n_inputs", [](const LoadedProgram& p) { return p.program.n_inputs(); })
        .def_prop_ro("n_early", [](const LoadedProgram& p) { return p.program.n_early(); },
                     "The first late wire; without a challenge, the number of wires.")
        .def_prop_ro("has_challenge", [](const LoadedProgram& p) { return p.program.has_challenge(); })
        .def_prop_ro("uses_mask", [](const LoadedProgram& p) { return p.program.uses_mask(); })
        .def("start", &start, nb::arg("inputs"), nb::arg("mask") = nb::none(),
             "Run up to the challenge, or to the end if there is none. Inputs and mask are 32 bytes each, little-endian, "
             "canonical. Raises ProgramError (number of inputs, mask missing or not taken), NonCanonical.")
        .def("run",
             [](const std::shared_ptr<LoadedProgram>& program, const nb::bytes& inputs,
                const std::optional<nb::bytes>& mask) {
                 if (program->program.has_challenge())
                     throw ProgramError("the program has a challenge: start() it, then finish(chi) the witness");
                 return start(program, inputs, mask);
             },
             nb::arg("inputs"), nb::arg("mask") = nb::none(),
             "Run a program without a challenge to its end. Raises like start, and ProgramError for one with a challenge.");

    nb::class_<Witness>(m, "Witness", "A circuit's wires, held by the kernel: complete, or waiting for the challenge.")
        .def_static("from_bytes",
                    [](const nb::bytes& values) {
                        const std::vector<std::uint8_t> copy = copy_bytes(values);
                        const Working working;
                        return std::make_unique<Witness>(WitnessData{scalars_from(copy, "witness")});
                    },
                    nb::arg("values"),
                    "A complete assignment from elsewhere, 32 bytes a wire, wire 0 first. Raises MalformedInput, NonCanonical.")
        .def("finish",
             [](Witness& self, const nb::bytes& chi) {
                 const Fr value = scalar_from(chi, "chi");
                 const Working working;
                 self.finish(value);
             },
             nb::arg("chi"), "Run the late part with the challenge (32 bytes). Raises ProgramError if the witness is complete.")
        .def_prop_ro("complete",
                     [](const Witness& self) {
                         const Working working;
                         return self.complete();
                     })
        .def_prop_ro("n_early", &Witness::n_early)
        .def("__len__", &Witness::size)
        .def("to_bytes",
             [](const Witness& self) {
                 return bytes_of(32 * self.size(), [&](std::uint8_t* out) { self.read_all(out); });
             },
             "Every wire, 32 bytes each. Raises ProgramError while the challenge is missing.")
        .def("wires",
             [](const Witness& self, const std::vector<std::uint32_t>& indices) {
                 return bytes_of(32 * indices.size(), [&](std::uint8_t* out) { self.read(indices, out); });
             },
             nb::arg("indices"),
             "The named wires, 32 bytes each. Raises MalformedInput past the end, ProgramError for late wires before finish.");
}

}  // namespace tickproof
