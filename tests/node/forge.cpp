#include <tests/node/forge.hpp>

#include <stdexcept>
#include <utility>

#include <consensus/pbft/beacon.hpp>
#include <genesis/dev_keys.hpp>
#include <node/validator/proposer.hpp>
#include <tests/node/network.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {

using ledger::testing::must;

std::size_t validator_of(Validator& node, pbft::MemberIndex member) {
    const auto& committee = node.replica().schedule().current;
    for (std::size_t i = 0; i < committee.size(); ++i) {
        if (genesis::dev_consensus_key(genesis::kDevSeed, i).public_key() ==
            committee.members.at(member).consensus_key) {
            return i;
        }
    }
    throw std::runtime_error("not a validator of the genesis");
}

std::size_t leader_of(Validator& node, View view) {
    const auto& schedule = node.replica().schedule();
    return validator_of(node, schedule.current.leader(schedule.height, view));
}

ledger::BlockPlan plan_on(Validator& node, TimeMs time) {
    const auto& schedule = node.replica().schedule();
    const Identity leader = dev_identity(leader_of(node));
    const ledger::Head& head = node.chain().head();
    const auto step = pbft::make_beacon(
        leader.vrf_key, node.chain().params().chain_id, schedule.height, head.beacon);
    const auto certificate = must(node.chain().certificate(head.height));
    return {
        .chain_id = node.chain().params().chain_id,
        .time = time,
        .proposer = leader.address,
        .seat =
            {.view = {},
             .term = schedule.current.term,
             .parent_certificate = certificate ? pbft::certificate_hash(*certificate) : Hash{},
             .beacon = step.beacon,
             .beacon_proof = step.proof,
             .committee = consensus::committee_hash(schedule.current.members),
             .next_committee = must(node.chain().next_committee())},
        .facts = {}};
}

ledger::CheckedBlock block_of(Validator& node, ledger::BlockPlan plan) {
    return ledger::make_block(node.chain().head(), std::move(plan), {});
}

pbft::Statement statement_on(Validator& node, pbft::Phase phase, const Hash& digest) {
    const auto& schedule = node.replica().schedule();
    return {
        .chain = schedule.current.chain,
        .term = schedule.current.term,
        .height = schedule.height,
        .view = {},
        .phase = phase,
        .digest = digest};
}

pbft::Vote vote_of(Validator& node, std::size_t validator, const pbft::Statement& statement) {
    const auto key = genesis::dev_consensus_key(genesis::kDevSeed, validator);
    return {
        .statement = statement,
        .member = node.replica().schedule().current.index_of(key.public_key()).value(),
        .signature = key.sign(pbft::signing_hash(statement).view())};
}

pbft::Proposal proposal_of(Validator& node, const ledger::CheckedBlock& block) {
    return {
        .vote =
            vote_of(node, leader_of(node), statement_on(node, pbft::Phase::kProposal, block.hash)),
        .summary = summary_of(block),
        .parent = must(node.chain().certificate(node.chain().head().height)),
        .justification = {}};
}

pbft::Certificate decide(
    Validator& node, const ledger::CheckedBlock& block, std::span<const std::size_t> validators) {
    std::vector<pbft::Vote> votes;
    for (const std::size_t validator : validators) {
        votes.push_back(
            vote_of(node, validator, statement_on(node, pbft::Phase::kCommit, block.hash)));
    }
    return pbft::make_certificate(votes, node.replica().schedule().current.size());
}

}  // namespace polis::node::testing
