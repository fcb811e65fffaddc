#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tools/bench/engines.hpp>
#include <tools/bench/run.hpp>
#include <tools/bench/workload.hpp>
#include <tools/devnet/manifest.hpp>
#include <tools/polis/bench_command_groups.hpp>
#include <tools/polis/bench_options.hpp>
#include <tools/polis/node_access.hpp>

namespace polis::tools {

namespace {

struct EnginesWords {
    BenchOptions common;
    std::vector<std::string> only;
    std::size_t nodes = 4;
    std::string workload = "transfer";
    std::uint64_t rate = 0;     ///< 0: as below
    std::uint64_t seconds = 0;  ///< 0: as below
    bool quick = false;
};

/// What --quick changes.
struct Scale {
    std::uint64_t rate;  ///< 0: the knee of the first engine
    std::uint64_t seconds;
    std::uint64_t search_seconds;
};

constexpr Scale kQuick{500, 8, 4};
constexpr Scale kWhole{0, 20, 5};

/// Starts a network for each load: a search leaves nothing behind.
class Loads {
  public:
    explicit Loads(const EnginesWords& words) : words_(words) {}

    Fallible<bench::Run> run(const bench::Engine& engine, std::uint64_t rate, bool is_search) {
        const Scale& scale = words_.quick ? kQuick : kWhole;
        BenchOptions common = words_.common;  // its senders are the accounts of the network
        common.senders = std::min(common.senders + 1, std::uint64_t{devnet::kAccountsMax});
        const std::uint64_t seconds = words_.seconds == 0 ? scale.seconds : words_.seconds;
        bench::LoadPlan plan = plan_of(
            common,
            std::string(engine.name),
            words_.workload,
            rate,
            is_search ? scale.search_seconds : seconds);
        plan.senders = common.senders - 1;  // the last account offers tasks
        return on_own_network(
            common,
            words_.nodes,
            std::string(engine.election),
            fmt::format("{}-{}", engine.name, ++networks_),
            [&](bench::Network& network) {
                return bench::measure_engine(network, engine, plan, say_progress);
            });
    }

  private:
    const EnginesWords& words_;
    std::uint64_t networks_ = 0;
};

Outcome run_engines(const EnginesWords& words) {
    bench::EnginesOptions options;
    const Scale& scale = words.quick ? kQuick : kWhole;
    options.rate = words.rate == 0 ? scale.rate : words.rate;
    for (const std::string& name : words.only) {
        POLIS_TRY(const bench::Engine* const engine, bench::find_engine(name));
        options.engines.push_back(engine);
    }
    if (words.only.empty()) {
        for (const bench::Engine& engine : bench::engines()) {
            options.engines.push_back(&engine);
        }
    }
    POLIS_TRY_VOID(bench::make_workload(words.workload));
    const bench::Machine machine = machine_of(words.common);
    Loads loads(words);
    const auto load = [&](const bench::Engine& engine, std::uint64_t rate, bool is_search) {
        return loads.run(engine, rate, is_search);
    };
    POLIS_TRY(bench::Report report, bench::compare_engines(options, load, say_progress));
    report.machine = machine;
    return finish_bench(words.common, report);
}

}  // namespace

void add_bench_engines_command(Program& program, CLI::App& bench) {
    const auto words = std::make_shared<EnginesWords>();
    CLI::App& command = *bench.add_subcommand(
        "engines", "The same load over every election, with and without training");
    std::vector<std::string> names;
    for (const bench::Engine& engine : bench::engines()) {
        names.push_back(fmt::format("{} ({})", engine.name, engine.about));
    }
    command.add_option("--only", words->only, fmt::format("Some of {}", fmt::join(names, ", ")));
    command.add_flag("--quick", words->quick, "Short loads at a low rate");
    add_nodes_option(command, words->nodes);
    add_workload_option(command, words->workload);
    command
        .add_option(
            "--rate",
            words->rate,
            fmt::format(
                "Transactions a second; default: the knee of {}, quick {}",
                bench::engines().front().name,
                kQuick.rate))
        ->check(CLI::Range(std::uint64_t{1}, kBenchRateMax));
    command
        .add_option(
            "--seconds",
            words->seconds,
            fmt::format("How long; default: {}, quick {}", kWhole.seconds, kQuick.seconds))
        ->check(CLI::Range(std::uint64_t{1}, kBenchSecondsMax));
    add_bench_options(program, command, words->common);
    program.on(command, [words] { return run_engines(*words); });
}

}  // namespace polis::tools
