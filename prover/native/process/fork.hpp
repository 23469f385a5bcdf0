// What survives a fork. A child has one thread, and every lock that another thread of its parent held stays locked in it
// for ever. So the kernel publishes what it computes once without a lock (Published), holds the few locks it has across the
// fork (at_fork), and knows a lock whose holder is gone (HandleLock).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <new>

#include <pthread.h>

#include "process/errors.hpp"

namespace tickproof {

// As pthread_atfork says; any of them may be null.
inline bool at_fork(void (*before)(), void (*parent)(), void (*child)()) {
    if (pthread_atfork(before, parent, child) != 0) throw std::bad_alloc();
    return true;
}

// A value that is computed on first use and stays. Threads that come at the same time all compute it and one of them is
// kept, so there is nothing to wait for: a static local's guard would hang a child that was forked meanwhile. Never
// destroyed, because a daemon thread may still read it while the process exits.
template <class T>
class Published {
   public:
    constexpr Published() = default;
    Published(const Published&) = delete;
    Published& operator=(const Published&) = delete;

    template <class Make>
    const T& get(Make&& make) {
        if (const T* known = value_.load(std::memory_order_acquire)) return *known;
        auto fresh = std::make_unique<const T>(make());
        const T* expected = nullptr;
        if (value_.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
        return *expected;
    }

   private:
    std::atomic<const T*> value_{nullptr};
};

// How many forks lie between this process and the one that loaded the kernel.
inline std::atomic<unsigned> fork_depth{0};
inline const bool fork_depth_counts = at_fork(nullptr, nullptr, [] { ++fork_depth; });

// The lock of one handle, for std::lock_guard. In a child that was forked while another thread held it, what it guards is
// half written: it throws instead of waiting.
class HandleLock {
   public:
    void lock() {
        if (!mutex_.try_lock()) {
            if (held_at_.load() < fork_depth.load())
                throw KernelError("another thread was changing this object when the process was forked: make it anew in the child");
            mutex_.lock();
        }
        held_at_ = fork_depth.load();
    }
    void unlock() {
        held_at_ = kFree;
        mutex_.unlock();
    }

   private:
    static constexpr unsigned kFree = ~0u;
    std::mutex mutex_;
    std::atomic<unsigned> held_at_{kFree};
};

}  // namespace tickproof
