// Snapshots: written, listed, pruned; a new chain restored from one goes on as the old one did.
// Method: a seeded chain in memory; chunks tampered with, left out, swapped and taken from another.
#include <ledger/store/snapshot.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/restore.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::size_t kPeople = 60;
constexpr std::size_t kChunkBytes = 500;  // small, so that there are several chunks
constexpr std::size_t kBlocks = 6;

/// A store that its chain owns and the test writes snapshots into.
class SharedStore final : public KeyValueStore {
  public:
    explicit SharedStore(std::shared_ptr<MemoryStore> store) : store_(std::move(store)) {}

    StoreResult<std::optional<Bytes>> get(ByteView key) const override { return store_->get(key); }

    StoreResult<void> scan(ByteView first, ByteView last, const ScanVisitor& visit) const override {
        return store_->scan(first, last, visit);
    }

    StoreResult<void> write(const WriteBatch& batch, Durability durability) override {
        return store_->write(batch, durability);
    }

    std::uint64_t size_bytes() const override { return store_->size_bytes(); }

  private:
    std::shared_ptr<MemoryStore> store_;
};

/// A chain of kBlocks blocks with a snapshot at every height from 1 on, but not of the last.
class SnapshotTest : public ::testing::Test {
  protected:
    SnapshotTest()
        : genesis(world_genesis(kPeople)),
          store(std::make_shared<MemoryStore>()),
          chain(must(Chain::create(
              std::make_unique<SharedStore>(store), genesis, chain_options(1 << 20, {})))) {
        for (std::size_t i = 0; i < kBlocks; ++i) {
            blocks.push_back(workload.next(chain->head(), chain->state()));
            must(chain->apply(blocks.back()));
            if (i + 1 < kBlocks) {
                manifests.push_back(must(write_snapshot(*store, chain->head(), kChunkBytes)));
            }
        }
    }

    /// What a node that trusts the headers knows when it takes the last snapshot.
    [[nodiscard]] RestorePoint point() const {
        const Height height = manifests.back().height;
        return {
            .genesis = genesis,
            .block = *must(chain->block(height)),
            .next = must(chain->block(Height{height.value + 1}))->header};
    }

    [[nodiscard]] std::vector<Bytes> chunks() const {
        std::vector<Bytes> out;
        for (std::size_t i = 0; i < manifests.back().chunks.size(); ++i) {
            out.push_back(must(load_chunk(*store, manifests.back(), i)));
        }
        return out;
    }

    static StoreResult<std::unique_ptr<Chain>> restore(
        const RestorePoint& point, std::vector<Bytes> chunks) {
        std::size_t next = 0;
        const ChunkSource source = [&]() -> StoreResult<std::optional<Bytes>> {
            return next < chunks.size() ? std::optional{chunks[next++]} : std::nullopt;
        };
        return restore_chain(
            std::make_unique<MemoryStore>(), point, source, chain_options(1 << 20, {}));
    }

    const Workload workload{11, kPeople, 20};
    GenesisState genesis;
    std::shared_ptr<MemoryStore> store;
    std::unique_ptr<Chain> chain;
    std::vector<CheckedBlock> blocks;
    std::vector<SnapshotManifest> manifests;
};

TEST_F(SnapshotTest, is_listed_until_it_is_pruned) {
    const auto heights = must(list_snapshots(*store));
    ASSERT_EQ(heights.size(), kBlocks - 1);
    EXPECT_EQ(heights.front(), Height{1});
    must(keep_snapshots(*store, 2));
    EXPECT_EQ(must(list_snapshots(*store)), (std::vector{Height{4}, Height{5}}));
    EXPECT_FALSE(must(load_manifest(*store, Height{3})).has_value());
    EXPECT_EQ(must(load_manifest(*store, Height{5})), manifests.back());
    EXPECT_FALSE(chunks().empty());
    must(keep_snapshots(*store, 0));
    EXPECT_TRUE(must(list_snapshots(*store)).empty());
    const auto reopened =
        Chain::open(std::make_unique<SharedStore>(store), chain_options(1 << 20, {}));
    EXPECT_EQ(must(StoreResult<Head>((*reopened)->head())), chain->head());
}

TEST_F(SnapshotTest, pruning_removes_what_an_interrupted_one_left) {
    WriteBatch stray;
    for (std::uint32_t i = 0; i < 200; ++i) {
        stray.put(rows::snapshot_chunk_key(Height{77}, i), Bytes{1});
    }
    must(store->write(stray, Durability::kSynced));
    must(keep_snapshots(*store, 10));
    EXPECT_FALSE(must(store->get(rows::snapshot_chunk_key(Height{77}, 0))).has_value());
    EXPECT_FALSE(must(store->get(rows::snapshot_chunk_key(Height{77}, 199))).has_value());
    EXPECT_EQ(must(list_snapshots(*store)).size(), kBlocks - 1);
}

TEST_F(SnapshotTest, is_written_once_for_a_height) {
    const Head head = chain->head();
    const auto first = must(write_snapshot(*store, head));
    EXPECT_EQ(must(write_snapshot(*store, head)), first);
    EXPECT_EQ(first.records, head.records);
    EXPECT_EQ(first.state_root, head.state_root);
}

