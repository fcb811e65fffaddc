// Every way in which a preset can be wrong. Method: one valid preset, one edit, the exact error.
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <genesis/param_table.hpp>

namespace polis::genesis {
namespace {

/// A valid preset with two validators and two accounts, and the file name "t".
std::string valid() { return devnet_toml({.validators = 2, .accounts = 2, .seed = "t"}); }

/// The valid preset with the first `from` replaced.
std::string edited(const std::string& from, const std::string& to) {
    std::string text = valid();
    const std::size_t place = text.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    return text.replace(place, from.size(), to);
}

/// From `prefix` to the end of its line.
std::string line_with(const std::string& prefix, std::size_t occurrence = 0) {
    const std::string text = valid();
    std::size_t begin = text.find(prefix);
    for (; occurrence > 0; --occurrence) {
        begin = text.find(prefix, begin + 1);
    }
    return text.substr(begin, text.find('\n', begin) - begin);
}

std::uint32_t line_number(const std::string& text, const std::string& part) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(text.find(part));
    return static_cast<std::uint32_t>(1 + std::count(text.begin(), end, '\n'));
}

PresetError error_of(const std::string& text) {
    const auto preset = parse_preset(text, "t");
    EXPECT_FALSE(preset.has_value());
    return preset ? PresetError{} : preset.error();
}

std::string without_accounts(const std::string& instead) {
    const std::string text = valid();
    return instead + text.substr(0, text.find("[[accounts]]"));
}

struct Case {
    std::string name;
    std::string text;
    std::string key;
    std::string cause;  ///< a part of it
    std::string cure;   ///< a part of it
};

class PresetFault : public testing::TestWithParam<Case> {};

TEST_P(PresetFault, names_file_line_key_cause_and_cure) {
    const PresetError error = error_of(GetParam().text);
    EXPECT_EQ(error.file, "t");
    EXPECT_EQ(error.key, GetParam().key);
    EXPECT_NE(error.cause.find(GetParam().cause), std::string::npos) << error.cause;
    EXPECT_NE(error.cure.find(GetParam().cure), std::string::npos) << error.cure;
    EXPECT_GT(error.line, 0U);
}

std::string account_line(std::size_t i) {
    return line_with("address = \"polis1", 2 + i);  // behind two validators
}

std::vector<Case> type_cases() {
    return {
        {"chain_id_text",
         edited("chain_id = 101", "chain_id = \"101\""),
         "chain_id",
         "is a text",
         "an integer without quotes"},
        {"chain_id_negative",
         edited("chain_id = 101", "chain_id = -1"),
         "chain_id",
         "is negative",
         "0 or more"},
        {"name_number",
         edited("name = \"devnet\"", "name = 5"),
         "name",
         "is an integer",
         "a text in quotes"},
        {"time_without_zone",
         edited("00:00:00Z", "00:00:00"),
         "time",
         "a time without a zone",
         "2026-01-01T00:00:00Z"},
        {"time_text", edited("2026-01-01T00:00:00Z", "\"2026\""), "time", "is a text", "a zone"},
        {"time_too_fine",
         edited("00:00:00Z", "00:00:00.0001Z"),
         "time",
         "finer than a millisecond",
         "write"},
        {"time_before_1970", edited("2026-01-01T", "1969-12-31T"), "time", "before 1970", "write"},
    };
}

std::vector<Case> number_cases() {
    return {
        {"amount_number",
         edited("stake_min = \"1000\"", "stake_min = 1000"),
         "params.stake_min",
         "is an integer",
         "POLIS in quotes"},
        {"amount_float",
         edited("stake_min = \"1000\"", "stake_min = 1.5"),
         "params.stake_min",
         "a number with a point",
         "POLIS in quotes"},
        {"amount_not_decimal",
         edited("stake_min = \"1000\"", "stake_min = \"1e3\""),
         "params.stake_min",
         "not a decimal number",
         "at most 9"},
        {"amount_too_fine",
         edited("balance = \"1000000\"", "balance = \"0.0000000001\""),
         "accounts[0].balance",
         "finer than the smallest unit",
         "at most 9"},
        {"amount_too_large",
         edited("balance = \"1000000\"", "balance = \"18446744073.709551616\""),
         "accounts[0].balance",
         "too large",
         "digits"},
        {"percent_float",
         edited("commission_percent = \"10\"", "commission_percent = 2.5"),
         "validators[0].commission_percent",
         "a number with a point",
         "5 or \"2.5\""},
        {"percent_too_fine",
         edited("commission_percent = \"10\"", "commission_percent = \"2.555\""),
         "validators[0].commission_percent",
         "finer",
         "at most 2"},
        {"percent_above_100",
         edited("commission_percent = \"10\"", "commission_percent = 101"),
         "validators[0].commission_percent",
         "above 100",
         "0 to 100"},
        {"params_no_table",
         edited("[params]", "[paramz]") + "\n",
         "paramz",
         "unknown key",
         "did you mean params?"},
        {"accounts_no_list",
         without_accounts("accounts = 5\n"),
         "accounts",
         "is an integer",
         "[[accounts]]"},
        {"accounts_of_numbers",
         without_accounts("accounts = [5]\n"),
         "accounts",
         "is an integer",
         "[[accounts]]"},
    };
}

std::vector<Case> key_cases() {
    return {
        {"unknown_top",
         edited("chain_id", "chainid"),
         "chainid",
         "unknown key",
         "did you mean chain_id?"},
        {"unknown_param",
         edited("term_blocks", "term_block"),
         "params.term_block",
         "unknown key",
         "did you mean term_blocks?"},
        {"unknown_account_key",
         edited("balance", "ballance"),
         "accounts[0].ballance",
         "unknown key",
         "did you mean balance?"},
        {"unknown_validator_key",
         edited("vrf_key", "color"),
         "validators[0].color",
         "unknown key",
         "the keys here are address, consensus_key"},
        {"missing_chain_id",
         edited("chain_id = 101\n", ""),
         "chain_id",
         "missing",
         "add chain_id = 1"},
        {"missing_time",
         edited("time = 2026-01-01T00:00:00Z\n", ""),
         "time",
         "missing",
         "add time = 2026"},
        {"missing_election",
         edited("election = \"dpos\"\n", ""),
         "election",
         "missing",
         "add election"},
        {"missing_param",
         edited(line_with("jail_blocks"), ""),
         "params.jail_blocks",
         "missing",
         "add jail_blocks"},
        {"missing_balance",
         edited("balance = \"1000000\"", ""),
         "accounts[0].balance",
         "missing",
         "add balance = \"1000.5\""},
        {"missing_vrf_key",
         edited(line_with("vrf_key"), ""),
         "validators[0].vrf_key",
         "missing",
         "add vrf_key"},
        {"unknown_election", edited("\"dpos\"", "\"pow\""), "election", "\"pow\"", "\"pole\""},
        {"syntax", edited("chain_id = 101", "chain_id = = 101"), "", "", "TOML syntax"},
        {"key_twice",
         edited("chain_id = 101", "chain_id = 101\nchain_id = 102"),
         "",
         "chain_id",
         "TOML syntax"},
    };
}

std::vector<Case> contract_cases() {
    return {
        {"contract_without_code",
         valid() + "\n[[contracts]]\n",
         "contracts[0].code",
         "missing",
         "add code"},
        {"contract_of_a_file",
         valid() + "\n[[contracts]]\ncode_file = \"x.wasm\"\n",
         "contracts[0].code_file",
         "names a file",
         "code = \"0x...\""},
        {"contract_that_is_no_hex",
         valid() + "\n[[contracts]]\ncode = \"0061\"\n",
         "contracts[0].code",
         "hexadecimal",
         "0x"}};
}

std::vector<Case> value_cases() {
    const std::string flipped = [] {
        std::string line = account_line(0);
        line[20] = line[20] == 'q' ? 'p' : 'q';
        return line;
    }();
    return {
        {"bad_checksum",
         edited(account_line(0), flipped),
         "accounts[0].address",
         "no address",
         "polis1"},
        {"address_empty",
         edited(account_line(0), "address = \"\""),
         "accounts[0].address",
         "no address",
         "polis1"},
        {"account_twice",
         edited(account_line(1), account_line(0)),
         "accounts[1].address",
         "the same as accounts[0].address",
         "merge"},
    };
}

std::string vrf_line(const std::string& digits) { return "vrf_key = \"0x" + digits + '"'; }

std::vector<Case> public_key_cases() {
    const std::string zero_key =
        "consensus_key = \"0x" + std::string(64, '0') + '"';  // a point of order 4
    return {
        {"consensus_key_twice",
         edited(line_with("consensus_key", 1), line_with("consensus_key")),
         "validators[1].consensus_key",
         "the same as validators[0].consensus_key",
         "a key for each purpose"},
        {"vrf_key_is_consensus_key",
         edited(line_with("vrf_key"), "vrf_key" + line_with("consensus_key").substr(13)),
         "validators[0].vrf_key",
         "the same as validators[0].consensus_key",
         "a key for each"},
        {"key_too_short",
         edited(line_with("vrf_key"), "vrf_key = \"0x12\""),
         "validators[0].vrf_key",
         "not 32 bytes",
         "64 hex digits"},
        {"key_not_hex",
         edited(line_with("vrf_key"), "vrf_key = \"hello\""),
         "validators[0].vrf_key",
         "not 32 bytes",
         "64 hex digits"},
        {"key_of_small_order",
         edited(line_with("consensus_key"), zero_key),
         "validators[0].consensus_key",
         "no public key of Ed25519",
         "polis keys show"},
        {"vrf_key_of_small_order",
         edited(line_with("vrf_key"), vrf_line(std::string(64, '0'))),
         "validators[0].vrf_key",
         "no public key of the VRF",
         "polis keys show"},
        {"vrf_key_not_canonical",
         edited(line_with("vrf_key", 1), vrf_line("ed" + std::string(60, 'f') + "7f")),  // y = p
         "validators[1].vrf_key",
         "no public key of the VRF",
         "polis keys show"},
        {"vrf_key_not_on_the_curve",
         edited(line_with("vrf_key"), vrf_line("02" + std::string(62, '0'))),
         "validators[0].vrf_key",
         "no public key of the VRF",
         "polis keys show"},
    };
}

std::vector<Case> amount_cases() {
    return {
        {"balance_zero",
         edited("balance = \"1000000\"", "balance = \"0.0\""),
         "accounts[0].balance",
         "is 0",
         "leave the account out"},
        {"validator_twice",
         edited(line_with("address", 1), line_with("address", 0)),
         "validators[1].address",
         "the same as validators[0].address",
         "its own"},
        {"stake_below_minimum",
         edited("stake = \"10000\"", "stake = \"999.999999999\""),
         "validators[0].stake",
         "below params.stake_min",
         "at least \"1000\""},
        {"no_validators",
         valid().substr(0, valid().find("[[validators]]")),
         "validators",
         "none",
         "[[validators]]"},
        {"sum_overflow_accounts",
         edited("balance = \"1000000\"", "balance = \"18446744073.7\""),
         "accounts[1].balance",
         "2^64-1",
         "lower"},
        {"sum_overflow_stakes",
         edited(
             line_with("[[accounts]]  # 0") + "\n" + account_line(0) + "\nbalance = \"1000000\"",
             "[[accounts]]\n" + account_line(0) + "\nbalance = \"18445744073.709551615\""),
         "validators[0].stake",
         "2^64-1",
         "lower"},
        {"too_many_open_eras",
         edited(line_with("unbonding_blocks"), "unbonding_blocks = 100000"),
         "params.unbonding_era_blocks",
         "more than 1024 eras",
         "lengthen"},
        {"name_too_long",
         edited("\"devnet\"", '"' + std::string(65, 'x') + '"'),
         "name",
         "too long",
         "64 bytes"},
        {"chain_id_zero", edited("chain_id = 101", "chain_id = 0"), "chain_id", "is 0", "from 1"},
    };
}

const auto kCaseName = [](const testing::TestParamInfo<Case>& parameter) {
    return parameter.param.name;
};
INSTANTIATE_TEST_SUITE_P(Types, PresetFault, testing::ValuesIn(type_cases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Numbers, PresetFault, testing::ValuesIn(number_cases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Amounts, PresetFault, testing::ValuesIn(amount_cases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(PublicKeys, PresetFault, testing::ValuesIn(public_key_cases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Keys, PresetFault, testing::ValuesIn(key_cases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Contracts, PresetFault, testing::ValuesIn(contract_cases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Values, PresetFault, testing::ValuesIn(value_cases()), kCaseName);

TEST(PresetErrors, hold_every_range_of_the_table) {
    for (const ParamRow& row : param_table()) {
        const auto refused = [&row](std::uint64_t value) {
            GenesisPreset preset = devnet_preset({});
            row.set(preset.params, value);
            const auto checked = check_preset(preset);
            const std::string key = "params." + std::string(row.key);
            const bool in_memory = !checked && checked.error().key == key;
            const std::string setting = std::string(row.key) + " = " + to_toml(row, value);
            const auto parsed =
                parse_preset(edited(line_with(std::string(row.key) + " = "), setting), "t");
            return in_memory && !parsed && parsed.error().key == key;
        };
        if (row.min > 0) {
            EXPECT_TRUE(refused(row.min - 1)) << row.key;
        }
        EXPECT_TRUE(refused(row.max + 1)) << row.key;
    }
}

TEST(PresetErrors, name_the_line) {
    const std::string unknown = edited("term_blocks", "term_blokcs");
    EXPECT_EQ(error_of(unknown).line, line_number(unknown, "term_blokcs"));
    const std::string missing = edited(line_with("vrf_key", 1), "");
    EXPECT_EQ(error_of(missing).line, line_number(missing, "[[validators]]  # 1"));
    const std::string twice = edited(account_line(1), account_line(0));
    EXPECT_EQ(error_of(twice).line, line_number(twice, "[[accounts]]  # 1") + 1);
    const std::string syntax = edited("chain_id = 101", "chain_id = = 101");
    EXPECT_EQ(error_of(syntax).line, line_number(syntax, "chain_id"));
}

TEST(PresetErrors, read_as_one_line) {
    EXPECT_EQ(
        describe(error_of(edited("term_blocks = 20", "term_blocks = 0 "))),
        "t:14: params.term_blocks: is 0, out of range; choose 1 to 1000000000");
    EXPECT_EQ(describe({.file = {}, .line = 0, .key = "k", .cause = "c", .cure = "d"}), "k: c; d");
}

TEST(PresetErrors, name_a_file_that_cannot_be_read) {
    EXPECT_EQ(read_preset("/nowhere/genesis.toml").error().cause, "no such file");
    EXPECT_EQ(read_preset("/").error().cause, "is not a file");
}

}  // namespace
}  // namespace polis::genesis
