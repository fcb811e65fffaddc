#include <tools/polis/json_report.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <core/integer.hpp>
#include <genesis/decimal.hpp>
#include <genesis/devnet.hpp>

namespace polis::tools {

namespace {

/// Members that hold units of 10^-9 POLIS.
constexpr std::array<std::string_view, 6> kAmounts = {
    "balance", "amount", "fee", "stake", "tokens", "power"};

bool is_amount(std::string_view key) { return std::ranges::find(kAmounts, key) != kAmounts.end(); }

bool is_moment(std::string_view key) {
    return key == "timeMs" || key == "sinceMs" || key == "startedMs" || key == "untilMs";
}

/// "stateRoot" is "state root" for people.
std::string words(std::string_view key) {
    std::string out;
    for (const char c : key) {
        if (c >= 'A' && c <= 'Z') {
            out += '_';
            out += static_cast<char>(c - 'A' + 'a');
        } else {
            out += c;
        }
    }
    return out;
}

std::string text_of(std::string_view key, const Json& value) {
    if (value.is_null()) {
        return "-";
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "yes" : "no";
    }
    if (value.is_number_unsigned() && is_moment(key)) {
        return genesis::to_text(TimeMs{value.get<std::uint64_t>()});
    }
    if (value.is_string()) {
        const auto text = value.get<std::string>();
        const auto units = is_amount(key) ? parse_u64(text) : std::nullopt;
        if (units) {
            return genesis::to_text(Amount{*units}) + " POLIS";
        }
        return text.empty() ? "-" : text;
    }
    if (value.is_array()) {
        std::string out;
        for (const Json& item : value) {
            out += (out.empty() ? "" : ", ") + text_of(key, item);
        }
        return out.empty() ? "none" : out;
    }
    return value.dump();
}

bool is_table(const Json& value) {
    return value.is_array() && !value.empty() &&
           std::ranges::all_of(value, [](const Json& item) { return item.is_object(); });
}

/// Every row has the columns of the first one: a table needs that.
std::vector<Report> rows_of(const Json& list) {
    std::vector<Report> out;
    for (const Json& item : list) {
        Report row;
        for (const auto& [key, unused] : list.front().items()) {
            const auto found = item.find(key);
            row.text(words(key), found == item.end() ? "-" : text_of(key, *found));
        }
        out.push_back(std::move(row));
    }
    return out;
}

void add_members(Report& report, const std::string& prefix, const Json& object) {
    for (const auto& [key, value] : object.items()) {
        if (value.is_object()) {
            add_members(report, prefix + words(key) + ' ', value);
        } else if (is_table(value)) {
            report.list(prefix + words(key), rows_of(value));
        } else {
            report.text(prefix + words(key), text_of(key, value));
        }
    }
}

}  // namespace

Report report_of(const Json& answer) {
    Report report;
    if (answer.is_object()) {
        add_members(report, {}, answer);
    } else if (is_table(answer)) {
        report.list("answer", rows_of(answer));
    } else {
        report.text("answer", text_of({}, answer));
    }
    return report;
}

Outcome print_answer(const Json& answer, bool as_json) {
    return as_json ? print(answer.dump(2) + '\n') : print(report_of(answer), /*as_json=*/false);
}

}  // namespace polis::tools
