#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <consensus/pbft/certificate.hpp>
#include <consensus/pbft/messages.hpp>
#include <core/types.hpp>
#include <ledger/validation.hpp>
#include <node/validator/validator.hpp>

/// What a member could send that no honest member does: blocks and votes made with the public keys
/// of a development genesis, against the state of a node that is watched.
namespace polis::node::testing {

/// Whose turn it is in a view of the height that the node decides.
std::size_t leader_of(Validator& node, View view = {});

/// The genesis validator behind a member of the committee.
std::size_t validator_of(Validator& node, pbft::MemberIndex member);

/// An empty block on the node's head that is valid if `time` is; the leader of view 0 made it.
ledger::BlockPlan plan_on(Validator& node, TimeMs time);
ledger::CheckedBlock block_of(Validator& node, ledger::BlockPlan plan);

pbft::Statement statement_on(Validator& node, pbft::Phase phase, const Hash& digest);

/// A vote of that genesis validator.
pbft::Vote vote_of(Validator& node, std::size_t validator, const pbft::Statement& statement);

/// The proposal of view 0.
pbft::Proposal proposal_of(Validator& node, const ledger::CheckedBlock& block);

/// A commit certificate with the votes of these genesis validators.
pbft::Certificate decide(
    Validator& node, const ledger::CheckedBlock& block, std::span<const std::size_t> validators);

}  // namespace polis::node::testing
