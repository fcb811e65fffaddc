#include <tools/bench/bootstrap.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <core/check.hpp>
#include <core/random.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::size_t kDraws = 2'000;
constexpr double kNormal975 = 1.959964;  ///< 97.5th percentile of the normal distribution

/// Positions of one drawn series: blocks from random places, one after the other.
void draw(Random& random, std::size_t seconds, std::vector<std::size_t>& out) {
    const std::size_t block = block_seconds(seconds);
    out.clear();
    while (out.size() < seconds) {
        const auto begin = static_cast<std::size_t>(random.below(seconds - block + 1));
        for (std::size_t i = 0; i < block && out.size() < seconds; ++i) {
            out.push_back(begin + i);
        }
    }
}

double whole_series(const Sample& sample) {
    std::vector<std::size_t> all(sample.seconds);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return sample.statistic(all);
}

/// Between the neighbours of the rank that the share has. @pre sorted is not empty
double quantile(const std::vector<double>& sorted, double share) {
    const double rank = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(rank);
    const double low = sorted[below];
    const double high = sorted[std::min(below + 1, sorted.size() - 1)];
    const double part = rank - static_cast<double>(below);
    return part > 0 && high > low ? low + part * (high - low) : low;
}

double percent_change(double before, double after) { return (after / before - 1) * 100; }

/// What the variance of drawn series lacks against that of the series: blocks that overlap hide the
/// scatter between the places where they may begin.
double deficit(std::size_t seconds) {
    const auto all = static_cast<double>(seconds);
    return all / (all - static_cast<double>(block_seconds(seconds)));
}

std::vector<double> drawn_changes(
    const Sample& before, const Sample& after, const Drawing& drawing, bool paired) {
    Random random(drawing.seed, drawing.stream);
    std::vector<double> out;
    std::vector<std::size_t> drawn;
    for (std::size_t i = 0; i < kDraws; ++i) {
        draw(random, before.seconds, drawn);
        const double was = before.statistic(drawn);
        if (!paired) {
            draw(random, after.seconds, drawn);
        }
        const double change = percent_change(was, after.statistic(drawn));
        if (!std::isnan(change)) {
            out.push_back(change);
        }
    }
    return out;
}

/// Degrees of freedom: what is known of the scatter comes from so many whole blocks.
std::size_t freedom(std::size_t before, std::size_t after, bool paired) {
    const std::size_t blocks = before / block_seconds(before);
    return paired ? blocks - 1 : blocks + after / block_seconds(after) - 2;
}

}  // namespace

std::size_t block_seconds(std::size_t seconds) {
    const auto root = std::lround(std::cbrt(static_cast<double>(seconds)));
    return std::max<std::size_t>(1, static_cast<std::size_t>(root));
}

double student_t975(std::size_t freedom) {
    POLIS_ASSERT(freedom > 0);
    // Hill's expansion around the normal quantile (Abramowitz and Stegun 26.7.5), good to 0.1 %
    // from 3 degrees on; below, the series does not hold.
    constexpr double kExact[] = {12.7062, 4.3027};
    if (freedom <= std::size(kExact)) {
        return kExact[freedom - 1];
    }
    const double z = kNormal975;
    const double z3 = z * z * z;
    const double z5 = z3 * z * z;
    const double z7 = z5 * z * z;
    const double z9 = z7 * z * z;
    const auto n = static_cast<double>(freedom);
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n) +
           (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * n * n * n * n);
}

std::optional<Change> bootstrap_change(
    const Sample& before, const Sample& after, const Drawing& drawing) {
    if (before.seconds < kSecondsMin || after.seconds < kSecondsMin) {
        return std::nullopt;
    }
    const double percent = percent_change(whole_series(before), whole_series(after));
    if (!std::isfinite(percent)) {
        return std::nullopt;
    }
    const bool paired = drawing.paired && before.seconds == after.seconds;
    std::vector<double> changes = drawn_changes(before, after, drawing, paired);
    // A figure that half of the drawn series do not have is no figure of these seconds.
    if (changes.size() < kDraws / 2) {
        return std::nullopt;
    }
    std::ranges::sort(changes);
    const double wider = std::sqrt(std::max(deficit(before.seconds), deficit(after.seconds))) *
                         student_t975(freedom(before.seconds, after.seconds, paired)) / kNormal975;
    // A drawn series may lie on one side of the figure altogether: the figure is within anyhow.
    const double low = std::min(quantile(changes, 0.025), percent);
    const double high = std::max(quantile(changes, 0.975), percent);
    return Change{
        .percent = percent,
        .low = std::max(percent - wider * (percent - low), std::min(percent, -100.0)),
        .high = percent + wider * (high - percent)};
}

}  // namespace polis::tools::bench
