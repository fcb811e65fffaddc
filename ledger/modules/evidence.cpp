#include <ledger/modules/evidence.hpp>

#include <optional>

#include <consensus/checker.hpp>
#include <consensus/pbft/evidence.hpp>
#include <core/integer.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger::evidence {

namespace {

StateKey offence_key(const Address& validator, Height height) {
    return StateKey(RecordKind::kOffence, {validator.view(), big_endian(height.value)});
}

}  // namespace

ModuleResult apply(TxnContext& context, const ReportEvidence& request) {
    Journal& state = context.state;
    const Height height = pbft::height_of(request.evidence);
    POLIS_TRY(const auto offender, staking::owner_of(state, request.evidence.offender));
    if (!offender) {
        return TxnStatus::kUnknownValidator;
    }
    if (height > context.height) {
        return TxnStatus::kOffenceInFuture;
    }
    if (context.height > expires_after(context.params, height)) {
        return TxnStatus::kOffenceExpired;
    }
    POLIS_TRY(const auto punished, offence(state, *offender, height));
    if (punished) {
        return TxnStatus::kAlreadyPunished;
    }
    consensus::PlainChecker checker;
    if (!pbft::verify_evidence(request.evidence, context.params.chain_id, checker)) {
        return TxnStatus::kBadEvidence;
    }
    POLIS_TRY(
        const Amount burned,
        staking::slash(
            state,
            context.params,
            *offender,
            height,
            context.height,
            context.params.slash_double_sign_bps));
    POLIS_TRY_VOID(save_record(
        state,
        offence_key(*offender, height),
        Offence{.reported = context.height, .burned = burned}));
    context.emit("evidence.punished", Punished{height, *offender, burned});
    return TxnStatus::kSuccess;
}

Height expires_after(const Params& params, Height height) {
    const std::uint64_t reach =
        saturating_add(params.unbonding_blocks, params.unbonding_era_blocks);
    return Height{saturating_add(height.value, reach)};
}

StoreResult<std::optional<Offence>> offence(
    StateView& state, const Address& validator, Height height) {
    return load_record<Offence>(state, offence_key(validator, height));
}

}  // namespace polis::ledger::evidence
