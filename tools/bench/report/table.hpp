#pragma once

#include <string>
#include <vector>

/// A table of texts in the forms that reports need.
namespace polis::tools::bench {

struct Table {
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows;  ///< each as long as the head

    /// Columns from this one on hold figures and stand to the right.
    std::size_t figures_from = 1;
};

/// Aligned by spaces; two between columns, none at the ends of lines.
[[nodiscard]] std::string to_text(const Table& table);

/// As a code host shows it. Texts mean what they say: marks of Markdown in them are escaped.
[[nodiscard]] std::string to_markdown(const Table& table);

[[nodiscard]] std::string to_html(const Table& table);

/// Text for Markdown, with its marks escaped, on one line.
[[nodiscard]] std::string markdown_escaped(const std::string& text);

}  // namespace polis::tools::bench
