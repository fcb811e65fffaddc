#include <tools/bench/compare.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <tools/bench/report/words.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::uint64_t kSeed = 1;          ///< of the draws: a comparison says the same every time
constexpr double kLoadDifference = 0.5;     ///< of load averages, that may matter
constexpr double kMemoryDifference = 0.02;  ///< a kernel that reserves more is no other machine

using Seconds = std::vector<Second>;
using Positions = std::span<const std::size_t>;

/// The part in which a run is steady: the load after the warm-up, before it ends.
Seconds steady_part(const Run& run) {
    Seconds out;
    std::ranges::copy_if(run.seconds, std::back_inserter(out), [&](const Second& second) {
        return second.at_s >= kWarmUpSeconds && second.at_s < run.setup.seconds;
    });
    return out;
}

double sum(const Seconds& seconds, Positions at, std::uint64_t Second::* figure) {
    double out = 0;
    for (const std::size_t position : at) {
        out += static_cast<double>(seconds[position].*figure);
    }
    return out;
}

/// NaN without a divisor: the figure does not exist.
double divided(double sum, double by) {
    return by > 0 ? sum / by : std::numeric_limits<double>::quiet_NaN();
}

/// The mean over all transactions that became final: a second counts as often as it has of them.
double mean_latency(const Seconds& seconds, Positions at, std::uint64_t Second::* figure) {
    double out = 0;
    for (const std::size_t position : at) {
        const Second& second = seconds[position];
        out += static_cast<double>(second.*figure) * static_cast<double>(second.finalized);
    }
    return divided(out, sum(seconds, at, &Second::finalized));
}

/// A figure that two runs are compared by; a new one joins by a line in kFigures.
struct Figure {
    std::string_view name;
    bool more_is_better;
    double (*of)(const Seconds& seconds, Positions at);
};

constexpr std::array<Figure, 4> kFigures = {
    {{"finalized_per_s",
      true,
      [](const Seconds& seconds, Positions at) {
          return divided(sum(seconds, at, &Second::finalized), static_cast<double>(at.size()));
      }},
     {"p50_us",
      false,
      [](const Seconds& seconds, Positions at) {
          return mean_latency(seconds, at, &Second::p50_us);
      }},
     {"p99_us",
      false,
      [](const Seconds& seconds, Positions at) {
          return mean_latency(seconds, at, &Second::p99_us);
      }},
     {"cpu_us_per_txn", false, [](const Seconds& seconds, Positions at) {
          return divided(sum(seconds, at, &Second::cpu_us), sum(seconds, at, &Second::finalized));
      }}}};

/// How much worse it became at least and at most.
std::pair<double, double> worse(const Figure& figure, const Change& change) {
    return figure.more_is_better ? std::pair{-change.high, -change.low}
                                 : std::pair{change.low, change.high};
}

Judgement judge(const Figure& figure, const Change& change, double limit_percent) {
    const auto [least, most] = worse(figure, change);
    if (least > limit_percent) {
        return Judgement::kRegression;
    }
    return most > limit_percent ? Judgement::kNotCertain : Judgement::kFine;
}

Sample sample_of(const Figure& figure, const Seconds& seconds) {
    return {.seconds = seconds.size(), .statistic = [&figure, &seconds](Positions at) {
                return figure.of(seconds, at);
            }};
}

double or_zero(double value) { return std::isfinite(value) ? value : 0; }

double whole_value(const Figure& figure, const Seconds& seconds) {
    std::vector<std::size_t> all(seconds.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = i;
    }
    return or_zero(figure.of(seconds, all));
}

RunComparison compare_runs(const Run& before, const Run& after, double limit_percent) {
    const Seconds was = steady_part(before);
    const Seconds is = steady_part(after);
    // What was done to both at the same times is no difference between them.
    const bool paired = !before.marks.empty() && !after.marks.empty();
    RunComparison out{.name = before.name, .differences = {}};
    for (const Figure& figure : kFigures) {
        const std::string stream = fmt::format("{} {}", before.name, figure.name);
        Difference difference{
            .figure = std::string(figure.name),
            .before = whole_value(figure, was),
            .after = whole_value(figure, is),
            .change = bootstrap_change(
                sample_of(figure, was),
                sample_of(figure, is),
                {.seed = kSeed, .stream = stream, .paired = paired}),
            .judgement = Judgement::kNotJudged};
        if (difference.change) {
            difference.judgement = judge(figure, *difference.change, limit_percent);
        }
        out.differences.push_back(std::move(difference));
    }
    return out;
}

/// Collects what two reports differ in although it should be the same.
class Doubts {
  public:
    void differ(std::string_view what, const std::string& before, const std::string& after) {
        if (before != after) {
            all_.push_back(fmt::format("{} differs: {} before, {} after", what, before, after));
        }
    }

    void differ(std::string_view what, std::uint64_t before, std::uint64_t after) {
        differ(what, std::to_string(before), std::to_string(after));
    }

    void add(std::string text) { all_.push_back(std::move(text)); }

    [[nodiscard]] std::vector<std::string> take() && { return std::move(all_); }

  private:
    std::vector<std::string> all_;
};

