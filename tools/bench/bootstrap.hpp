#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

/// How sure a difference between two series of seconds is. Neighbouring seconds depend on each
/// other (a stall lasts, a mempool drains), so blocks of them are drawn, not single ones: the
/// moving block bootstrap (Kuensch 1989).
namespace polis::tools::bench {

/// Fewer seconds say nothing about their own scatter.
inline constexpr std::size_t kSecondsMin = 8;

/// A change in percent of what it was before, with the ends of its 95 % interval.
struct Change {
    double percent = 0;
    double low = 0;
    double high = 0;

    bool operator==(const Change&) const = default;
};

/// A figure of the seconds with these positions; they may repeat, in any order.
/// Infinite or NaN: these seconds have none.
using Statistic = std::function<double(std::span<const std::size_t> seconds)>;

/// One of the two series.
struct Sample {
    std::size_t seconds = 0;
    Statistic statistic;
};

/// How many seconds stay together when `seconds` of them are drawn: about their cube root.
[[nodiscard]] std::size_t block_seconds(std::size_t seconds);

/// How series are drawn.
struct Drawing {
    std::uint64_t seed = 1;
    std::string_view stream;  ///< equal seeds and streams draw the same seconds

    /// The same seconds of both series: for series that change in the same way at the same time.
    /// Only if they are equally long.
    bool paired = false;
};

/// The change from `before` to `after`. The ends are those of the middle 95 % of the changes that
/// drawn series show, moved apart for what short series hide: their blocks say less of the scatter
/// than all seconds would, and few blocks say it with an error (Student's t with as many degrees of
/// freedom as there are whole blocks, less two; of one series, less one, if they are paired).
/// Equal arguments have equal results.
/// @return nothing if a series is shorter than kSecondsMin or the figure does not exist for it
/// @complexity kDraws evaluations of both statistics
[[nodiscard]] std::optional<Change> bootstrap_change(
    const Sample& before, const Sample& after, const Drawing& drawing);

/// The 97.5th percentile of Student's t. @pre freedom > 0
[[nodiscard]] double student_t975(std::size_t freedom);

}  // namespace polis::tools::bench
