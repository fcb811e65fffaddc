#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <consensus/committee.hpp>
#include <core/types.hpp>
#include <ledger/validation.hpp>

namespace polis::node {

/// What a node is doing, in one word.
enum class Phase : std::uint8_t {
    kObserving,   ///< follows, is no member of the committee
    kSyncing,     ///< peers claim heads that are further than one block away
    kProposing,   ///< leads the view and has not proposed yet
    kVoting,      ///< in a view, has not given up on it
    kViewChange,  ///< waits for the view that it asked for
    kStopped,     ///< the store failed, or agreement was halted: see the alarm
};

/// One word, as clients of the node read it.
[[nodiscard]] std::string_view to_string(Phase phase);

/// What a validator is at, for people and metrics. O(committee).
struct ValidatorView {
    ledger::Head head;
    Term term;  ///< of the next block
    View view;  ///< of the height being decided
    Phase phase = Phase::kObserving;
    std::optional<Address> leader;           ///< of that view
    std::vector<consensus::Member> members;  ///< who decides the next block
    /// For each member: a message of theirs came within the last view timeout, or it is us.
    std::vector<bool> heard;
    Height best_claim;  ///< the highest head that a peer claims; at least our own
    std::size_t mempool_count = 0;
    std::size_t mempool_bytes = 0;
    std::size_t memory_bytes = 0;
};

}  // namespace polis::node
