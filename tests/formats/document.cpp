#include <tests/formats/document.hpp>

#include <charconv>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <core/hex.hpp>

namespace polis::formats {

namespace {

constexpr std::string_view kFence = "```";
constexpr std::size_t kHexColumn = 6;
constexpr std::size_t kHexColumns = 47;  // 16 bytes with a blank between

std::string trimmed(std::string_view text) {
    constexpr std::string_view kAround = " `\t";
    const std::size_t first = text.find_first_not_of(kAround);
    if (first == std::string_view::npos) {
        return {};
    }
    return std::string(text.substr(first, text.find_last_not_of(kAround) - first + 1));
}

Bytes hex_bytes(std::string text) {
    std::erase(text, ' ');
    const auto bytes = from_hex(text);
    EXPECT_TRUE(bytes.has_value()) << text;
    return bytes.value_or(Bytes{});
}

Row cells_of(const std::string& line) {
    Row cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) {
        cells.push_back(trimmed(cell));
    }
    return cells;
}

}  // namespace

std::string read_document(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    std::ostringstream out;
    out << file.rdbuf();
    return std::move(out).str();
}

std::vector<std::string> fenced_lines(const std::string& document, std::string_view marker) {
    const std::string opening = std::string(kFence) + std::string(marker);
    std::vector<std::string> lines;
    std::istringstream stream(document);
    bool inside = false;
    for (std::string line; std::getline(stream, line);) {
        if (inside && line == kFence) {
            return lines;
        }
        if (inside) {
            lines.push_back(line);
        }
        inside = inside || line == opening;
    }
    ADD_FAILURE() << "no fenced block " << marker;
    return {};
}

std::vector<DumpLine> dump_lines(const std::string& document) {
    std::vector<DumpLine> out;
    for (const std::string& line : fenced_lines(document, "polis-block")) {
        DumpLine item;
        std::from_chars(line.data(), line.data() + 4, item.offset, 16);
        item.bytes = hex_bytes(trimmed(line.substr(kHexColumn, kHexColumns)));
        if (line.size() > kHexColumn + kHexColumns) {
            item.meaning = trimmed(line.substr(kHexColumn + kHexColumns));
        }
        out.push_back(std::move(item));
    }
    return out;
}

std::map<std::string, Bytes> stated_values(const std::string& document) {
    std::map<std::string, Bytes> out;
    for (const std::string& line : fenced_lines(document, "polis-values")) {
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos) {
            out[trimmed(line.substr(0, equals))] = hex_bytes(trimmed(line.substr(equals + 1)));
        }
    }
    return out;
}

std::vector<Row> table_rows(const std::string& document, std::string_view marker) {
    const std::size_t begin = document.find("<!-- " + std::string(marker) + " -->");
    if (begin == std::string::npos) {
        ADD_FAILURE() << "no table " << marker;
        return {};
    }
    std::istringstream stream(document.substr(begin));
    std::vector<Row> rows;
    std::string line;
    while (std::getline(stream, line) && !line.starts_with('|')) {
    }
    for (; line.starts_with('|'); std::getline(stream, line)) {
        rows.push_back(cells_of(line));
    }
    EXPECT_GT(rows.size(), 2U) << marker;
    rows.erase(rows.begin(), rows.begin() + std::min<std::ptrdiff_t>(2, std::ssize(rows)));
    return rows;
}

std::vector<std::string> layout_names(const std::string& document) {
    constexpr std::string_view kMark = "<!-- layout ";
    std::vector<std::string> names;
    for (std::size_t at = document.find(kMark); at != std::string::npos;
         at = document.find(kMark, at + 1)) {
        const std::size_t begin = at + kMark.size();
        names.push_back(document.substr(begin, document.find(" -->", begin) - begin));
    }
    return names;
}

}  // namespace polis::formats
