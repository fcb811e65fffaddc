#pragma once

#include <cstdint>
#include <optional>

#include <consensus/committee.hpp>
#include <consensus/pbft/messages.hpp>
#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/random.hpp>
#include <core/types.hpp>

/// Messages that a holder of a real key can make and no honest member does.
namespace polis::sim {

/// A signed vote, whatever its signer said before.
[[nodiscard]] pbft::Vote signed_vote(
    const crypto::SigningKey& key, const pbft::Statement& statement, pbft::MemberIndex member);

/// Another block for the place of a proposal: valid, some milliseconds later, and signed as well.
/// The last bits of the two blocks' names differ, so that liars can tell which is which.
/// @return nothing if the proposal repeats an earlier view's block or its header cannot be read
[[nodiscard]] std::optional<pbft::Proposal> other_proposal(
    const crypto::SigningKey& key, const pbft::Proposal& proposal);

/// The same kind of vote for another block.
[[nodiscard]] pbft::Ballot other_ballot(
    const crypto::SigningKey& key, const pbft::Vote& vote, const Hash& digest);

/// A view change that claims to have prepared nothing.
[[nodiscard]] pbft::ViewChangeMessage forgetful_change(
    const crypto::SigningKey& key, const pbft::ViewChangeMessage& honest);

/// A view change to a view of one's choice.
[[nodiscard]] pbft::ViewChangeMessage change_to(
    const crypto::SigningKey& key, const consensus::Committee& committee, Height height, View view);

/// One to three bits differ.
[[nodiscard]] Bytes mutated(Bytes bytes, Random& random);

}  // namespace polis::sim
