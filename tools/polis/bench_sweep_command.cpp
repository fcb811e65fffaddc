#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <tools/bench/run.hpp>
#include <tools/bench/sweep.hpp>
#include <tools/bench/workload.hpp>
#include <tools/devnet/manifest.hpp>
#include <tools/polis/bench_command_groups.hpp>
#include <tools/polis/bench_options.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

constexpr std::uint64_t kSecondsMin = 3;  ///< shorter ones end before a backlog shows

struct SweepWords {
    BenchOptions common;
    bench::SweepOptions sweep;
    std::string election = "dpos";
    std::uint64_t seconds = 10;
};

/// Starts a network for each load: one that had too much to do would spoil the next one.
class Loads {
  public:
    explicit Loads(const SweepWords& words) : words_(words) {}

    Fallible<bench::Run> run(const bench::SweepPoint& point) {
        bench::LoadPlan plan =
            plan_of(words_.common, point.name, point.workload, point.rate, words_.seconds);
        plan.rate_found = point.rate_found;
        return on_own_network(
            words_.common,
            point.nodes,
            words_.election,
            fmt::format("sweep-{}", ++networks_),
            [&](bench::Network& network) { return bench::measure(network, plan, say_progress); });
    }

  private:
    const SweepWords& words_;
    std::uint64_t networks_ = 0;
};

/// What a transaction costs in networks of several sizes.
Report describe(const std::vector<bench::Growth>& growth) {
    std::vector<Report> rows;
    for (const bench::Growth& one : growth) {
        Report row;
        row.text("workload", one.workload)
            .number("nodes", one.nodes)
            .number("per_second", one.rate);
        row.text("cpu_us", fmt::format("{:.1f}", one.cpu_us));
        row.text("times_the_floor", fmt::format("{:.2f}", one.floor_ratio));
        row.text("messages", fmt::format("{:.2f}", one.messages));
        row.text("bytes", fmt::format("{:.0f}", one.bytes));
        row.text("messages_for_a_block", fmt::format("{:.0f}", one.block_messages));
        rows.push_back(std::move(row));
    }
    Report out;
    out.list("for_one_transaction", std::move(rows));
    return out;
}

Outcome run_sweep(const SweepWords& words) {
    const bench::KneeOptions& knee = words.sweep.knee;
    if (knee.from > knee.rate_max) {
        return wrong_usage(fmt::format(
            "--from {} is beyond --to {}; give a lower --from", knee.from, knee.rate_max));
    }
    for (const std::string& workload : words.sweep.workloads) {
        POLIS_TRY_VOID(bench::make_workload(workload));
    }
    const bench::Machine machine = machine_of(words.common);
    Loads loads(words);
    const auto load = [&](const bench::SweepPoint& point) { return loads.run(point); };
    POLIS_TRY(bench::Report report, bench::sweep(words.sweep, load, say_progress));
    report.machine = machine;
    if (!words.common.json) {
        POLIS_TRY_VOID(print(describe(bench::growth_of(report)), /*as_json=*/false));
    }
    return finish_bench(words.common, report);
}

}  // namespace

void add_bench_sweep_command(Program& program, CLI::App& bench) {
    const auto words = std::make_shared<SweepWords>();
    CLI::App& command = *bench.add_subcommand(
        "sweep", "The highest rate that networks keep up with, latency below it, load beyond it");
    bench::SweepOptions& sweep = words->sweep;
    command.add_option("--nodes", sweep.nodes, "Sizes of networks, as in --nodes 4 16 31")
        ->check(CLI::Range(std::size_t{1}, devnet::kNodesMax))
        ->capture_default_str();
    command.add_option("--workload", sweep.workloads, "What transactions do, as `polis bench run`")
        ->capture_default_str();
    command.add_option("--from", sweep.knee.from, "Transactions a second of the first load")
        ->check(CLI::Range(sweep.knee.rate_min, sweep.knee.rate_max))
        ->capture_default_str();
    command.add_option("--to", sweep.knee.rate_max, "Beyond it no knee is looked for")
        ->check(CLI::Range(sweep.knee.rate_min, sweep.knee.rate_max))
        ->capture_default_str();
    add_election_option(command, words->election);
    command.add_option("--seconds", words->seconds, "How long each load is")
        ->check(CLI::Range(kSecondsMin, kBenchSecondsMax))
        ->capture_default_str();
    add_bench_options(program, command, words->common);
    program.on(command, [words] { return run_sweep(*words); });
}

}  // namespace polis::tools
