// Goal: a node without a chain gets one from strangers and believes only its genesis.
// Method: the machine against the validators of a network, some of which lie.

#include <node/bootstrap/bootstrap.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/checker.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/store/memory_store.hpp>
#include <ledger/store/snapshot.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

/// A network with a snapshot on every node that a later block proves.
class World {
  public:
    World() : network(4, 3) {
        network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 0)});
        EXPECT_TRUE(network.run_until([&] { return network.all_at(Height{10}); }));
        for (PeerId id = 0; id < 4; ++id) {
            must(network.node(id).take_snapshot());
        }
        height = network.node(0).chain().head().height;
        root = network.node(0).chain().head().state_root;
        EXPECT_TRUE(network.run_until([&] { return network.all_at(Height{height.value + 2}); }));
    }

    Network network;
    Height height;
    Hash root;
};

/// What a server makes of the answer that it should give.
using Lie = std::function<void(sync::SnapshotResponse& answer)>;

/// A node that begins, connected with the first `servers` nodes of a world.
class Newcomer {
  public:
    Newcomer(World& world, ledger::MemoryStore& scratch, std::size_t servers)
        : network_(world.network),
          machine_(must(Bootstrap::open(
              {.genesis = &network_.genesis(),
               .checker = &checker_,
               .scratch = &scratch,
               .options = {.collect_ms = 50}}))),
          lies_(servers) {
        for (std::size_t i = 0; i < servers; ++i) {
            faces_.push_back(network_.add_stranger());
        }
    }

    void lie(PeerId server, Lie lie) { lies_[server] = std::move(lie); }

    /// @return whether it is ready
    bool fetch() {
        for (PeerId id = 0; id < faces_.size(); ++id) {
            perform(machine_->peer_joined(id, network_.now()));
        }
        return go_on();
    }

    bool go_on() {
        for (int round = 0; round < 1'000 && !machine_->ready(); ++round) {
            network_.run_for(5);
            for (PeerId id = 0; id < faces_.size(); ++id) {
                for (const Bytes& mail : network_.take_mail(faces_[id])) {
                    perform(machine_->receive(id, told(id, mail), network_.now()));
                }
            }
            perform(machine_->tick(network_.now()));
        }
        return machine_->ready();
    }

    void perform(Bootstrap::Outputs outputs) {
        for (const ValidatorOutput& output : must(std::move(outputs))) {
            if (const auto* const send = std::get_if<SendTo>(&output)) {
                const auto message = decode_wire(send->bytes).value();
                const auto& request = std::get<sync::SnapshotRequest>(message);
                chunks_asked += std::holds_alternative<sync::ChunkRequest>(request) ? 1U : 0U;
                network_.input(send->peer, PeerBytes{faces_[send->peer], send->bytes});
            } else {
                blamed.push_back(std::get<Penalise>(output).peer);
            }
        }
    }

    ledger::StoreResult<std::unique_ptr<ledger::Chain>> restore() {
        return machine_->restore(std::make_unique<ledger::MemoryStore>(), {});
    }

    Bootstrap& machine() { return *machine_; }

    std::size_t chunks_asked = 0;
    std::vector<PeerId> blamed;

  private:
    [[nodiscard]] Bytes told(PeerId server, const Bytes& mail) const {
        auto message = decode_wire(mail).value();
        auto* const answer = std::get_if<sync::SnapshotResponse>(&message);
        if (answer != nullptr && lies_[server]) {
            lies_[server](*answer);
        }
        return encode_wire(message);
    }

    Network& network_;
    consensus::PlainChecker checker_;
    std::unique_ptr<Bootstrap> machine_;
    std::vector<PeerId> faces_;  ///< that the servers know it by
    std::vector<Lie> lies_;
};

TEST(Bootstrap, makes_a_chain_of_what_strangers_send) {
    World world;
    ledger::MemoryStore scratch;
    Newcomer newcomer(world, scratch, 4);
    ASSERT_TRUE(newcomer.fetch());
    const auto chain = must(newcomer.restore());
    EXPECT_EQ(chain->head().height, world.height);
    EXPECT_EQ(chain->head().state_root, world.root);
    EXPECT_TRUE(newcomer.blamed.empty());
    // It can prove its own snapshots to the next one.
    for (std::uint64_t term = 0; term * 3 + 3 < world.height.value; ++term) {
        EXPECT_EQ(
            must(chain->reader().term_link(Term{term})),
            must(world.network.node(0).chain().reader().term_link(Term{term})))
            << term;
    }
}

