#include <map>
#include <optional>
#include <set>

#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/crypto/edwards25519.hpp>
#include <core/hex.hpp>
#include <genesis/decimal.hpp>
#include <genesis/param_table.hpp>
#include <genesis/preset.hpp>
#include <ledger/limits.hpp>

namespace polis::genesis {

namespace {

std::unexpected<PresetError> fault(std::string key, std::string cause, std::string cure) {
    return std::unexpected(PresetError{
        .file = {},
        .line = 0,
        .key = std::move(key),
        .cause = std::move(cause),
        .cure = std::move(cure)});
}

std::string entry_key(std::string_view list, std::size_t index, std::string_view key) {
    return std::string(list) + '[' + std::to_string(index) + "]." + std::string(key);
}

PresetResult<void> check_params(const ledger::Params& params) {
    if (params.chain_id.value == 0) {
        return fault("chain_id", "is 0", "choose a number from 1 that no other chain of yours has");
    }
    for (const ParamRow& row : param_table()) {
        const std::uint64_t value = row.get(params);
        if (value < row.min || value > row.max) {
            return fault(
                "params." + std::string(row.key),
                "is " + to_toml(row, value) + ", out of range",
                "choose " + range_text(row));
        }
    }
    if (params.unbonding_blocks / params.unbonding_era_blocks > ledger::kUnbondingErasMax) {
        return fault(
            "params.unbonding_era_blocks",
            "makes more than " + std::to_string(ledger::kUnbondingErasMax) +
                " eras of unbonding_blocks",
            "lengthen the eras or shorten the unbonding");
    }
    if (const auto why = ledger::params_error(params)) {
        return fault("params", std::string(*why), "mend it: no chain can run with these numbers");
    }
    return {};
}

/// Notes where values were seen first and names the earlier place of a second one.
template <class Value>
class Seen {
  public:
    /// @return the key of the earlier entry with this value
    std::optional<std::string> add(const Value& value, const std::string& key) {
        const auto [place, inserted] = first_.emplace(value, key);
        return inserted ? std::nullopt : std::optional{place->second};
    }

  private:
    std::map<Value, std::string> first_;
};

PresetResult<void> check_accounts(const GenesisPreset& preset) {
    Seen<Address> seen;
    for (std::size_t i = 0; i < preset.accounts.size(); ++i) {
        const PresetAccount& account = preset.accounts[i];
        const std::string key = entry_key("accounts", i, "address");
        if (const auto earlier = seen.add(account.address, key)) {
            return fault(key, "is the same as " + *earlier, "merge the two into one entry");
        }
        if (account.balance == Amount{}) {
            return fault(
                entry_key("accounts", i, "balance"),
                "is 0",
                "leave the account out: every unused address has 0");
        }
    }
    return {};
}

bool is_point(ByteView key) {
    return crypto::edwards25519::is_canonical_encoding(key) &&
           !crypto::edwards25519::is_small_order(key);
}

class ValidatorCheck {
  public:
    explicit ValidatorCheck(const GenesisPreset& preset) : preset_(preset) {}

    PresetResult<void> run() {
        if (preset_.validators.empty()) {
            return fault(
                "validators",
                "there is none",
                "add [[validators]] with at least one entry: without one nobody makes blocks");
        }
        if (preset_.validators.size() > ledger::kValidatorsMax) {
            return fault(
                "validators",
                "there are " + std::to_string(preset_.validators.size()),
                "keep at most " + std::to_string(ledger::kValidatorsMax));
        }
        for (std::size_t i = 0; i < preset_.validators.size(); ++i) {
            POLIS_TRY_VOID(check_keys(i));
            POLIS_TRY_VOID(check_stake(i));
        }
        return {};
    }

  private:
    PresetResult<void> check_keys(std::size_t i) {
        const PresetValidator& validator = preset_.validators[i];
        const std::string address = entry_key("validators", i, "address");
        if (const auto earlier = addresses_.add(validator.address, address)) {
            return fault(address, "is the same as " + *earlier, "give each validator its own");
        }
        const Hash consensus = Hash::from_view(validator.consensus_key.view());
        const Hash vrf = Hash::from_view(validator.vrf_key.view());
        const std::string consensus_name = entry_key("validators", i, "consensus_key");
        const std::string vrf_name = entry_key("validators", i, "vrf_key");
        if (!is_point(consensus.view())) {
            return no_key(consensus_name, "Ed25519");
        }
        POLIS_TRY_VOID(add_key(consensus_name, consensus));
        if (!crypto::vrf_key_valid(validator.vrf_key)) {
            return no_key(vrf_name, "the VRF");
        }
        return add_key(vrf_name, vrf);
    }

