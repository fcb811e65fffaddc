#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <tools/polis/command.hpp>
#include <tools/polis/report.hpp>
#include <tools/sim/campaign.hpp>
#include <tools/sim/options.hpp>
#include <tools/sim/simulation.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;

struct SimulateOptions {
    sim::CampaignOptions campaign;
    sim::Faults faults;  ///< as flags; none means all
    bool no_faults = false;
    std::string nodes = "4..10";
    std::optional<std::uint64_t> seed;
    bool trace = false;
    std::string trace_file;
    std::string failures_file = "simulate-failures.txt";
    bool json = false;
    bool mutants = false;
    bool seeds_given = false;
    std::string program;  ///< as it was called
};

std::string system_reason() { return std::generic_category().message(errno); }

std::uint64_t per_second(std::uint64_t count, std::uint64_t ms) {
    return count * 1'000 / std::max<std::uint64_t>(ms, 1);
}

std::uint64_t passed_ms(Clock::time_point begin) {
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    return static_cast<std::uint64_t>(passed.count());
}

/// Joins what the command line says. @error contradictions, for a person
Outcome settle(SimulateOptions& options) {
    sim::Options& run = options.campaign.options;
    POLIS_TRY_VOID(sim::read_nodes(options.nodes, run));
    if (options.no_faults && options.faults.any()) {
        return std::unexpected("--no-faults contradicts the flags of faults; drop one of them");
    }
    const bool all = !options.no_faults && !options.faults.any();
    run.faults = all ? sim::Faults::all() : options.faults;
    if (std::string fault = sim::options_error(run); !fault.empty()) {
        return std::unexpected(std::move(fault));
    }
    if (!options.seed && (options.trace || !options.trace_file.empty())) {
        return std::unexpected("--trace shows one run; choose it with --seed N");
    }
    if (options.json && options.trace && options.trace_file.empty()) {
        return std::unexpected("--trace and --json share one output; add --trace-file FILE");
    }
    return {};
}

class Progress {
  public:
    explicit Progress(std::uint64_t seeds) : seeds_(seeds) {}

    /// A line a second on standard error; short campaigns stay silent.
    void update(std::uint64_t done) {
        if (Clock::now() - last_ < std::chrono::seconds{1}) {
            return;
        }
        last_ = Clock::now();
        const std::uint64_t rate = per_second(done, passed_ms(begin_));
        fmt::print(stderr, "simulate: {} of {} seeds, {} a second\n", done, seeds_, rate);
    }

  private:
    const std::uint64_t seeds_;
    const Clock::time_point begin_ = Clock::now();
    Clock::time_point last_ = begin_;
};

std::string replay_line(const SimulateOptions& options, const sim::Case& run) {
    return fmt::format("{} simulate {} --trace", options.program, to_arguments(run));
}

/// Adds the failed cases to the file, a line each. @error if it cannot be written
Outcome save_failures(const std::vector<sim::FailedCase>& failures, const std::string& path) {
    std::ofstream file(path, std::ios::app);
    for (const sim::FailedCase& failed : failures) {
        file << to_arguments(failed.run) << "  # " << to_string(failed.violation.broken) << ": "
             << failed.violation.what << '\n';
    }
    file.flush();
    if (!file) {
        return std::unexpected(fmt::format(
            "cannot write {}: {}; choose another with --failures FILE", path, system_reason()));
    }
    return {};
}

