#include <tools/polis/report.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/decimal.hpp>
#include <genesis/devnet.hpp>

namespace polis::tools {

namespace {

std::string label(std::string_view key) {
    std::string out(key);
    std::ranges::replace(out, '_', ' ');
    return out;
}

std::string padded(const std::string& text, std::size_t width) {
    return text + std::string(width - text.size(), ' ');
}

}  // namespace

Report& Report::add(std::string_view key, Json json, std::string text) {
    cells_.push_back({std::string(key), std::move(json), std::move(text)});
    return *this;
}

Report& Report::text(std::string_view key, std::string_view value) {
    return add(key, std::string(value), std::string(value));
}

Report& Report::number(std::string_view key, std::uint64_t value) {
    return add(key, value, std::to_string(value));
}

Report& Report::flag(std::string_view key, bool value) {
    return add(key, value, value ? "yes" : "no");
}

Report& Report::bytes(std::string_view key, ByteView value) {
    return text(key, to_hex_prefixed(value));
}

Report& Report::amount(std::string_view key, Amount value) {
    return add(key, std::to_string(value.value), genesis::to_text(value) + " POLIS");
}

Report& Report::address(std::string_view key, const Address& value) {
    return text(key, crypto::to_text(value));
}

Report& Report::time(std::string_view key, TimeMs value) {
    return add(key, value.value, genesis::to_text(value));
}

Report& Report::json(std::string_view key, Json value) { return add(key, std::move(value), {}); }

Report& Report::note(std::string_view key, std::string_view value) {
    return add(key, nullptr, std::string(value));
}

Report& Report::list(std::string_view key, std::vector<Report> rows) {
    lists_.push_back({std::string(key), std::move(rows)});
    return *this;
}

std::string Report::to_text() const {
    std::size_t width = 0;
    for (const Cell& cell : cells_) {
        width = std::max(width, cell.text.empty() ? 0 : cell.key.size());
    }
    std::string out;
    for (const Cell& cell : cells_) {
        if (!cell.text.empty()) {
            out += padded(label(cell.key), width) + "  " + cell.text + '\n';
        }
    }
    for (const List& list : lists_) {
        append_table(out, list);
    }
    return out;
}

void Report::append_table(std::string& out, const List& list) const {
    out += fmt::format("\n{}:{}\n", label(list.key), list.rows.empty() ? " none" : "");
    if (list.rows.empty()) {
        return;
    }
    const std::vector<Cell>& first = list.rows.front().cells_;
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < first.size(); ++column) {
        std::size_t width = first[column].text.empty() ? 0 : first[column].key.size();
        for (const Report& row : list.rows) {
            width = std::max(width, row.cells_[column].text.size());
        }
        widths.push_back(width);
    }
    const auto append_row = [&](const std::vector<Cell>& cells, auto text_of) {
        std::string line = " ";
        for (std::size_t column = 0; column < cells.size(); ++column) {
            if (widths[column] > 0) {
                line += ' ' + padded(text_of(cells[column]), widths[column]) + ' ';
            }
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    };
    append_row(first, [](const Cell& cell) { return label(cell.key); });
    for (const Report& row : list.rows) {
        append_row(row.cells_, [](const Cell& cell) { return cell.text; });
    }
}

Report::Json Report::to_json() const {
    Json out = Json::object();
    for (const Cell& cell : cells_) {
        if (!cell.json.is_null()) {
            out[cell.key] = cell.json;
        }
    }
    for (const List& list : lists_) {
        Json rows = Json::array();
        for (const Report& row : list.rows) {
            rows.push_back(row.to_json());
        }
        out[list.key] = std::move(rows);
    }
    return out;
}

Outcome print(std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) {
        return std::unexpected("cannot write to standard output; is the disk full?");
    }
    return {};
}

Outcome print(const Report& report, bool as_json) {
    return print(as_json ? report.to_json().dump(2) + '\n' : report.to_text());
}

}  // namespace polis::tools
