#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace polis {

/// A fixed set of threads for parallel loops over independent items, such as signatures.
///
/// One caller at a time: run() blocks its caller, who works too, and neither a second thread nor
/// the task itself may call run() meanwhile (asserted). Which thread gets which chunk is left open,
/// so a task writes only to places that belong to its own indexes.
class WorkerPool {
  public:
    /// Works on the indexes from begin up to, not including, end. Must not throw: an exception ends
    /// the program.
    using Task = std::function<void(std::size_t begin, std::size_t end)>;

    /// `thread_count` counts the caller: 0 and 1 start no thread and run everything inline.
    explicit WorkerPool(std::size_t thread_count);

    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Joins all threads. @pre no run() is going on
    ~WorkerPool();

    /// Calls `task` for chunks that cover every index from 0 to count - 1 once, each of at most
    /// `grain` indexes, and returns when all are done; what the task wrote is then visible.
    /// @pre grain > 0
    void run(std::size_t count, const Task& task, std::size_t grain) noexcept;

    /// Threads that take part in a run, the caller included.
    [[nodiscard]] std::size_t thread_count() const { return threads_.size() + 1; }

  private:
    /// One call of run(), on the caller's stack.
    struct Job {
        const Task& task;
        std::size_t count;
        std::size_t grain;
        std::size_t chunk_count;
        std::atomic<std::size_t> next_chunk{0};
    };

    static void work_on(Job& job) noexcept;
    void thread_main() noexcept;
    void run_on_threads(Job& job) noexcept;

    std::atomic<bool> running_{false};  ///< guards the contract only

    std::mutex mutex_;
    std::condition_variable wake_;      ///< to the threads: a job or the end
    std::condition_variable finished_;  ///< to the caller: no thread is inside the job
    // Protected by mutex_.
    Job* job_ = nullptr;
    std::uint64_t generation_ = 0;  ///< number of jobs so far: a thread takes each one once
    std::size_t threads_inside_ = 0;
    bool stopping_ = false;

    std::vector<std::thread> threads_;  ///< constant after construction; last, so it starts last
};

}  // namespace polis
