#include <tools/polis/bench_options.hpp>

#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <tools/bench/probe.hpp>
#include <tools/bench/report/json.hpp>
#include <tools/bench/report/output.hpp>
#include <tools/bench/workload.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/manifest.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

namespace fs = std::filesystem;

fs::path home_of(const BenchOptions& options, const std::string& name) {
    if (!options.home.empty()) {
        return fs::absolute(options.home) / name;
    }
    return fs::temp_directory_path() / fmt::format("polis-bench-{}-{}", ::getpid(), name);
}

}  // namespace

void add_nodes_option(CLI::App& command, std::size_t& nodes, std::size_t nodes_min) {
    command.add_option("--nodes", nodes, "Validators")
        ->check(CLI::Range(nodes_min, devnet::kNodesMax))
        ->capture_default_str();
}

void add_workload_option(CLI::App& command, std::string& workload) {
    std::vector<std::string> kinds;
    for (const bench::WorkloadKind& kind : bench::workload_kinds()) {
        kinds.push_back(fmt::format("{} ({})", kind.name, kind.about));
    }
    command.add_option("--workload", workload, fmt::format("One of {}", fmt::join(kinds, ", ")))
        ->capture_default_str();
}

void add_election_option(CLI::App& command, std::string& election) {
    command.add_option("--election", election, "How seats are earned: dpos, pole")
        ->capture_default_str();
}

void add_bench_options(Program& program, CLI::App& command, BenchOptions& options) {
    options.version = program.version;
    command.add_option("--out", options.out, "Write the report into this folder: HTML, JSON, CSV");
    command.add_option("--senders", options.senders, "Accounts that send")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{devnet::kAccountsMax}))
        ->capture_default_str();
    command
        .add_option("--block-interval-ms", options.block_interval_ms, "Least time between blocks")
        ->check(CLI::Range(devnet::kBlockIntervalMsMin, devnet::kBlockIntervalMsMax))
        ->capture_default_str();
    command.add_option("--random-seed", options.random_seed, "Of what the transactions do")
        ->capture_default_str();
    command.add_option("--home", options.home, "Where networks live; default: a temporary folder");
    command.add_option("--polisd", options.polisd, "The node program; default: beside this one");
    command.add_option("--base-port", options.base_port, "First port; default: free ones")
        ->check(CLI::Range(devnet::kBasePortMin, std::uint16_t{60'000}));
    command.add_flag(
        "--keep", options.keep, "Keep the homes of networks; run also leaves its network running");
    command.add_flag("--json", options.json, "Answer in JSON");
}

Fallible<bench::Network> start_network(
    const BenchOptions& options,
    std::size_t nodes,
    const std::string& election,
    const std::string& name) {
    bench::NetworkOptions network;
    network.nodes = nodes;
    network.election = election;
    network.seed = options.seed;
    network.accounts = options.senders;
    network.block_interval_ms = options.block_interval_ms;
    network.home = home_of(options, name);
    network.keep = options.keep;
    network.polisd = options.polisd;
    network.version = options.version;
    if (options.base_port != 0) {
        network.base_port = options.base_port;
    }
    return bench::Network::start(network, say_progress);
}

Fallible<bench::Run> on_own_network(
    const BenchOptions& options,
    std::size_t nodes,
    const std::string& election,
    const std::string& name,
    const MeasureOn& measure) {
    POLIS_TRY(bench::Network network, start_network(options, nodes, election, name));
    POLIS_TRY(bench::Run out, measure(network));
    POLIS_TRY_VOID(devnet::down(network.devnet(), {}, say_progress));
    return out;
}

bench::LoadPlan plan_of(
    const BenchOptions& options,
    std::string name,
    const std::string& workload,
    std::uint64_t rate,
    std::uint64_t seconds) {
    bench::LoadPlan out;
    out.name = std::move(name);
    out.workload = workload;
    out.rate = rate;
    out.seconds = seconds;
    out.senders = options.senders;
    out.random_seed = options.random_seed;
    return out;
}

bench::Machine machine_of(const BenchOptions& options) {
    return bench::this_machine(options.version);
}

Outcome finish_bench(const BenchOptions& options, const bench::Report& report) {
    if (!options.out.empty()) {
        POLIS_TRY_VOID(bench::write_files(options.out, report));
        say_progress(fmt::format(
            "wrote {}", (fs::absolute(options.out) / "report.html").lexically_normal().string()));
    }
    POLIS_TRY_VOID(print(options.json ? bench::to_json(report) : bench::to_text(report)));
    if (!bench::passed(report)) {
        return std::unexpected(Failure(bench::verdict(report)));
    }
    return {};
}

}  // namespace polis::tools
