// The gate: only verified transactions pass, each source's in its order, and everybody is answered.
#include <node/drivers/txn_gate.hpp>

#include <condition_variable>
#include <latch>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <node/runtime/clock.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>

namespace polis::node {
namespace {

using testing::dev_genesis;
using testing::transfer;

constexpr PeerId kPeer = 7;

std::uint64_t count_of(const TimeHistogram& times) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i <= TimeHistogram::kBuckets; ++i) {
        out += times.count(i);
    }
    return out;
}

/// Writes down what comes out; waits for it.
class Sink final : public TxnGate::Sink {
  public:
    bool verified(
        TxnsVerified txns, std::size_t /*bytes*/, InFlight /*held*/, std::uint64_t at_us) override {
        const std::lock_guard lock(mutex_);
        last_at_us = at_us;
        if (full) {
            return false;
        }
        for (std::size_t i = 0; i < txns.txns.size(); ++i) {
            order_[txns.peer].push_back(txns.txns[i]->txn.body.nonce.value);
            if (!txns.peer) {
                tickets.push_back(txns.tickets[i]);
                ids.push_back(txns.txns[i]->id);
            }
        }
        changed_.notify_all();
        return true;
    }

    void misbehaved(PeerId peer, std::string reason) override {
        const std::lock_guard lock(mutex_);
        offences_[peer].push_back(std::move(reason));
        changed_.notify_all();
    }

    std::vector<std::uint64_t> wait_for(std::optional<PeerId> source, std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return order_[source].size() >= count; });
        return order_[source];
    }

    std::string wait_for_offence(PeerId peer) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !offences_[peer].empty(); });
        return offences_[peer].front();
    }

    bool full = false;  ///< before any work
    std::uint64_t last_at_us = 0;
    std::vector<std::uint64_t> tickets;
    std::vector<Hash> ids;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::optional<PeerId>, std::vector<std::uint64_t>> order_;
    std::map<PeerId, std::vector<std::string>> offences_;
};

