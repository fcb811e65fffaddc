// Goal: every node hears of a transaction, no node repeats itself. Method: networks of validators,
// and the machine alone, which sees only names.

#include <node/validator/gossip.hpp>

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/account.hpp>
#include <node/validator/txn_pool.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <vm/limits.hpp>

namespace polis::node::testing {
namespace {

TEST(TxnFlow, crosses_one_link_for_each_node) {
    Network network(4);
    network.stop(2);
    network.stop(3);  // no quorum: nothing leaves the mempool
    std::map<std::pair<PeerId, PeerId>, std::size_t> told;
    network.set_filter([&told](PeerId from, PeerId to, const Bytes& bytes) {
        const auto message = decode_wire(bytes).value();
        if (const auto* batch = std::get_if<TxnBatch>(&message)) {
            told[{from, to}] += batch->txns.size();
        }
        return true;
    });
    const PeerId observer = network.add(std::nullopt);
    network.join(observer);
    const Bytes txn = transfer(network.genesis(), 0, 1, 5, 0);
    for (int i = 0; i < 5; ++i) {
        network.input(0, SubmitTxn{txn});
        network.input(0, SubmitTxn{Bytes{1, 2, 3}});
        network.run_for(1'000);
    }
    EXPECT_EQ(network.node(0).mempool_size(), 1U);
    EXPECT_EQ(network.node(1).mempool_size(), 1U);
    EXPECT_EQ(network.node(observer).mempool_size(), 1U);
    // Each of the two others got it once, from where it came in.
    const std::map<std::pair<PeerId, PeerId>, std::size_t> once{{{0, 1}, 1}, {{0, observer}, 1}};
    EXPECT_EQ(told, once);
}

TEST(TxnFlow, reaches_the_far_end_of_a_line) {
    Network network(4);
    network.disconnect(0, 2);
    network.disconnect(0, 3);
    network.disconnect(1, 3);  // 0 - 1 - 2 - 3
    network.set_filter([](PeerId, PeerId, const Bytes& bytes) {
        return !std::holds_alternative<pbft::Message>(decode_wire(bytes).value());
    });
    for (std::uint64_t nonce = 0; nonce < 40; ++nonce) {
        network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 5, nonce)});
    }
    network.run_for(500);
    for (PeerId id = 0; id < 4; ++id) {
        EXPECT_EQ(network.node(id).mempool_size(), 40U) << id;
    }
}

