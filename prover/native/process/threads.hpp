// One pool of worker threads for the whole kernel. parallel_tasks runs numbered tasks, parallel_ranges cuts an index
// range; the caller works too, the first exception is rethrown to it. A call made while the pool is busy (a nested call, or
// a second Python thread) runs on its own thread only, so nothing can deadlock. Results never depend on the thread count:
// callers write each task's result to its own place. Where the system refuses a thread, the pool goes on with those it
// has; a forked child starts a pool of its own; the threads are never joined at exit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

namespace tickproof::threads {

// More would gain nothing on any machine this was built for, and the shares computed from it stay far from overflow.
inline constexpr unsigned max_count = 1024;

// Threads used by the calls that start from now on, the calling one included.
unsigned count();
// 0 means one per processor. Throws BadSetting outside 0 to max_count.
void set_count(long long n);

// Runs body(0) .. body(n-1), each once, in any order, on the pool; false, and nothing done, if the pool is not to be had.
bool run_on_pool(std::size_t n, const std::function<void(std::size_t)>& body);

template <class Body>
void parallel_tasks(std::size_t n, Body&& body) {
    if (n > 1 && run_on_pool(n, std::function<void(std::size_t)>(std::ref(body)))) return;
    for (std::size_t i = 0; i < n; ++i) body(i);
}

// body(begin, end) over consecutive ranges of [0, n), each at least `grain` long but the last.
template <class Body>
void parallel_ranges(std::size_t n, std::size_t grain, Body&& body) {
    if (n == 0) return;
    std::size_t pieces = std::min<std::size_t>(std::max<std::size_t>(1, n / std::max<std::size_t>(1, grain)), 8 * count());
    std::size_t step = (n + pieces - 1) / pieces;
    pieces = (n + step - 1) / step;
    parallel_tasks(pieces, [&](std::size_t i) { body(i * step, std::min(n, (i + 1) * step)); });
}

}  // namespace tickproof::threads
