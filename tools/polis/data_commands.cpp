#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <genesis/decimal.hpp>
#include <ml/data/limits.hpp>
#include <tools/learning/data.hpp>
#include <tools/learning/fetch.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>
#include <tools/polis/scores.hpp>

namespace polis::tools {

namespace {

constexpr std::size_t kBarWidth = 40;

struct DataOptions {
    std::string source;
    std::uint64_t seed = 1;
    data::CsvOptions csv;
    bool json = false;
};

struct SplitOptions {
    DataOptions data;
    std::string test = "15";
    std::string validation = "10";
    std::string out;
};

void add_data_options(CLI::App& command, DataOptions& options) {
    command
        .add_option(
            "SOURCE",
            options.source,
            "digits:N, a folder (IDX, CIFAR-10, *.plds), a .csv, .bin or dataset file, also .gz")
        ->required();
    command.add_option("--label", options.csv.label, "The label column of a CSV file");
    command.add_option("--ignore", options.csv.ignored, "Columns of a CSV that are no features");
    command.add_flag("--json", options.json, "Print JSON");
}

Fallible<std::uint32_t> parse_percent(const std::string& text, std::string_view option) {
    constexpr int kPlaces = 4;  // of a percent: millionths of the whole
    const auto ppm = genesis::parse_decimal(text, kPlaces);
    if (!ppm || *ppm >= data::kWholePpm) {
        return wrong_usage(fmt::format(
            "{} '{}' is no share; write a percentage below 100, like 15", option, text));
    }
    return static_cast<std::uint32_t>(*ppm);
}

std::string bar(std::uint64_t count, std::uint64_t most) {
    return std::string(most == 0 ? 0 : count * kBarWidth / most, '#');
}

/// The part's facts, and its labels beside a bar each.
Report report_of(
    std::string_view part,
    const learning::DatasetFacts& facts,
    const std::vector<std::string>& names) {
    Report report;
    report.text("part", part).number("samples", facts.samples);
    report.text(
        "shape",
        fmt::format("{}x{}x{}", facts.shape.channels, facts.shape.height, facts.shape.width));
    report.number("classes", facts.classes);
    report.text("values", fmt::format("{} to {}", facts.least, facts.largest));
    report.number("bytes", facts.bytes).bytes("root", facts.root.view());
    const std::uint64_t most = *std::ranges::max_element(facts.labels);
    std::vector<Report> rows;
    for (std::size_t i = 0; i < facts.labels.size(); ++i) {
        Report row;
        row.text("class", i < names.size() ? names[i] : std::to_string(i));
        row.number("samples", facts.labels[i]);
        row.text("share", percent_text(facts.labels[i], facts.samples));
        row.note("bar", bar(facts.labels[i], most));
        rows.push_back(std::move(row));
    }
    report.list("labels", std::move(rows));
    return report;
}

Outcome print_parts(Report::Json head, const std::vector<Report>& parts, bool as_json) {
    if (as_json) {
        Report::Json list = Report::Json::array();
        for (const Report& part : parts) {
            list.push_back(part.to_json());
        }
        head["parts"] = std::move(list);
        return print(head.dump(2) + '\n');
    }
    std::string text;
    for (const Report& part : parts) {
        text += (text.empty() ? "" : "\n") + part.to_text();
    }
    return print(text);
}

Fallible<std::vector<Report>> reports_of(
    std::initializer_list<std::pair<std::string_view, const Bytes*>> parts,
    const std::vector<std::string>& names) {
    std::vector<Report> out;
    for (const auto& [name, bytes] : parts) {
        if (bytes->empty()) {
            continue;
        }
        POLIS_TRY(const learning::DatasetFacts facts, learning::facts_of(*bytes));
        out.push_back(report_of(name, facts, names));
    }
    return out;
}

Outcome inspect(const DataOptions& options) {
    POLIS_TRY(
        const data::Sources sources, learning::load(options.source, options.seed, options.csv));
    const bool divided = !sources.test.empty() || !sources.validation.empty();
    POLIS_TRY(
        const auto reports,
        reports_of(
            {{divided ? "training" : "all", &sources.train},
             {"validation", &sources.validation},
             {"test", &sources.test}},
            sources.classes));
    return print_parts(
        {{"source", options.source}, {"format", sources.format}}, reports, options.json);
}

Outcome split(const SplitOptions& options) {
    learning::Division division;
    POLIS_TRY(division.test_ppm, parse_percent(options.test, "--test"));
    POLIS_TRY(division.validation_ppm, parse_percent(options.validation, "--validation"));
    division.seed = options.data.seed;
    POLIS_TRY(
        const learning::Parts parts,
        learning::load_parts(options.data.source, division, options.data.csv));
    POLIS_TRY_VOID(learning::write_parts(parts, options.out));
    POLIS_TRY(
        const auto reports,
        reports_of(
            {{"training", &parts.training},
             {"validation", &parts.validation},
             {"test", &parts.test}},
            {}));
    return print_parts(
        {{"source", options.data.source}, {"folder", options.out}, {"seed", division.seed}},
        reports,
        options.data.json);
}

struct FetchOptions {
    learning::FetchRequest request;
    std::string sha256;
    bool json = false;
};

Outcome fetch(const FetchOptions& options) {
    learning::FetchRequest request = options.request;
    if (!options.sha256.empty()) {
        request.sha256 = fixed_from_hex<Hash>(options.sha256);
    }
    if (request.folder.empty()) {
        request.folder = request.source.find("://") == std::string::npos ? request.source : ".";
    }
    POLIS_TRY(const auto files, learning::fetch(request, say_progress));
    std::vector<Report> rows;
    for (const learning::FetchedFile& file : files) {
        Report row;
        row.text("file", file.path).number("bytes", file.bytes);
        row.text("sha256", to_hex(file.sha256.view())).flag("checked", file.checked);
        row.flag("fresh", file.fresh);
        rows.push_back(std::move(row));
    }
    return print(
        Report().text("folder", request.folder).list("files", std::move(rows)), options.json);
}

void add_fetch(Program& program, CLI::App& group) {
    const auto options = std::make_shared<FetchOptions>();
    CLI::App& command = *group.add_subcommand(
        "fetch", "Get a public collection, or a file from a URL, and check its SHA-256");
    command.add_option("SOURCE", options->request.source, "mnist, or an http:// or file:// URL")
        ->required();
    command.add_option("-o,--out", options->request.folder, "The folder; default: by the name");
    command.add_option("--mirror", options->request.mirror, "Where to get a collection from");
    command.add_option("--sha256", options->sha256, "What the file of a URL must have")
        ->check(CLI::Validator(check_hash, ""));
    command.add_flag("--json", options->json, "Print JSON");
    program.on(command, [options] { return fetch(*options); });
}

}  // namespace

void add_data_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand(
        "data", "Samples to learn from: get them, look at them, divide them");
    group.require_subcommand(1);

    add_fetch(program, group);

    const auto looked = std::make_shared<DataOptions>();
    CLI::App& look = *group.add_subcommand("inspect", "Samples, shape, labels, size as a blob");
    add_data_options(look, *looked);
    look.add_option("--seed", looked->seed, "Of drawn digits")->capture_default_str();
    program.on(look, [looked] { return inspect(*looked); });

    const auto divided = std::make_shared<SplitOptions>();
    CLI::App& divide = *group.add_subcommand(
        "split", "Write training, validation and test set as a task would divide them");
    add_data_options(divide, divided->data);
    divide.add_option("--test", divided->test, "Percent, if the source has no test set")
        ->capture_default_str();
    divide.add_option("--validation", divided->validation, "Percent, likewise")
        ->capture_default_str();
    divide.add_option("--seed", divided->data.seed, "Decides which samples")->capture_default_str();
    divide.add_option("-o,--out", divided->out, "The folder to write")->required();
    program.on(divide, [divided] { return split(*divided); });
}

}  // namespace polis::tools
