#include <tools/learning/task_file.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <genesis/table_reader.hpp>
#include <ledger/limits.hpp>

namespace polis::tools::learning {

namespace {

using genesis::PresetResult;
using genesis::TableReader;

constexpr std::array<std::string_view, 6> kTopKeys{
    "name", "data", "model", "target", "round", "pay"};
constexpr std::array<std::string_view, 4> kDataKeys{
    "source", "test_percent", "validation_percent", "seed"};
constexpr std::array<std::string_view, 2> kModelKeys{"kind", "hidden"};
constexpr std::array<std::string_view, 1> kTargetKeys{"at_least_percent"};
constexpr std::array<std::string_view, 4> kRoundKeys{
    "window_seconds", "reveal_seconds", "scoring_seconds", "verify"};
constexpr std::array<std::string_view, 4> kPayKeys{
    "reward", "bond", "trainer_bond", "runner_up_percent"};

constexpr std::uint64_t kPpmOfBasisPoint = 100;
constexpr std::uint64_t kSecondsMax = 86'400;
constexpr std::uint64_t kHiddenMax = 4'096;
constexpr std::size_t kHiddenLayersMax = 8;

/// What polis-trainer can train. Validators may run others, but hardly ones that it does not know.
constexpr std::array<std::string_view, 5> kKinds{"logistic", "mlp", "lenet", "cnn", "resnet8"};

PresetResult<void> read_ppm(const TableReader& reader, std::string_view key, std::uint32_t& out) {
    if (reader.has(key)) {
        POLIS_TRY(const std::uint16_t points, reader.percent(key));
        out = static_cast<std::uint32_t>(points * kPpmOfBasisPoint);
    }
    return {};
}

PresetResult<void> read_seconds(
    const TableReader& reader, std::string_view key, std::uint64_t& out_ms) {
    if (!reader.has(key)) {
        return {};
    }
    POLIS_TRY(const std::uint64_t seconds, reader.number(key));
    if (seconds == 0 || seconds > kSecondsMax) {
        return std::unexpected(reader.error(
            key, fmt::format("is {}", seconds), fmt::format("choose 1 to {}", kSecondsMax)));
    }
    out_ms = seconds * 1'000;
    return {};
}

/// Paths are relative to the file; names such as digits are none.
std::string located(const std::string& source, const std::string& file) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::path beside = fs::path(file).parent_path() / source;
    return fs::exists(beside, ignored) ? beside.string() : source;
}

PresetResult<void> read_data(const TableReader& top, const std::string& file, TaskFile& out) {
    POLIS_TRY(const TableReader reader, top.table("data"));
    POLIS_TRY_VOID(reader.allow_only(kDataKeys));
    POLIS_TRY(const std::string source, reader.text("source"));
    out.source = located(source, file);
    POLIS_TRY_VOID(read_ppm(reader, "test_percent", out.test_ppm));
    POLIS_TRY_VOID(read_ppm(reader, "validation_percent", out.validation_ppm));
    if (reader.has("seed")) {
        POLIS_TRY(out.seed, reader.number("seed"));
    }
    return {};
}

PresetResult<void> read_model(const TableReader& top, TaskFile& out) {
    if (!top.has("model")) {
        return {};
    }
    POLIS_TRY(const TableReader reader, top.table("model"));
    POLIS_TRY_VOID(reader.allow_only(kModelKeys));
    POLIS_TRY(out.kind, reader.text("kind"));
    if (std::ranges::find(kKinds, out.kind) == kKinds.end()) {
        return std::unexpected(reader.error(
            "kind",
            "is \"" + out.kind + "\", which no trainer knows",
            fmt::format("choose one of {}", fmt::join(kKinds, ", "))));
    }
    if (out.kind != "mlp") {
        out.hidden.clear();
    }
    if (!reader.has("hidden")) {
        return {};
    }
    POLIS_TRY(const std::vector<std::uint64_t> hidden, reader.numbers("hidden"));
    out.hidden.clear();
    for (const std::uint64_t width : hidden) {
        if (width == 0 || width > kHiddenMax) {
            return std::unexpected(reader.error(
                "hidden",
                fmt::format("has a layer of {}", width),
                fmt::format("choose 1 to {}", kHiddenMax)));
        }
        out.hidden.push_back(static_cast<std::uint32_t>(width));
    }
    if (out.kind != "mlp" || out.hidden.size() > kHiddenLayersMax) {
        return std::unexpected(reader.error(
            "hidden",
            fmt::format("has {} layers for kind \"{}\"", out.hidden.size(), out.kind),
            fmt::format(
                "leave it out, or choose kind \"mlp\" and at most {} layers", kHiddenLayersMax)));
    }
    return {};
}

PresetResult<void> read_target(const TableReader& top, TaskFile& out) {
    POLIS_TRY(const TableReader reader, top.table("target"));
    POLIS_TRY_VOID(reader.allow_only(kTargetKeys));
    return read_ppm(reader, "at_least_percent", out.target_ppm);
}

PresetResult<void> read_round(const TableReader& top, TaskFile& out) {
    if (!top.has("round")) {
        return {};
    }
    POLIS_TRY(const TableReader reader, top.table("round"));
    POLIS_TRY_VOID(reader.allow_only(kRoundKeys));
    POLIS_TRY_VOID(read_seconds(reader, "window_seconds", out.window_ms));
    POLIS_TRY_VOID(read_seconds(reader, "reveal_seconds", out.reveal_ms));
    POLIS_TRY_VOID(read_seconds(reader, "scoring_seconds", out.scoring_ms));
    if (reader.has("verify")) {
        POLIS_TRY(const std::string mode, reader.text("verify"));
        if (mode != "score") {
            return std::unexpected(reader.error(
                "verify", "is \"" + mode + "\", no mode of this version", "choose \"score\""));
        }
    }
    return {};
}

PresetResult<void> read_pay(const TableReader& top, TaskFile& out) {
    POLIS_TRY(const TableReader reader, top.table("pay"));
    POLIS_TRY_VOID(reader.allow_only(kPayKeys));
    POLIS_TRY(out.reward, reader.amount("reward"));
    POLIS_TRY(out.bond, reader.amount("bond"));
    out.trainer_bond = out.bond;
    if (reader.has("trainer_bond")) {
        POLIS_TRY(out.trainer_bond, reader.amount("trainer_bond"));
    }
    if (reader.has("runner_up_percent")) {
        POLIS_TRY(out.runner_up_bps, reader.percent("runner_up_percent"));
    }
    return {};
}

PresetResult<TaskFile> read_all(const TableReader& top, const std::string& file) {
    POLIS_TRY_VOID(top.allow_only(kTopKeys));
    TaskFile out;
    POLIS_TRY(out.name, top.text("name"));
    if (out.name.empty() || out.name.size() > ledger::kTaskNameBytesMax) {
        return std::unexpected(top.error(
            "name",
            fmt::format("has {} bytes", out.name.size()),
            fmt::format("choose 1 to {}", ledger::kTaskNameBytesMax)));
    }
    POLIS_TRY_VOID(read_data(top, file, out));
    POLIS_TRY_VOID(read_model(top, out));
    POLIS_TRY_VOID(read_target(top, out));
    POLIS_TRY_VOID(read_round(top, out));
    POLIS_TRY_VOID(read_pay(top, out));
    return out;
}

}  // namespace

Fallible<TaskFile> parse_task_file(std::string_view text, const std::string& file) {
    toml::parse_result parsed;
    try {
        parsed = toml::parse(text);
    } catch (const toml::parse_error& error) {
        return std::unexpected(Failure(fmt::format(
            "{}:{}: {}; correct it", file, error.source().begin.line, error.description())));
    }
    genesis::ReadContext context{.file = file, .lines = {}};
    const TableReader top(context, parsed, "");
    auto out = read_all(top, file);
    if (!out) {
        return std::unexpected(Failure(genesis::describe(out.error())));
    }
    return *std::move(out);
}

}  // namespace polis::tools::learning
