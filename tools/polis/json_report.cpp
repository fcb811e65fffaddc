#include <tools/polis/json_report.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <core/integer.hpp>
#include <genesis/decimal.hpp>
#include <genesis/devnet.hpp>
#include <tools/polis/scores.hpp>

namespace polis::tools {

namespace {

/// Members that hold units of 10^-9 POLIS.
constexpr std::array<std::string_view, 11> kAmounts = {
    "balance",
    "amount",
    "fee",
    "stake",
    "tokens",
    "power",
    "escrow",
    "reward",
    "bond",
    "trainerBond",
    "paid"};

/// Members that hold a part of a whole, by the number that is the whole.
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 2> kShares = {
    {{"targetPpm", 1'000'000}, {"runnerUpBps", 10'000}}};

/// Members that hold milliseconds that something lasts.
constexpr std::array<std::string_view, 3> kStretches = {"trainingMs", "revealMs", "scoringMs"};

bool is_amount(std::string_view key) { return std::ranges::find(kAmounts, key) != kAmounts.end(); }

bool is_moment(std::string_view key) {
    return key == "timeMs" || key == "sinceMs" || key == "startedMs" || key == "untilMs" ||
           key == "submittedMs" || key == "settledMs";
}

/// Shape Score.
bool is_score(const Json& value) {
    return value.is_object() && value.contains("correct") && value.contains("count") &&
           value.contains("crossEntropy");
}

std::string score_of(const Json& value) {
    const auto entropy = value["crossEntropy"].is_string()
                             ? parse_u64(value["crossEntropy"].get<std::string>())
                             : std::nullopt;
    const Json& correct = value["correct"];
    const Json& count = value["count"];
    if (!entropy || !correct.is_number_unsigned() || !count.is_number_unsigned()) {
        return value.dump();
    }
    if (!value.value("valid", true)) {
        return "not valid";
    }
    return score_text(
        {.correct = correct.get<std::uint64_t>(),
         .cross_entropy = *entropy,
         .count = count.get<std::uint64_t>()});
}

/// A number for people by the name of its member.
std::string number_of(std::string_view key, std::uint64_t number) {
    if (is_moment(key)) {
        return genesis::to_text(TimeMs{number});
    }
    const auto share =
        std::ranges::find(kShares, key, &std::pair<std::string_view, std::uint64_t>::first);
    if (share != kShares.end()) {
        return percent_text(number, share->second);
    }
    if (std::ranges::find(kStretches, key) != kStretches.end()) {
        constexpr std::uint64_t kSecond = 1'000;
        return number % kSecond == 0 ? std::to_string(number / kSecond) + " s"
                                     : std::to_string(number) + " ms";
    }
    return std::to_string(number);
}

std::string text_of(std::string_view key, const Json& value);

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

/// "a 1, b 2": an object within a cell.
std::string line_of(const Json& object) {
    std::string out;
    for (const auto& [name, member] : object.items()) {
        out += (out.empty() ? "" : ", ") + words(name) + ' ' + text_of(name, member);
    }
    return out.empty() ? "-" : out;
}

std::string text_of(std::string_view key, const Json& value) {
    if (value.is_null()) {
        return "-";
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "yes" : "no";
    }
    if (value.is_number_unsigned()) {
        return number_of(key, value.get<std::uint64_t>());
    }
    if (value.is_object()) {
        return is_score(value) ? score_of(value) : line_of(value);
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
        const std::string_view between = key == "input" ? "x" : ", ";
        std::string out;
        for (const Json& item : value) {
            out += (out.empty() ? "" : std::string(between)) + text_of(key, item);
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
        if (value.is_object() && !is_score(value)) {
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
