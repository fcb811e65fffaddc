#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <node/trainer/trainer_host.hpp>

namespace polis::node::testing {

/// Longer than the host's own patience, so that what it says comes first.
inline constexpr std::chrono::seconds kPatience{120};

/// What the host said, to wait for.
class Diary {
  public:
    TrainerHost::Listener listener() {
        return {
            .progress = [this](const auto& progress) { note(progress_, progress); },
            .finished = [this](auto finished) { note(finished_, finished); },
            .failed = [this](const auto& failed) { note(failed_, failed); },
            .died = [this](
                        const std::string& why,
                        std::uint64_t pause_ms) { note(deaths_, std::pair(why, pause_ms)); },
            .visited = [this](const std::string& line) { note(visits_, line); }};
    }

    trainer::Progress progress() { return wait_for(progress_, 1); }

    void wait_for_progress_of(std::uint64_t job) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(
            lock, kPatience, [&] { return !progress_.empty() && progress_.back().job == job; }));
    }

    trainer::Finished finished(std::size_t count = 1) { return wait_for(finished_, count); }

    trainer::Failed failed(std::size_t count = 1) { return wait_for(failed_, count); }

    std::pair<std::string, std::uint64_t> death(std::size_t count = 1) {
        return wait_for(deaths_, count);
    }

    std::string visit(std::size_t count) { return wait_for(visits_, count); }

  private:
    template <class T>
    void note(std::vector<T>& list, const T& item) {
        {
            const std::lock_guard lock(mutex_);
            list.push_back(item);
        }
        changed_.notify_all();
    }

    /// The item with this number, from 1.
    template <class T>
    T wait_for(const std::vector<T>& list, std::size_t count) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, kPatience, [&] { return list.size() >= count; })) {
            ADD_FAILURE() << "waited in vain";
            return {};
        }
        return list[count - 1];
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<trainer::Progress> progress_;
    std::vector<trainer::Finished> finished_;
    std::vector<trainer::Failed> failed_;
    std::vector<std::pair<std::string, std::uint64_t>> deaths_;
    std::vector<std::string> visits_;
};

}  // namespace polis::node::testing
