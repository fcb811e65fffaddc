// Goal: whatever a peer sends, no node falls, no honest peer is blamed, and what no honest peer
// sends is.

#include <algorithm>
#include <array>
#include <functional>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/facts.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/forge.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

/// A running committee and a stranger that is connected to all of it.
class Stranger : public ::testing::Test {
  protected:
    Stranger() : network(4) {
        EXPECT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
        id = network.add_stranger();
    }

    void say(const Bytes& bytes) { network.input(0, PeerBytes{id, bytes}); }

    void say(const Envelope& message) { say(encode_wire(message)); }

    /// How often node 0 has blamed the stranger; it never blames anybody else.
    std::size_t blamed() {
        for (const Penalise& penalty : network.log(0).penalties) {
            EXPECT_EQ(penalty.peer, id) << penalty.reason;
        }
        return network.log(0).penalties.size();
    }

    Validator& node() { return network.node(0); }

    Network network;
    PeerId id = 0;
};

TEST_F(Stranger, that_sends_no_message_is_blamed) {
    say(Bytes{});
    say(Bytes{255});
    say(Bytes(1'000, 0));
    EXPECT_EQ(blamed(), 3U);
}

TEST_F(Stranger, that_forges_a_vote_is_blamed) {
    const auto statement = statement_on(node(), pbft::Phase::kPrepare, Hash{});
    pbft::Vote vote = vote_of(node(), 1, statement);
    vote.signature.data[5] ^= 1;
    say(pbft::Message{pbft::Ballot{vote}});
    EXPECT_EQ(blamed(), 1U);
    vote.member = 77;
    say(pbft::Message{pbft::Ballot{vote}});
    EXPECT_EQ(blamed(), 2U);
}

TEST_F(Stranger, that_forges_a_decision_is_blamed) {
    const auto block = block_of(node(), plan_on(node(), network.now()));
    const std::array<std::size_t, 2> few{0, 1};
    say(pbft::Message{pbft::Decided{decide(node(), block, few)}});
    EXPECT_EQ(blamed(), 1U);
}

TEST_F(Stranger, that_passes_on_old_or_far_votes_is_not_blamed) {
    auto statement = statement_on(node(), pbft::Phase::kPrepare, Hash{});
    statement.height = Height{1};
    say(pbft::Message{pbft::Ballot{vote_of(node(), 1, statement)}});
    statement.height = Height{1'000'000};
    say(pbft::Message{pbft::Ballot{vote_of(node(), 1, statement)}});
    EXPECT_EQ(blamed(), 0U);
}

TEST_F(Stranger, that_votes_on_a_decided_height_is_told_the_decision_but_not_often) {
    network.run_for(1'000);
    auto statement = statement_on(node(), pbft::Phase::kPrepare, Hash{});
    statement.height = Height{2};
    const pbft::Message stale{pbft::Ballot{vote_of(node(), 1, statement)}};
    (void)network.take_mail(id);
    for (int i = 0; i < 50; ++i) {
        say(stale);
    }
    network.run_for(kDelayMs);
    std::size_t told = 0;
    for (const Bytes& bytes : network.take_mail(id)) {
        const auto envelope = decode_wire(bytes).value();
        const auto* message = std::get_if<pbft::Message>(&envelope);
        const auto* decided = message != nullptr ? std::get_if<pbft::Decided>(message) : nullptr;
        if (decided != nullptr) {
            ++told;
            EXPECT_EQ(decided->certificate.statement.height, Height{2});
        }
    }
    EXPECT_EQ(told, 1U);
}

TEST_F(Stranger, that_passes_on_a_bad_transaction_is_blamed) {
    ledger::Transaction txn = transfer_txn(network.genesis(), 0, 1, 5, 0);
    txn.signature.data[0] ^= 1;
    say(TxnBatch{{codec::encode(txn)}});
    EXPECT_EQ(blamed(), 1U);
    say(TxnBatch{{Bytes{1, 2, 3}}});
    EXPECT_EQ(blamed(), 2U);
    EXPECT_EQ(network.node(0).mempool_size(), 0U);
}

TEST_F(Stranger, whose_transaction_came_too_late_is_not_blamed) {
    const Bytes txn = transfer(network.genesis(), 0, 1, 5, 0);
    say(TxnBatch{{txn}});
    network.run_for(1'000);
    say(TxnBatch{{txn, txn}});
    EXPECT_EQ(blamed(), 0U);
}

TEST_F(Stranger, that_forges_a_fact_vote_is_blamed) {
    consensus::FactVote vote;
    vote.term = node().replica().schedule().current.term;
    say(vote);
    EXPECT_EQ(blamed(), 1U);
    vote.term = Term{99};
    say(vote);
    EXPECT_EQ(blamed(), 1U);
}

TEST_F(Stranger, that_serves_forged_blocks_is_blamed_and_others_are_asked) {
    const PeerId late = network.add(std::nullopt);
    const auto head = node().chain().head().height;
    network.connect(late, id);
    network.input(late, PeerBytes{id, encode_wire(sync::HeadClaim{Height{1}, Height{50}})});
    for (int i = 0; i < 300 && network.log(late).penalties.empty(); ++i) {
        network.run_for(10);
        for (const Bytes& bytes : network.take_mail(id)) {
            const auto message = decode_wire(bytes).value();
            const auto* request = std::get_if<sync::BlockRequest>(&message);
            if (request == nullptr) {
                continue;
            }
            auto block = must(node().chain().block(request->from)).value();
            auto certificate = must(node().chain().certificate(request->from)).value();
            block.txns.push_back(transfer_txn(network.genesis(), 0, 1, 5, 0));
            const sync::BlockResponse answer{
                request->id, request->from, {{codec::encode(block), certificate}}};
            network.input(late, PeerBytes{id, encode_wire(answer)});
        }
    }
    ASSERT_EQ(network.log(late).penalties.size(), 1U);
    EXPECT_EQ(network.log(late).penalties[0].peer, id);
    EXPECT_EQ(network.node(late).chain().head().height, Height{});
    network.join(late);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{head.value + 5}); }));
    EXPECT_EQ(network.log(late).penalties.size(), 1U);
}

