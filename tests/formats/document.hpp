#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>

/// What the tests read out of the Markdown files in docs/formats.
namespace polis::formats {

/// The whole file; fails the test if it cannot be read.
[[nodiscard]] std::string read_document(const std::string& path);

/// The lines between ```MARKER and ```.
[[nodiscard]] std::vector<std::string> fenced_lines(
    const std::string& document, std::string_view marker);

/// A line of an annotated dump: offset, bytes, meaning.
struct DumpLine {
    std::size_t offset = 0;
    Bytes bytes;
    std::string meaning;
};

[[nodiscard]] std::vector<DumpLine> dump_lines(const std::string& document);

/// `name = hex` lines of the fenced block polis-values.
[[nodiscard]] std::map<std::string, Bytes> stated_values(const std::string& document);

/// A row of a Markdown table: its cells, trimmed, without the marks around code.
using Row = std::vector<std::string>;

/// The rows of the table after the comment `<!-- MARKER -->`, without the two lines of its head.
[[nodiscard]] std::vector<Row> table_rows(const std::string& document, std::string_view marker);

/// Every NAME of a comment `<!-- layout NAME -->`.
[[nodiscard]] std::vector<std::string> layout_names(const std::string& document);

}  // namespace polis::formats
