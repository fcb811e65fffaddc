#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <core/blob.hpp>
#include <core/hex.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/learning/data.hpp>
#include <tools/learning/models.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>
#include <tools/polis/scores.hpp>

namespace polis::tools {

namespace {

namespace tasks = ledger::tasks;

struct PullOptions {
    NodeOptions node;
    std::string task;
    std::uint64_t rank = 1;
    std::string out;
    bool keep_map = false;
    bool fold = false;
};

struct EvalOptions {
    NodeOptions node;
    std::string file;
    std::string data;
    std::string task;
    std::string part = "auto";
    data::CsvOptions csv;
};

struct ShowOptions {
    std::string file;
    bool json = false;
};

exact::Score score_of(const consensus::pole::ScoreResult& result) {
    return {
        .correct = result.correct, .cross_entropy = result.cross_entropy, .count = result.count};
}

Outcome pull(const PullOptions& options) {
    if (options.fold && options.keep_map) {
        return wrong_usage("--fold and --keep-map exclude each other");
    }
    POLIS_TRY(RpcClient client, connect(options.node));
    const Hash task = *fixed_from_hex<Hash>(options.task);
    POLIS_TRY(const learning::Pulled pulled, learning::pull(client, task, options.rank));
    const learning::Exported file = learning::export_pulled(pulled, !options.keep_map);
    if (options.fold && !file.folded) {
        return std::unexpected(
            Failure("cannot fold the input map into this model: " + file.why_not));
    }
    POLIS_TRY_VOID(devnet::write_file(options.out, as_text(file.file)));
    Report report;
    report.text("file", options.out).number("bytes", file.file.size());
    report.bytes("task", pulled.record.task.view()).number("round", pulled.record.round);
    report.number("rank", pulled.record.rank).address("trainer", pulled.record.trainer);
    report.bytes("root", pulled.record.root.view());
    if (pulled.entry.score) {
        add_score(report, "score", score_of(*pulled.entry.score));
    }
    report.text("input_map", file.folded ? "folded" : learning::to_string(file.map));
    report.flag("needs_map", !file.folded);
    if (!file.folded) {
        report.bytes("seed", pulled.record.seed.view());
        if (!file.why_not.empty()) {
            report.text("not_folded", file.why_not);
        }
    }
    return print(report, options.node.json);
}

/// Samples to evaluate on, and the chain's own result if there is one.
struct Samples {
    Bytes file;
    std::vector<std::string> classes;
    std::optional<tasks::EntryResult> entry;
};

Fallible<Samples> samples_of(const EvalOptions& options, const learning::ModelFile& model) {
    Samples out;
    if (options.data.empty()) {
        POLIS_TRY(RpcClient client, connect(options.node));
        POLIS_TRY(
            const learning::TaskRecord task,
            learning::get_task(client, *fixed_from_hex<Hash>(options.task)));
        POLIS_TRY(const tasks::RoundResult result, learning::get_result(client, task));
        POLIS_TRY(out.entry, learning::entry_of(model, result));
        POLIS_TRY(out.file, learning::deciding_samples(client, result));
        return out;
    }
    POLIS_TRY(data::Sources sources, learning::load(options.data, 1, options.csv));
    const bool test = options.part == "test" || (options.part == "auto" && !sources.test.empty());
    if (test && sources.test.empty()) {
        return std::unexpected(Failure(
            options.data +
            " has no test set of its own; use --part training, or make one with "
            "polis data split"));
    }
    out.file = std::move(test ? sources.test : sources.train);
    out.classes = std::move(sources.classes);
    return out;
}

std::vector<Report> class_rows(
    const learning::Evaluated& evaluated, const std::vector<std::string>& names) {
    std::vector<Report> rows;
    for (std::size_t i = 0; i < evaluated.classes.size(); ++i) {
        const learning::ClassScore& one = evaluated.classes[i];
        Report row;
        row.text("class", i < names.size() ? names[i] : std::to_string(i));
        row.number("correct", one.correct).number("samples", one.count);
        row.text("accuracy", percent_text(one.correct, one.count));
        rows.push_back(std::move(row));
    }
    return rows;
}

/// Says whether the chain came to the same result. @error if it did not
Outcome compare(const tasks::EntryResult& entry, const exact::Score& own) {
    if (entry.score && score_of(*entry.score) == own) {
        return {};
    }
    return std::unexpected(Failure(fmt::format(
        "the chain's score differs: {} on chain, {} here; look into it with polis audit",
        entry.score ? score_text(score_of(*entry.score)) : "none",
        score_text(own))));
}

Outcome eval(const EvalOptions& options) {
    if (options.data.empty() == options.task.empty()) {
        return wrong_usage("name either --data SOURCE or --task ID");
    }
    POLIS_TRY(const learning::ModelFile model, learning::read_model(options.file));
    POLIS_TRY(const Samples samples, samples_of(options, model));
    const auto data = exact::DatasetView::open(samples.file);
    if (!data) {
        return std::unexpected(
            Failure(fmt::format("the samples are no dataset: {}", exact::to_string(data.error()))));
    }
    POLIS_TRY(const learning::Evaluated evaluated, learning::evaluate(model, *data));
    Report report;
    report.text("file", options.file).number("samples", data->count());
    add_score(report, "score", evaluated.score);
    report.text("input_map", learning::to_string(model.map));
    if (samples.entry) {
        POLIS_TRY_VOID(compare(*samples.entry, evaluated.score));
        report.text("chain", "the same score");
    } else if (!options.task.empty()) {
        report.text("chain", "not compared: the file does not say which model of the task it is");
    }
    report.list("classes", class_rows(evaluated, samples.classes));
    return print(report, options.node.json);
}

std::string shape_text(const exact::Shape& shape) {
    return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

struct LayerText {
    std::string kind;
    std::string weights = "-";
    std::uint64_t parameters = 0;
};

LayerText describe(const exact::Operation& operation) {
    LayerText out;
    if (const auto* dense = std::get_if<exact::Dense>(&operation)) {
        out.kind = "dense";
        out.weights = fmt::format("{}x{}", dense->outputs, dense->weights.size() / dense->outputs);
        out.parameters = dense->weights.size() + dense->bias.size();
    } else if (const auto* conv = std::get_if<exact::Conv2d>(&operation)) {
        out.kind = fmt::format("conv2d stride {} pad {}", conv->stride, conv->pad);
        out.weights = fmt::format(
            "{}x{}x{}x{}",
            conv->outputs,
            conv->weights.size() / conv->outputs / conv->kernel_height / conv->kernel_width,
            conv->kernel_height,
            conv->kernel_width);
        out.parameters = conv->weights.size() + conv->bias.size();
    } else if (const auto* add = std::get_if<exact::Add>(&operation)) {
        out.kind = fmt::format("add tensor {}", add->other);
    } else {
        out.kind = "max_pool_2x2";
    }
    return out;
}

Outcome show(const ShowOptions& options) {
    POLIS_TRY(const learning::ModelFile file, learning::read_model(options.file));
    const exact::ModelFacts& facts = file.model.facts();
    const std::vector<exact::Layer>& layers = file.model.model().layers;
    const Bytes chain_file = exact::encode_model(file.model.model());
    Report report;
    report.text("file", options.file).text("format", file.format).number("bytes", file.bytes);
    report.bytes("root", blob_root(chain_file).view()).number("model_bytes", chain_file.size());
    report.text("input", shape_text(file.model.model().input)).number("classes", facts.classes);
    report.number("parameters", facts.parameters).number("multiply_adds", facts.multiply_adds);
    report.number("activation_bytes", facts.activation_bytes);
    report.text("input_map", learning::to_string(file.map));
    std::vector<Report> rows;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const LayerText text = describe(layers[i].operation);
        Report row;
        row.number("layer", i).text("kind", text.kind).number("reads", layers[i].source);
        row.text("weights", text.weights).text("result", shape_text(facts.shapes[i + 1]));
        row.number("parameters", text.parameters);
        rows.push_back(std::move(row));
    }
    report.list("layers", std::move(rows));
    if (!file.notes.empty()) {
        std::vector<Report> notes;
        for (const auto& [name, value] : file.notes) {
            notes.push_back(Report().text("note", name).text("value", value));
        }
        report.list("notes", std::move(notes));
    }
    return print(report, options.json);
}

void add_pull(Program& program, CLI::App& group) {
    const auto options = std::make_shared<PullOptions>();
    CLI::App& command =
        *group.add_subcommand("pull", "Write a model of a settled task as safetensors");
    command.add_option("TASK", options->task, "The task's id")
        ->required()
        ->check(CLI::Validator(check_hash, ""));
    command.add_option("--rank", options->rank, "Place on the leaderboard")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{consensus::pole::kEntriesMax}))
        ->capture_default_str();
    command.add_option("-o,--out", options->out, "The file to write")->required();
    command.add_flag("--fold", options->fold, "Fail where the input map cannot be folded in");
    command.add_flag("--keep-map", options->keep_map, "Keep the input map beside the model");
    add_node_options(command, options->node);
    program.on(command, [options] { return pull(*options); });
}

