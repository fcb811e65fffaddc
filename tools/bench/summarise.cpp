#include <tools/bench/summarise.hpp>

#include <algorithm>

#include <consensus/quorum.hpp>

namespace polis::tools::bench {

namespace {

std::uint64_t between(std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; }

std::uint64_t second_of(std::uint64_t us) { return us / 1'000'000; }

/// Seconds of a run, made as they are touched.
class Timeline {
  public:
    Second& at(std::uint64_t us) {
        const std::size_t index = static_cast<std::size_t>(second_of(us));
        while (seconds_.size() <= index) {
            seconds_.push_back({.at_s = seconds_.size()});
            times_.emplace_back();
        }
        return seconds_[index];
    }

    void finalized(std::uint64_t at_us, std::uint64_t latency_us) {
        ++at(at_us).finalized;
        times_[static_cast<std::size_t>(second_of(at_us))].record(latency_us);
    }

    std::vector<Second> take() {
        for (std::size_t i = 0; i < seconds_.size(); ++i) {
            seconds_[i].p50_us = times_[i].percentile(500);
            seconds_[i].p99_us = times_[i].percentile(990);
        }
        return std::move(seconds_);
    }

  private:
    std::vector<Second> seconds_;
    std::vector<Histogram> times_;
};

/// What is counted block by block.
class Sums {
  public:
    Sums(const LoadTimes& times, const Driven& seen, Run& run)
        : times_(times),
          seen_(seen),
          run_(run),
          quorum_(consensus::quorum(static_cast<std::size_t>(run.setup.nodes))) {}

    void all() {
        for (const std::uint64_t due : times_.due_us) {
            ++line_.at(due).due;
        }
        for (std::size_t i = 0; i < times_.due_us.size(); ++i) {
            if (seen_.accepted_us[i] != kNever) {
                ++line_.at(seen_.accepted_us[i]).accepted;
                accepted_.record(between(times_.due_us[i], seen_.accepted_us[i]));
            }
        }
        for (const SeenBlock& block : seen_.blocks) {
            add(block);
        }
        finish();
    }

  private:
    void add(const SeenBlock& block) {
        const std::uint64_t first = seen_.had_by(1, block.height);
        if (first == kNever) {
            return;
        }
        Blocks& blocks = run_.blocks;
        ++blocks.count;
        blocks.txns_max = std::max<std::uint64_t>(blocks.txns_max, block.txns.size());
        blocks.view_changes += block.view;
        if (blocks.count > 1) {
            intervals_.record(between(block_before_, first));
        }
        block_before_ = first;
        if (!block.txns.empty()) {
            blocks.longest_stall_us =
                std::max(blocks.longest_stall_us, between(load_before_, first));
            load_before_ = first;
        }
        const std::uint64_t most = seen_.had_by(quorum_, block.height);
        for (const std::size_t txn : block.txns) {
            add(txn, first, most);
        }
    }

    void add(std::size_t txn, std::uint64_t first, std::uint64_t most) {
        if (!seen_.succeeded[txn]) {
            return;
        }
        const std::uint64_t due = times_.due_us[txn];
        run_.counts.in_time += first <= times_.load_us ? 1U : 0U;
        first_.record(between(due, first));
        if (most != kNever) {
            quorums_.record(between(due, most));
        }
        line_.finalized(first, between(due, first));
    }

    void finish() {
        Counts& counts = run_.counts;
        counts.offered = times_.due_us.size();
        counts.finalized = static_cast<std::uint64_t>(std::ranges::count(seen_.succeeded, true));
        counts.failed = static_cast<std::uint64_t>(std::ranges::count(seen_.failed, true));
        counts.unfinished = counts.offered - counts.finalized - counts.failed;
        counts.refusals = seen_.refusals;
        run_.per_second = times_.load_us == 0 ? 0
                                              : static_cast<double>(counts.in_time) * 1e6 /
                                                    static_cast<double>(times_.load_us);
        run_.latency = {
            .accepted = spread_of(accepted_),
            .first = spread_of(first_),
            .quorum = spread_of(quorums_)};
        run_.blocks.interval = spread_of(intervals_);
        run_.seconds = line_.take();
    }

    const LoadTimes& times_;
    const Driven& seen_;
    Run& run_;
    const std::size_t quorum_;
    Timeline line_;
    Histogram accepted_;
    Histogram first_;
    Histogram quorums_;
    Histogram intervals_;
    std::uint64_t block_before_ = 0;
    std::uint64_t load_before_ = 0;
};

}  // namespace

Spread spread_of(const Histogram& times) {
    return {
        .count = times.count(),
        .mean_us = times.mean(),
        .p50_us = times.percentile(500),
        .p90_us = times.percentile(900),
        .p99_us = times.percentile(990),
        .p999_us = times.percentile(999),
        .max_us = times.max()};
}

LoadTimes times_of(const std::vector<DueTxn>& load, std::uint64_t seconds) {
    LoadTimes out{.due_us = {}, .load_us = seconds * 1'000'000};
    out.due_us.reserve(load.size());
    for (const DueTxn& due : load) {
        out.due_us.push_back(due.at_us);
    }
    return out;
}

void summarise(const LoadTimes& times, const Driven& seen, Run& run) {
    Sums(times, seen, run).all();
}

void add_looks(const std::vector<Second>& looks, Run& run) {
    for (const Second& look : looks) {
        while (run.seconds.size() <= look.at_s) {
            run.seconds.push_back({.at_s = run.seconds.size()});
        }
        Second& second = run.seconds[static_cast<std::size_t>(look.at_s)];
        second.waiting = look.waiting;
        second.height = look.height;
        second.nodes_up = look.nodes_up;
        second.cpu_us = look.cpu_us;
    }
}

}  // namespace polis::tools::bench
