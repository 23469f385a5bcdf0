#include "process/threads.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "process/errors.hpp"
#include "process/fork.hpp"

namespace tickproof::threads {
namespace {

// Whether this thread runs a task of the pool.
thread_local bool inside = false;

class Pool {
   public:
    Pool() = default;
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

    // Brings the pool to `wanted` workers, or as near as a limit on processes or memory lets it. A limit may pass, so a
    // short pool tries again, once a second at most. Not to be called while a job runs.
    void fill(std::size_t wanted) {
        if (workers_.size() >= wanted) return;
        const auto now = std::chrono::steady_clock::now();
        if (now < next_try_) return;
        try {
            workers_.reserve(wanted);
            while (workers_.size() < wanted) workers_.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            next_try_ = now + std::chrono::seconds(1);
        } catch (const std::bad_alloc&) {
            next_try_ = now + std::chrono::seconds(1);
        }
    }

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
        inside = true;
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
            job->drain();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::shared_ptr<Job> job_;
    std::size_t generation_ = 0;
    bool stop_ = false;
    std::vector<std::thread> workers_;
    std::chrono::steady_clock::time_point next_try_{};
};

unsigned per_processor() { return std::clamp(std::thread::hardware_concurrency(), 1u, max_count); }

struct State {
    std::mutex use;  // held by the one call that has the pool
    std::atomic<unsigned> count{per_processor()};
    std::unique_ptr<Pool> pool;
};

// Never destroyed: while the process exits, a daemon thread may be inside. A child forgets its parent's, whose threads do
// not exist and whose locks may be held by nobody.
std::atomic<State*> current{new State};

void start_afresh() {
    State* fresh = new State;
    fresh->count = current.load()->count.load();
    current = fresh;
}
[[maybe_unused]] const bool child_starts_afresh = at_fork(nullptr, nullptr, &start_afresh);

}  // namespace

unsigned count() { return current.load()->count; }

void set_count(long long n) {
    if (n < 0 || n > static_cast<long long>(max_count))
        throw BadSetting("a thread count of " + std::to_string(n) + " cannot be had: 1 to " + std::to_string(max_count) +
                         ", or 0 for one a processor");
    State& s = *current.load();
    std::lock_guard use(s.use);
    s.count = n ? static_cast<unsigned>(n) : per_processor();
    s.pool.reset();
}

bool run_on_pool(std::size_t n, const std::function<void(std::size_t)>& body) {
    if (inside) return false;
    State& s = *current.load();
    const unsigned threads = s.count;
    std::unique_lock use(s.use, std::try_to_lock);
    if (!use.owns_lock() || threads <= 1) return false;
    if (!s.pool) s.pool = std::make_unique<Pool>();
    s.pool->fill(threads - 1);
    struct Inside {
        Inside() { inside = true; }
        ~Inside() { inside = false; }
    } mark;
    s.pool->run(n, body);
    return true;
}

}  // namespace tickproof::threads
