// Goal: what a node shows of itself is what it does. Method: the networks of the other tests,
// looked at from outside.

#include <gtest/gtest.h>

#include <ledger/block.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

TEST(View, shows_the_head_the_leader_and_who_was_heard) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{7}); }));
    network.stop(3);
    network.run_for(3'000);  // longer than a view
    const PeerId observer = network.add(std::nullopt);
    network.join(observer);
    network.run_for(3'000);
    Validator& node = network.node(0);
    const ValidatorView view = node.view();
    EXPECT_EQ(view.head, node.chain().head());
    EXPECT_EQ(view.term, must(node.chain().schedule()).current.term);
    EXPECT_EQ(view.best_claim, view.head.height);
    ASSERT_EQ(view.members.size(), 4U);
    ASSERT_EQ(view.heard.size(), 4U);
    const PublicKey lost = dev_identity(3).consensus_key.public_key();
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(view.heard[i], view.members[i].consensus_key != lost) << i;
    }
    const auto schedule = must(node.chain().schedule());
    EXPECT_EQ(
        view.leader,
        schedule.current.members[schedule.current.leader(schedule.height, view.view)].validator);
    EXPECT_EQ(network.node(observer).view().phase, Phase::kObserving);
}

TEST(View, names_each_phase) {
    Network network(4);
    network.run_for(10);
    const auto phase_of = [&](PeerId id) { return network.node(id).view().phase; };
    // Nobody has proposed block 1 yet: exactly one leads.
    std::size_t proposing = 0;
    for (PeerId id = 0; id < 4; ++id) {
        proposing += phase_of(id) == Phase::kProposing ? 1U : 0U;
    }
    EXPECT_EQ(proposing, 1U);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
    for (const PeerId other : {1U, 2U, 3U}) {
        network.stop(other);
    }
    network.run_for(30'000);  // its view fails, and nobody helps it into another
    EXPECT_EQ(phase_of(0), Phase::kViewChange);

    network.input(0, PeerJoined{77});
    network.input(0, PeerBytes{77, encode_wire(sync::HeadClaim{Height{1}, Height{50}})});
    EXPECT_EQ(phase_of(0), Phase::kSyncing);
    EXPECT_EQ(network.node(0).view().best_claim, Height{50});
}

TEST(View, says_that_a_node_has_stopped) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{2}); }));
    network.store(0).crash();
    network.run_for(5'000);
    EXPECT_EQ(network.node(0).view().phase, Phase::kStopped);
    EXPECT_NE(network.node(1).view().phase, Phase::kStopped);
}

TEST(View, a_finalized_block_names_its_proposer_and_transactions) {
    Network network(4);
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 0)});
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 1)});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{5}); }));
    std::size_t named = 0;
    for (const Finalized& final : network.log(2).finalized) {
        const ledger::Block block = must(network.node(2).chain().block(final.head.height)).value();
        EXPECT_EQ(final.proposer, block.header.proposer);
        EXPECT_EQ(ledger::txn_root(final.txns), block.header.txn_root);
        named += final.txns.size();
    }
    EXPECT_EQ(named, 2U);
}

}  // namespace
}  // namespace polis::node::testing
