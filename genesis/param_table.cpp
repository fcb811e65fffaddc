#include <genesis/param_table.hpp>

#include <array>
#include <type_traits>

#include <genesis/decimal.hpp>
#include <ledger/limits.hpp>

namespace polis::genesis {

namespace {

using ledger::Params;

template <auto kMember>
std::uint64_t get(const Params& params) {
    if constexpr (requires { (params.*kMember).value; }) {
        return (params.*kMember).value;
    } else {
        return params.*kMember;
    }
}

template <auto kMember>
void set(Params& params, std::uint64_t value) {
    using Member = std::remove_reference_t<decltype(params.*kMember)>;
    if constexpr (requires { (params.*kMember).value; }) {
        (params.*kMember).value = value;
    } else {
        params.*kMember = static_cast<Member>(value);  // within the row's range
    }
}

struct Range {
    std::uint64_t min;
    std::uint64_t max;
};

template <auto kMember>
constexpr ParamRow row(
    std::string_view key, ParamUnit unit, Range range, std::string_view meaning) {
    return {key, unit, range.min, range.max, meaning, get<kMember>, set<kMember>};
}

constexpr std::uint64_t kBlocksMax = 1'000'000'000;
constexpr std::uint64_t kStakeMax = 1'000'000'000'000'000'000;  // 10^9 POLIS

constexpr std::array kTable{
    row<&Params::block_gas_max>(
        "block_gas_max",
        ParamUnit::kNumber,
        {100'000, 1'000'000'000'000},
        "gas of a block's transactions together"),
    row<&Params::gas_price_min>(
        "gas_price_min", ParamUnit::kNumber, {0, 1'000'000'000}, "10^-9 POLIS for one unit of gas"),
    row<&Params::committee_size_max>(
        "committee_size_max", ParamUnit::kNumber, {1, ledger::kCommitteeMax}, "members who vote"),
    row<&Params::term_blocks>(
        "term_blocks", ParamUnit::kNumber, {1, kBlocksMax}, "blocks with one ranking"),
    row<&Params::stake_min>(
        "stake_min", ParamUnit::kAmount, {1, kStakeMax}, "POLIS that a validator needs to stand"),
    row<&Params::delegation_min>(
        "delegation_min", ParamUnit::kAmount, {1, kStakeMax}, "POLIS that one delegation adds"),
    row<&Params::unbonding_blocks>(
        "unbonding_blocks",
        ParamUnit::kNumber,
        {1, kBlocksMax},
        "blocks from the end of an era to withdrawal"),
    row<&Params::unbonding_era_blocks>(
        "unbonding_era_blocks", ParamUnit::kNumber, {1, kBlocksMax}, "blocks of one era"),
    row<&Params::jail_blocks>(
        "jail_blocks",
        ParamUnit::kNumber,
        {0, kBlocksMax},
        "blocks that a slashed validator waits"),
    row<&Params::slash_double_sign_bps>(
        "slash_double_sign_percent",
        ParamUnit::kPercent,
        {0, ledger::kBasisPoints},
        "stake that signing two blocks of one height costs"),
};

}  // namespace

std::span<const ParamRow> param_table() { return kTable; }

std::string plain_text(const ParamRow& row, std::uint64_t value) {
    switch (row.unit) {
        case ParamUnit::kNumber:
            return std::to_string(value);
        case ParamUnit::kAmount:
            return to_text(Amount{value});
        case ParamUnit::kPercent:
            return to_decimal_text(value, kPercentPlaces);
    }
    return {};
}

std::string to_toml(const ParamRow& row, std::uint64_t value) {
    const std::string text = plain_text(row, value);
    return row.unit == ParamUnit::kNumber ? text : '"' + text + '"';
}

std::string range_text(const ParamRow& row) {
    return plain_text(row, row.min) + " to " + plain_text(row, row.max);
}

}  // namespace polis::genesis
