// Python's view of the prover: threads, field, points, MSM, keys and proofs. Bytes in, bytes out.
#include <nanobind/nanobind.h>

#include "curve.hpp"
#include "threads.hpp"

namespace nb = nanobind;
using namespace tickproof;

void register_core(nb::module_& m) {
    m.def("set_threads", &threads::set_count, nb::arg("count"));
    m.def("threads", &threads::count);
}
