#include <core/worker_pool.hpp>

#include <algorithm>

#include <pthread.h>

#include <core/check.hpp>

namespace polis {

WorkerPool::WorkerPool(std::size_t thread_count) {
    for (std::size_t i = 1; i < thread_count; ++i) {
        threads_.emplace_back([this] { thread_main(); });
    }
}

WorkerPool::~WorkerPool() {
    POLIS_ASSERT(!running_.load());
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void WorkerPool::run(std::size_t count, const Task& task, std::size_t grain) noexcept {
    POLIS_ASSERT_OP(grain, >, 0);
    POLIS_ASSERT(!running_.exchange(true));
    const std::size_t chunk_count = count / grain + (count % grain != 0 ? 1 : 0);
    Job job{.task = task, .count = count, .grain = grain, .chunk_count = chunk_count};
    if (threads_.empty() || chunk_count < 2) {
        work_on(job);
    } else {
        run_on_threads(job);
    }
    running_.store(false);
}

void WorkerPool::run_on_threads(Job& job) noexcept {
    {
        const std::lock_guard lock(mutex_);
        job_ = &job;
        ++generation_;
    }
    wake_.notify_all();
    work_on(job);
    // No chunk is left to take. A thread that is inside may still work on its last one; a thread
    // that has not woken yet must not see the job any more, for it dies with this call.
    std::unique_lock lock(mutex_);
    job_ = nullptr;
    finished_.wait(lock, [this] { return threads_inside_ == 0; });
}

void WorkerPool::thread_main() noexcept {
    ::pthread_setname_np(::pthread_self(), "workers");  // for whoever counts time by thread
    std::uint64_t last_seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(
            lock, [&] { return stopping_ || (job_ != nullptr && generation_ != last_seen); });
        if (stopping_) {
            return;
        }
        last_seen = generation_;
        Job& job = *job_;
        ++threads_inside_;
        lock.unlock();
        work_on(job);
        lock.lock();
        if (--threads_inside_ == 0) {
            finished_.notify_one();
        }
    }
}

void WorkerPool::work_on(Job& job) noexcept {
    while (true) {
        // Relaxed is enough: the mutex orders the job before, and its results after, the work.
        const std::size_t chunk = job.next_chunk.fetch_add(1, std::memory_order_relaxed);
        if (chunk >= job.chunk_count) {
            return;
        }
        const std::size_t begin = chunk * job.grain;
        job.task(begin, begin + std::min(job.grain, job.count - begin));
    }
}

}  // namespace polis
