#include <tools/bench/sweep.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <core/check.hpp>
#include <tools/bench/faults.hpp>

namespace polis::tools::bench {

namespace {

using SayLine = std::function<void(std::string_view)>;

constexpr std::uint64_t kBps = 10'000;
constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kGrowth = 2;
constexpr std::string_view kCalmName = "of the knee";
constexpr std::string_view kTransfer = "transfer";  ///< the workload whose cost is judged

std::string describe(const SweepPoint& point) {
    return fmt::format("{}, {} nodes, {}", point.workload, point.nodes, point.name);
}

/// A load that is meant to be too much fails what other loads are checked for; safety it must keep.
void keep_safety_only(Run& run) {
    std::erase_if(run.checks, [](const Check& check) { return check.what != kNoForkCheck; });
}

double per_txn(std::uint64_t sum, const Run& run) {
    return run.counts.finalized == 0
               ? 0
               : static_cast<double>(sum) / static_cast<double>(run.counts.finalized);
}

/// The loads of one workload on one number of nodes.
class Corner {
  public:
    Corner(SweepPoint where, const SweepOptions& options, const LoadPoint& load)
        : where_(std::move(where)), options_(options), load_(load) {}

    Fallible<void> run(Report& report, const SayLine& say) {
        const LoadAt at = [&](std::uint64_t rate) { return trial(rate); };
        POLIS_TRY(Knee knee, find_knee(options_.knee, at, say));
        knee_ = knee.per_s;
        std::ranges::move(knee.runs, std::back_inserter(runs_));
        report.checks.push_back(
            {.what = fmt::format("knee of {} on {} nodes", where_.workload, where_.nodes),
             .wanted = "found",
             .found = fmt::format("{}/s", knee_),
             .passed = true});
        const bool is_knee = knee_ < options_.knee.rate_max;  // otherwise it lies beyond
        if (judged() && is_knee && where_.workload == kTransfer) {
            judge_cost(report);
        }
        POLIS_TRY_VOID(calm(report));
        POLIS_TRY_VOID(overload(report));
        std::ranges::move(runs_, std::back_inserter(report.runs));
        return {};
    }

    [[nodiscard]] std::uint64_t knee() const { return knee_; }

  private:
    Fallible<Run> load(std::uint64_t rate, std::string name, bool rate_found) {
        SweepPoint point = where_;
        point.rate = rate;
        point.rate_found = rate_found;
        point.name = std::move(name);
        point.name = describe(point);
        POLIS_TRY(Run run, load_(point));
        run.name = point.name;
        keep_safety_only(run);
        return run;
    }

    Fallible<Run> trial(std::uint64_t rate) {
        const std::uint64_t tried = ++tries_[rate];
        return load(
            rate,
            tried == 1 ? fmt::format("{}/s", rate) : fmt::format("{}/s, try {}", rate, tried),
            /*rate_found=*/false);
    }

    [[nodiscard]] bool judged() const { return where_.nodes <= options_.judged_nodes_max; }

    /// @pre the knee was just found: its own load is the latest of its rate
    void judge_cost(Report& report) const {
        const auto at_knee = std::find_if(
            runs_.rbegin(), runs_.rend(), [&](const Run& run) { return run.setup.rate == knee_; });
        const Floor& floor = at_knee->floor;
        report.checks.push_back(
            {.what = fmt::format("processor time of a transfer, {}", at_knee->name),
             .wanted = fmt::format(
                 "at most {} times the verification of its signature by each node",
                 kKneeFloorRatioMax),
             .found = fmt::format("{:.2f} times", floor.ratio),
             .passed = floor.ratio > 0 && floor.ratio <= kKneeFloorRatioMax});
    }

