#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <core/integer.hpp>
#include <tools/bench/faults.hpp>
#include <tools/bench/run.hpp>
#include <tools/bench/sweep.hpp>
#include <tools/bench/workload.hpp>
#include <tools/polis/bench_command_groups.hpp>
#include <tools/polis/bench_options.hpp>
#include <tools/polis/node_access.hpp>

namespace polis::tools {

namespace {

constexpr std::uint64_t kSearchSeconds = 4;  ///< of a load that looks for the knee

struct RunWords {
    BenchOptions common;
    std::size_t nodes = 4;
    std::string election = "dpos";
    std::string workload = "transfer";
    std::string fault;
    std::string rate = "auto";
    std::uint64_t seconds = 20;
    std::uint64_t knee_percent = bench::kCalmPercent;
};

bench::LoadPlan plan_at(const RunWords& words, std::uint64_t rate, std::uint64_t seconds) {
    return plan_of(
        words.common,
        fmt::format("{} {} at {}/s", words.election, words.workload, rate),
        words.workload,
        rate,
        seconds);
}

/// A share of the knee, which short loads look for, each on a network of its own: of some workloads
/// much stays behind.
Fallible<std::uint64_t> found_rate(const RunWords& words, bench::Report& report) {
    BenchOptions common = words.common;
    common.keep = false;
    std::uint64_t networks = 0;
    const auto load = [&](std::uint64_t rate) {
        const auto measure = [&](bench::Network& network) {
            return bench::measure(network, plan_at(words, rate, kSearchSeconds), say_progress);
        };
        const std::string name = fmt::format("search-{}", ++networks);
        return on_own_network(common, words.nodes, words.election, name, measure);
    };
    POLIS_TRY(const bench::Knee knee, bench::find_knee({}, load, say_progress));
    report.knee_per_s = knee.per_s;
    return std::max<std::uint64_t>(1, knee.per_s * words.knee_percent / 100);
}

Fallible<std::uint64_t> named_rate(const std::string& text) {
    const auto rate = parse_u64(text);
    if (!rate || *rate == 0 || *rate > kBenchRateMax) {
        return wrong_usage(fmt::format(
            "--rate {} is neither auto nor a number from 1 to {}: transactions a second",
            text,
            kBenchRateMax));
    }
    return *rate;
}

Outcome run(const RunWords& words) {
    bench::Report report;
    report.command = "run";
    report.machine = machine_of(words.common);
    const bool search = words.rate == "auto";
    std::uint64_t rate = 0;
    if (!search) {
        POLIS_TRY(rate, named_rate(words.rate));
    }
    POLIS_TRY_VOID(bench::make_workload(words.workload));
    const bench::FaultKind* fault = nullptr;
    if (!words.fault.empty()) {
        POLIS_TRY(fault, bench::find_fault(words.fault));
    }
    if (search) {
        POLIS_TRY(rate, found_rate(words, report));
    }
    POLIS_TRY(
        bench::Network network,
        start_network(words.common, words.nodes, words.election, words.election));
    bench::LoadPlan plan = plan_at(words, rate, words.seconds);
    plan.rate_found = search;
    plan.fault = fault;
    POLIS_TRY(bench::Run measured, bench::measure(network, plan, say_progress));
    report.runs.push_back(std::move(measured));
    return finish_bench(words.common, report);
}

}  // namespace

void add_bench_run_command(Program& program, CLI::App& bench) {
    const auto words = std::make_shared<RunWords>();
    CLI::App& command = *bench.add_subcommand(
        "run", "One load on a network of its own: throughput, latency, and what they cost");
    add_nodes_option(command, words->nodes);
    add_election_option(command, words->election);
    add_workload_option(command, words->workload);
    command
        .add_option("--rate", words->rate, "Transactions a second, or auto: a share of the knee")
        ->capture_default_str();
    command.add_option("--knee-percent", words->knee_percent, "The share that auto takes")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{300}))
        ->capture_default_str();
    command.add_option("--seconds", words->seconds, "How long")
        ->check(CLI::Range(std::uint64_t{1}, kBenchSecondsMax))
        ->capture_default_str();
    command.add_option("--fault", words->fault, "A schedule of `polis bench faults`");
    add_bench_options(program, command, words->common);
    program.on(command, [words] { return run(*words); });
}

}  // namespace polis::tools