Report describe(
    const SimulateOptions& options, const sim::CampaignResult& result, std::uint64_t ms) {
    Report report;
    report.number("seeds", result.runs);
    report.number("first_seed", options.campaign.first_seed);
    report.number("jobs", options.campaign.jobs);
    report.number("wall_ms", ms);
    report.number("seeds_per_second", per_second(result.runs, ms));
    report.number("heights", result.heights);
    report.number("messages", result.messages);
    report.number("messages_per_second", per_second(result.messages, ms));
    report.number("simulated_seconds", result.simulated_ms / 1'000);
    report.number("restarts", result.restarts);
    report.number("facts", result.facts);
    report.number("rounds", result.rounds);
    report.number("accusations", result.accusations);
    report.number("forks_above_f", result.forks);
    report.number("recovered", result.recovery_views.size());
    report.number("recovery_views_p50", result.recovery_percentile(50));
    report.number("recovery_views_p99", result.recovery_percentile(99));
    report.number("recovery_views_worst", result.recovery_percentile(100));
    report.number("worst_seed", result.worst_seed);
    report.number("node_memory_bytes_max", result.memory_bytes_max);
    report.number("violations", result.failures.size());
    return report;
}

Outcome run_many(const SimulateOptions& options) {
    Progress progress(options.campaign.seeds);
    const Clock::time_point begin = Clock::now();
    const sim::CampaignResult result = sim::run_campaign(
        options.campaign, [&progress](std::uint64_t done) { progress.update(done); });
    Report report = describe(options, result, passed_ms(begin));
    if (!result.failures.empty()) {
        std::vector<Report> rows;
        for (const sim::FailedCase& failed : result.failures) {
            rows.emplace_back()
                .number("seed", failed.run.seed)
                .text("broken", to_string(failed.violation.broken))
                .text("what", failed.violation.what)
                .text("replay", replay_line(options, failed.run));
        }
        report.list("failures", std::move(rows));
    }
    POLIS_TRY_VOID(print(report, options.json));
    if (result.failures.empty()) {
        return {};
    }
    POLIS_TRY_VOID(save_failures(result.failures, options.failures_file));
    return std::unexpected(fmt::format(
        "{} of {} seeds broke a promise; they are in {}, replay one with {}",
        result.failures.size(),
        result.runs,
        options.failures_file,
        replay_line(options, result.failures.front().run)));
}

Outcome run_one(const SimulateOptions& options) {
    const sim::Case run{*options.seed, options.campaign.options};
    std::ofstream file;
    sim::TraceSink sink;
    if (!options.trace_file.empty()) {
        file.open(options.trace_file);
        sink = [&file](std::string_view line) { file << line << '\n'; };
    } else if (options.trace) {
        sink = [](std::string_view line) { fmt::print("{}\n", line); };
    }
    const sim::RunResult result = sim::Simulation(run, std::move(sink)).run();
    file.flush();
    if (!options.trace_file.empty() && !file) {
        return std::unexpected(fmt::format(
            "cannot write {}: {}; choose another file", options.trace_file, system_reason()));
    }
    Report report;
    report.text("run", to_arguments(run));
    report.number("heights", result.heights);
    report.number("events", result.events);
    report.number("messages", result.messages);
    report.number("simulated_ms", result.simulated_ms);
    report.number("restarts", result.restarts);
    report.number("facts", result.facts);
    report.number("rounds", result.rounds);
    report.number("committees", result.committees);
    report.number("accusations", result.accusations);
    report.flag("forked_above_f", result.forked);
    report.number("highest_view", result.views_max);
    report.number("recovery_views", result.recovery_views);
    report.number("recovery_ms", result.recovery_ms);
    report.number("node_memory_bytes_max", result.memory_bytes_max);
    report.bytes("digest", result.digest.view());
    report.text("violation", result.violation ? to_string(result.violation->broken) : "none");
    POLIS_TRY_VOID(print(report, options.json));
    if (!result.violation) {
        return {};
    }
    return std::unexpected(fmt::format(
        "{} is broken: {}", to_string(result.violation->broken), result.violation->what));
}

/// Becomes the program that hunts deliberate bugs. It stands beside this one where the tests were
/// built; the product itself holds none of them. @return only if that fails
Outcome run_mutants(const SimulateOptions& options) {
    std::error_code error;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string path = (here.parent_path() / "polis-mutants").string();
    std::vector<std::string> words{path, "--jobs", std::to_string(options.campaign.jobs)};
    if (options.seeds_given) {
        words.insert(words.end(), {"--seeds", std::to_string(options.campaign.seeds)});
    }
    if (options.json) {
        words.emplace_back("--json");
    }
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    ::execv(path.c_str(), arguments.data());
    return std::unexpected(fmt::format(
        "cannot start {}: {}; it is built together with the tests: ./dev build",
        path,
        system_reason()));
}

void add_faults(CLI::App& command, SimulateOptions& options) {
    command.add_flag("--byzantine", options.faults.byzantine, "Up to f members lie");
    command.add_flag("--crash", options.faults.crash, "Nodes lose power");
    command.add_flag("--partition", options.faults.partition, "Links are cut");
    command.add_flag("--loss", options.faults.loss, "Messages are lost, repeated and late");
    command.add_flag("--disk", options.faults.disk, "Disks fail; vote records are set back");
    command.add_flag("--pole", options.campaign.options.pole, "Seats are earned by learning");
    command.add_flag("--no-faults", options.no_faults, "None of these; by default all");
    command
        .add_option(
            "--above-f",
            options.campaign.options.above_f,
            "Members that lie beyond f: agreement may break, and they must be convicted")
        ->check(CLI::Range(0, 64))
        ->capture_default_str();
}

}  // namespace

void add_simulate_commands(Program& program) {
    const auto options = std::make_shared<SimulateOptions>();
    options->program = program.invoked_as;
    options->campaign.jobs = std::max(1U, std::thread::hardware_concurrency());
    CLI::App& command = *program.app.add_subcommand(
        "simulate", "Run whole networks through faults that a seed decides, and check every step");
    const CLI::Option* seeds =
        command.add_option("--seeds", options->campaign.seeds, "How many runs")
            ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
            ->capture_default_str();
    command.add_option("--first-seed", options->campaign.first_seed, "Seed of the first run")
        ->capture_default_str();
    command.add_option("--jobs", options->campaign.jobs, "Runs at a time")
        ->check(CLI::Range(1, 1'024))
        ->capture_default_str();
    command.add_option("--nodes", options->nodes, "Validators in a run: A..B or N")
        ->capture_default_str();
    add_faults(command, *options);
    command.add_option("--seed", options->seed, "Run this seed alone");
    command.add_flag("--trace", options->trace, "With --seed: print a line for each event");
    command.add_option("--trace-file", options->trace_file, "With --seed: write the trace there");
    command.add_option("--failures", options->failures_file, "Where failing seeds are added")
        ->capture_default_str();
    command.add_flag("--json", options->json, "Answer in JSON");
    command.add_flag(
        "--mutants",
        options->mutants,
        "Run deliberate bugs instead of the sound code: each must be caught");
    program.on(command, [options, seeds]() -> Outcome {
        options->seeds_given = seeds->count() > 0;
        if (options->mutants) {
            return run_mutants(*options);
        }
        POLIS_TRY_VOID(settle(*options));
        sim::name_case_on_abort();
        return options->seed ? run_one(*options) : run_many(*options);
    });
}

}  // namespace polis::tools
