// One pool of worker threads for the whole kernel. parallel_tasks runs numbered tasks, parallel_ranges cuts an index
// range; the caller works too, the first exception is rethrown to it. A call made while the pool is busy (a nested call, or
// a second Python thread) runs on its own thread only, so nothing can deadlock. Results never depend on the thread count:
// callers write each task's result to its own place.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <unistd.h>

namespace tickproof::threads {

class Pool {
   public:
    explicit Pool(unsigned workers) {
        for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    }
    ~Pool() {
        {
            std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (auto& t : workers_) t.join();
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    unsigned workers() const { return static_cast<unsigned>(workers_.size()); }

    // Runs body(0) .. body(n-1), each once, in any order; returns when all are done.
    void run(std::size_t n, const std::function<void(std::size_t)>& body) {
        auto job = std::make_shared<Job>(n, body);
        {
            std::lock_guard lock(mutex_);
            job_ = job;
            ++generation_;
        }
        wake_.notify_all();
        job->drain();
        {
            std::unique_lock lock(job->mutex);
            job->done.wait(lock, [&] { return job->finished == job->count; });
        }
        {
            std::lock_guard lock(mutex_);
            job_.reset();
        }
        if (job->error) std::rethrow_exception(job->error);
    }

   private:
    struct Job {
        Job(std::size_t n, const std::function<void(std::size_t)>& f) : count(n), body(f) {}
        const std::size_t count;
        const std::function<void(std::size_t)>& body;  // alive until `finished == count`
        std::atomic<std::size_t> next{0};
        std::mutex mutex;
        std::condition_variable done;
        std::size_t finished = 0;
        std::exception_ptr error;
        std::atomic<bool> failed{false};

        void drain() {
            std::size_t mine = 0;
            std::exception_ptr caught;
            for (;;) {
                std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
                if (i >= count) break;
                ++mine;
                if (failed.load(std::memory_order_relaxed)) continue;  // count it, but do not start more work
                try {
                    body(i);
                } catch (...) {
                    failed = true;
                    caught = std::current_exception();
                }
            }
            if (mine == 0) return;
            std::lock_guard lock(mutex);
            if (caught && !error) error = caught;
            finished += mine;
            if (finished == count) done.notify_all();
        }
    };

    void work() {
        std::size_t seen = 0;
        for (;;) {
            std::shared_ptr<Job> job;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return stop_ || (job_ && generation_ != seen); });
                if (stop_) return;
                job = job_;
                seen = generation_;
            }
            inside() = true;
            job->drain();
            inside() = false;
        }
    }

   public:
    static bool& inside() {
        thread_local bool flag = false;
        return flag;
    }

   private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::shared_ptr<Job> job_;
    std::size_t generation_ = 0;
    bool stop_ = false;
    std::vector<std::thread> workers_;
};

struct State {
    std::mutex use;      // held by the one call that has the pool
    std::mutex setting;  // guards the fields below
    unsigned count = std::max(1u, std::thread::hardware_concurrency());
    std::unique_ptr<Pool> pool;
    pid_t owner = 0;
};

// A forked child inherits a pool whose threads do not exist and mutexes in an unknown state: it starts afresh and
// deliberately leaks the parent's.
inline State& state() {
    static std::atomic<State*> current{new State};
    static std::atomic<pid_t> pid{getpid()};
    if (pid.load() != getpid()) {
        State* fresh = new State;
        fresh->count = current.load()->count;
        current = fresh;
        pid = getpid();
    }
    return *current.load();
}

inline unsigned count() {
    State& s = state();
    std::lock_guard lock(s.setting);
    return s.count;
}

// Threads used by the calls that start from now on, the calling one included; 0 means one per processor.
inline void set_count(unsigned n) {
    State& s = state();
    std::lock_guard use(s.use);
    std::lock_guard lock(s.setting);
    s.count = n ? n : std::max(1u, std::thread::hardware_concurrency());
    s.pool.reset();
}

template <class Body>
void parallel_tasks(std::size_t n, Body&& body) {
    auto inline_run = [&] {
        for (std::size_t i = 0; i < n; ++i) body(i);
    };
    if (n <= 1 || Pool::inside()) return inline_run();
    State& s = state();
    std::unique_lock use(s.use, std::try_to_lock);
    if (!use.owns_lock() || s.count <= 1) return inline_run();
    if (!s.pool || s.pool->workers() + 1 != s.count) {
        s.pool.reset();
        s.pool = std::make_unique<Pool>(s.count - 1);
    }
    struct Inside {
        Inside() { Pool::inside() = true; }
        ~Inside() { Pool::inside() = false; }
    } inside;
    s.pool->run(n, std::function<void(std::size_t)>(std::ref(body)));
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
