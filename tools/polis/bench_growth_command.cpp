#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tools/bench/growth.hpp>
#include <tools/bench/run.hpp>
#include <tools/devnet/manifest.hpp>
#include <tools/polis/bench_command_groups.hpp>
#include <tools/polis/bench_options.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/sim/growth.hpp>

namespace polis::tools {

namespace {

using Sizes = std::vector<std::size_t>;

constexpr std::uint64_t kHeightsMax = 1'000;

struct GrowthWords {
    BenchOptions common;
    Sizes nodes;      ///< empty: as below
    Sizes simulated;  ///< empty: as below
    std::uint64_t rate = 100;
    std::uint64_t heights = 8;
    std::uint64_t seconds = 0;  ///< 0: as below
    bool quick = false;
    bool simulated_only = false;
};

/// What --quick changes.
struct Scale {
    Sizes nodes;
    Sizes simulated;
    std::uint64_t seconds = 0;
};

const Scale& scale_of(bool quick) {
    static const Scale kQuick{{4, 7}, {4, 7, 16, 31}, 5};
    static const Scale kWhole{{4, 16, 31}, {4, 16, 31, 64, 100}, 10};
    return quick ? kQuick : kWhole;
}

Outcome run_growth(const GrowthWords& words) {
    const Scale& scale = scale_of(words.quick);
    bench::GrowthPlan plan;
    plan.nodes = words.nodes.empty() ? scale.nodes : words.nodes;
    if (words.simulated_only) {
        plan.nodes.clear();
    }
    plan.simulated = words.simulated.empty() ? scale.simulated : words.simulated;
    plan.rate = words.rate;
    plan.heights = words.heights;
    plan.block_interval_ms = words.common.block_interval_ms;
    plan.random_seed = words.common.random_seed;
    const bench::Machine machine = machine_of(words.common);
    const auto load = [&](std::size_t nodes) {
        const std::string name = fmt::format("{} nodes", nodes);
        const bench::LoadPlan one = plan_of(
            words.common,
            name,
            "transfer",
            words.rate,
            words.seconds == 0 ? scale.seconds : words.seconds);
        return on_own_network(
            words.common,
            nodes,
            "dpos",
            fmt::format("growth-{}", nodes),
            [&](bench::Network& network) { return bench::measure(network, one, say_progress); });
    };
    POLIS_TRY(bench::Report report, bench::measure_growth(plan, load, say_progress));
    report.machine = machine;
    return finish_bench(words.common, report);
}

std::string sizes_text(std::string_view what, const Sizes Scale::* sizes) {
    return fmt::format(
        "{}; default: {}, quick {}",
        what,
        fmt::join(scale_of(false).*sizes, " "),
        fmt::join(scale_of(true).*sizes, " "));
}

}  // namespace

void add_bench_growth_command(Program& program, CLI::App& bench) {
    const auto words = std::make_shared<GrowthWords>();
    CLI::App& command = *bench.add_subcommand(
        "growth", "What a block costs as networks grow: real ones, and simulated ones beyond");
    command
        .add_option("--nodes", words->nodes, sizes_text("Sizes of real networks", &Scale::nodes))
        ->check(CLI::Range(std::size_t{1}, devnet::kNodesMax));
    command
        .add_option(
            "--simulated",
            words->simulated,
            sizes_text("Sizes of simulated ones", &Scale::simulated))
        ->check(CLI::Range(std::size_t{1}, sim::kGrowthNodesMax));
    command.add_flag("--simulated-only", words->simulated_only, "No real networks");
    command.add_flag("--quick", words->quick, "Smaller networks and shorter loads");
    command.add_option("--rate", words->rate, "Transactions a second, the same everywhere")
        ->check(CLI::Range(std::uint64_t{1}, kBenchRateMax))
        ->capture_default_str();
    command
        .add_option(
            "--seconds",
            words->seconds,
            fmt::format(
                "How long real networks are loaded; default: {}, quick {}",
                scale_of(false).seconds,
                scale_of(true).seconds))
        ->check(CLI::Range(std::uint64_t{1}, kBenchSecondsMax));
    command.add_option("--heights", words->heights, "Blocks of simulated networks that count")
        ->check(CLI::Range(std::uint64_t{1}, kHeightsMax))
        ->capture_default_str();
    add_bench_options(program, command, words->common);
    program.on(command, [words] { return run_growth(*words); });
}

}  // namespace polis::tools