    static PresetResult<void> no_key(const std::string& key, const std::string& kind) {
        return fault(
            key, "is no public key of " + kind, "copy it from `polis keys show`, 64 hex digits");
    }

    /// Consensus and VRF keys share one set: a VRF key is never a signing key.
    PresetResult<void> add_key(const std::string& key, const Hash& bytes) {
        if (const auto earlier = keys_.add(bytes, key)) {
            return fault(key, "is the same as " + *earlier, "make a key for each purpose");
        }
        return {};
    }

    PresetResult<void> check_stake(std::size_t i) const {
        const PresetValidator& validator = preset_.validators[i];
        if (validator.stake < preset_.params.stake_min) {
            return fault(
                entry_key("validators", i, "stake"),
                "is \"" + to_text(validator.stake) + "\", below params.stake_min",
                "stake at least \"" + to_text(preset_.params.stake_min) + '"');
        }
        if (validator.commission_bps > ledger::kBasisPoints) {
            return fault(
                entry_key("validators", i, "commission_percent"),
                "is above 100",
                "choose 0 to 100");
        }
        return {};
    }

    const GenesisPreset& preset_;
    Seen<Address> addresses_;
    Seen<Hash> keys_;
};

/// Adds up all coins. @error the key of the entry that exceeds 64 bits
Result<Amount, std::string> add_up(const GenesisPreset& preset) {
    Amount sum;
    const auto add = [&sum](Amount amount) {
        const auto next = checked_add(sum, amount);
        sum = next.value_or(sum);
        return next.has_value();
    };
    for (std::size_t i = 0; i < preset.accounts.size(); ++i) {
        if (!add(preset.accounts[i].balance)) {
            return std::unexpected(entry_key("accounts", i, "balance"));
        }
    }
    for (std::size_t i = 0; i < preset.validators.size(); ++i) {
        if (!add(preset.validators[i].stake)) {
            return std::unexpected(entry_key("validators", i, "stake"));
        }
    }
    for (std::size_t i = 0; i < preset.contracts.size(); ++i) {
        if (!add(preset.contracts[i].value)) {
            return std::unexpected(entry_key("contracts", i, "value"));
        }
    }
    return sum;
}

PresetResult<void> check_contracts(const GenesisPreset& preset) {
    if (preset.contracts.size() > kContractsMax) {
        return fault(
            "contracts",
            "there are " + std::to_string(preset.contracts.size()),
            "keep at most " + std::to_string(kContractsMax) + "; deploy the others later");
    }
    for (std::size_t i = 0; i < preset.contracts.size(); ++i) {
        const ledger::GenesisContract& contract = preset.contracts[i];
        if (contract.code.size() > ledger::kGenesisCodeBytesMax) {
            return fault(
                entry_key("contracts", i, "code"),
                "has " + std::to_string(contract.code.size()) + " bytes",
                "code has at most " + std::to_string(ledger::kGenesisCodeBytesMax));
        }
        if (contract.input.size() > ledger::kContractInputBytesMax) {
            return fault(
                entry_key("contracts", i, "input"),
                "has " + std::to_string(contract.input.size()) + " bytes",
                "an input has at most " + std::to_string(ledger::kContractInputBytesMax));
        }
    }
    return {};
}

PresetResult<void> check_supply(const GenesisPreset& preset) {
    if (const auto sum = add_up(preset); !sum) {
        return fault(
            sum.error(),
            "takes the sum of balances, stakes and values over 18446744073.709551615 POLIS (2^64-1 "
            "units)",
            "lower balances or stakes");
    }
    return {};
}

}  // namespace

std::string describe(const PresetError& error) {
    std::string out = error.file;
    if (error.line != 0) {
        out += (out.empty() ? "line " : ":") + std::to_string(error.line);
    }
    for (const std::string& part : {error.key, error.cause}) {
        if (!part.empty()) {
            out += (out.empty() ? "" : ": ") + part;
        }
    }
    return error.cure.empty() ? out : out + "; " + error.cure;
}

PresetResult<void> check_preset(const GenesisPreset& preset) {
    if (preset.name.size() > kNameBytesMax) {
        return fault("name", "is too long", "use at most 64 bytes");
    }
    POLIS_TRY_VOID(check_params(preset.params));
    POLIS_TRY_VOID(check_accounts(preset));
    POLIS_TRY_VOID(ValidatorCheck(preset).run());
    POLIS_TRY_VOID(check_contracts(preset));
    return check_supply(preset);
}

Amount supply_of(const GenesisPreset& preset) {
    const auto sum = add_up(preset);
    POLIS_ASSERT(sum.has_value());
    return *sum;
}

}  // namespace polis::genesis