TEST_F(Stranger, that_asks_for_everything_at_once_is_served_within_bounds) {
    (void)network.take_mail(id);
    for (std::uint64_t i = 0; i < 50'000; ++i) {
        say(sync::BlockRequest{i, Height{1}, sync::kAnswerBlocksMax});
    }
    network.run_for(kDelayMs);
    std::size_t bytes_sent = 0;
    std::size_t refused = 0;
    for (const Bytes& bytes : network.take_mail(id)) {
        bytes_sent += bytes.size();
        refused += std::holds_alternative<sync::BlockBusy>(decode_wire(bytes).value()) ? 1U : 0U;
    }
    EXPECT_GT(refused, 0U);
    EXPECT_LT(bytes_sent, std::size_t{80} << 20);
}

/// Every byte of real traffic, changed at random on its way from one member to another.
TEST(Mutated, traffic_never_stops_a_node) {
    Random random(11);
    Network network(4);
    std::vector<Bytes> seen;
    network.set_filter([&](PeerId /*from*/, PeerId /*to*/, const Bytes& bytes) {
        if (seen.size() < 400) {
            seen.push_back(bytes);
        }
        return true;
    });
    const PeerId stranger = network.add_stranger();
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 10, 0)});
    network.input(1, FactFound{consensus::Fact{}});
    std::size_t height = 2;
    for (int i = 0; i < 20'000; ++i) {
        if (i % 500 == 0) {
            height += 1;
            ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{height}); }));
        }
        Bytes bytes = seen[random.below(seen.size())];
        for (std::uint64_t n = random.between(1, 3); n > 0; --n) {
            const std::size_t at = random.below(bytes.size());
            switch (random.below(4)) {
                case 0:
                    bytes[at] = static_cast<std::uint8_t>(random.next());
                    break;
                case 1:
                    bytes[at] ^= static_cast<std::uint8_t>(1U << random.below(8));
                    break;
                case 2:
                    bytes.resize(at + 1);
                    break;
                default:
                    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 7);
            }
        }
        network.input(static_cast<PeerId>(random.below(4)), PeerBytes{stranger, bytes});
    }
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{height + 5}); }));
    for (PeerId id = 0; id < 4; ++id) {
        EXPECT_FALSE(network.log(id).stopped.has_value());
        EXPECT_FALSE(network.node(id).replica().halted());
        EXPECT_FALSE(network.log(id).penalties.empty());
        for (const Penalise& penalty : network.log(id).penalties) {
            EXPECT_EQ(penalty.peer, stranger) << penalty.reason;
        }
    }
}

