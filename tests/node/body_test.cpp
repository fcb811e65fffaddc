// Goal: a block is voted on and executed only when all of it is here and valid, wherever its parts
// come from.

#include <array>

#include <gtest/gtest.h>

#include <node/validator/proposer.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/forge.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

bool is_batch(const Bytes& bytes) {
    return std::holds_alternative<TxnBatch>(decode_wire(bytes).value());
}

template <class T>
bool is_message(const Bytes& bytes) {
    const auto envelope = decode_wire(bytes);
    const auto* message = std::get_if<pbft::Message>(&*envelope);
    return message != nullptr && std::holds_alternative<T>(*message);
}

TEST(Body, transactions_that_were_not_gossiped_are_fetched) {
    Network network(4);
    std::size_t fetched = 0;
    network.set_filter([&](PeerId /*from*/, PeerId /*to*/, const Bytes& bytes) {
        fetched += std::holds_alternative<sync::BodyItems>(decode_wire(bytes).value()) ? 1U : 0U;
        return !is_batch(bytes);
    });
    const std::uint64_t before = balance_of(network.node(0), 1);
    for (std::uint64_t nonce = 0; nonce < 10; ++nonce) {
        network.input(2, SubmitTxn{transfer(network.genesis(), 0, 1, 10, nonce)});
    }
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{10}); }));
    for (PeerId id = 0; id < 4; ++id) {
        EXPECT_EQ(balance_of(network.node(id), 1), before + 100);
        EXPECT_TRUE(network.log(id).penalties.empty());
    }
    EXPECT_GE(fetched, 3U);
}

TEST(Body, a_decided_block_that_was_never_seen_is_fetched_whole) {
    Network network(4);
    std::size_t summaries = 0;
    network.set_filter([&](PeerId /*from*/, PeerId to, const Bytes& bytes) {
        const auto message = decode_wire(bytes).value();
        const auto* summary = std::get_if<sync::BodySummary>(&message);
        summaries += summary != nullptr && summary->summary ? 1U : 0U;
        const bool dropped = is_message<pbft::Proposal>(bytes) || is_batch(bytes) ||
                             std::holds_alternative<sync::BlockResponse>(message);
        return to != 3 || !dropped;
    });
    const std::uint64_t before = balance_of(network.node(0), 1);
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 10, 0)});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{6}); }, 120'000));
    EXPECT_EQ(balance_of(network.node(3), 1), before + 10);
    EXPECT_GE(summaries, 1U);
}

TEST(Body, a_block_is_served_before_and_after_its_decision) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
    const PeerId stranger = network.add_stranger();
    network.run_for(10);
    (void)network.take_mail(stranger);
    const auto block = must(network.node(0).chain().block(Height{2}));
    const Hash name = ledger::block_hash(block->header);
    network.input(0, PeerBytes{stranger, encode_wire(sync::BodyRequest{name, true, {}})});
    network.run_for(kDelayMs);
    bool found = false;
    for (const Bytes& bytes : network.take_mail(stranger)) {
        const auto message = decode_wire(bytes).value();
        if (const auto* answer = std::get_if<sync::BodySummary>(&message)) {
            ASSERT_TRUE(answer->summary.has_value());
            EXPECT_EQ(pbft::summary_hash(*answer->summary), name);
            found = true;
        }
    }
    EXPECT_TRUE(found);
}

/// A committee of four whose leader of the coming height is silent; a stranger speaks for it.
class ForgedLeader : public ::testing::Test {
  protected:
    ForgedLeader() : network(4) {
        EXPECT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
        silent = static_cast<PeerId>(leader_of(network.node(0)));
        bool same = false;
        while (!same) {  // until all wait for one leader that has not proposed yet
            network.run_for(1);
            same = true;
            for (PeerId id = 1; id < 4; ++id) {
                same = same &&
                       network.node(id).replica().height() == network.node(0).replica().height();
            }
            silent = static_cast<PeerId>(leader_of(network.node(0)));
        }
        network.stop(silent);
        watched = silent == 0 ? 1U : 0U;
        stranger = network.add_stranger();
        network.run_for(2 * kDelayMs);
    }

    Validator& node() { return network.node(watched); }

    void say(const pbft::Message& message) {
        for (PeerId id = 0; id < 4; ++id) {
            network.input(id, PeerBytes{stranger, encode_wire(message)});
        }
    }

    /// Proposes and runs for less than a view's timeout: is it decided?
    bool decides(const ledger::CheckedBlock& block) {
        say(proposal_of(node(), block));
        network.run_for(200);
        return in_chain(block);
    }

    bool in_chain(const ledger::CheckedBlock& block) {
        const auto found = must(node().chain().block(block.header.height));
        return found && ledger::block_hash(found->header) == block.hash;
    }

    TimeMs soon() { return TimeMs{network.now().value + 1}; }

    Network network;
    PeerId silent = 0;
    PeerId watched = 0;
    PeerId stranger = 0;
};

TEST_F(ForgedLeader, whose_block_is_valid_has_it_decided) {
    EXPECT_TRUE(decides(block_of(node(), plan_on(node(), soon()))));
}

