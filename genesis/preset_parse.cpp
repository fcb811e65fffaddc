#include <array>
#include <fstream>
#include <sstream>
#include <system_error>

#include <core/hex.hpp>
#include <genesis/param_table.hpp>
#include <genesis/preset.hpp>
#include <genesis/preset_code.hpp>
#include <genesis/table_reader.hpp>

namespace polis::genesis {

namespace {

constexpr std::array<std::string_view, 8> kTopKeys{
    "chain_id", "name", "time", "election", "params", "accounts", "validators", "contracts"};
constexpr std::array<std::string_view, 2> kAccountKeys{"address", "balance"};
constexpr std::array<std::string_view, 5> kValidatorKeys{
    "address", "consensus_key", "vrf_key", "stake", "commission_percent"};
constexpr std::array<std::string_view, 5> kContractKeys{
    "code", "code_file", "creator", "input", "value"};
constexpr std::array kElections{
    ledger::ElectionKind::kDpos, ledger::ElectionKind::kPole, ledger::ElectionKind::kPoc};

std::vector<std::string_view> param_keys() {
    std::vector<std::string_view> keys;
    for (const ParamRow& row : param_table()) {
        keys.push_back(row.key);
    }
    return keys;
}

PresetResult<std::uint64_t> read_param(const TableReader& reader, const ParamRow& row) {
    switch (row.unit) {
        case ParamUnit::kNumber:
            return reader.number(row.key);
        case ParamUnit::kAmount: {
            POLIS_TRY(const Amount amount, reader.amount(row.key));
            return amount.value;
        }
        case ParamUnit::kPercent: {
            POLIS_TRY(const std::uint16_t points, reader.percent(row.key));
            return points;
        }
    }
    return 0;
}

PresetResult<void> read_params(const TableReader& top, ledger::Params& params) {
    POLIS_TRY(const TableReader reader, top.table("params"));
    POLIS_TRY_VOID(reader.allow_only(param_keys()));
    for (const ParamRow& row : param_table()) {
        POLIS_TRY(const std::uint64_t value, read_param(reader, row));
        if (value < row.min || value > row.max) {
            return std::unexpected(reader.error(
                row.key,
                "is " + to_toml(row, value) + ", out of range",
                "choose " + range_text(row)));
        }
        row.set(params, value);
    }
    return {};
}

PresetResult<ledger::ElectionKind> read_election(const TableReader& top) {
    POLIS_TRY(const std::string name, top.text("election"));
    if (const auto kind = parse_election(name)) {
        return *kind;
    }
    return std::unexpected(top.error(
        "election",
        "is \"" + name + "\", no election of this version",
        "choose \"dpos\", \"pole\" or \"poc\""));
}

PresetResult<PresetAccount> read_account(const TableReader& reader) {
    POLIS_TRY_VOID(reader.allow_only(kAccountKeys));
    PresetAccount account;
    POLIS_TRY(account.address, reader.address("address"));
    POLIS_TRY(account.balance, reader.amount("balance"));
    return account;
}

PresetResult<PresetValidator> read_validator(const TableReader& reader) {
    POLIS_TRY_VOID(reader.allow_only(kValidatorKeys));
    PresetValidator validator;
    POLIS_TRY(validator.address, reader.address("address"));
    POLIS_TRY(const Hash consensus, reader.bytes32("consensus_key"));
    POLIS_TRY(const Hash vrf, reader.bytes32("vrf_key"));
    validator.consensus_key = PublicKey::from_view(consensus.view());
    validator.vrf_key = VrfPublicKey::from_view(vrf.view());
    POLIS_TRY(validator.stake, reader.amount("stake"));
    POLIS_TRY(validator.commission_bps, reader.percent("commission_percent"));
    return validator;
}

PresetResult<Bytes> read_hex(const TableReader& reader, std::string_view key) {
    POLIS_TRY(const std::string text, reader.text(key));
    auto bytes = text.starts_with("0x") ? from_hex(text) : std::nullopt;
    if (!bytes) {
        return std::unexpected(reader.error(
            key, "is not bytes in hexadecimal", "write 0x and an even number of digits"));
    }
    return *std::move(bytes);
}

PresetResult<ledger::GenesisContract> read_contract(const TableReader& reader) {
    POLIS_TRY_VOID(reader.allow_only(kContractKeys));
    if (reader.has("code_file")) {
        return std::unexpected(reader.error(
            "code_file",
            "names a file, which only a preset that is read from a file may",
            "write code = \"0x...\""));
    }
    ledger::GenesisContract contract;
    POLIS_TRY(contract.code, read_hex(reader, "code"));
    if (reader.has("creator")) {
        POLIS_TRY(contract.creator, reader.address("creator"));
    }
    if (reader.has("input")) {
        POLIS_TRY(contract.input, read_hex(reader, "input"));
    }
    if (reader.has("value")) {
        POLIS_TRY(contract.value, reader.amount("value"));
    }
    return contract;
}

PresetResult<GenesisPreset> read_top(const TableReader& top) {
    POLIS_TRY_VOID(top.allow_only(kTopKeys));
    GenesisPreset preset;
    POLIS_TRY(preset.params.chain_id.value, top.number("chain_id"));
    if (top.has("name")) {
        POLIS_TRY(preset.name, top.text("name"));
    }
    POLIS_TRY(preset.time, top.time("time"));
    POLIS_TRY(preset.params.election, read_election(top));
    POLIS_TRY_VOID(read_params(top, preset.params));
    POLIS_TRY(const auto accounts, top.tables("accounts"));
    for (const TableReader& reader : accounts) {
        POLIS_TRY(const PresetAccount account, read_account(reader));
        preset.accounts.push_back(account);
    }
    POLIS_TRY(const auto validators, top.tables("validators"));
    for (const TableReader& reader : validators) {
        POLIS_TRY(const PresetValidator validator, read_validator(reader));
        preset.validators.push_back(validator);
    }
    POLIS_TRY(const auto contracts, top.tables("contracts"));
    for (const TableReader& reader : contracts) {
        POLIS_TRY(ledger::GenesisContract contract, read_contract(reader));
        preset.contracts.push_back(std::move(contract));
    }
    return preset;
}

PresetError file_error(std::string file, std::string cause, std::string cure) {
    return {
        .file = std::move(file),
        .line = 0,
        .key = {},
        .cause = std::move(cause),
        .cure = std::move(cure)};
}

}  // namespace

PresetResult<GenesisPreset> parse_preset(std::string_view text, std::string_view file) {
    ReadContext context{.file = std::string(file), .lines = {}};
    toml::table root;
    try {
        root = toml::parse(text, file);
    } catch (const toml::parse_error& fault) {
        PresetError error = file_error(
            context.file,
            std::string(fault.description()),
            "mend the TOML syntax: https://toml.io");
        error.line = fault.source().begin.line;
        return std::unexpected(std::move(error));
    }
    const TableReader top(context, root, "");
    POLIS_TRY(GenesisPreset preset, read_top(top));
    if (auto checked = check_preset(preset); !checked) {
        PresetError error = std::move(checked).error();
        error.file = context.file;
        error.line = context.lines.find(error.key);
        return std::unexpected(std::move(error));
    }
    return preset;
}

std::optional<ledger::ElectionKind> parse_election(std::string_view name) {
    for (const ledger::ElectionKind kind : kElections) {
        if (name == to_string(kind)) {
            return kind;
        }
    }
    return std::nullopt;
}

PresetResult<std::string> read_preset(const std::filesystem::path& file) {
    std::error_code failed;
    const std::filesystem::file_status status = std::filesystem::status(file, failed);
    if (!std::filesystem::exists(status)) {
        return std::unexpected(file_error(
            file.string(), "no such file", "name a preset, or print one: polis genesis devnet"));
    }
    if (!std::filesystem::is_regular_file(status)) {
        return std::unexpected(file_error(file.string(), "is not a file", "name a preset file"));
    }
    if (std::filesystem::file_size(file, failed) > kPresetBytesMax || failed) {
        return std::unexpected(
            file_error(file.string(), "is over 16 MiB", "a genesis of this size is not supported"));
    }
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || !text) {
        return std::unexpected(
            file_error(file.string(), "cannot be read", "check its owner and permissions"));
    }
    POLIS_TRY(std::string whole, inline_code(std::move(text).str(), file));
    if (whole.size() > kPresetBytesMax) {
        return std::unexpected(file_error(
            file.string(), "is over 16 MiB with its contracts", "deploy some of them later"));
    }
    return whole;
}

}  // namespace polis::genesis
