// The extension's entry point: the exception classes, and the registries that fill the module. Bindings hold no
// arithmetic; they parse bytes at the edge, release the GIL, and call the kernel.
#include <nanobind/nanobind.h>

#include "bind/working.hpp"
#include "process/errors.hpp"

namespace nb = nanobind;
using namespace tickproof;

void register_core(nb::module_& m);
void register_crypto(nb::module_& m);
void register_point_arrays(nb::module_& m);

NB_MODULE(_kernel, m) {
    // A base class is registered before its children: nanobind asks the last registered translator first.
    auto kernel_error = nb::exception<KernelError>(m, "KernelError");
    auto malformed = nb::exception<MalformedInput>(m, "MalformedInput", kernel_error.ptr());
    nb::exception<BadSetting>(m, "BadSetting", malformed.ptr());
    nb::exception<NonCanonical>(m, "NonCanonical", malformed.ptr());
    nb::exception<NotOnCurve>(m, "NotOnCurve", malformed.ptr());
    nb::exception<NotInSubgroup>(m, "NotInSubgroup", malformed.ptr());
    nb::exception<InfinityNotAllowed>(m, "InfinityNotAllowed", malformed.ptr());
    nb::exception<UnsatisfiedWitness>(m, "UnsatisfiedWitness", kernel_error.ptr());
    nb::exception<ProgramError>(m, "ProgramError", kernel_error.ptr());
    nb::exception<UnsupportedKey>(m, "UnsupportedKey", kernel_error.ptr());
    nb::exception<InconsistentKey>(m, "InconsistentKey", kernel_error.ptr());
    nb::exception<BadSecret>(m, "BadSecret", kernel_error.ptr());
    nb::exception<FileFailure>(m, "FileFailure", kernel_error.ptr());
    register_exit();
    register_core(m);
    register_crypto(m);
    register_point_arrays(m);
}
