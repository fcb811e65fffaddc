#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <tools/devnet/devnet.hpp>
#include <tools/load/load.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/devnet_options.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

constexpr std::uint64_t kRateMax = 100'000;
constexpr std::uint64_t kSecondsMax = 3'600;
constexpr std::size_t kAccountsMax = 100'000;

struct DevnetLoadOptions {
    DevnetOptions common;
    LoadOptions load;
};

/// "12.3" of 12300 microseconds.
std::string milliseconds(std::uint64_t micros) {
    return fmt::format("{}.{} ms", micros / 1'000, micros % 1'000 / 100);
}

Report report_of(const LoadOptions& options, const LoadResult& result) {
    Report out;
    out.number("offered", result.offered)
        .number("finalized", result.finalized)
        .number("unfinished", result.unfinished)
        .number("refusals", result.refusals)
        .number("seconds", options.seconds)
        .number("finalizedPerSecond", result.in_time / options.seconds)
        .number("blocks", result.blocks);
    const std::pair<const char*, std::uint64_t> latencies[] = {
        {"latencyP50", result.latency_us.percentile(500)},
        {"latencyP90", result.latency_us.percentile(900)},
        {"latencyP99", result.latency_us.percentile(990)},
        {"latencyMax", result.latency_us.max()},
        {"longestPause", result.pause_us_max}};
    for (const auto& [name, micros] : latencies) {
        out.json(std::string(name) + "Us", micros).note(name, milliseconds(micros));
    }
    return out;
}

Outcome load(const DevnetLoadOptions& options) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(options.common));
    LoadOptions load = options.load;
    load.seed = devnet.manifest.seed;
    load.say = say_progress;
    for (const devnet::Node& node : devnet.nodes) {
        if (devnet::state_of(devnet, node) == devnet::ProcessState::kRunning) {
            load.nodes.push_back(devnet::rpc_address(node));
        }
    }
    if (load.nodes.empty()) {
        return std::unexpected(Failure("no node of the devnet runs; start it: polis devnet up"));
    }
    POLIS_TRY(const LoadResult result, run_load(load));
    POLIS_TRY_VOID(print(report_of(load, result), options.common.json));
    if (result.unfinished > 0) {
        return std::unexpected(Failure(fmt::format(
            "{} transfers were not final when patience ended; look at polis devnet status",
            result.unfinished)));
    }
    return {};
}

}  // namespace

void add_devnet_load_command(Program& program, CLI::App& devnet) {
    const auto options = std::make_shared<DevnetLoadOptions>();
    CLI::App& command = *devnet.add_subcommand(
        "load", "Send signed transfers at a steady rate and count what becomes final");
    command.add_option("--rate", options->load.rate, "Transfers a second, over all nodes")
        ->check(CLI::Range(std::uint64_t{1}, kRateMax))
        ->capture_default_str();
    command.add_option("--seconds", options->load.seconds, "How long")
        ->check(CLI::Range(std::uint64_t{1}, kSecondsMax))
        ->capture_default_str();
    command.add_option("--senders", options->load.accounts, "Accounts that send")
        ->check(CLI::Range(std::size_t{1}, kAccountsMax))
        ->capture_default_str();
    command.add_option("--random-seed", options->load.random_seed, "Who pays whom")
        ->capture_default_str();
    add_devnet_options(command, options->common);
    program.on(command, [options] { return load(*options); });
}

}  // namespace polis::tools
