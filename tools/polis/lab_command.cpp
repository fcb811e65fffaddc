#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <node/home/home.hpp>
#include <tools/lab/output.hpp>
#include <tools/lab/pole_lab.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;

/// What the command line says; 0 or empty where it is silent.
struct LabCommand {
    bool quick = false;
    std::string data;
    std::vector<std::string> models;
    std::uint64_t seeds = 0;
    std::uint32_t epochs = 0;
    std::size_t thieves = 0;
    std::uint64_t seconds = 0;
    bool no_blocks = false;
    std::size_t nodes = 4;
    std::uint16_t base_port = 0;
    std::size_t jobs = 0;
    std::string trainer;
    std::string polisd;
    std::string version;
    std::string output;
    bool json = false;
};

/// What --quick changes.
struct Scale {
    const char* data;
    std::uint64_t seeds;
    std::uint32_t mlp_epochs;  ///< 0: the trainer's own choice
    std::uint32_t other_epochs;
    std::size_t thieves;
    std::uint64_t seconds;
};

constexpr Scale kQuick{"digits:2000", 3, 15, 8, 10, 10};
constexpr Scale kWhole{"digits:20000", 5, 0, 0, 20, 60};

Fallible<lab::PoleLabOptions> options_of(const LabCommand& command) {
    const Scale& scale = command.quick ? kQuick : kWhole;
    lab::PoleLabOptions out;
    out.data = command.data.empty() ? scale.data : command.data;
    out.seeds = command.seeds == 0 ? scale.seeds : command.seeds;
    out.thieves = command.thieves == 0 ? scale.thieves : command.thieves;
    for (const std::string& text : command.models) {
        const auto model = trainer::parse_model_spec(text);
        if (!model) {
            return wrong_usage(fmt::format(
                "--model {}: write logistic, lenet, cnn, resnet8, or mlp with its hidden layers "
                "as in mlp:128,64",
                text));
        }
        const std::uint32_t usual = model->kind == "mlp" ? scale.mlp_epochs : scale.other_epochs;
        out.subjects.push_back({*model, command.epochs == 0 ? usual : command.epochs});
    }
    POLIS_TRY(out.workshop.trainer, lab::find_trainer(command.trainer));
    out.workshop.jobs =
        command.jobs == 0 ? std::max(1U, std::thread::hardware_concurrency()) : command.jobs;
    out.blocks = !command.no_blocks;
    out.intervals.polisd = command.polisd;
    out.intervals.version = command.version;
    out.intervals.nodes = command.nodes;
    out.intervals.base_port = command.base_port;
    out.intervals.each =
        std::chrono::seconds(command.seconds == 0 ? scale.seconds : command.seconds);
    return out;
}

/// Two digits behind the point.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
    return fmt::format("{:.2f}", static_cast<double>(value) / static_cast<double>(unit));
}

constexpr std::uint64_t kPercent = 10'000;  ///< in millionths
constexpr std::uint64_t kCore = 1'000;      ///< in thousandths

std::string percent(const lab::Summary& summary) {
    return fmt::format("{:.2f} ± {:.2f}", summary.mean / 10'000, summary.deviation / 10'000);
}

Report describe_model(const lab::ModelSummary& model) {
    Report row;
    row.text("model", model.model);
    row.text("without_map_percent", percent(model.plain_ppm));
    row.text("with_map_percent", percent(model.mapped_ppm));
    row.text("stolen_percent", percent(model.stolen_ppm));
    row.text("luckiest_thief_percent", decimal(model.luckiest_ppm, kPercent));
    row.text(
        "stolen_and_moved_percent",
        model.moved_ppm ? percent(*model.moved_ppm) : model.why_not_moved);
    row.flag("moved_scores_like_its_owner", model.moved_alike);
    return row;
}

Report describe_pace(const lab::BlockPace& pace) {
    Report row;
    row.text("network", pace.what);
    row.number("intervals", pace.interval_ms.count);
    row.number("median_ms", pace.interval_ms.median);
    row.number("p95_ms", pace.interval_ms.p95);
    row.number("most_ms", pace.interval_ms.most);
    row.number("views_given_up", pace.views);
    row.text("trainer_cores", decimal(pace.trainers_mcores, kCore));
    row.text("machine_cores", decimal(pace.machine_mcores, kCore));
    return row;
}