TEST_F(ForgedLeader, that_names_another_proposer_is_refused) {
    auto plan = plan_on(node(), soon());
    plan.proposer = account(3);
    EXPECT_FALSE(decides(block_of(node(), plan)));
}

TEST_F(ForgedLeader, that_makes_up_the_beacon_is_refused) {
    auto plan = plan_on(node(), soon());
    plan.seat.beacon.data[0] ^= 1;
    EXPECT_FALSE(decides(block_of(node(), plan)));
}

TEST_F(ForgedLeader, that_names_another_committee_is_refused) {
    auto plan = plan_on(node(), soon());
    plan.seat.next_committee.data[0] ^= 1;
    EXPECT_FALSE(decides(block_of(node(), plan)));
}

TEST_F(ForgedLeader, that_names_another_parent_certificate_is_refused) {
    auto plan = plan_on(node(), soon());
    plan.seat.parent_certificate.data[0] ^= 1;
    EXPECT_FALSE(decides(block_of(node(), plan)));
}

TEST_F(ForgedLeader, that_names_another_view_is_refused) {
    auto plan = plan_on(node(), soon());
    plan.seat.view = View{4};  // which it also leads
    EXPECT_FALSE(decides(block_of(node(), plan)));
}

TEST_F(ForgedLeader, whose_state_root_is_wrong_is_refused) {
    auto block = block_of(node(), plan_on(node(), soon()));
    block.header.parent_state_root.data[0] ^= 1;
    block.hash = ledger::block_hash(block.header);
    EXPECT_FALSE(decides(block));
    // Nobody is to blame but the leader, which does not speak for itself here.
    EXPECT_TRUE(network.log(watched).penalties.empty());
    EXPECT_TRUE(network.log(watched).alarms.empty());
}

TEST_F(ForgedLeader, whose_transaction_is_unsigned_is_refused) {
    ledger::Transaction txn = transfer_txn(network.genesis(), 0, 1, 5, 0);
    txn.signature.data[0] ^= 1;
    auto checked = ledger::check(txn, node().chain().rules());
    ASSERT_TRUE(checked.has_value());
    const auto block =
        ledger::make_block(node().chain().head(), plan_on(node(), soon()), {*std::move(checked)});
    say(proposal_of(node(), block));
    // The nodes ask for the transaction; the stranger serves it.
    for (int i = 0; i < 100; ++i) {
        network.run_for(10);
        for (const Bytes& bytes : network.take_mail(stranger)) {
            const auto message = decode_wire(bytes).value();
            if (std::holds_alternative<sync::BodyRequest>(message)) {
                const sync::BodyItems items{block.hash, {{0, codec::encode(txn)}}};
                for (PeerId id = 0; id < 4; ++id) {
                    network.input(id, PeerBytes{stranger, encode_wire(items)});
                }
            }
        }
    }
    EXPECT_FALSE(in_chain(block));
    // All three changed the view at once, without waiting for a timer: it can never be valid.
    const auto certificate = must(node().chain().certificate(block.header.height));
    ASSERT_TRUE(certificate.has_value());
    EXPECT_EQ(certificate->statement.view, View{1});
}

TEST_F(ForgedLeader, whose_clock_is_ahead_waits_for_its_time) {
    const std::uint64_t drift = Validator::Options{}.clock_drift_ms_max;
    const TimeMs ahead{network.now().value + drift + 300};
    const auto block = block_of(node(), plan_on(node(), ahead));
    EXPECT_FALSE(decides(block));  // within 200 ms: not yet
    EXPECT_EQ(node().replica().view(), View{});
    network.run_for(150);
    EXPECT_TRUE(in_chain(block));
}

TEST_F(ForgedLeader, with_a_quorum_behind_a_wrong_state_stops_the_node) {
    auto block = block_of(node(), plan_on(node(), soon()));
    block.header.parent_state_root.data[0] ^= 1;
    block.hash = ledger::block_hash(block.header);
    const std::array<std::size_t, 3> signers{0, 1, 2};
    const Height height = block.header.height;
    const pbft::Decided decided{decide(node(), block, signers)};
    network.input(watched, PeerBytes{stranger, encode_wire(pbft::Message{decided})});
    const sync::BodySummary body{block.hash, summary_of(block)};
    for (int i = 0; i < 300 && network.log(watched).alarms.empty(); ++i) {
        network.run_for(10);
        for (const Bytes& bytes : network.take_mail(stranger)) {
            if (std::holds_alternative<sync::BodyRequest>(decode_wire(bytes).value())) {
                network.input(watched, PeerBytes{stranger, encode_wire(body)});
            }
        }
    }
    ASSERT_EQ(network.log(watched).alarms.size(), 1U);
    EXPECT_EQ(network.log(watched).alarms[0].alarm.kind, pbft::AlarmKind::kDiverged);
    EXPECT_TRUE(node().replica().halted());
    EXPECT_LT(node().chain().head().height, height);
    EXPECT_TRUE(network.log(watched).penalties.empty());
}

}  // namespace
}  // namespace polis::node::testing
