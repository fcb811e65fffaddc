// Goal: a node keeps copies of its state for new nodes, and sync can read the ledger's formats.
// Method: a chain of a network, whose copies are compared with its blocks.

#include <ledger/store/snapshot.hpp>

#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <ledger/block.hpp>
#include <node/validator/ledger_reader.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

TEST(Snapshots, are_taken_when_asked_for_and_only_the_newest_are_kept) {
    Network network(4);
    std::vector<Height> taken;
    for (std::uint64_t height = 2; height <= 8; height += 2) {
        ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{height}); }));
        taken.push_back(must(network.node(0).take_snapshot()));
        EXPECT_EQ(taken.back(), network.node(0).chain().head().height);
    }
    taken.erase(taken.begin(), taken.end() - kSnapshotsKept);
    EXPECT_EQ(must(ledger::list_snapshots(network.store(0))), taken);
    const auto manifest = must(ledger::load_manifest(network.store(0), taken.back())).value();
    EXPECT_EQ(manifest.state_root, network.node(0).chain().head().state_root);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{12}); }));  // it goes on
}

TEST(Snapshots, are_taken_at_an_interval) {
    Validator::Options options;
    options.snapshot_interval = 3;
    Network network(4, 5, options);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{11}); }));
    for (PeerId id = 0; id < 4; ++id) {
        const auto snapshots = must(ledger::list_snapshots(network.store(id)));
        ASSERT_EQ(snapshots.size(), kSnapshotsKept);
        EXPECT_EQ(snapshots[0], Height{6});
        EXPECT_EQ(snapshots[1], Height{9});
    }
}

TEST(Snapshots, are_read_as_the_ledger_wrote_them) {
    Network network(4);
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 0)});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
    const Height height = must(network.node(0).take_snapshot());
    const SyncLedgerReader reader;

    const auto manifest = must(ledger::load_manifest(network.store(0), height)).value();
    const sync::ManifestFacts facts{
        manifest.height, manifest.block, manifest.state_root, manifest.chunks};
    EXPECT_EQ(reader.manifest_facts(codec::encode(manifest)), facts);
    EXPECT_EQ(reader.manifest_facts(Bytes{1, 2}), std::nullopt);

    for (std::uint64_t at = 1; at <= height.value; ++at) {
        ledger::Block block = must(network.node(0).chain().block(Height{at})).value();
        const ledger::Header& header = block.header;
        const sync::HeaderFacts expected{
            header.chain_id,
            header.height,
            header.term,
            header.parent,
            header.parent_state_root,
            header.committee,
            header.next_committee};
        EXPECT_EQ(reader.header_facts(codec::encode(header)), expected);
        EXPECT_EQ(reader.block_hash(codec::encode(block)), ledger::block_hash(header));
        block.txns.push_back(transfer_txn(network.genesis(), 2, 3, 1, 0));
        EXPECT_EQ(reader.block_hash(codec::encode(block)), std::nullopt);  // not of this header
    }
    EXPECT_EQ(reader.header_facts(Bytes{1, 2}), std::nullopt);
    EXPECT_EQ(reader.block_hash(Bytes{1, 2}), std::nullopt);
}

}  // namespace
}  // namespace polis::node::testing
