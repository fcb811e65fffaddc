#include <genesis/table_reader.hpp>

#include <chrono>
#include <optional>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/decimal.hpp>
#include <genesis/suggest.hpp>
#include <ledger/limits.hpp>

namespace polis::genesis {

namespace {

constexpr std::string_view kAmountExample = "\"1000.5\"";
constexpr std::string_view kTimeExample = "2026-01-01T00:00:00Z";

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::none:
            return "nothing";
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::string:
            return "a text";
        case toml::node_type::integer:
            return "an integer";
        case toml::node_type::floating_point:
            return "a number with a point";
        case toml::node_type::boolean:
            return "a boolean";
        case toml::node_type::date:
            return "a date without a time";
        case toml::node_type::time:
            return "a time without a date";
        case toml::node_type::date_time:
            return "a time without a zone";
    }
    return "something else";
}

/// Milliseconds since 1970; nothing before it or for a moment between two milliseconds.
std::optional<TimeMs> to_time(const toml::date_time& moment) {
    using std::chrono::milliseconds;
    const std::chrono::year_month_day date{
        std::chrono::year{moment.date.year},
        std::chrono::month{moment.date.month},
        std::chrono::day{moment.date.day}};
    if (!date.ok() || moment.time.nanosecond % 1'000'000 != 0) {
        return std::nullopt;
    }
    const milliseconds since_1970 =
        std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{moment.time.hour} +
        std::chrono::minutes{moment.time.minute} + std::chrono::seconds{moment.time.second} +
        milliseconds{moment.time.nanosecond / 1'000'000} -
        std::chrono::minutes{moment.offset->minutes};
    if (since_1970.count() < 0) {
        return std::nullopt;
    }
    return TimeMs{static_cast<std::uint64_t>(since_1970.count())};
}

}  // namespace

std::uint32_t KeyLines::find(std::string_view key) const {
    for (;;) {
        const auto found = lines_.find(key);
        if (found != lines_.end() || key.empty()) {
            return found == lines_.end() ? 0 : found->second;
        }
        const std::size_t end = key.find_last_of(".[");
        key = key.substr(0, end == std::string_view::npos ? 0 : end);
    }
}

TableReader::TableReader(ReadContext& context, const toml::table& table, std::string path)
    : context_(context), table_(table), path_(std::move(path)) {
    context_.lines.add(path_, table_.source().begin.line);
    for (const auto& [key, value] : table_) {
        context_.lines.add(full_key(key.str()), key.source().begin.line);
    }
}

PresetResult<void> TableReader::allow_only(std::span<const std::string_view> keys) const {
    for (const auto& [key, value] : table_) {
        if (std::ranges::find(keys, key.str()) != keys.end()) {
            continue;
        }
        if (const auto meant = suggest(key.str(), keys)) {
            const std::string cure = "did you mean " + std::string(*meant) + "?";
            return std::unexpected(error(key.str(), "unknown key", cure));
        }
        std::string all;
        for (const std::string_view allowed : keys) {
            all += (all.empty() ? "" : ", ") + std::string(allowed);
        }
        return std::unexpected(error(key.str(), "unknown key", "the keys here are " + all));
    }
    return {};
}

PresetResult<std::string> TableReader::text(std::string_view key) const {
    POLIS_TRY(const toml::node* const found, node(key, "\"...\""));
    const auto* const value = found->as_string();
    if (value == nullptr) {
        return std::unexpected(wrong_type(key, *found, "a text in quotes"));
    }
    return value->get();
}

PresetResult<std::uint64_t> TableReader::number(std::string_view key) const {
    POLIS_TRY(const toml::node* const found, node(key, "1"));
    const auto* const value = found->as_integer();
    if (value == nullptr) {
        return std::unexpected(wrong_type(key, *found, "an integer without quotes"));
    }
    if (value->get() < 0) {
        return std::unexpected(error(key, "is negative", "write 0 or more"));
    }
    return static_cast<std::uint64_t>(value->get());
}

PresetResult<bool> TableReader::boolean(std::string_view key) const {
    POLIS_TRY(const toml::node* const found, node(key, "true"));
    const auto* const value = found->as_boolean();
    if (value == nullptr) {
        return std::unexpected(wrong_type(key, *found, "true or false without quotes"));
    }
    return value->get();
}

PresetResult<std::vector<std::uint64_t>> TableReader::numbers(std::string_view key) const {
    constexpr std::string_view kWanted = "a list of numbers such as [64]";
    POLIS_TRY(const toml::node* const found, node(key, "[64]"));
    const auto* const list = found->as_array();
    if (list == nullptr) {
        return std::unexpected(wrong_type(key, *found, kWanted));
    }
    std::vector<std::uint64_t> out;
    for (const toml::node& entry : *list) {
        const auto* const value = entry.as_integer();
        if (value == nullptr || value->get() < 0) {
            return std::unexpected(wrong_type(key, entry, kWanted));
        }
        out.push_back(static_cast<std::uint64_t>(value->get()));
    }
    return out;
}

PresetResult<std::vector<std::string>> TableReader::texts(std::string_view key) const {
    constexpr std::string_view kWanted = "a list of texts such as [\"...\"]";
    POLIS_TRY(const toml::node* const found, node(key, "[]"));
    const auto* const list = found->as_array();
    if (list == nullptr) {
        return std::unexpected(wrong_type(key, *found, kWanted));
    }
    std::vector<std::string> out;
    for (const toml::node& entry : *list) {
        const auto* const value = entry.as_string();
        if (value == nullptr) {
            return std::unexpected(wrong_type(key, entry, kWanted));
        }
        out.push_back(value->get());
    }
    return out;
}

