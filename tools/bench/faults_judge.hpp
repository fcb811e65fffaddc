#pragma once

#include <cstdint>
#include <string>

#include <tools/bench/result.hpp>

/// Judgements of a run during which something was done to the network, from its series of seconds.
/// Moments count as in Run, in microseconds from the first transaction that was due.
namespace polis::tools::bench {

/// A part of a run. Only seconds that lie in it whole are looked at.
struct Span {
    std::uint64_t from_us = 0;
    std::uint64_t to_us = 0;
};

/// Throughput below this share of what it was counts as a loss.
inline constexpr std::uint64_t kDipPercent = 75;
/// For how long a loss may last, and over how long its depth is looked at.
inline constexpr std::uint64_t kDipSeconds = 2;
/// How soon blocks must come again once enough nodes are there.
inline constexpr std::uint64_t kRecoverySecondsMax = 15;

/// Nothing becomes final in the span but in its first moments: a quorum is missing.
[[nodiscard]] Check stands_still(const Run& run, Span span);

/// Something becomes final within kRecoverySecondsMax after the moment.
[[nodiscard]] Check recovers(const Run& run, std::uint64_t from_us);

[[nodiscard]] Check stall_at_most(const Run& run, std::uint64_t limit_us);

/// At most kDipSeconds of the span are below kDipPercent of before.
[[nodiscard]] Check dips_briefly(const Run& run, Span span);

/// In no kDipSeconds of the span, taken together, is less than kDipPercent of before done.
[[nodiscard]] Check dips_little(const Run& run, Span span);

/// Over the whole span at least kDipPercent of before is done.
[[nodiscard]] Check holds_up(const Run& run, Span span);

/// At least this share of what was due is final in time, leaving out the last moments.
[[nodiscard]] Check keeps_pace(const Run& run);

/// Finalized in a typical second before the moment; 0 if there is no whole one.
[[nodiscard]] std::uint64_t usual_before(const Run& run, std::uint64_t moment_us);

}  // namespace polis::tools::bench
