#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

/// A mutex that clang's -Wthread-safety understands: what is marked POLIS_GUARDED_BY may be touched
/// only under a MutexLock. Other compilers see a plain mutex.
#if defined(__clang__)
#define POLIS_THREAD_ANNOTATION(text) __attribute__((text))
#else
#define POLIS_THREAD_ANNOTATION(text)
#endif

#define POLIS_GUARDED_BY(mutex) POLIS_THREAD_ANNOTATION(guarded_by(mutex))
#define POLIS_REQUIRES(mutex) POLIS_THREAD_ANNOTATION(requires_capability(mutex))

namespace polis::node {

/// For leaf utilities only: nothing is called while it is held.
class POLIS_THREAD_ANNOTATION(capability("mutex")) Mutex {
  public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() POLIS_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }

    void unlock() POLIS_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

  private:
    std::mutex mutex_;
};

class POLIS_THREAD_ANNOTATION(scoped_lockable) MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) POLIS_THREAD_ANNOTATION(acquire_capability(mutex))
        : mutex_(mutex) {
        mutex_.lock();
    }

    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    ~MutexLock() POLIS_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

  private:
    Mutex& mutex_;
};

/// Waits with a Mutex that the caller holds. A wait may end for no reason: ask again.
class Condition {
  public:
    void wait(Mutex& mutex) POLIS_REQUIRES(mutex) { condition_.wait(mutex); }

    void wait_for(Mutex& mutex, std::uint64_t ms) POLIS_REQUIRES(mutex) {
        condition_.wait_for(mutex, std::chrono::milliseconds(ms));
    }

    void notify_one() { condition_.notify_one(); }

    void notify_all() { condition_.notify_all(); }

  private:
    std::condition_variable_any condition_;
};

}  // namespace polis::node