    Fallible<void> calm(Report& report) {
        const std::uint64_t rate = std::max<std::uint64_t>(1, knee_ * kCalmPercent / 100);
        POLIS_TRY(
            Run run,
            load(rate, fmt::format("{} % {}", kCalmPercent, kCalmName), /*rate_found=*/true));
        if (judged()) {
            report.checks.push_back(
                {.what = fmt::format("p99 latency at a quorum, {}", run.name),
                 .wanted = fmt::format("under {} ms", kCalmP99UsMax / 1'000),
                 .found = fmt::format("{} ms", run.latency.quorum.p99_us / 1'000),
                 .passed =
                     run.latency.quorum.count > 0 && run.latency.quorum.p99_us < kCalmP99UsMax});
        }
        runs_.push_back(std::move(run));
        return {};
    }

    Fallible<void> overload(Report& report) {
        const double peak = std::ranges::max(runs_, {}, &Run::per_second).per_second;
        POLIS_TRY(
            Run run,
            load(
                kOverloadTimes * knee_,
                fmt::format("{} times the knee", kOverloadTimes),
                /*rate_found=*/true));
        std::uint64_t resident = 0;
        for (const NodeUse& node : run.nodes) {
            resident = std::max(resident, node.resident_bytes_max);
        }
        if (judged()) {
            const double wanted = peak * static_cast<double>(kOverloadPeakPercent) / 100;
            report.checks.push_back(
                {.what = fmt::format("throughput, {}", run.name),
                 .wanted = fmt::format(
                     "at least {} % of the peak, {:.0f}/s", kOverloadPeakPercent, wanted),
                 .found = fmt::format("{:.0f}/s", run.per_second),
                 .passed = run.per_second >= wanted});
            report.checks.push_back(
                {.what = fmt::format("memory of the largest node, {}", run.name),
                 .wanted = fmt::format("at most {} MiB", kResidentBytesMax >> 20),
                 .found = fmt::format("{} MiB", resident >> 20),
                 .passed = resident <= kResidentBytesMax});
        }
        runs_.push_back(std::move(run));
        return {};
    }

    const SweepPoint where_;
    const SweepOptions& options_;
    const LoadPoint& load_;
    std::uint64_t knee_ = 0;
    std::map<std::uint64_t, std::uint64_t> tries_;  ///< by rate
    std::vector<Run> runs_;
};

}  // namespace

KneeSearch::KneeSearch(const KneeOptions& options) : options_(options) {
    POLIS_ASSERT(options.rate_min > 0 && options.rate_min <= options.from);
    POLIS_ASSERT(options.from <= options.rate_max && options.attempts > 0);
}

std::optional<std::uint64_t> KneeSearch::next() const {
    if (!low_ && !high_) {
        return options_.from;
    }
    if (!high_) {
        return *low_ >= options_.rate_max
                   ? std::nullopt
                   : std::optional{std::min(options_.rate_max, kGrowth * *low_)};
    }
    if (!low_) {
        return *high_ <= options_.rate_min
                   ? std::nullopt
                   : std::optional{std::max(options_.rate_min, *high_ / kGrowth)};
    }
    const std::uint64_t gap = *high_ - *low_;
    return gap <= 1 || gap * kBps <= *low_ * options_.precision_bps
               ? std::nullopt
               : std::optional{*low_ + gap / 2};
}

void KneeSearch::record(bool kept_up) {
    const std::optional<std::uint64_t> rate = next();
    POLIS_ASSERT(rate.has_value());
    if (kept_up) {
        low_ = rate;
        failures_ = 0;
    } else if (++failures_ >= options_.attempts) {
        high_ = rate;
        failures_ = 0;
    }
}

KeepingUp keeps_up(const Run& run) {
    const std::uint64_t load_us = run.setup.seconds * kSecondUs;
    const std::uint64_t counted_us = load_us - std::min(load_us / 2, kLastMomentsUs);
    const double due = load_us == 0
                           ? 0
                           : static_cast<double>(run.counts.offered) *
                                 static_cast<double>(counted_us) / static_cast<double>(load_us);
    const double share = due <= 0 ? 0 : static_cast<double>(run.counts.in_time) / due;
    const std::uint64_t p99_us = run.latency.quorum.p99_us;
    KeepingUp out;
    out.kept_up = share * static_cast<double>(kBps) >= static_cast<double>(kInTimeBps) &&
                  run.latency.quorum.count > 0 && p99_us <= kQuorumP99UsMax &&
                  run.counts.unfinished == 0;
    out.why = fmt::format(
        "{:.1f} % final in time, p99 at a quorum {} ms{}",
        100 * std::min(share, 1.0),
        p99_us / 1'000,
        run.counts.unfinished == 0 ? "" : fmt::format(", {} unfinished", run.counts.unfinished));
    return out;
}

Fallible<Knee> find_knee(const KneeOptions& options, const LoadAt& load, const SayLine& say) {
    KneeSearch search(options);
    Knee out;
    std::string last;
    while (const auto rate = search.next()) {
        POLIS_TRY(Run run, load(*rate));
        const KeepingUp result = keeps_up(run);
        last = fmt::format("{}/s: {}", *rate, result.why);
        say(fmt::format("{}: {}", last, result.kept_up ? "keeps up" : "too much"));
        search.record(result.kept_up);
        out.runs.push_back(std::move(run));
    }
    if (!search.knee()) {
        return std::unexpected(Failure(fmt::format(
            "the network does not keep up with anything ({}); is the machine busy with something "
            "else? Look at the logs with --keep, or begin with a lower --from",
            last)));
    }
    out.per_s = *search.knee();
    return out;
}

Fallible<Report> sweep(const SweepOptions& options, const LoadPoint& load, const SayLine& say) {
    Report out;
    out.command = "sweep";
    for (const std::string& workload : options.workloads) {
        for (const std::size_t nodes : options.nodes) {
            say(fmt::format("{} on {} nodes", workload, nodes));
            SweepPoint where;
            where.nodes = nodes;
            where.workload = workload;
            Corner corner(std::move(where), options, load);
            POLIS_TRY_VOID(corner.run(out, say));
            out.knee_per_s = out.knee_per_s.value_or(corner.knee());
        }
    }
    return out;
}

std::vector<Growth> growth_of(const Report& report) {
    std::vector<Growth> out;
    for (const Run& run : report.runs) {
        if (!run.name.ends_with(kCalmName)) {
            continue;
        }
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
        for (const NodeUse& node : run.nodes) {
            messages += node.messages_sent;
            bytes += node.sent_bytes;
        }
        const double blocks = static_cast<double>(std::max<std::uint64_t>(run.blocks.count, 1));
        out.push_back(
            {.workload = run.setup.workload,
             .nodes = run.setup.nodes,
             .rate = run.setup.rate,
             .cpu_us = run.floor.spent_us,
             .floor_ratio = run.floor.ratio,
             .messages = per_txn(messages, run),
             .bytes = per_txn(bytes, run),
             .block_messages = static_cast<double>(messages) / blocks});
    }
    return out;
}

}  // namespace polis::tools::bench
