#include <tools/sim/campaign.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>

#include <unistd.h>

#include <tools/sim/simulation.hpp>

namespace polis::sim {

namespace {

/// What the signal handler writes: the line that replays the run of this thread.
thread_local std::string g_current_case;

void write_case(int signal_number) {
    const std::string& line = g_current_case;
    // Nothing else is safe in a signal handler; if nobody reads it, nothing can be done about it.
    if (!line.empty() && ::write(STDERR_FILENO, line.data(), line.size()) < 0) {
        ::_exit(1);
    }
    (void)std::signal(signal_number, SIG_DFL);
    (void)std::raise(signal_number);
}

RunResult run_named(const Case& run) {
    g_current_case = "\nthe program died in the run " + to_arguments(run) + "\n";
    RunResult result = run_case(run);
    g_current_case.clear();
    return result;
}

void add(CampaignResult& total, const Case& run, const RunResult& result) {
    ++total.runs;
    total.heights += result.heights;
    total.messages += result.messages;
    total.restarts += result.restarts;
    total.facts += result.facts;
    total.rounds += result.rounds;
    total.school += result.school;
    total.accusations += result.accusations;
    total.forks += result.forked ? 1 : 0;
    total.simulated_ms += result.simulated_ms;
    total.memory_bytes_max = std::max(total.memory_bytes_max, result.memory_bytes_max);
    if (result.violation) {
        total.failures.push_back({run, *result.violation});
    } else if (run.options.above_f == 0) {
        total.recovery_views.push_back(result.recovery_views);
    }
}

/// The seeds of a campaign, handed out one by one.
class Pool {
  public:
    Pool(const CampaignOptions& options, const CampaignProgress& progress)
        : options_(options), progress_(progress) {}

    void work() {
        while (true) {
            const std::uint64_t index = next_++;
            if (index >= options_.seeds || stopping_) {
                break;
            }
            const Case run{options_.first_seed + index, options_.options};
            finish(run, run_named(run));
        }
    }

    CampaignResult result() {
        std::ranges::sort(total_.recovery_views);
        std::ranges::sort(
            total_.failures, {}, [](const FailedCase& failed) { return failed.run.seed; });
        return std::move(total_);
    }

  private:
    void finish(const Case& run, const RunResult& result) {
        const std::scoped_lock lock(mutex_);
        const std::pair worst{worst_views_, UINT64_MAX - total_.worst_seed};
        if (std::pair{result.recovery_views, UINT64_MAX - run.seed} > worst || total_.runs == 0) {
            worst_views_ = result.recovery_views;
            total_.worst_seed = run.seed;
        }
        add(total_, run, result);
        stopping_ = stopping_ || (options_.stops_at_violation && result.violation);
        if (progress_) {
            progress_(total_.runs);
        }
    }

    const CampaignOptions& options_;
    const CampaignProgress& progress_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    // Protected by mutex_.
    CampaignResult total_;
    std::uint64_t worst_views_ = 0;
};

}  // namespace

std::uint64_t CampaignResult::recovery_percentile(std::uint64_t percent) const {
    if (recovery_views.empty()) {
        return 0;
    }
    const std::size_t rank = (recovery_views.size() * percent + 99) / 100;
    return recovery_views[std::max<std::size_t>(rank, 1) - 1];
}

CampaignResult run_campaign(const CampaignOptions& options, const CampaignProgress& progress) {
    Pool pool(options, progress);
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < options.jobs; ++i) {
        threads.emplace_back([&pool] { pool.work(); });
    }
    pool.work();
    for (std::thread& thread : threads) {
        thread.join();
    }
    return pool.result();
}

std::optional<FailedCase> find_first_failing_seed(const Options& options, std::uint64_t seeds_max) {
    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
        const Case run{seed, options};
        if (const RunResult result = run_named(run); result.violation) {
            return FailedCase{run, *result.violation};
        }
    }
    return std::nullopt;
}

void name_case_on_abort() {
    for (const int signal_number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        (void)std::signal(signal_number, write_case);
    }
}

}  // namespace polis::sim
