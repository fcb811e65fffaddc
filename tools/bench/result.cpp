#include <tools/bench/result.hpp>

#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace polis::tools::bench {

namespace {

/// All checks of a report in the order in which a reader meets them.
struct Tally {
    std::size_t checks = 0;
    std::size_t failed = 0;
    std::string first;  ///< of those that failed, in words

    void add(const Check& check, std::string_view run) {
        ++checks;
        if (check.passed) {
            return;
        }
        if (failed == 0) {
            first = fmt::format(
                "{}{}{}: wanted {}, found {}",
                run,
                run.empty() ? "" : ": ",
                check.what,
                check.wanted,
                check.found);
        }
        ++failed;
    }
};

Tally tally_of(const Report& report) {
    Tally out;
    for (const Check& check : report.checks) {
        out.add(check, {});
    }
    for (const Run& run : report.runs) {
        for (const Check& check : run.checks) {
            out.add(check, run.name);
        }
    }
    return out;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

double ratio_alone(const Run& run) {
    const double least = static_cast<double>(run.setup.nodes) * run.floor.verify_alone_us;
    return run.floor.ratio > 0 && least > 0 ? run.floor.spent_us / least : 0;
}

std::uint64_t messages_of(const Simulated& simulated) {
    return simulated.proposals + simulated.prepares + simulated.commits + simulated.relayed +
           simulated.gossip + simulated.others;
}

bool passed(const Report& report) {
    const Tally tally = tally_of(report);
    return tally.checks > 0 && tally.failed == 0;
}

std::string verdict(const Report& report) {
    const Tally tally = tally_of(report);
    if (tally.checks == 0) {
        return "FAILED: nothing was checked";
    }
    if (tally.failed == 0) {
        return fmt::format(
            "PASSED: {} of {}",
            counted(tally.checks, "check", "checks"),
            counted(report.runs.size(), "run", "runs"));
    }
    const std::string others =
        tally.failed == 1 ? "" : fmt::format("; and {} more", tally.failed - 1);
    return fmt::format("FAILED: {}{}", tally.first, others);
}

}  // namespace polis::tools::bench
