#include <node/runtime/job_pool.hpp>

#include <utility>

#include <core/check.hpp>
#include <node/runtime/thread_name.hpp>

namespace polis::node {

JobPool::JobPool(std::string name, std::size_t thread_count, std::size_t queue_max)
    : name_(std::move(name)), thread_count_(thread_count), queue_max_(queue_max) {
    POLIS_ASSERT(thread_count > 0);
    threads_.reserve(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads_.emplace_back([this, i] { thread_main(i); });
    }
}

bool JobPool::submit(Job job) {
    {
        const MutexLock lock(mutex_);
        if (stopping_ || jobs_.size() >= queue_max_) {
            return false;
        }
        jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
    return true;
}

void JobPool::stop() {
    std::deque<Job> dropped;  // their destructors may call anything, so not under the lock
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        dropped.swap(jobs_);
    }
    dropped.clear();
    join();
}

void JobPool::finish() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    join();
}

void JobPool::join() {
    ready_.notify_all();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
}

std::size_t JobPool::waiting() const {
    const MutexLock lock(mutex_);
    return jobs_.size();
}

void JobPool::thread_main(std::size_t index) {
    name_this_thread(name_ + "-" + std::to_string(index));
    for (;;) {
        Job job;
        {
            const MutexLock lock(mutex_);
            while (jobs_.empty() && !stopping_) {
                ready_.wait(mutex_);
            }
            if (jobs_.empty()) {
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

}  // namespace polis::node
