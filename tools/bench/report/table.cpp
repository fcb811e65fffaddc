#include <tools/bench/report/table.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <core/check.hpp>
#include <tools/plot/svg.hpp>

namespace polis::tools::bench {

namespace {

/// Characters, not bytes: texts are UTF-8.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::vector<std::size_t> widths_of(const Table& table) {
    std::vector<std::size_t> out;
    for (const std::string& name : table.head) {
        out.push_back(width_of(name));
    }
    for (const std::vector<std::string>& row : table.rows) {
        POLIS_ASSERT(row.size() == table.head.size());
        for (std::size_t column = 0; column < row.size(); ++column) {
            out[column] = std::max(out[column], width_of(row[column]));
        }
    }
    return out;
}

}  // namespace

std::string to_text(const Table& table) {
    const std::vector<std::size_t> widths = widths_of(table);
    std::string out;
    const auto add = [&](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t column = 0; column < cells.size(); ++column) {
            const std::string space(widths[column] - width_of(cells[column]), ' ');
            line += column == 0 ? "" : "  ";
            line += column < table.figures_from ? cells[column] + space : space + cells[column];
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    };
    add(table.head);
    std::ranges::for_each(table.rows, add);
    return out;
}

std::string markdown_escaped(const std::string& text) {
    constexpr std::string_view kMarks = "\\`*_[]<>|#&~";
    std::string out;
    for (const char c : text) {
        if (kMarks.find(c) != std::string_view::npos) {
            out += '\\';
        }
        out += c == '\n' || c == '\r' ? ' ' : c;
    }
    return out;
}

std::string to_markdown(const Table& table) {
    std::string out;
    const auto add = [&](const std::vector<std::string>& cells) {
        out += '|';
        for (const std::string& cell : cells) {
            out += ' ' + markdown_escaped(cell) + " |";
        }
        out += '\n';
    };
    add(table.head);
    out += '|';
    for (std::size_t column = 0; column < table.head.size(); ++column) {
        out += column < table.figures_from ? " --- |" : " ---: |";
    }
    out += '\n';
    std::ranges::for_each(table.rows, add);
    return out;
}

std::string to_html(const Table& table) {
    std::string out = "<div class=\"wide\"><table>\n";
    const auto add = [&](const std::vector<std::string>& cells, std::string_view tag) {
        out += "<tr>";
        for (std::size_t column = 0; column < cells.size(); ++column) {
            out += '<';
            out += tag;
            out += column < table.figures_from ? ">" : " class=\"figure\">";
            out += plot::escaped(cells[column]);
            out += "</";
            out += tag;
            out += '>';
        }
        out += "</tr>\n";
    };
    out += "<thead>";
    add(table.head, "th");
    out += "</thead>\n<tbody>\n";
    for (const std::vector<std::string>& row : table.rows) {
        add(row, "td");
    }
    return out + "</tbody>\n</table></div>\n";
}

}  // namespace polis::tools::bench
