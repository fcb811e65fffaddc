#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <tools/bench/result.hpp>
#include <tools/bench/run.hpp>
#include <tools/polis/command.hpp>

/// What the commands of `polis bench` that start networks share.
namespace polis::tools {

inline constexpr std::uint64_t kBenchRateMax = 200'000;   ///< transactions a second
inline constexpr std::uint64_t kBenchSecondsMax = 3'600;  ///< of a load

struct BenchOptions {
    std::string home;  ///< of the network; empty: a temporary folder
    std::string out;   ///< folder for the report; empty: none is written
    std::string polisd;
    std::string seed = "bench";
    std::uint64_t block_interval_ms = 100;
    std::uint64_t senders = 1'000;
    std::uint64_t random_seed = 1;
    std::uint16_t base_port = 0;  ///< 0: free ones
    bool keep = false;
    bool json = false;
    std::string version;
};

/// Adds --home, --out, --polisd, --keep, --json, --senders, --block-interval-ms, --random-seed.
void add_bench_options(Program& program, CLI::App& command, BenchOptions& options);

void add_nodes_option(CLI::App& command, std::size_t& nodes, std::size_t nodes_min = 1);
void add_workload_option(CLI::App& command, std::string& workload);
void add_election_option(CLI::App& command, std::string& election);

/// A network of its own for one or several loads; `name` tells it from the command's others.
[[nodiscard]] Fallible<bench::Network> start_network(
    const BenchOptions& options,
    std::size_t nodes,
    const std::string& election,
    const std::string& name);

using MeasureOn = std::function<Fallible<bench::Run>(bench::Network&)>;

/// The same for one load: the network ends after it, so that what a load leaves behind touches no
/// other. @error that of the network or of the load
[[nodiscard]] Fallible<bench::Run> on_own_network(
    const BenchOptions& options,
    std::size_t nodes,
    const std::string& election,
    const std::string& name,
    const MeasureOn& measure);

/// A load with what the options say of all of them.
[[nodiscard]] bench::LoadPlan plan_of(
    const BenchOptions& options,
    std::string name,
    const std::string& workload,
    std::uint64_t rate,
    std::uint64_t seconds);

/// The machine, so far as a report says it.
[[nodiscard]] bench::Machine machine_of(const BenchOptions& options);

/// Prints the report, writes its folder, and fails if its verdict does.
[[nodiscard]] Outcome finish_bench(const BenchOptions& options, const bench::Report& report);

}  // namespace polis::tools
