#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/block.hpp>

/// Whether a header's proposer sat in the right place: the fields of consensus, which check_block()
/// leaves alone. Spec [B13] to [B18].
namespace polis::ledger {

/// What a header is compared with.
struct SeatContext {
    const consensus::Committee& committee;  ///< of the header's height
    Hash next_committee;                    ///< hash of who votes in the next term
    Hash previous_beacon;                   ///< of the parent's header
    /// Hash of the parent's commit certificate as the proposer showed it, zeros for block 1.
    /// Nothing in sync: each node has its own set of signatures, and a quorum has accepted the
    /// header's.
    std::optional<Hash> parent_certificate;
    View view_max;       ///< of the proposal or of the block's certificate
    bool fresh = false;  ///< made for that view, not taken over from an earlier one
};

enum class SeatError : std::uint8_t {
    kWrongTerm,
    kWrongCommittee,
    kWrongNextCommittee,
    kViewTooHigh,   ///< above the view in which it is proposed or was decided
    kViewNotFresh,  ///< a new block that names another view than its proposal
    kNotLeader,     ///< the proposer does not lead the header's view
    kWrongBeacon,   ///< beacon or proof are not what the leader's VRF key says
    kWrongParentCertificate,
};

std::string_view to_string(SeatError error);

/// Checks a header's fields of consensus; costs one VRF verification, after everything else.
/// @pre the committee has a member, and its ranking is a permutation of them
[[nodiscard]] Result<void, SeatError> check_seat(
    const Header& header, const SeatContext& context, consensus::CryptoChecker& checker);

}  // namespace polis::ledger
