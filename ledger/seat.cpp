#include <ledger/seat.hpp>

#include <consensus/pbft/beacon.hpp>

namespace polis::ledger {

namespace {

std::optional<SeatError> check_names(const Header& header, const SeatContext& context) {
    if (header.term != context.committee.term) {
        return SeatError::kWrongTerm;
    }
    if (header.committee != consensus::committee_hash(context.committee.members)) {
        return SeatError::kWrongCommittee;
    }
    if (header.next_committee != context.next_committee) {
        return SeatError::kWrongNextCommittee;
    }
    if (header.view > context.view_max) {
        return SeatError::kViewTooHigh;
    }
    if (context.fresh && header.view != context.view_max) {
        return SeatError::kViewNotFresh;
    }
    if (context.parent_certificate && header.parent_certificate != *context.parent_certificate) {
        return SeatError::kWrongParentCertificate;
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(SeatError error) {
    switch (error) {
        case SeatError::kWrongTerm:
            return "term is not that of the height";
        case SeatError::kWrongCommittee:
            return "committee is not that of the term";
        case SeatError::kWrongNextCommittee:
            return "next committee is not that of the state";
        case SeatError::kViewTooHigh:
            return "view above that of the proposal";
        case SeatError::kViewNotFresh:
            return "new block with another view than its proposal";
        case SeatError::kNotLeader:
            return "proposer does not lead the view";
        case SeatError::kWrongBeacon:
            return "beacon is not the one that follows";
        case SeatError::kWrongParentCertificate:
            return "parent certificate is not the one shown";
    }
    return "unknown seat error";
}

Result<void, SeatError> check_seat(
    const Header& header, const SeatContext& context, consensus::CryptoChecker& checker) {
    if (const auto error = check_names(header, context)) {
        return std::unexpected(*error);
    }
    const consensus::Committee& committee = context.committee;
    const consensus::Member& leader =
        committee.members[committee.leader(header.height, header.view)];
    if (header.proposer != leader.validator) {
        return std::unexpected(SeatError::kNotLeader);
    }
    const pbft::BeaconStep step{.proof = header.beacon_proof, .beacon = header.beacon};
    const pbft::BeaconContext beacon{
        .key = leader.vrf_key,
        .chain = committee.chain,
        .height = header.height,
        .previous = context.previous_beacon};
    if (!beacon_valid(step, beacon, checker)) {
        return std::unexpected(SeatError::kWrongBeacon);
    }
    return {};
}

}  // namespace polis::ledger
