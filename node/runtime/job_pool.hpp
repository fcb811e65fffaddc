#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <node/runtime/mutex.hpp>

namespace polis::node {

/// Threads that work on jobs from a bounded queue, in the order of submission. Overflow policy:
/// submit() says no.
class JobPool {
  public:
    /// Must not throw: an exception ends the program.
    using Job = std::function<void()>;

    /// @param name of the threads, at most 12 letters. @pre thread_count > 0
    JobPool(std::string name, std::size_t thread_count, std::size_t queue_max);

    JobPool(const JobPool&) = delete;
    JobPool& operator=(const JobPool&) = delete;

    ~JobPool() { stop(); }

    /// False if the queue is full or the pool stops.
    [[nodiscard]] bool submit(Job job);

    /// Drops what has not begun and waits for what has. Idempotent.
    void stop();

    /// Does what waits, takes nothing more, and ends.
    void finish();

    [[nodiscard]] std::size_t waiting() const;

    [[nodiscard]] std::size_t thread_count() const { return thread_count_; }

  private:
    void thread_main(std::size_t index);
    void join();

    const std::string name_;
    const std::size_t thread_count_;
    const std::size_t queue_max_;
    mutable Mutex mutex_;
    Condition ready_;
    std::deque<Job> jobs_ POLIS_GUARDED_BY(mutex_);
    bool stopping_ POLIS_GUARDED_BY(mutex_) = false;  ///< nothing goes in any more
    std::vector<std::thread> threads_;                ///< last, so it starts last
};

}  // namespace polis::node