void add_eval(Program& program, CLI::App& group) {
    const auto options = std::make_shared<EvalOptions>();
    CLI::App& command =
        *group.add_subcommand("eval", "Score a model in integers, as validators do");
    command.add_option("FILE", options->file, "Safetensors of model pull, or a model's blob")
        ->required();
    command.add_option("--data", options->data, "A folder, a file or digits: see polis data");
    command.add_option("--part", options->part, "Of --data; auto: its test set if it has one")
        ->check(CLI::IsMember({"auto", "test", "training"}))
        ->capture_default_str();
    command.add_option("--label", options->csv.label, "The label column of a CSV file");
    command.add_option("--task", options->task, "The samples that decided this settled task")
        ->check(CLI::Validator(check_hash, ""));
    add_node_options(command, options->node);
    program.on(command, [options] { return eval(*options); });
}

void add_show(Program& program, CLI::App& group) {
    const auto options = std::make_shared<ShowOptions>();
    CLI::App& command = *group.add_subcommand("show", "Layers, shapes and cost of a model");
    command.add_option("FILE", options->file, "Safetensors of model pull, or a model's blob")
        ->required();
    command.add_flag("--json", options->json, "Print JSON");
    program.on(command, [options] { return show(*options); });
}

}  // namespace

void add_model_commands(Program& program) {
    CLI::App& group =
        *program.app.add_subcommand("model", "Models that the chain has chosen: pull, score, show");
    group.require_subcommand(1);
    add_pull(program, group);
    add_eval(program, group);
    add_show(program, group);
}

}  // namespace polis::tools
