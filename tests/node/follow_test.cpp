// Goal: who comes late, comes back or only watches ends on the same chain.

#include <gtest/gtest.h>

#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

Hash name_of(Network& network, PeerId id, Height height) {
    return ledger::block_hash(must(network.node(id).chain().block(height))->header);
}

TEST(Restart, a_validator_goes_on_from_its_store) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{4}); }));
    network.restart(2);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{14}); }));
    EXPECT_EQ(name_of(network, 2, Height{14}), name_of(network, 0, Height{14}));
    EXPECT_TRUE(network.log(2).alarms.empty());
    // It votes again: without it there is no quorum any more.
    network.stop(3);
    const Height head = network.node(0).chain().head().height;
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{head.value + 6}); }));
}

TEST(Restart, all_at_once_go_on) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{6}); }));
    for (PeerId id = 0; id < 4; ++id) {
        network.stop(id);
    }
    for (PeerId id = 0; id < 4; ++id) {
        network.restart(id);
    }
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{16}); }));
    EXPECT_EQ(name_of(network, 1, Height{16}), name_of(network, 3, Height{16}));
}

TEST(Restart, one_alone_goes_on_at_every_moment) {
    for (std::uint64_t ms = 0; ms < 120; ms += 7) {
        Network network(1);
        ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{2}); }));
        network.run_for(ms);
        network.restart(0);
        EXPECT_TRUE(network.log(0).alarms.empty());
        ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{6}); }));
    }
}

TEST(Restart, the_vote_record_is_read_and_a_damaged_one_refused) {
    ledger::MemoryImage image;
    {
        Network network(1);
        ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
        const auto row = must(network.node(0).chain().vote_record());
        ASSERT_TRUE(row.has_value());
        const auto record = codec::decode<pbft::SafetyRecord>(*row);
        ASSERT_TRUE(record.has_value());
        EXPECT_EQ(record->height, Height{4});
        must(network.node(0).chain().persist_vote(Bytes{1, 2, 3}, nullptr));
        network.store(0).crash();
        image = network.store(0).surviving_image(ledger::BatchLoss::kDropsUnsynced, 1);
    }
    consensus::PlainChecker checker;
    WorkerPool workers(1);
    Validator::Setup setup;
    setup.chain =
        must(ledger::Chain::open(std::make_unique<ledger::MemoryStore>(std::move(image)), {}));
    setup.identity = dev_identity(0);
    setup.checker = &checker;
    setup.workers = &workers;
    const auto opened = Validator::open(std::move(setup));
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ledger::StoreErrc::kCorrupt);
}

TEST(Observer, that_joins_later_syncs_and_follows) {
    Network network(4);
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 77, 0)});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{60}); }));
    const PeerId observer = network.add(std::nullopt);
    network.join(observer);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{80}); }));
    EXPECT_EQ(name_of(network, observer, Height{80}), name_of(network, 0, Height{80}));
    EXPECT_EQ(balance_of(network.node(observer), 1), balance_of(network.node(0), 1));
    EXPECT_TRUE(network.log(observer).penalties.empty());
    for (PeerId id = 0; id < 4; ++id) {
        EXPECT_TRUE(network.log(id).penalties.empty());
    }
    // It keeps up with the others, at most a message behind.
    network.run_for(1'000);
    EXPECT_GE(
        network.node(observer).chain().head().height.value + 1,
        network.node(0).chain().head().height.value);
}

TEST(Observer, says_nothing_that_is_signed) {
    Network network(4);
    const PeerId observer = network.add(std::nullopt);
    network.join(observer);
    bool signs = false;
    network.set_filter([&](PeerId from, PeerId /*to*/, const Bytes& bytes) {
        const auto message = decode_wire(bytes);
        signs = signs || (from == observer && (message->index() == 0 || message->index() == 1));
        return true;
    });
    network.input(observer, FactFound{consensus::Fact{}});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{8}); }));
    network.stop(0);
    network.stop(1);  // no quorum: views change in vain
    network.run_for(20'000);
    EXPECT_FALSE(signs);
}

TEST(Follow, a_validator_that_was_cut_off_catches_up_and_votes) {
    Network network(4);
    bool cut = true;
    network.set_filter([&cut](PeerId from, PeerId to, const Bytes& /*bytes*/) {
        return !cut || (from != 3 && to != 3);
    });
    ASSERT_TRUE(network.run_until(
        [&] { return network.node(0).chain().head().height >= Height{20}; }, 120'000));
    EXPECT_EQ(network.node(3).chain().head().height, Height{});
    cut = false;
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{24}); }));
    network.stop(2);
    const Height head = network.node(0).chain().head().height;
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{head.value + 5}); }));
}

TEST(Follow, one_that_missed_the_decision_is_told_when_no_block_follows) {
    // Two of four are gone after the decision, so that only help can bring the third on: its
    // resent votes are answered with the certificate.
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
    const Height before = network.node(3).chain().head().height;
    bool cut = true;
    network.set_filter([&cut](PeerId from, PeerId to, const Bytes& /*bytes*/) {
        return !cut || (from != 3 && to != 3);
    });
    ASSERT_TRUE(network.run_until([&] { return network.node(0).chain().head().height > before; }));
    network.stop(1);
    network.stop(2);
    cut = false;
    const Height head = network.node(0).chain().head().height;
    ASSERT_TRUE(network.run_until([&] { return network.all_at(head); }));
    EXPECT_EQ(name_of(network, 3, head), name_of(network, 0, head));
}

TEST(Follow, memory_stays_flat_over_many_blocks) {
    Network network(4, /*term_blocks=*/20);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{20}); }));
    std::size_t early = 0;
    std::size_t late = 0;
    for (int i = 0; i < 20; ++i) {
        network.run_for(37);
        early = std::max(early, network.node(1).memory_bytes());
    }
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{200}); }));
    for (int i = 0; i < 20; ++i) {
        network.run_for(37);
        late = std::max(late, network.node(1).memory_bytes());
    }
    EXPECT_LE(late, early + 4'096);
}

}  // namespace
}  // namespace polis::node::testing
