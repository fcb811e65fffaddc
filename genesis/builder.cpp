#include <genesis/builder.hpp>

#include <core/check.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/tree.hpp>

namespace polis::genesis {

namespace {

using ledger::Journal;
using ledger::StoreResult;

/// The state before the first record.
class EmptyState final : public ledger::StateView {
  public:
    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(
        const ledger::StateKey& /*key*/) override {
        return std::optional<SmallBytes>{};
    }
};

class NoLeaves final : public ledger::LeafSource {
  public:
    [[nodiscard]] StoreResult<std::vector<ledger::state::Leaf>> load(
        const Hash& /*path*/, std::size_t /*bits*/) const override {
        return std::vector<ledger::state::Leaf>{};
    }
};

/// No store lies beneath a genesis, so nothing can fail but this program.
template <class T>
T must(StoreResult<T> result) {
    POLIS_ASSERT(result.has_value());
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

/// A preset may name an election of another version; only who builds a chain needs it.
PresetResult<void> check_election(const GenesisPreset& preset) {
    if (ledger::terms::election_of(preset.params) != nullptr) {
        return {};
    }
    return std::unexpected(PresetError{
        .file = {},
        .line = 0,
        .key = "election",
        .cause = "is \"" + std::string(to_string(preset.params.election)) +
                 "\", which this program cannot run",
        .cure = "choose \"dpos\" or \"pole\""});
}

void add_records(Journal& state, const GenesisPreset& preset) {
    using ledger::TxnStatus;
    must(save_params(state, preset.params));
    for (const PresetAccount& account : preset.accounts) {
        must(save_account(state, account.address, {.balance = account.balance, .nonce = {}}));
    }
    for (const PresetValidator& validator : preset.validators) {
        const ledger::staking::GenesisValidator genesis{
            .address = validator.address,
            .consensus_key = validator.consensus_key,
            .vrf_key = validator.vrf_key,
            .commission_bps = validator.commission_bps,
            .stake = validator.stake};
        const TxnStatus status =
            must(ledger::staking::genesis_validator(state, preset.params, genesis));
        POLIS_ASSERT(status == TxnStatus::kSuccess);  // check_preset() asks for more
    }
    must(ledger::bank::set_supply(state, supply_of(preset)));
}

/// The order of the list matters here: it is part of the addresses.
PresetResult<void> add_contracts(Journal& state, const GenesisPreset& preset) {
    for (std::size_t i = 0; i < preset.contracts.size(); ++i) {
        const auto deployed = must(ledger::deploy_genesis_contract(
            state, preset.params, preset.time, preset.contracts[i], i));
        if (deployed.status != ledger::TxnStatus::kSuccess) {
            return std::unexpected(PresetError{
                .file = {},
                .line = 0,
                .key = "contracts[" + std::to_string(i) + ']',
                .cause = std::string(to_string(deployed.status)) + ": " +
                         std::string(as_text(deployed.output)),
                .cure = "mend the contract, its input or its value"});
        }
    }
    return {};
}

}  // namespace

PresetResult<Genesis> build(const GenesisPreset& preset, std::string_view source) {
    POLIS_TRY_VOID(check_preset(preset));
    POLIS_TRY_VOID(check_election(preset));
    EmptyState empty;
    Journal state(empty);
    add_records(state, preset);
    POLIS_TRY_VOID(add_contracts(state, preset));
    Genesis out;
    out.committee =
        must(ledger::staking::top_by_stake(state, preset.params, preset.params.committee_size_max));
    const Hash committee = must(ledger::terms::save_first_term(state, out.committee));
    out.supply = supply_of(preset);
    out.state = {
        .params = preset.params,
        .time = preset.time,
        .source = to_bytes(as_bytes(source)),
        .records = state.changes(),
        .committee = committee};
    const NoLeaves no_leaves;
    ledger::StateTree tree(no_leaves, {});
    out.state_root = must(tree.apply(out.state.records));
    out.hash = ledger::genesis_hash(out.state, out.state_root);
    return out;
}

PresetResult<Genesis> build_from_text(std::string_view text, std::string_view file) {
    POLIS_TRY(const GenesisPreset preset, parse_preset(text, file));
    return build(preset, text);
}

}  // namespace polis::genesis
