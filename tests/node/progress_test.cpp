// Goal: committees of several sizes make blocks, execute transfers and agree on every root.
// Method: a network without faults; every node's chain is compared block by block.

#include <algorithm>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

/// Every running node has the same blocks and states up to `height`.
void expect_one_chain(Network& network, Height height) {
    std::vector<Hash> names;
    for (PeerId id = 0; id < network.size(); ++id) {
        if (!network.running(id)) {
            continue;
        }
        ledger::Chain& chain = network.node(id).chain();
        ASSERT_GE(chain.head().height, height);
        const std::uint64_t first = chain.base().value + 1;
        for (std::uint64_t h = first; h <= height.value; ++h) {
            const auto block = must(chain.block(Height{h}));
            ASSERT_TRUE(block.has_value());
            names.resize(height.value + 1);
            const Hash name = ledger::block_hash(block->header);
            if (names[h] == Hash{}) {
                names[h] = name;
            }
            EXPECT_EQ(names[h], name) << "node " << id << " height " << h;
        }
    }
}

class Committee : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Committee, finalizes_blocks_and_executes_transfers) {
    Network network(GetParam());
    const std::uint64_t before = balance_of(network.node(0), 1);
    for (std::uint64_t nonce = 0; nonce < 12; ++nonce) {
        const auto node = static_cast<PeerId>(nonce % GetParam());
        network.input(node, SubmitTxn{transfer(network.genesis(), 0, 1, 1'000, nonce)});
    }
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{12}); }));
    expect_one_chain(network, Height{12});
    for (PeerId id = 0; id < network.size(); ++id) {
        EXPECT_EQ(balance_of(network.node(id), 1), before + 12 * 1'000) << "node " << id;
        EXPECT_EQ(network.node(id).mempool_size(), 0U);
        EXPECT_TRUE(network.log(id).penalties.empty());
        EXPECT_TRUE(network.log(id).alarms.empty());
        EXPECT_FALSE(network.log(id).stopped.has_value());
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Committee, ::testing::Values(1, 2, 4, 7));

TEST(Progress, every_finalized_block_comes_with_a_valid_certificate) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{6}); }));
    const auto& log = network.log(2).finalized;
    ASSERT_GE(log.size(), 6U);
    for (std::size_t i = 0; i < log.size(); ++i) {
        EXPECT_EQ(log[i].head.height, Height{i + 1});
        EXPECT_EQ(log[i].certificate.statement.height, log[i].head.height);
        EXPECT_EQ(log[i].certificate.statement.digest, log[i].head.block);
        EXPECT_EQ(log[i].certificate.statement.phase, pbft::Phase::kCommit);
    }
}

TEST(Progress, the_proposer_moves_on_with_every_height) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{8}); }));
    std::vector<Address> proposers;
    for (std::uint64_t h = 1; h <= 4; ++h) {
        proposers.push_back(must(network.node(0).chain().block(Height{h}))->header.proposer);
    }
    std::ranges::sort(proposers);
    EXPECT_EQ(std::ranges::adjacent_find(proposers), proposers.end());
}

TEST(Progress, goes_on_when_one_of_four_is_gone) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
    network.stop(1);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{12}); }, 120'000));
    expect_one_chain(network, Height{12});
}

TEST(Progress, the_same_inputs_give_the_same_chain) {
    const auto head = [] {
        Network network(4);
        network.input(1, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 0)});
        network.run_for(3'000);
        return network.node(0).chain().head();
    };
    const ledger::Head first = head();
    EXPECT_GT(first.height, Height{3});
    EXPECT_EQ(first, head());
}

TEST(Progress, blocks_are_no_closer_than_the_interval) {
    Network network(1);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{5}); }));
    std::uint64_t before = 0;
    for (std::uint64_t h = 1; h <= 5; ++h) {
        const std::uint64_t time =
            must(network.node(0).chain().block(Height{h}))->header.time.value;
        if (before != 0) {
            EXPECT_GE(time, before + pbft::Timing{}.block_interval_ms);
        }
        before = time;
    }
}

}  // namespace
}  // namespace polis::node::testing
