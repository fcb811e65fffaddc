// What liars say must be truly signed and truly contradictory: a forgery that everybody throws
// away at the door would test nothing.
#include <tools/sim/forgery.hpp>

#include <optional>

#include <gtest/gtest.h>

#include <consensus/pbft/evidence.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/block.hpp>
#include <tools/sim/population.hpp>

namespace polis::sim {
namespace {

consensus::Committee committee_of(std::size_t size) {
    consensus::Committee committee{
        .chain = ChainId{101}, .term = Term{0}, .members = {}, .ranking = {}};
    for (std::size_t i = 0; i < size; ++i) {
        const node::Identity identity = identity_of(i);
        committee.members.push_back(
            {identity.address,
             identity.consensus_key.public_key(),
             identity.vrf_key.public_key(),
             Amount{1}});
    }
    return committee;
}

pbft::Statement statement(pbft::Phase phase, const Hash& digest) {
    return {ChainId{101}, Term{0}, Height{3}, View{0}, phase, digest};
}

pbft::Proposal proposal(const crypto::SigningKey& key) {
    pbft::Proposal out;
    ledger::Header header;
    header.height = Height{3};
    header.time = TimeMs{77};
    out.summary.header = codec::encode(header);
    const Hash digest = pbft::summary_hash(out.summary);
    out.vote = signed_vote(key, statement(pbft::Phase::kProposal, digest), 1);
    return out;
}

TEST(Forgery, makes_a_second_block_that_is_signed_as_well) {
    const node::Identity liar = identity_of(1);
    const consensus::Committee committee = committee_of(4);
    consensus::PlainChecker checker;
    const pbft::Proposal first = proposal(liar.consensus_key);
    const auto second = other_proposal(liar.consensus_key, first);
    ASSERT_TRUE(second);
    EXPECT_NE(
        second->vote.statement.digest.data.back() & 1, first.vote.statement.digest.data.back() & 1);
    EXPECT_EQ(second->vote.statement.digest, pbft::summary_hash(second->summary));
    EXPECT_TRUE(pbft::signature_valid(second->vote, committee, checker));
    const auto evidence = pbft::conflict(liar.consensus_key.public_key(), first.vote, second->vote);
    ASSERT_TRUE(evidence);
    EXPECT_TRUE(pbft::verify_evidence(*evidence, ChainId{101}, checker));
}

TEST(Forgery, leaves_repeated_proposals_alone) {
    const node::Identity liar = identity_of(1);
    pbft::Proposal later = proposal(liar.consensus_key);
    later.vote.statement.view = View{2};  // its header still names view 0
    EXPECT_FALSE(other_proposal(liar.consensus_key, later));
    later.summary.header = {1, 2, 3};
    EXPECT_FALSE(other_proposal(liar.consensus_key, later));
}

TEST(Forgery, forgets_what_was_prepared) {
    const node::Identity liar = identity_of(2);
    const Hash block{{9}};
    consensus::PlainChecker checker;
    const pbft::Vote commit =
        signed_vote(liar.consensus_key, statement(pbft::Phase::kCommit, block), 2);
    pbft::ViewChangeMessage honest =
        change_to(liar.consensus_key, committee_of(4), Height{3}, View{1});
    honest.change.prepared = pbft::Prepared{View{0}, block};
    const pbft::ViewChangeMessage lie = forgetful_change(liar.consensus_key, honest);
    const auto evidence = pbft::denial(liar.consensus_key.public_key(), commit, lie.change);
    ASSERT_TRUE(evidence);
    EXPECT_TRUE(pbft::verify_evidence(*evidence, ChainId{101}, checker));
}

TEST(Forgery, flips_at_least_one_bit) {
    Random random(1, "flips");
    const Bytes bytes(100, 0);
    std::size_t changed = 0;
    for (int i = 0; i < 200; ++i) {
        changed += mutated(bytes, random) != bytes ? 1U : 0U;
    }
    EXPECT_GT(changed, 195U);  // two flips of one bit undo each other
    EXPECT_TRUE(mutated({}, random).empty());
}

}  // namespace
}  // namespace polis::sim
