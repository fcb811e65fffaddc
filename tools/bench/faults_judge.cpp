#include <tools/bench/faults_judge.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <tools/bench/sweep.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kPercent = 100;
/// For what was decided already when a quorum went.
constexpr std::uint64_t kFirstMomentsUs = 1'000'000;

/// Whole seconds of the span, in order.
std::vector<const Second*> seconds_in(const Run& run, Span span) {
    std::vector<const Second*> out;
    for (const Second& second : run.seconds) {
        if (second.at_s * kSecondUs >= span.from_us &&
            (second.at_s + 1) * kSecondUs <= span.to_us) {
            out.push_back(&second);
        }
    }
    return out;
}

std::uint64_t sum_of(const std::vector<const Second*>& seconds) {
    std::uint64_t out = 0;
    for (const Second* second : seconds) {
        out += second->finalized;
    }
    return out;
}

/// "12.3 s"
std::string in_seconds(std::uint64_t us) {
    return fmt::format("{}.{} s", us / kSecondUs, us % kSecondUs / (kSecondUs / 10));
}

Check too_short(std::string what, std::string wanted) {
    return {
        .what = std::move(what),
        .wanted = std::move(wanted),
        .found = "too few whole seconds to tell; load for longer with --seconds",
        .passed = false};
}

/// Percent of `usual`, for people.
std::string share_of(std::uint64_t part, std::uint64_t usual) {
    return fmt::format("{} %", part * kPercent / usual);
}

bool is_dip(std::uint64_t finalized, std::uint64_t usual) {
    return finalized * kPercent < usual * kDipPercent;
}

}  // namespace

std::uint64_t usual_before(const Run& run, std::uint64_t moment_us) {
    std::vector<const Second*> before = seconds_in(run, {.from_us = 0, .to_us = moment_us});
    if (before.size() > 1) {
        before.erase(before.begin());  // the pipeline fills
    }
    if (before.empty()) {
        return 0;
    }
    const auto middle = before.begin() + static_cast<std::ptrdiff_t>(before.size() / 2);
    std::ranges::nth_element(before, middle, {}, [](const Second* s) { return s->finalized; });
    return (*middle)->finalized;
}

Check stands_still(const Run& run, Span span) {
    const std::string what = "no block without a quorum";
    const std::string wanted = "0 transactions final meanwhile";
    const auto seconds =
        seconds_in(run, {.from_us = span.from_us + kFirstMomentsUs, .to_us = span.to_us});
    if (seconds.empty()) {
        return too_short(what, wanted);
    }
    const std::uint64_t found = sum_of(seconds);
    return {
        .what = what,
        .wanted = wanted,
        .found = fmt::format("{} in {} s", found, seconds.size()),
        .passed = found == 0};
}

Check recovers(const Run& run, std::uint64_t from_us) {
    std::optional<std::uint64_t> after_s;
    for (const Second& second : run.seconds) {
        if (second.at_s * kSecondUs >= from_us && second.finalized > 0) {
            after_s = second.at_s - from_us / kSecondUs;
            break;
        }
    }
    return {
        .what = "blocks come again once a quorum is back",
        .wanted = fmt::format("within {} s", kRecoverySecondsMax),
        .found = after_s ? fmt::format("in second {}", *after_s) : "never",
        .passed = after_s && *after_s <= kRecoverySecondsMax};
}

Check stall_at_most(const Run& run, std::uint64_t limit_us) {
    return {
        .what = "longest stall",
        .wanted = "at most " + in_seconds(limit_us),
        .found = in_seconds(run.blocks.longest_stall_us),
        .passed = run.blocks.longest_stall_us <= limit_us};
}

Check dips_briefly(const Run& run, Span span) {
    const std::string what =
        fmt::format("time with less than {} % of the throughput of before", kDipPercent);
    const std::string wanted = fmt::format("at most {} s", kDipSeconds);
    const std::uint64_t usual = usual_before(run, span.from_us);
    const auto seconds = seconds_in(run, span);
    if (usual == 0 || seconds.size() <= kDipSeconds) {
        return too_short(what, wanted);
    }
    const auto low = static_cast<std::uint64_t>(std::ranges::count_if(
        seconds, [&](const Second* second) { return is_dip(second->finalized, usual); }));
    return {
        .what = what,
        .wanted = wanted,
        .found = fmt::format("{} s of {}", low, seconds.size()),
        .passed = low <= kDipSeconds};
}

Check dips_little(const Run& run, Span span) {
    const std::string what = fmt::format("throughput in the worst {} s", kDipSeconds);
    const std::string wanted = fmt::format("at least {} % of before", kDipPercent);
    const std::uint64_t usual = usual_before(run, span.from_us);
    const auto seconds = seconds_in(run, span);
    if (usual == 0 || seconds.size() < kDipSeconds) {
        return too_short(what, wanted);
    }
    std::uint64_t worst = UINT64_MAX;
    for (auto first = seconds.begin(); seconds.end() - first >= std::ptrdiff_t{kDipSeconds};
         ++first) {
        worst = std::min(worst, sum_of({first, first + std::ptrdiff_t{kDipSeconds}}));
    }
    return {
        .what = what,
        .wanted = wanted,
        .found = share_of(worst, usual * kDipSeconds),
        .passed = !is_dip(worst, usual * kDipSeconds)};
}

Check holds_up(const Run& run, Span span) {
    const std::string what = "throughput meanwhile";
    const std::string wanted = fmt::format("at least {} % of before", kDipPercent);
    const std::uint64_t usual = usual_before(run, span.from_us);
    const auto seconds = seconds_in(run, span);
    if (usual == 0 || seconds.empty()) {
        return too_short(what, wanted);
    }
    const std::uint64_t sum = sum_of(seconds);
    return {
        .what = what,
        .wanted = wanted,
        .found = share_of(sum, usual * seconds.size()),
        .passed = !is_dip(sum, usual * seconds.size())};
}

Check keeps_pace(const Run& run) {
    const KeepingUp result = keeps_up(run);
    return {
        .what = "keeps up with the load",
        .wanted = fmt::format(
            "{} % final in time, p99 at a quorum at most {}",
            kInTimeBps / kPercent,
            in_seconds(kQuorumP99UsMax)),
        .found = result.why,
        .passed = result.kept_up};
}

}  // namespace polis::tools::bench
