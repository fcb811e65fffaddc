// Goal: every node hears of a transaction, no node repeats itself, and no node verifies twice.

#include <map>

#include <gtest/gtest.h>

#include <node/validator/txn_pool.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>

namespace polis::node::testing {
namespace {

TEST(Gossip, tells_every_peer_of_a_transaction_once) {
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
    EXPECT_EQ(told.size(), 6U);
    for (const auto& [way, count] : told) {
        EXPECT_EQ(count, 1U) << way.first << " to " << way.second;
    }
}

TEST(Gossip, tells_a_new_peer_what_waits) {
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

TEST(Gossip, batches_are_bounded) {
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

}  // namespace
}  // namespace polis::node::testing
