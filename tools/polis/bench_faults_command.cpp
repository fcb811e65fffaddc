#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tools/bench/faults.hpp>
#include <tools/bench/run.hpp>
#include <tools/bench/workload.hpp>
#include <tools/polis/bench_command_groups.hpp>
#include <tools/polis/bench_options.hpp>
#include <tools/polis/node_access.hpp>

namespace polis::tools {

namespace {

/// Shorter loads have too few whole seconds before, in and after an outage.
constexpr std::uint64_t kSecondsMin = 9;
constexpr std::size_t kNodesMin = 4;  ///< below it no node may fail

struct FaultsWords {
    BenchOptions common;
    std::vector<std::string> only;
    std::size_t nodes = kNodesMin;
    std::string election = "dpos";
    std::string workload = "transfer";
    std::uint64_t rate = 0;     ///< 0: as below
    std::uint64_t seconds = 0;  ///< 0: as below
    bool quick = false;
};

/// What --quick changes.
struct Scale {
    std::uint64_t rate;
    std::uint64_t seconds;
};

constexpr Scale kQuick{300, 12};
constexpr Scale kWhole{1'000, 24};

Fallible<std::vector<const bench::FaultKind*>> chosen(const std::vector<std::string>& names) {
    std::vector<const bench::FaultKind*> out;
    for (const std::string& name : names) {
        POLIS_TRY(const bench::FaultKind* const kind, bench::find_fault(name));
        out.push_back(kind);
    }
    if (names.empty()) {
        for (const bench::FaultKind& kind : bench::fault_kinds()) {
            out.push_back(&kind);
        }
    }
    return out;
}

/// One schedule on a network of its own, so that no fault follows from another one.
Fallible<bench::Run> run_one(const FaultsWords& words, const bench::FaultKind& kind) {
    const Scale& scale = words.quick ? kQuick : kWhole;
    const std::string name(kind.name);
    say_progress(fmt::format("{}: {}", kind.name, kind.about));
    bench::LoadPlan plan = plan_of(
        words.common,
        name,
        words.workload,
        words.rate == 0 ? scale.rate : words.rate,
        words.seconds == 0 ? scale.seconds : words.seconds);
    plan.fault = &kind;
    return on_own_network(
        words.common, words.nodes, words.election, name, [&](bench::Network& network) {
            return bench::measure(network, plan, say_progress);
        });
}

Outcome run_faults(const FaultsWords& words) {
    bench::Report report;
    report.command = "faults";
    report.machine = machine_of(words.common);
    POLIS_TRY(const auto kinds, chosen(words.only));
    POLIS_TRY_VOID(bench::make_workload(words.workload));
    for (const bench::FaultKind* const kind : kinds) {
        if (words.nodes < kind->nodes_min) {
            return wrong_usage(fmt::format(
                "{} needs at least {} nodes; give more --nodes", kind->name, kind->nodes_min));
        }
    }
    for (const bench::FaultKind* const kind : kinds) {
        POLIS_TRY(bench::Run run, run_one(words, *kind));
        report.runs.push_back(std::move(run));
    }
    return finish_bench(words.common, report);
}

}  // namespace

void add_bench_faults_command(Program& program, CLI::App& bench) {
    const auto words = std::make_shared<FaultsWords>();
    CLI::App& command = *bench.add_subcommand(
        "faults", "Crashes, partitions, slow and lying nodes under load: what they cost");
    std::vector<std::string> kinds;
    for (const bench::FaultKind& kind : bench::fault_kinds()) {
        kinds.push_back(fmt::format("{} ({})", kind.name, kind.about));
    }
    command.add_option("--only", words->only, fmt::format("Some of {}", fmt::join(kinds, ", ")));
    command.add_flag("--quick", words->quick, "Shorter loads at a lower rate");
    add_nodes_option(command, words->nodes, kNodesMin);
    add_election_option(command, words->election);
    add_workload_option(command, words->workload);
    command
        .add_option(
            "--rate",
            words->rate,
            fmt::format("Transactions a second; default: {}, quick {}", kWhole.rate, kQuick.rate))
        ->check(CLI::Range(std::uint64_t{1}, kBenchRateMax));
    command
        .add_option(
            "--seconds",
            words->seconds,
            fmt::format("How long; default: {}, quick {}", kWhole.seconds, kQuick.seconds))
        ->check(CLI::Range(kSecondsMin, kBenchSecondsMax));
    add_bench_options(program, command, words->common);
    program.on(command, [words] { return run_faults(*words); });
}

}  // namespace polis::tools
