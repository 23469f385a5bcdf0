// A call's time in the kernel: from where its arguments are the kernel's own to where its results become Python's.
#pragma once

#include <nanobind/nanobind.h>

#include <cfenv>

namespace tickproof {

// While one of these lives the GIL is free, and floating-point exceptions are masked: a caller that has unmasked them would
// die of the inexact results that clocks and vector products give. Throws BadSetting if the environment names no engine.
//
// A thread that comes back while the interpreter shuts down must not ask for the GIL: Python ends such a thread by unwinding
// its stack, which C++ answers by aborting the process. It waits here for the process to end instead, for ever.
class Working {
   public:
    Working();
    ~Working();
    Working(const Working&) = delete;
    Working& operator=(const Working&) = delete;

   private:
    std::fenv_t callers_;
    PyThreadState* thread_;
};

// Tells the threads that are at work when the interpreter begins to shut down.
void register_exit();

}  // namespace tickproof