void doubt_machines(Doubts& doubts, const Machine& before, const Machine& after) {
    doubts.differ("the processor", before.cpu, after.cpu);
    doubts.differ("the number of cores", before.cores, after.cores);
    doubts.differ("the system", before.system, after.system);
    doubts.differ("the compiler", before.compiler, after.compiler);
    doubts.differ("the version of polis", before.version, after.version);
    const auto was = static_cast<double>(before.memory_bytes);
    const auto is = static_cast<double>(after.memory_bytes);
    if (std::abs(was - is) > kMemoryDifference * std::max(was, is)) {
        doubts.differ(
            "the memory", bytes_text(before.memory_bytes), bytes_text(after.memory_bytes));
    }
    if (std::abs(before.load_before - after.load_before) > kLoadDifference) {
        doubts.add(fmt::format(
            "the machine was not equally busy: load {:.2f} before the first, {:.2f} before the "
            "second report",
            before.load_before,
            after.load_before));
    }
}

void doubt_setups(Doubts& doubts, const Run& before, const Run& after) {
    const auto named = [&](std::string_view what) {
        return fmt::format("{}: the {}", before.name, what);
    };
    const Setup& was = before.setup;
    const Setup& is = after.setup;
    doubts.differ(named("workload"), was.workload, is.workload);
    doubts.differ(named("election"), was.election, is.election);
    doubts.differ(
        named("fault"),
        was.fault.empty() ? "none" : was.fault,
        is.fault.empty() ? "none" : is.fault);
    doubts.differ(named("number of nodes"), was.nodes, is.nodes);
    doubts.differ(named("rate per second"), was.rate, is.rate);
    doubts.differ(named("length in seconds"), was.seconds, is.seconds);
    doubts.differ(named("number of senders"), was.senders, is.senders);
    doubts.differ(named("block interval in ms"), was.block_interval_ms, is.block_interval_ms);
    doubts.differ(named("random seed"), was.random_seed, is.random_seed);
}

/// A run whose own checks failed is a poor measure of anything.
void doubt_outcome(Doubts& doubts, const Run& run, std::string_view which) {
    for (const Check& check : run.checks) {
        if (!check.passed) {
            doubts.add(fmt::format(
                "{}: a check of the {} report failed: {}: found {}",
                run.name,
                which,
                check.what,
                check.found));
        }
    }
}

void doubt_lengths(Doubts& doubts, const RunComparison& comparison) {
    const bool judged = std::ranges::any_of(comparison.differences, [](const Difference& it) {
        return it.judgement != Judgement::kNotJudged;
    });
    if (!judged) {
        doubts.add(fmt::format(
            "{}: cannot be judged; a run needs at least {} seconds of load with final "
            "transactions, and {} to warm up",
            comparison.name,
            kSecondsMin,
            kWarmUpSeconds));
    }
}

std::string worst_of(const Comparison& comparison, Judgement judgement) {
    for (const RunComparison& run : comparison.runs) {
        for (const Difference& it : run.differences) {
            if (it.judgement == judgement && it.change) {
                return fmt::format(
                    "{}: {} {:+.1f} % (95 %: {:+.1f} to {:+.1f})",
                    run.name,
                    it.figure,
                    it.change->percent,
                    it.change->low,
                    it.change->high);
            }
        }
    }
    return {};
}

std::size_t count_of(const Comparison& comparison, Judgement judgement) {
    std::size_t out = 0;
    for (const RunComparison& run : comparison.runs) {
        out += static_cast<std::size_t>(
            std::ranges::count(run.differences, judgement, &Difference::judgement));
    }
    return out;
}

}  // namespace

std::string_view to_text(Judgement judgement) {
    switch (judgement) {
        case Judgement::kFine:
            return "fine";
        case Judgement::kNotCertain:
            return "not certain";
        case Judgement::kRegression:
            return "REGRESSION";
        case Judgement::kNotJudged:
            return "not judged";
    }
    return "not judged";
}

Comparison compare(const Report& before, const Report& after, double limit_percent) {
    Comparison out{.limit_percent = limit_percent, .runs = {}, .missing = {}, .warnings = {}};
    Doubts doubts;
    doubt_machines(doubts, before.machine, after.machine);
    for (const Run& run : before.runs) {
        const auto same = std::ranges::find(after.runs, run.name, &Run::name);
        if (same == after.runs.end()) {
            out.missing.push_back(run.name);
            continue;
        }
        doubt_setups(doubts, run, *same);
        doubt_outcome(doubts, run, "first");
        doubt_outcome(doubts, *same, "second");
        out.runs.push_back(compare_runs(run, *same, limit_percent));
        doubt_lengths(doubts, out.runs.back());
    }
    out.warnings = std::move(doubts).take();
    return out;
}

bool passed(const Comparison& comparison) {
    return comparison.missing.empty() && !comparison.runs.empty() &&
           count_of(comparison, Judgement::kRegression) == 0;
}

std::string verdict(const Comparison& comparison) {
    if (!comparison.missing.empty()) {
        return fmt::format(
            "FAILED: the second report has no run \"{}\"", comparison.missing.front());
    }
    if (comparison.runs.empty()) {
        return "FAILED: the first report has no runs";
    }
    if (const std::size_t count = count_of(comparison, Judgement::kRegression); count > 0) {
        return fmt::format(
            "FAILED: {}{}",
            worst_of(comparison, Judgement::kRegression),
            count == 1 ? "" : fmt::format("; and {} more", count - 1));
    }
    if (const std::size_t count = count_of(comparison, Judgement::kNotCertain); count > 0) {
        return fmt::format(
            "PASSED, but {} of the figures {} not certain: {}; measure longer",
            count,
            count == 1 ? "is" : "are",
            worst_of(comparison, Judgement::kNotCertain));
    }
    return fmt::format("PASSED: no figure is worse by more than {:g} %", comparison.limit_percent);
}

}  // namespace polis::tools::bench
