#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <ledger/params.hpp>

namespace polis::genesis {

/// How a parameter is written in a preset.
enum class ParamUnit : std::uint8_t {
    kNumber,   ///< an integer: members, gas, blocks, 10^-9 POLIS for one unit of gas
    kAmount,   ///< POLIS as a decimal text
    kPercent,  ///< percent as an integer or a decimal text, held as basis points
};

/// One parameter of a chain: its name, what a preset may choose, and where it is kept.
struct ParamRow {
    std::string_view key;
    ParamUnit unit;
    std::uint64_t min;
    std::uint64_t max;
    std::string_view meaning;
    std::uint64_t (*get)(const ledger::Params& params);
    void (*set)(ledger::Params& params, std::uint64_t value);
};

/// Every key of the table [params], in the order in which presets are written. The only list of
/// allowed ranges.
[[nodiscard]] std::span<const ParamRow> param_table();

/// A parameter's value in its unit, without quotes.
[[nodiscard]] std::string plain_text(const ParamRow& row, std::uint64_t value);

/// A parameter's value as a preset has it: 100, "1000.5", "2.5".
[[nodiscard]] std::string to_toml(const ParamRow& row, std::uint64_t value);

/// "1 to 200", with amounts in POLIS.
[[nodiscard]] std::string range_text(const ParamRow& row);

}  // namespace polis::genesis
