#include <tools/bench/launcher.hpp>

#include <deque>
#include <future>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include <node/runtime/mutex.hpp>

namespace polis::tools::bench {

namespace {

using Task = std::packaged_task<Fallible<void>()>;

class LastingThread {
  public:
    LastingThread() : thread_([this](const std::stop_token& stop) { loop(stop); }) {}

    LastingThread(const LastingThread&) = delete;
    LastingThread& operator=(const LastingThread&) = delete;

    ~LastingThread() {
        thread_.request_stop();
        wake_.notify_one();
    }

    Fallible<void> run(const std::function<Fallible<void>()>& work) {
        Task task(work);
        std::future<Fallible<void>> done = task.get_future();
        {
            const node::MutexLock lock(mutex_);
            waiting_.push_back(std::move(task));
        }
        wake_.notify_one();
        return done.get();
    }

  private:
    void loop(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (std::optional<Task> task = take(stop)) {
                (*task)();
            }
        }
    }

    std::optional<Task> take(const std::stop_token& stop) {
        constexpr std::uint64_t kLookMs = 100;  ///< a wake-up between the look and the wait is lost
        const node::MutexLock lock(mutex_);
        if (waiting_.empty() && !stop.stop_requested()) {
            wake_.wait_for(mutex_, kLookMs);
        }
        if (waiting_.empty()) {
            return std::nullopt;
        }
        std::optional<Task> out = std::move(waiting_.front());
        waiting_.pop_front();
        return out;
    }

    node::Mutex mutex_;
    node::Condition wake_;
    std::deque<Task> waiting_ POLIS_GUARDED_BY(mutex_);
    std::jthread thread_;  ///< last: ends before what it uses
};

}  // namespace

Fallible<void> on_lasting_thread(const std::function<Fallible<void>()>& work) {
    static LastingThread thread;
    return thread.run(work);
}

}  // namespace polis::tools::bench