struct World {
    explicit World(std::size_t threads, std::size_t jobs_max = 1'000)
        : pool("test", threads, jobs_max), gate(rules(), pool, sink, times) {}

    ledger::TxnRules rules() const {
        const ledger::Params& params = genesis.state.params;
        return {params.chain_id, params.block_gas_max, params.gas_price_min};
    }

    /// The last byte belongs to the signature.
    [[nodiscard]] Bytes forged() const {
        Bytes bytes = transfer(genesis, 0, 1, 5, 0);
        bytes.back() ^= 1;
        return bytes;
    }

    genesis::Genesis genesis = dev_genesis(1);
    Sink sink;
    StageTimes times;
    JobPool pool;
    TxnGate gate;
};

TEST(TxnGate, keeps_the_order_of_each_peer) {
    constexpr std::uint64_t kBatches = 60;
    World world(4);
    for (std::uint64_t i = 0; i < kBatches; ++i) {
        TxnBatch batch;
        // Batches of very different length finish in any order.
        for (std::uint64_t k = 0; k < (i % 3 == 0 ? 8U : 1U); ++k) {
            batch.txns.push_back(transfer(world.genesis, 0, 1, 1 + k, i));
        }
        ASSERT_TRUE(world.gate.take_batch(kPeer + i % 2, encode_wire(batch), {}));
    }
    for (const std::uint64_t parity : {0U, 1U}) {
        const auto order = world.sink.wait_for(kPeer + static_cast<PeerId>(parity), 30);
        EXPECT_TRUE(std::ranges::is_sorted(order));
    }
    world.pool.stop();
}

TEST(TxnGate, keeps_the_order_of_clients_and_brings_the_verdict_back) {
    constexpr std::uint64_t kCount = 200;
    World world(4);
    std::vector<Hash> answered(kCount);
    std::latch all(kCount);
    for (std::uint64_t i = 0; i < kCount; ++i) {
        world.gate.submit(
            transfer(world.genesis, 0, 1, 5, i), [&, i](const Hash& id, const auto& outcome) {
                EXPECT_TRUE(std::holds_alternative<ledger::Admission>(outcome));
                answered[i] = id;
                all.count_down();
            });
    }
    const auto order = world.sink.wait_for(std::nullopt, kCount);
    for (std::uint64_t i = 0; i < kCount; ++i) {
        EXPECT_EQ(order[i], i);
    }
    for (std::size_t i = 0; i < kCount; ++i) {
        world.gate.answer({world.sink.tickets[i], world.sink.ids[i], ledger::Admission{}});
    }
    all.wait();
    EXPECT_EQ(answered, world.sink.ids);
    world.pool.stop();
}

TEST(TxnGate, refuses_a_bad_signature_and_names_it) {
    World world(2);
    std::latch answered(1);
    world.gate.submit(world.forged(), [&](const Hash&, const auto& outcome) {
        EXPECT_EQ(std::get<ledger::TxnError>(outcome), ledger::TxnError::kBadSignature);
        answered.count_down();
    });
    answered.wait();
    ASSERT_TRUE(world.gate.take_batch(kPeer, encode_wire(TxnBatch{{world.forged()}}), {}));
    EXPECT_NE(world.sink.wait_for_offence(kPeer).find("invalid transaction"), std::string::npos);
    ASSERT_TRUE(world.gate.take_batch(kPeer + 1, Bytes{2, 255, 255, 255, 255}, {}));
    EXPECT_EQ(world.sink.wait_for_offence(kPeer + 1), "not a batch of transactions");
    world.pool.stop();
}

TEST(TxnGate, verifies_the_same_transaction_once) {
    World world(2);
    const Bytes batch = encode_wire(TxnBatch{{transfer(world.genesis, 0, 1, 5, 0)}});
    for (PeerId peer = 1; peer <= 5; ++peer) {
        ASSERT_TRUE(world.gate.take_batch(peer, batch, {}));
        EXPECT_EQ(world.sink.wait_for(peer, 1).size(), 1U);  // it still comes through
    }
    EXPECT_EQ(world.gate.verified_count(), 1U);
    EXPECT_EQ(world.gate.repeated_count(), 4U);
    world.pool.stop();
}

TEST(TxnGate, measures_each_transaction_that_it_verified_and_no_copy) {
    World world(2);
    const std::uint64_t begin_us = Clock::steady_us();
    TxnBatch batch;
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) {
        batch.txns.push_back(transfer(world.genesis, 0, 1, 5, nonce));
    }
    for (PeerId peer = 1; peer <= 2; ++peer) {
        ASSERT_TRUE(world.gate.take_batch(peer, encode_wire(batch), {}));
        world.sink.wait_for(peer, 3);
    }
    world.gate.submit(transfer(world.genesis, 0, 1, 5, 3), [](const Hash&, const auto&) {});
    world.sink.wait_for(std::nullopt, 1);
    world.gate.submit(world.forged(), [](const Hash&, const auto&) {});
    world.pool.finish();
    const std::uint64_t end_us = Clock::steady_us();
    for (const Stage stage : {Stage::kWait, Stage::kVerify}) {
        EXPECT_EQ(count_of(world.times.of(stage)), 4U) << text_of(stage).name;
        EXPECT_LE(world.times.of(stage).sum_us(), 4 * (end_us - begin_us));
    }
    EXPECT_GT(world.times.of(Stage::kVerify).sum_us(), 0U) << "signatures take tens of us";
    EXPECT_GE(world.sink.last_at_us, begin_us);
    EXPECT_LE(world.sink.last_at_us, end_us);
}

TEST(TxnGate, answers_busy_when_the_validator_has_no_room_and_when_it_ends) {
    World world(1);
    world.sink.full = true;
    std::latch busy(1);
    world.gate.submit(transfer(world.genesis, 0, 1, 5, 0), [&](const Hash&, const auto& outcome) {
        EXPECT_TRUE(std::holds_alternative<GateBusy>(outcome));
        busy.count_down();
    });
    busy.wait();
    EXPECT_EQ(world.gate.dropped_count(), 1U);
    world.pool.stop();
    bool ended = false;
    world.gate.submit(transfer(world.genesis, 0, 1, 5, 1), [&](const Hash&, const auto& outcome) {
        ended = std::holds_alternative<GateBusy>(outcome);
    });
    world.gate.close();
    EXPECT_TRUE(ended);
}

TEST(TxnGate, drops_a_batch_when_the_pool_is_full) {
    World world(1, /*jobs_max=*/0);
    const Bytes batch = encode_wire(TxnBatch{{transfer(world.genesis, 0, 1, 5, 0)}});
    EXPECT_FALSE(world.gate.take_batch(kPeer, batch, {}));
    EXPECT_EQ(world.gate.dropped_count(), 1U);
}

}  // namespace
}  // namespace polis::node
