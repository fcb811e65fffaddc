#include <genesis/devnet.hpp>

#include <chrono>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/decimal.hpp>
#include <genesis/param_table.hpp>

namespace polis::genesis {

namespace {

constexpr std::uint64_t kPolis = 1'000'000'000;
constexpr TimeMs kDevnetTime{1'767'225'600'000};  // 2026-01-01T00:00:00Z

/// Short terms and eras, so that a person sees them pass.
ledger::Params devnet_params(const DevnetOptions& options) {
    ledger::Params params;
    params.chain_id = options.chain_id;
    params.block_gas_max = Gas{100'000'000};
    params.gas_price_min = GasPrice{1};
    params.committee_size_max = 100;
    params.term_blocks = 20;
    params.stake_min = Amount{1'000 * kPolis};
    params.delegation_min = Amount{kPolis};
    params.unbonding_blocks = 20;
    params.unbonding_era_blocks = 10;
    params.jail_blocks = 50;
    params.slash_double_sign_bps = 500;
    params.election = options.election;
    return params;
}

/// Text as a TOML basic string.
std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string write_params(const ledger::Params& params) {
    std::string out = "\n[params]\n";
    for (const ParamRow& row : param_table()) {
        const std::string setting = fmt::format("{} = {}", row.key, to_toml(row, row.get(params)));
        out += fmt::format("{:<36}# {}: {}\n", setting, row.meaning, range_text(row));
    }
    return out;
}

std::string warning(const DevnetOptions& options) {
    return fmt::format(
        "# WARNING: PUBLIC KEY MATERIAL. Every key below follows from the public seed {0}:\n"
        "# anybody can spend these coins and sign for these validators. For development only.\n"
        "# The secret keys: polis keys dev --seed {0} --count {1}\n",
        toml_string(options.seed),
        options.accounts);
}

}  // namespace

GenesisPreset devnet_preset(const DevnetOptions& options) {
    GenesisPreset preset;
    preset.name = options.name;
    preset.time = kDevnetTime;
    preset.params = devnet_params(options);
    for (std::size_t i = 0; i < options.accounts; ++i) {
        const PublicKey key = dev_account_key(options.seed, i).public_key();
        preset.accounts.push_back({crypto::address_of(key), Amount{1'000'000 * kPolis}});
    }
    for (std::size_t i = 0; i < options.validators; ++i) {
        const Address address = crypto::address_of(dev_operator_key(options.seed, i).public_key());
        if (options.election == ledger::ElectionKind::kPole) {
            preset.accounts.push_back({address, Amount{10'000 * kPolis}});  // for trainers' bonds
        }
        preset.validators.push_back(
            {.address = address,
             .consensus_key = dev_consensus_key(options.seed, i).public_key(),
             .vrf_key = dev_vrf_key(options.seed, i).public_key(),
             .stake = Amount{10'000 * kPolis},
             .commission_bps = 1'000});
    }
    return preset;
}

std::string devnet_toml(const DevnetOptions& options) {
    return write_preset(devnet_preset(options), warning(options));
}

std::string to_text(TimeMs time) {
    const std::chrono::sys_time<std::chrono::milliseconds> moment{
        std::chrono::milliseconds{time.value}};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{moment - day};
    const auto ms = clock.subseconds().count();
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        ms == 0 ? "" : fmt::format(".{:03}", ms));
}

std::string write_preset(const GenesisPreset& preset, std::string_view heading) {
    std::string out(heading);
    out += fmt::format("\nchain_id = {}\n", preset.params.chain_id.value);
    if (!preset.name.empty()) {
        out += fmt::format("name = {}\n", toml_string(preset.name));
    }
    out += fmt::format(
        "time = {}\nelection = \"{}\"\n", to_text(preset.time), to_string(preset.params.election));
    out += write_params(preset.params);
    for (std::size_t i = 0; i < preset.validators.size(); ++i) {
        const PresetValidator& validator = preset.validators[i];
        out += fmt::format("\n[[validators]]  # {}\n", i);
        out += fmt::format("address = \"{}\"\n", crypto::to_text(validator.address));
        out += fmt::format(
            "consensus_key = \"{}\"\n", to_hex_prefixed(validator.consensus_key.view()));
        out += fmt::format("vrf_key = \"{}\"\n", to_hex_prefixed(validator.vrf_key.view()));
        out += fmt::format("stake = \"{}\"\n", to_text(validator.stake));
        out += fmt::format(
            "commission_percent = \"{}\"\n",
            to_decimal_text(validator.commission_bps, kPercentPlaces));
    }
    for (std::size_t i = 0; i < preset.accounts.size(); ++i) {
        const PresetAccount& account = preset.accounts[i];
        out += fmt::format("\n[[accounts]]  # {}\n", i);
        out += fmt::format("address = \"{}\"\n", crypto::to_text(account.address));
        out += fmt::format("balance = \"{}\"\n", to_text(account.balance));
    }
    for (std::size_t i = 0; i < preset.contracts.size(); ++i) {
        const ledger::GenesisContract& contract = preset.contracts[i];
        out += fmt::format("\n[[contracts]]  # {}\n", i);
        out += fmt::format("creator = \"{}\"\n", crypto::to_text(contract.creator));
        out += fmt::format("code = \"{}\"\n", to_hex_prefixed(contract.code));
        out += fmt::format("input = \"{}\"\n", to_hex_prefixed(contract.input));
        out += fmt::format("value = \"{}\"\n", to_text(contract.value));
    }
    return out;
}

}  // namespace polis::genesis