Report describe(const lab::PoleLabOptions& options, const lab::PoleLab& result) {
    Report report;
    report.text("data", options.data);
    report.number("seeds", options.seeds);
    report.number("thieves", options.thieves);
    report.text("chance_percent", decimal(lab::chance_ppm(result), kPercent));
    report.bytes("run_hash", lab::run_hash(options, result).view());
    std::vector<Report> models;
    std::ranges::transform(lab::summaries(result), std::back_inserter(models), describe_model);
    report.list("accuracy", std::move(models));
    std::vector<Report> paces;
    std::ranges::transform(result.paces, std::back_inserter(paces), describe_pace);
    report.list("blocks", std::move(paces));
    std::vector<Report> rows;
    for (const lab::Claim& claim : lab::claims(result)) {
        rows.emplace_back().text("claim", claim.claim).text("found", claim.found);
    }
    report.list("claims", std::move(rows));
    return report;
}

Outcome lab_pole(const LabCommand& command) {
    const Clock::time_point begin = Clock::now();
    POLIS_TRY(lab::PoleLabOptions options, options_of(command));
    POLIS_TRY(const std::filesystem::path folder, node::fresh_directory("lab"));
    options.workshop.folder = folder;
    options.intervals.folder = folder;
    const devnet::Say say = [&](std::string_view line) { say_progress(line); };
    POLIS_TRY(const lab::PoleLab result, lab::run_pole_lab(options, say));
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    if (!command.output.empty()) {
        POLIS_TRY_VOID(lab::write_files(command.output, result));
    }
    Report report = describe(options, result);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    report.number("wall_ms", static_cast<std::uint64_t>(ms.count()));
    if (!command.output.empty()) {
        report.text("written", command.output);
    }
    return print(report, command.json);
}

void add_sizes(CLI::App& command, LabCommand& options) {
    command.add_flag("--quick", options.quick, "About a minute: fewer samples, seeds and seconds");
    command.add_option("--data", options.data, "As polis-trainer reads it; default: drawn digits");
    options.models = {"mlp:64", "lenet"};
    command.add_option("--model", options.models, "Architectures")->capture_default_str();
    command.add_option("--seeds", options.seeds, "Trainings of each kind: seeds 1 to N")
        ->check(CLI::Range(1, 100));
    command.add_option("--epochs", options.epochs, "Passes over the samples")
        ->check(CLI::Range(1, 10'000));
    command.add_option("--thieves", options.thieves, "Keys that each model is presented under")
        ->check(CLI::Range(1, 1'000));
    command.add_option("--seconds", options.seconds, "How long each network is watched")
        ->check(CLI::Range(2, 3'600));
    command.add_flag("--no-blocks", options.no_blocks, "Start no networks");
    command.add_option("--jobs", options.jobs, "Trainings at once; default: one a core")
        ->check(CLI::Range(1, 256));
}

}  // namespace

void add_lab_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("lab", "Experiments of papers, on this chain");
    group.require_subcommand(1);
    const auto options = std::make_shared<LabCommand>();
    options->version = program.version;
    CLI::App& command = *group.add_subcommand(
        "pole",
        "What the mapping layer costs, what a stolen model is worth, how steady blocks are");
    add_sizes(command, *options);
    command.add_option("--nodes", options->nodes, "Validators of each network")
        ->check(CLI::Range(std::size_t{4}, devnet::kNodesMax))
        ->capture_default_str();
    command.add_option("--base-port", options->base_port, "Of the networks; default: free ones");
    command.add_option("--trainer", options->trainer, "polis-trainer; default: beside this");
    command.add_option("--polisd", options->polisd, "The node program; default: beside this");
    command.add_option("-o,--output", options->output, "A folder for tables (CSV) and a picture");
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options] { return lab_pole(*options); });
}

}  // namespace polis::tools
