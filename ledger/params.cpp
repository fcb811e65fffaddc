#include <ledger/params.hpp>

#include <ledger/limits.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger {

namespace {

StateKey params_key() { return StateKey(RecordKind::kParams, {}); }

}  // namespace

std::string_view to_string(ElectionKind kind) {
    switch (kind) {
        case ElectionKind::kDpos:
            return "dpos";
        case ElectionKind::kPole:
            return "pole";
        case ElectionKind::kPoc:
            return "poc";
    }
    return "unknown";
}

std::optional<std::string_view> params_error(const Params& params) {
    if (params.block_gas_max == Gas{}) {
        return "block_gas_max is zero";
    }
    if (params.committee_size_max == 0 || params.committee_size_max > kCommitteeMax) {
        return "committee_size_max is not within 1 to 200";
    }
    if (params.term_blocks == 0) {
        return "term_blocks is zero";
    }
    if (params.stake_min == Amount{}) {
        return "stake_min is zero";
    }
    if (params.unbonding_era_blocks == 0) {
        return "unbonding_era_blocks is zero";
    }
    if (params.unbonding_blocks / params.unbonding_era_blocks > kUnbondingErasMax) {
        return "unbonding_blocks spans more than 1024 eras";
    }
    if (params.slash_double_sign_bps > kBasisPoints) {
        return "slash_double_sign_bps is more than 10000";
    }
    return std::nullopt;
}

StoreResult<std::optional<Params>> load_params(StateView& state) {
    return load_record<Params>(state, params_key());
}

StoreResult<void> save_params(Journal& state, const Params& params) {
    return save_record(state, params_key(), params);
}

}  // namespace polis::ledger
