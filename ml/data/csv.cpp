#include <ml/data/csv.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include <core/check.hpp>
#include <core/integer.hpp>
#include <ml/data/limits.hpp>

namespace polis::data {

namespace {

constexpr std::array<std::string_view, 4> kLabelNames{"class", "label", "target", "diagnosis"};

using Row = std::vector<std::string>;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::optional<double> number_of(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && std::isfinite(value) ? std::optional{value} : std::nullopt;
}

/// Fields of one line; nothing for an open quote or too many columns.
std::optional<Row> split_line(std::string_view line) {
    Row out(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            out.back() += '"';
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            if (out.size() == kCsvColumnsMax) {
                return std::nullopt;
            }
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    if (quoted) {
        return std::nullopt;
    }
    for (std::string& field : out) {
        field = trimmed(field);
    }
    return out;
}

struct Table {
    Row header;                      ///< empty without one
    std::size_t label = 0;           ///< column
    std::vector<std::size_t> parts;  ///< columns of features
    std::vector<double> values;      ///< [rows, parts]
    std::vector<std::string> labels;
};

std::optional<std::size_t> column_named(const Table& table, std::string_view name, std::size_t n) {
    const auto found = std::ranges::find(table.header, name);
    if (found != table.header.end()) {
        return static_cast<std::size_t>(found - table.header.begin());
    }
    const auto index = parse_u64(name);
    return index && *index < n ? std::optional{static_cast<std::size_t>(*index)} : std::nullopt;
}

Result<void, DataError> choose_columns(Table& table, std::size_t n, const CsvOptions& options) {
    table.label = n - 1;
    for (const std::string_view name : kLabelNames) {
        const auto found = std::ranges::find(table.header, name);
        if (found != table.header.end()) {
            table.label = static_cast<std::size_t>(found - table.header.begin());
        }
    }
    if (!options.label.empty()) {
        const auto column = column_named(table, options.label, n);
        if (!column) {
            return fail(DataCode::kNoLabelColumn, "column " + options.label);
        }
        table.label = *column;
    }
    std::vector<bool> used(n, true);
    used[table.label] = false;
    std::vector<std::string> ignored = options.ignored;
    for (const std::string& name : ignored) {
        const auto column = column_named(table, name, n);
        if (!column) {
            return fail(DataCode::kNoLabelColumn, "ignored column " + name);
        }
        used[*column] = false;
    }
    for (std::size_t i = 0; i < n; ++i) {
        if (used[i] && !(i < table.header.size() && table.header[i] == "id")) {
            table.parts.push_back(i);
        }
    }
    if (table.parts.empty()) {
        return fail(DataCode::kBadCsv, "no column is left for features");
    }
    return {};
}

Result<void, DataError> add_row(Table& table, const Row& row, const std::string& where) {
    for (const std::size_t column : table.parts) {
        const auto value = number_of(row[column]);
        if (!value) {
            return fail(DataCode::kBadValue, where + ", column " + std::to_string(column));
        }
        table.values.push_back(*value);
    }
    const std::string& label = row[table.label];
    if (label.empty() || label.size() > kCsvLabelBytesMax) {
        return fail(DataCode::kBadCsv, where + ": the label is empty or very long");
    }
    table.labels.push_back(label);
    return {};
}

Result<Table, DataError> parse_table(std::string_view text, const CsvOptions& options) {
    Table table;
    std::size_t columns = 0;
    std::size_t line_number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++line_number;
        if (trimmed(line).empty()) {
            continue;
        }
        const std::string where = "line " + std::to_string(line_number);
        const auto row = split_line(line);
        if (!row || (columns != 0 && row->size() != columns)) {
            return fail(DataCode::kBadCsv, where);
        }
        if (columns == 0) {
            columns = row->size();
            const bool header = std::ranges::none_of(
                *row, [](const auto& field) { return number_of(field).has_value(); });
            if (header) {
                table.header = *row;
            }
            POLIS_TRY_VOID(choose_columns(table, columns, options));
            if (header) {
                continue;
            }
        }
        POLIS_TRY_VOID(add_row(table, *row, where));
    }
    if (table.labels.empty()) {
        return fail(DataCode::kBadCsv, "no rows");
    }
    return table;
}

/// Label texts in the order of their classes.
std::vector<std::string> sorted_labels(const std::vector<std::string>& labels) {
    std::vector<std::string> out = labels;
    std::ranges::sort(out);
    const auto rest = std::ranges::unique(out);
    out.erase(rest.begin(), rest.end());
    if (std::ranges::all_of(out, [](const auto& text) { return number_of(text).has_value(); })) {
        std::ranges::sort(
            out, {}, [](const auto& text) { return std::pair(*number_of(text), text); });
    }
    return out;
}

struct Range {
    double least;
    double largest;
};

std::vector<Range> ranges_of(const Table& table) {
    const std::size_t width = table.parts.size();
    POLIS_ASSERT_OP(width, >, 0);
    std::vector<Range> out;
    out.reserve(width);
    for (std::size_t i = 0; i < width; ++i) {
        out.push_back({table.values[i], table.values[i]});
    }
    for (std::size_t i = 0; i < table.values.size(); ++i) {
        Range& range = out[i % width];
        range.least = std::min(range.least, table.values[i]);
        range.largest = std::max(range.largest, table.values[i]);
    }
    return out;
}

/// 0..255 within the range; a column of one value is 0. Halves, so that the width of a range never
/// overflows.
std::uint8_t scaled(double value, const Range& range) {
    const double width = range.largest / 2 - range.least / 2;
    const double part = width > 0 ? (value / 2 - range.least / 2) / width : 0;
    return static_cast<std::uint8_t>(std::lround(std::clamp(part, 0.0, 1.0) * 255));
}

}  // namespace

Result<CsvDataset, DataError> dataset_of_csv(std::string_view text, const CsvOptions& options) {
    if (text.size() > kCsvBytesMax) {
        return fail(DataCode::kTooLarge, {});
    }
    POLIS_TRY(const Table table, parse_table(text, options));
    CsvDataset out;
    out.classes = sorted_labels(table.labels);
    if (out.classes.size() > exact::kClassesMax) {
        return fail(DataCode::kTooManyClasses, {});
    }
    std::map<std::string, std::uint32_t> class_of;
    for (const std::string& label : out.classes) {
        class_of.emplace(label, static_cast<std::uint32_t>(class_of.size()));
    }
    const std::size_t width = table.parts.size();
    auto builder = exact::DatasetBuilder::create(
        exact::flat_shape(static_cast<std::uint32_t>(width)),
        static_cast<std::uint32_t>(out.classes.size()));
    if (!builder) {
        return fail(builder.error());
    }
    const std::vector<Range> ranges = ranges_of(table);
    Bytes sample(width);
    for (std::size_t row = 0; row < table.labels.size(); ++row) {
        for (std::size_t i = 0; i < width; ++i) {
            sample[i] = scaled(table.values[row * width + i], ranges[i]);
        }
        if (auto added = builder->add(sample, class_of.at(table.labels[row])); !added) {
            return fail(added.error());
        }
    }
    auto file = builder->finish();
    if (!file) {
        return fail(file.error());
    }
    out.file = *std::move(file);
    return out;
}

}  // namespace polis::data