TEST(Evidence, of_two_votes_is_reported_and_slashes) {
    Network network(4);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
    network.stop(3);
    const PeerId stranger = network.add_stranger();
    const Height height = network.node(0).replica().height();
    for (std::uint8_t number = 1; number <= 2; ++number) {
        Hash digest;
        digest.data.fill(number);
        const auto statement = statement_on(network.node(0), pbft::Phase::kPrepare, digest);
        const pbft::Ballot ballot{vote_of(network.node(0), 3, statement)};
        network.input(0, PeerBytes{stranger, encode_wire(pbft::Message{ballot})});
    }
    ASSERT_EQ(network.log(0).accusations.size(), 1U);
    const Address offender = dev_identity(3).address;
    ASSERT_TRUE(network.run_until([&] {
        return must(ledger::evidence::offence(network.node(1).chain().state(), offender, height))
            .has_value();
    }));
}

TEST(Facts, that_a_quorum_found_become_part_of_the_chain) {
    Network network(4);
    const consensus::Fact fact{
        consensus::FactKind::kEvaluation, Hash::from_view(Bytes(32, 9)), Bytes{4, 2}};
    // This chain's election refuses model scores; they must not keep other facts out.
    const consensus::Fact refused{consensus::FactKind::kModelScore, fact.subject, {}};
    for (PeerId id = 0; id < 3; ++id) {
        network.input(id, FactFound{fact});
        network.input(id, FactFound{refused});
    }
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{5}); }));
    for (PeerId id = 0; id < 4; ++id) {
        const auto record = must(
            ledger::facts::load_fact(network.node(id).chain().state(), fact.kind, fact.subject));
        ASSERT_TRUE(record.has_value());
        EXPECT_EQ(record->result, fact.result);
        EXPECT_TRUE(network.log(id).disputes.empty());
        EXPECT_FALSE(must(ledger::facts::load_fact(
                              network.node(id).chain().state(), refused.kind, refused.subject))
                         .has_value());
    }
}

TEST(Facts, that_contradict_this_nodes_own_raise_an_alarm) {
    Network network(4);
    consensus::Fact fact{
        consensus::FactKind::kModelScore, Hash::from_view(Bytes(32, 9)), Bytes{4, 2}};
    for (PeerId id = 0; id < 3; ++id) {
        network.input(id, FactFound{fact});
    }
    fact.result = Bytes{1};
    network.input(3, FactFound{fact});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{5}); }));
    ASSERT_EQ(network.log(3).disputes.size(), 1U);
    EXPECT_EQ(network.log(3).disputes[0].alarm.own, fact);
    EXPECT_TRUE(network.log(0).disputes.empty());
}

TEST(Facts, of_two_only_do_not) {
    Network network(4);
    const consensus::Fact fact{
        consensus::FactKind::kEvaluation, Hash::from_view(Bytes(32, 9)), Bytes{4, 2}};
    network.input(0, FactFound{fact});
    network.input(1, FactFound{fact});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{8}); }));
    EXPECT_FALSE(
        must(ledger::facts::load_fact(network.node(0).chain().state(), fact.kind, fact.subject))
            .has_value());
}

}  // namespace
}  // namespace polis::node::testing
