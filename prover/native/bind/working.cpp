#include "bind/working.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <unistd.h>

#include "field/engine.hpp"
#include "process/fork.hpp"

namespace nb = nanobind;

namespace tickproof {
namespace {

std::atomic<bool> closing{false};
std::atomic<int> returning{0};  // threads that have seen `closing` false and do not yet have the GIL
std::atomic<std::thread::id> closer;

[[maybe_unused]] const bool child_has_one_thread = at_fork(nullptr, nullptr, [] { returning = 0; });

// Run by atexit, with the GIL. Whoever asks for the GIL already gets it; whoever comes later waits.
void close() {
    closer = std::this_thread::get_id();
    closing = true;
    const PyThreadState* const first = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    // What other threads hold cannot be freed any more, and is no leak to be told of.
    if (PyThreadState_Next(const_cast<PyThreadState*>(first))) nb::set_leak_warnings(false);
    PyThreadState* const thread = PyEval_SaveThread();
    while (returning != 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    PyEval_RestoreThread(thread);
}

}  // namespace

Working::Working() {
    require_engine();
    std::feholdexcept(&callers_);
    thread_ = PyEval_SaveThread();
}

Working::~Working() {
    std::fesetenv(&callers_);
    ++returning;
    if (closing && closer.load() != std::this_thread::get_id()) {
        --returning;
        for (;;) ::pause();
    }
    PyEval_RestoreThread(thread_);
    --returning;
}

void register_exit() { nb::module_::import_("atexit").attr("register")(nb::cpp_function(&close)); }

}  // namespace tickproof