TEST(Bootstrap, a_killed_one_asks_for_no_chunk_twice) {
    World world;
    ledger::MemoryStore scratch;
    {
        Newcomer killed(world, scratch, 1);
        ASSERT_TRUE(killed.fetch());
        EXPECT_GT(killed.chunks_asked, 0U);
    }
    Newcomer again(world, scratch, 1);
    ASSERT_TRUE(again.fetch());
    EXPECT_EQ(again.chunks_asked, 0U);
    EXPECT_EQ(must(again.restore())->head().state_root, world.root);
}

TEST(Bootstrap, what_the_disk_damaged_is_fetched_again) {
    World world;
    ledger::MemoryStore scratch;
    const auto damage = [&] {
        ledger::WriteBatch batch;
        must(scratch.scan(as_bytes("c"), as_bytes("d"), [&](ByteView key, ByteView /*value*/) {
            batch.put(key, as_bytes("damage"));
            return true;
        }));
        ASSERT_GT(batch.count(), 0U);
        must(scratch.write(batch, ledger::Durability::kBuffered));
    };
    {
        Newcomer first(world, scratch, 1);
        ASSERT_TRUE(first.fetch());
        damage();
        const auto chain = first.restore();
        ASSERT_FALSE(chain.has_value());
        EXPECT_EQ(chain.error().code, ledger::StoreErrc::kIo) << "no peer is to blame";
    }
    Newcomer second(world, scratch, 1);
    ASSERT_TRUE(second.fetch());
    EXPECT_GT(second.chunks_asked, 0U);
    EXPECT_EQ(must(second.restore())->head().state_root, world.root);
}

TEST(Bootstrap, what_was_fetched_for_another_chain_is_dropped) {
    World world;
    ledger::MemoryStore scratch;
    ledger::WriteBatch batch;
    batch.put(as_bytes("g"), as_bytes("another genesis"));
    batch.put(as_bytes("l12345678"), as_bytes("its link"));
    must(scratch.write(batch, ledger::Durability::kBuffered));
    Newcomer newcomer(world, scratch, 1);
    EXPECT_EQ(must(scratch.get(as_bytes("l12345678"))), std::nullopt);
    ASSERT_TRUE(newcomer.fetch());
}

/// Offers the true state with records of its own.
class FalseRecords {
  public:
    explicit FalseRecords(World& world) {
        const auto& store = world.network.store(0);
        manifest_ = must(ledger::load_manifest(store, world.height)).value();
        auto records = ledger::decode_chunk(must(ledger::load_chunk(store, manifest_, 0))).value();
        records.back().value.push_back(7);
        chunk_ = codec::encode(records);
        manifest_.chunks[0] = ledger::chunk_hash(chunk_);
        name_ = sync::manifest_hash(codec::encode(manifest_));
    }

    void operator()(sync::SnapshotResponse& answer) const {
        if (auto* const offers = std::get_if<sync::SnapshotOffers>(&answer)) {
            for (sync::SnapshotOffer& offer : offers->offers) {
                offer.manifest = name_;
            }
        } else if (auto* const manifest = std::get_if<sync::ManifestResponse>(&answer)) {
            manifest->bytes = codec::encode(manifest_);
        } else if (auto* const chunk = std::get_if<sync::ChunkResponse>(&answer)) {
            chunk->bytes = chunk_;
        }
    }

  private:
    ledger::SnapshotManifest manifest_;
    Bytes chunk_;
    Hash name_;
};

TEST(Bootstrap, false_records_are_found_out_and_others_taken) {
    World world;
    ledger::MemoryStore scratch;
    Newcomer newcomer(world, scratch, 3);
    newcomer.lie(1, FalseRecords(world));
    newcomer.lie(2, FalseRecords(world));  // most servers: tried first
    ASSERT_TRUE(newcomer.fetch());
    const auto lie = newcomer.restore();
    ASSERT_FALSE(lie.has_value());
    EXPECT_EQ(lie.error().code, ledger::StoreErrc::kCorrupt);
    newcomer.perform(newcomer.machine().refuse(world.network.now()));
    EXPECT_EQ(newcomer.blamed, (std::vector<PeerId>{1, 2}));
    ASSERT_TRUE(newcomer.go_on());
    EXPECT_EQ(must(newcomer.restore())->head().state_root, world.root);
}

TEST(Bootstrap, bytes_that_are_no_message_are_blamed_and_others_ignored) {
    World world;
    ledger::MemoryStore scratch;
    Newcomer newcomer(world, scratch, 1);
    newcomer.perform(newcomer.machine().receive(0, Bytes{0xff, 1}, world.network.now()));
    EXPECT_EQ(newcomer.blamed, std::vector<PeerId>{0});
    newcomer.perform(newcomer.machine().receive(
        0, encode_wire(sync::HeadClaim{Height{1}, Height{9}}), world.network.now()));
    EXPECT_EQ(newcomer.blamed.size(), 1U);
}

}  // namespace
}  // namespace polis::node::testing