PresetResult<Amount> TableReader::amount(std::string_view key) const {
    POLIS_TRY(const toml::node* const found, node(key, kAmountExample));
    const auto* const value = found->as_string();
    if (value == nullptr) {
        return std::unexpected(wrong_type(key, *found, "POLIS in quotes, such as \"1000.5\""));
    }
    POLIS_TRY(const std::uint64_t units, decimal(key, value->get(), kAmountPlaces));
    return Amount{units};
}

PresetResult<std::uint16_t> TableReader::percent(std::string_view key) const {
    constexpr std::string_view kWanted = "a percentage such as 5 or \"2.5\"";
    POLIS_TRY(const toml::node* const found, node(key, "5"));
    std::string digits;
    if (const auto* const value = found->as_string()) {
        digits = value->get();
    } else if (const auto* const integer = found->as_integer()) {
        digits = std::to_string(integer->get());
    } else {
        return std::unexpected(wrong_type(key, *found, kWanted));
    }
    POLIS_TRY(const std::uint64_t points, decimal(key, digits, kPercentPlaces));
    if (points > ledger::kBasisPoints) {
        return std::unexpected(error(key, "is above 100 %", "choose 0 to 100"));
    }
    return static_cast<std::uint16_t>(points);
}

PresetResult<TimeMs> TableReader::time(std::string_view key) const {
    POLIS_TRY(const toml::node* const found, node(key, kTimeExample));
    const auto* const value = found->as_date_time();
    if (value == nullptr || !value->get().offset) {
        return std::unexpected(
            wrong_type(key, *found, "a time with a zone such as " + std::string(kTimeExample)));
    }
    const auto time = to_time(value->get());
    if (!time) {
        return std::unexpected(error(
            key,
            "is before 1970 or finer than a millisecond",
            "write " + std::string(kTimeExample)));
    }
    return *time;
}

PresetResult<Address> TableReader::address(std::string_view key) const {
    POLIS_TRY(const std::string value, text(key));
    const auto address = crypto::parse_address(value);
    if (!address) {
        return std::unexpected(error(
            key,
            "is no address: " + std::string(crypto::to_string(address.error())),
            "copy it again from `polis keys show`: it starts with polis1"));
    }
    return *address;
}

PresetResult<Hash> TableReader::bytes32(std::string_view key) const {
    POLIS_TRY(const std::string value, text(key));
    const auto bytes = fixed_from_hex<Hash>(value);
    if (!bytes) {
        return std::unexpected(
            error(key, "is not 32 bytes in hexadecimal", "write 0x and 64 hex digits"));
    }
    return *bytes;
}

PresetResult<TableReader> TableReader::table(std::string_view key) const {
    POLIS_TRY(const toml::node* const found, node(key, "{ ... }"));
    const auto* const value = found->as_table();
    if (value == nullptr) {
        return std::unexpected(wrong_type(key, *found, "a table [" + full_key(key) + "]"));
    }
    return TableReader(context_, *value, full_key(key));
}

PresetResult<std::vector<TableReader>> TableReader::tables(std::string_view key) const {
    std::vector<TableReader> readers;
    if (!has(key)) {
        return readers;
    }
    const std::string wanted = "a list of tables [[" + full_key(key) + "]]";
    const auto* const list = table_.get_as<toml::array>(key);
    if (list == nullptr) {
        return std::unexpected(wrong_type(key, *table_.get(key), wanted));
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto* const entry = (*list)[i].as_table();
        if (entry == nullptr) {
            return std::unexpected(wrong_type(key, (*list)[i], wanted));
        }
        readers.emplace_back(context_, *entry, full_key(key) + '[' + std::to_string(i) + ']');
    }
    return readers;
}

PresetError TableReader::error(std::string_view key, std::string cause, std::string cure) const {
    std::string full = full_key(key);
    const std::uint32_t line = context_.lines.find(full);
    return {
        .file = context_.file,
        .line = line,
        .key = std::move(full),
        .cause = std::move(cause),
        .cure = std::move(cure)};
}

PresetResult<const toml::node*> TableReader::node(
    std::string_view key, std::string_view example) const {
    const toml::node* const found = table_.get(key);
    if (found == nullptr) {
        const std::string cure = "add " + std::string(key) + " = " + std::string(example);
        return std::unexpected(error(key, "missing", cure));
    }
    return found;
}

std::string TableReader::full_key(std::string_view key) const {
    return (path_.empty() ? "" : path_ + '.') + std::string(key);
}

PresetError TableReader::wrong_type(
    std::string_view key, const toml::node& found, std::string_view wanted) const {
    return error(key, "is " + std::string(type_name(found)), "write " + std::string(wanted));
}

PresetResult<std::uint64_t> TableReader::decimal(
    std::string_view key, std::string_view digits, int places) const {
    const auto value = parse_decimal(digits, places);
    if (!value) {
        return std::unexpected(error(
            key,
            "is " + std::string(to_string(value.error())),
            "write digits with at most " + std::to_string(places) + " behind the point"));
    }
    return *value;
}

}  // namespace polis::genesis
