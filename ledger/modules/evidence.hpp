#pragma once

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/payload.hpp>

/// Proofs of misbehaviour on chain: whoever signed two things that no honest member signs loses a
/// part of its stake, once for each height. Spec [K21] to [K24].
namespace polis::ledger::evidence {

/// That a validator was punished for a height; it stays for ever, so that nothing is slashed twice.
struct Offence {
    Height reported;  ///< height of the block with the evidence
    Amount burned;

    bool operator==(const Offence&) const = default;
    static constexpr auto kFields = codec::fields(&Offence::reported, &Offence::burned);
};

// Event; its data is the encoding of the struct.
struct Punished {
    Height height;  ///< of the offence
    Address validator;
    Amount burned;
    static constexpr auto kFields =
        codec::fields(&Punished::height, &Punished::validator, &Punished::burned);
};

/// @return kUnknownValidator, kOffenceInFuture, kOffenceExpired, kAlreadyPunished, kBadEvidence or
/// kSuccess, tried in this order: the signatures come last because they cost most
[[nodiscard]] ModuleResult apply(TxnContext& context, const ReportEvidence& request);

/// The last height of a block in which evidence of an offence at `height` counts: later nothing of
/// what stood behind the offender then can still be slashed. Saturates. Spec [K23].
[[nodiscard]] Height expires_after(const Params& params, Height height);

/// @return nothing if the validator was not punished for that height
[[nodiscard]] StoreResult<std::optional<Offence>> offence(
    StateView& state, const Address& validator, Height height);

}  // namespace polis::ledger::evidence