TEST_F(SnapshotTest, damage_is_named) {
    WriteBatch damage;
    damage.put(rows::snapshot_chunk_key(manifests.back().height, 0), Bytes{1, 2, 3});
    must(store->write(damage, Durability::kSynced));
    EXPECT_EQ(load_chunk(*store, manifests.back(), 0).error().code, StoreErrc::kCorrupt);
    WriteBatch bad_manifest;
    bad_manifest.put(rows::snapshot_manifest_key(Height{1}), Bytes{1, 2, 3});
    must(store->write(bad_manifest, Durability::kSynced));
    EXPECT_EQ(load_manifest(*store, Height{1}).error().code, StoreErrc::kCorrupt);
}

TEST_F(SnapshotTest, a_restored_chain_goes_on_as_the_old_one) {
    auto restored = must(restore(point(), chunks()));
    EXPECT_EQ(restored->head().height, manifests.back().height);
    EXPECT_EQ(restored->head().state_root, manifests.back().state_root);
    EXPECT_EQ(restored->genesis(), chain->genesis());
    EXPECT_EQ(restored->base(), manifests.back().height);
    must(restored->apply(blocks.back()));
    EXPECT_EQ(restored->head(), chain->head());
    EXPECT_FALSE(must(restored->block(Height{2})).has_value()) << "history before is not there";
    EXPECT_TRUE(must(restored->block(manifests.back().height)).has_value());
    EXPECT_FALSE(must(restored->receipts(manifests.back().height)).has_value());
    EXPECT_TRUE(must(restored->receipts(chain->head().height)).has_value());
}

TEST_F(SnapshotTest, a_restored_chain_has_the_certificate_that_it_was_given) {
    RestorePoint at = point();
    pbft::Certificate certificate;
    certificate.statement.digest = block_hash(at.block.header);
    certificate.signers = {1};
    at.certificate = certificate;
    const auto restored = must(restore(at, chunks()));
    EXPECT_EQ(must(restored->certificate(at.block.header.height)), certificate);
    EXPECT_EQ(must(restored->schedule()).height, Height{manifests.back().height.value + 1});
    at.certificate->statement.digest = Hash{};
    const auto other = restore(at, chunks());
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, StoreErrc::kWrongChain);
}

TEST_F(SnapshotTest, every_lie_is_refused) {
    const std::vector<Bytes> good = chunks();
    const auto code = [&](const RestorePoint& at, std::vector<Bytes> sent) {
        const auto restored = restore(at, std::move(sent));
        return restored ? std::optional<StoreErrc>{} : std::optional{restored.error().code};
    };
    std::vector<Bytes> bad = good;
    bad.back().back() ^= 1;
    EXPECT_EQ(code(point(), bad), StoreErrc::kCorrupt) << "a flipped bit";
    bad = good;
    bad.back().push_back(0);
    EXPECT_EQ(code(point(), bad), StoreErrc::kCorrupt) << "not an encoding";
    bad = good;
    ASSERT_GE(bad.size(), 4U);
    std::swap(bad[1], bad[2]);
    EXPECT_EQ(code(point(), bad), StoreErrc::kCorrupt) << "out of order";
    bad = good;
    bad.push_back(good.front());
    EXPECT_EQ(code(point(), bad), StoreErrc::kCorrupt) << "the same records again";
    bad = good;
    bad.pop_back();
    EXPECT_EQ(code(point(), bad), StoreErrc::kCorrupt) << "a chunk less";
    EXPECT_EQ(code(point(), {}), StoreErrc::kCorrupt) << "nothing at all";
    RestorePoint other = point();
    other.next.parent_state_root = chain->head().state_root;
    EXPECT_EQ(code(other, good), StoreErrc::kCorrupt) << "the state of another height";
    other = point();
    other.next.parent = Hash{};
    EXPECT_EQ(code(other, good), StoreErrc::kWrongChain) << "a header that does not follow";
    other = point();
    ++other.genesis.params.chain_id.value;
    EXPECT_EQ(code(other, good), StoreErrc::kWrongChain);
}

TEST_F(SnapshotTest, an_interrupted_restoration_is_not_a_chain) {
    auto half = std::make_shared<MemoryStore>();
    const ChunkSource source = [sent = false, this]() mutable -> StoreResult<std::optional<Bytes>> {
        if (std::exchange(sent, true)) {
            return std::unexpected(StoreError{StoreErrc::kIo, "the peer went away"});
        }
        return std::optional{chunks().front()};
    };
    const auto options = chain_options(1 << 20, {});
    const auto stopped =
        restore_chain(std::make_unique<SharedStore>(half), point(), source, options);
    EXPECT_EQ(stopped.error().code, StoreErrc::kIo);
    EXPECT_EQ(
        Chain::open(std::make_unique<SharedStore>(half), options).error().code,
        StoreErrc::kCorrupt);
    EXPECT_EQ(
        restore_chain(std::make_unique<SharedStore>(half), point(), source, options).error().code,
        StoreErrc::kCorrupt);
}

}  // namespace
}  // namespace polis::ledger::testing
