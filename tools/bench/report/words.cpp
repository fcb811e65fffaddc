#include <tools/bench/report/words.hpp>

#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include <core/types.hpp>
#include <genesis/devnet.hpp>
#include <tools/plot/svg.hpp>

namespace polis::tools::bench {

namespace {

/// Three digits that count: 1.25, 12.5, 125.
std::string three_digits(double value) {
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

std::string whole(std::uint64_t value) { return plot::grouped(value); }

std::string rounded(double value) {
    if (!(value >= 0) || value > 1e18) {
        return fmt::format("{:.3g}", value);
    }
    return whole(static_cast<std::uint64_t>(std::llround(value)));
}

std::string time_text(std::uint64_t us) {
    constexpr double kMs = 1e3;
    constexpr double kSecond = 1e6;
    const auto value = static_cast<double>(us);
    if (us < 1'000) {
        return fmt::format("{} us", us);
    }
    return value < kSecond ? three_digits(value / kMs) + " ms"
                           : three_digits(value / kSecond) + " s";
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    constexpr std::uint64_t kStep = 1'024;
    if (bytes < kStep) {
        return fmt::format("{} B", bytes);
    }
    auto value = static_cast<double>(bytes) / kStep;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= kStep;
        ++unit;
    }
    return fmt::format("{} {}", three_digits(value), kUnits[unit]);
}

std::string moment_text(std::uint64_t unix_ms) { return genesis::to_text(TimeMs{unix_ms}); }

std::string setup_text(const Setup& setup) {
    return fmt::format(
        "{} nodes, {}, {}, {}/s{}, {} s{}{}",
        setup.nodes,
        setup.election,
        setup.workload,
        whole(setup.rate),
        setup.rate_found ? " (found)" : "",
        setup.seconds,
        setup.fault.empty() ? "" : ", ",
        setup.fault);
}

std::string machine_text(const Machine& machine) {
    return fmt::format(
        "{}, {} cores, {}, {}, load {:.2f} before",
        machine.cpu,
        machine.cores,
        bytes_text(machine.memory_bytes),
        machine.system,
        machine.load_before);
}

std::string floor_text(const Floor& floor) {
    if (floor.ratio <= 0) {
        return "nothing was finalized";
    }
    return fmt::format(
        "{:.0f} us of {:.0f} us for the signatures: {:.2f} times the floor",
        floor.spent_us,
        floor.floor_us,
        floor.ratio);
}

std::string share_text(double share) { return fmt::format("{:.1f} %", share * 100); }

}  // namespace polis::tools::bench