TEST(TxnFlow, a_flood_of_useless_transactions_is_not_looked_at) {
    Network network(4);
    network.stop(2);
    network.stop(3);
    const PeerId stranger = network.add_stranger();
    const Bytes known = transfer(network.genesis(), 0, 1, 5, 0);
    network.input(0, SubmitTxn{known});
    const TxnBatch flood{std::vector<Bytes>(kTxnBatchCountMax, known)};
    for (int i = 0; i < 6; ++i) {
        network.input(0, PeerBytes{stranger, encode_wire(flood)});
    }
    network.input(
        0, PeerBytes{stranger, encode_wire(TxnBatch{{transfer(network.genesis(), 0, 1, 5, 1)}})});
    EXPECT_EQ(network.node(0).mempool_size(), 1U);
    network.run_for(10'000);  // forgiven
    network.input(
        0, PeerBytes{stranger, encode_wire(TxnBatch{{transfer(network.genesis(), 0, 1, 5, 1)}})});
    EXPECT_EQ(network.node(0).mempool_size(), 2U);
    EXPECT_TRUE(network.log(0).penalties.empty());
}

TEST(TxnFlow, a_request_is_answered_with_what_is_here) {
    Network network(4);
    for (const PeerId other : {1U, 2U, 3U}) {
        network.stop(other);
    }
    const PeerId stranger = network.add_stranger();
    const Bytes txn = transfer(network.genesis(), 0, 1, 5, 0);
    network.input(0, SubmitTxn{txn});
    network.run_for(100);
    (void)network.take_mail(stranger);
    network.input(0, PeerBytes{stranger, encode_wire(TxnRequest{{Hash{}, ledger::txn_id(txn)}})});
    network.run_for(100);
    std::vector<Bytes> answer;
    for (const Bytes& bytes : network.take_mail(stranger)) {
        const auto message = decode_wire(bytes).value();
        if (const auto* batch = std::get_if<TxnBatch>(&message)) {
            answer.insert(answer.end(), batch->txns.begin(), batch->txns.end());
        }
    }
    EXPECT_EQ(answer, std::vector<Bytes>{txn});
}

TEST(TxnFlow, tells_a_new_peer_what_waits) {
    Network network(4);
    network.stop(2);
    network.stop(3);
    for (std::uint64_t nonce = 0; nonce < 10; ++nonce) {
        network.input(1, SubmitTxn{transfer(network.genesis(), 0, 1, 5, nonce)});
    }
    network.run_for(100);
    const PeerId observer = network.add(std::nullopt);
    network.connect(observer, 0);
    network.run_for(100);
    EXPECT_EQ(network.node(observer).mempool_size(), 10U);
}

TEST(TxnFlow, batches_are_bounded) {
    Network network(4);
    network.stop(2);
    network.stop(3);
    std::size_t longest = 0;
    std::size_t batches = 0;
    network.set_filter([&](PeerId from, PeerId to, const Bytes& bytes) {
        if (from == 1 && to == 0 && std::holds_alternative<TxnBatch>(decode_wire(bytes).value())) {
            longest = std::max(longest, bytes.size());
            ++batches;
        }
        return true;
    });
    // One message with many transactions, as a hurried peer may send it.
    const PeerId stranger = network.add_stranger();
    TxnBatch batch;
    for (std::size_t from = 0; from < 10; ++from) {
        for (std::uint64_t nonce = 0; nonce < 64; ++nonce) {
            batch.txns.push_back(transfer(network.genesis(), from, 1, 5, nonce));
        }
    }
    for (int i = 0; i < 4; ++i) {
        network.input(1, PeerBytes{stranger, encode_wire(batch)});
    }
    network.run_for(100);
    EXPECT_EQ(network.node(0).mempool_size(), 640U);
    EXPECT_EQ(batches, 1U);
    EXPECT_LE(longest, kTxnBatchBytesMax + kTxnBatchCountMax * 4 + 8);
}

/// 256 KiB of code: the largest payload, more than half a batch.
TEST(TxnFlow, the_largest_code_reaches_everybody_and_a_block) {
    Network network(4);
    for (std::size_t from = 0; from < 3; ++from) {
        const Bytes code(vm::kCodeBytesMax, static_cast<std::uint8_t>(from));
        network.input(0, SubmitTxn{deployment(network.genesis(), from, code, 0)});
    }
    network.run_for(10'000);
    for (PeerId id = 0; id < 4; ++id) {
        ledger::StateView& state = network.node(id).chain().state();
        for (std::size_t from = 0; from < 3; ++from) {
            const auto sender = ledger::load_account(state, account(from));
            ASSERT_TRUE(sender.has_value());
            EXPECT_EQ(sender->nonce, Nonce{1}) << id << ": refused by the VM, and paid for";
        }
    }
}

// ---- the machine alone --------------------------------------------------------------------------

Hash name(std::uint8_t i) {
    Hash out;
    out.data.fill(i);
    return out;
}

TimeMs at(std::uint64_t ms) { return TimeMs{kStartMs + ms}; }

/// A machine with these many peers, 1 and up.
class GossipMachine : public ::testing::Test {
  protected:
    void join(PeerId peers) {
        for (PeerId peer = 1; peer <= peers; ++peer) {
            gossip.peer_joined(peer, at(0));
        }
    }

    template <class Effect>
    static std::vector<Effect> only(const GossipEffects& effects) {
        std::vector<Effect> out;
        for (const GossipEffect& effect : effects) {
            if (const auto* wanted = std::get_if<Effect>(&effect)) {
                out.push_back(*wanted);
            }
        }
        return out;
    }

    /// Runs the timers until that time. @return what was asked
    std::vector<AskTxns> questions_until(TimeMs end) {
        std::vector<AskTxns> out;
        while (gossip.next_timer() && *gossip.next_timer() <= end) {
            for (AskTxns& ask : only<AskTxns>(gossip.take_due(*gossip.next_timer()))) {
                out.push_back(std::move(ask));
            }
        }
        return out;
    }

    Gossip gossip{{}};
};

TEST_F(GossipMachine, pushes_what_came_in_here_and_names_what_came_from_a_peer) {
    join(3);
    gossip.accepted(name(1), std::nullopt, at(0));
    const GossipEffects local = gossip.take_due(at(0));
    EXPECT_EQ(local, (GossipEffects{PushTxns{{1, 2, 3}, {name(1)}}}));
    gossip.accepted(name(2), PeerId{2}, at(10));
    const GossipEffects passed = gossip.take_due(at(10));
    EXPECT_EQ(passed, (GossipEffects{AnnounceTxns{1, {name(2)}}, AnnounceTxns{3, {name(2)}}}));
}

TEST_F(GossipMachine, tells_nobody_what_he_told) {
    join(4);
    gossip.announced(1, {name(1)}, at(0));
    gossip.accepted(name(1), PeerId{2}, at(1));
    gossip.known_by(4, name(1));
    EXPECT_EQ(gossip.take_due(at(1)), GossipEffects{(AnnounceTxns{3, {name(1)}})});
}

TEST_F(GossipMachine, a_lone_transaction_leaves_at_once_and_many_leave_together) {
    join(1);
    gossip.accepted(name(1), std::nullopt, at(0));
    EXPECT_EQ(gossip.take_due(at(0)).size(), 1U);
    for (std::uint8_t i = 2; i < 12; ++i) {
        gossip.accepted(name(i), std::nullopt, at(1));
        EXPECT_TRUE(gossip.take_due(at(1)).empty());
    }
    EXPECT_EQ(gossip.next_timer(), at(5));
    const auto pushed = only<PushTxns>(gossip.take_due(at(5)));
    ASSERT_EQ(pushed.size(), 1U);
    EXPECT_EQ(pushed[0].txns.size(), 10U);
    EXPECT_EQ(pushed[0].txns.front(), name(2));  // in the order in which they came
    EXPECT_EQ(pushed[0].txns.back(), name(11));
}

TEST_F(GossipMachine, speaks_less_often_to_many) {
    join(40);
    gossip.accepted(name(1), std::nullopt, at(0));
    EXPECT_FALSE(gossip.take_due(at(0)).empty());
    gossip.accepted(name(2), std::nullopt, at(1));
    EXPECT_EQ(gossip.next_timer(), at(25));
    gossip.accepted(name(3), std::nullopt, at(24));
    const auto pushed = only<PushTxns>(gossip.take_due(at(25)));
    ASSERT_EQ(pushed.size(), 1U);
    EXPECT_EQ(pushed[0].txns.size(), 2U);
    gossip.accepted(name(4), std::nullopt, at(80));
    EXPECT_EQ(gossip.next_timer(), at(80));
}

TEST_F(GossipMachine, pushes_to_some_of_many_and_names_it_to_the_rest) {
    join(16);
    std::set<PeerId> pushed_to;
    for (std::uint8_t i = 1; i <= 4; ++i) {
        gossip.accepted(name(i), std::nullopt, at(i * 10U));
        const GossipEffects effects = gossip.take_due(at(i * 10U));
        const auto pushed = only<PushTxns>(effects);
        ASSERT_EQ(pushed.size(), 1U);
        EXPECT_EQ(pushed[0].peers.size(), 4U);
        EXPECT_EQ(only<AnnounceTxns>(effects).size(), 12U);
        pushed_to.insert(pushed[0].peers.begin(), pushed[0].peers.end());
    }
    EXPECT_EQ(pushed_to.size(), 16U);  // each had its turn
}

TEST_F(GossipMachine, asks_one_announcer_after_the_other) {
    join(3);
    for (const PeerId peer : {2U, 3U, 1U}) {
        gossip.announced(peer, {name(9), name(1)}, at(0));
    }
    const auto asked = questions_until(at(60'000));
    const std::vector<Hash> both{name(9), name(1)};
    EXPECT_EQ(asked, (std::vector<AskTxns>{{2, both}, {3, both}, {1, both}}));
    EXPECT_EQ(gossip.wanted(), 0U);  // nobody else is left to ask
}

TEST_F(GossipMachine, asks_for_nothing_that_came_meanwhile) {
    join(3);
    gossip.announced(1, {name(1), name(2)}, at(0));
    gossip.accepted(name(1), PeerId{3}, at(1));
    gossip.refused(name(2), 3, at(1));
    EXPECT_TRUE(questions_until(at(60'000)).empty());
    gossip.announced(2, {name(1), name(2)}, at(100));  // handled lately
    EXPECT_TRUE(questions_until(at(60'000)).empty());
}

TEST_F(GossipMachine, asks_another_when_a_peer_leaves) {
    join(2);
    gossip.announced(1, {name(1)}, at(0));
    gossip.announced(2, {name(1)}, at(0));
    EXPECT_EQ(questions_until(at(100)), (std::vector<AskTxns>{{1, {name(1)}}}));
    gossip.peer_left(1, at(101));
    EXPECT_EQ(questions_until(at(101)), (std::vector<AskTxns>{{2, {name(1)}}}));
    gossip.peer_left(2, at(102));
    EXPECT_EQ(gossip.wanted(), 0U);
}

TEST_F(GossipMachine, waits_longer_while_it_asks_in_vain_and_less_while_it_does_not) {
    join(2);
    const auto patience_of = [&](std::uint8_t i, TimeMs now, PeerId from) {
        gossip.announced(1, {name(i)}, now);
        const TimeMs due = *gossip.next_timer();
        (void)gossip.take_due(due);
        gossip.accepted(name(i), from, due);
        (void)gossip.take_due(TimeMs{due.value + 10});
        return due.value - now.value;
    };
    const std::uint64_t first = patience_of(1, at(0), 2);
    const std::uint64_t second = patience_of(2, at(1'000), 2);
    const std::uint64_t third = patience_of(3, at(2'000), 2);
    EXPECT_LE(second, third);
    EXPECT_LT(first, third);
    std::uint64_t last = third;
    for (std::uint8_t i = 4; i < 60; ++i) {
        last = patience_of(i, at(i * 10'000U), 1);
    }
    EXPECT_EQ(last, Gossip::Options{}.patience_ms_min);
}

TEST_F(GossipMachine, holds_no_more_than_its_bounds_whatever_peers_name) {
    join(3);
    Random random(1);
    for (int round = 0; round < 20; ++round) {
        std::vector<Hash> names(4'096);
        for (Hash& hash : names) {
            random.fill(hash.data);
        }
        gossip.announced(1, names, at(0));
    }
    EXPECT_EQ(gossip.wanted(), Gossip::Options{}.wanted_max);
    gossip.announced(2, {name(1)}, at(0));  // others are heard all the same
    EXPECT_EQ(gossip.wanted(), Gossip::Options{}.wanted_max + 1);
    (void)questions_until(at(60'000));
    EXPECT_EQ(gossip.wanted(), 0U);
    std::size_t bytes_max = 0;
    for (int i = 0; i < 100'000; ++i) {
        Hash hash;
        random.fill(hash.data);
        gossip.refused(hash, 3, at(61'000));
        bytes_max = std::max(bytes_max, gossip.memory_bytes());
    }
    EXPECT_LT(bytes_max, std::size_t{8} << 20);
    EXPECT_FALSE(gossip.listens_to(3, at(61'000)));
    EXPECT_TRUE(gossip.listens_to(2, at(61'000)));
}

}  // namespace
}  // namespace polis::node::testing
