#include <ledger/store/snapshot.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/store/block_rows.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/store/state_rows.hpp>

namespace polis::ledger {

namespace {

constexpr std::size_t kRemovalsPerBatch = 64;

/// Collects records into chunks and writes each as it fills.
class SnapshotWriter {
  public:
    SnapshotWriter(KeyValueStore& store, const Head& head, std::size_t chunk_bytes_max)
        : store_(store), chunk_bytes_max_(chunk_bytes_max) {
        manifest_.height = head.height;
        manifest_.block = head.block;
        manifest_.state_root = head.state_root;
        manifest_.records = head.records;
    }

    StoreResult<void> add(const rows::StateRow& row) {
        records_.push_back({to_bytes(row.key), to_bytes(row.value)});
        chunk_bytes_ += row.key.size() + row.value.size();
        ++records_seen_;
        return chunk_bytes_ < chunk_bytes_max_ ? StoreResult<void>{} : flush();
    }

    StoreResult<SnapshotManifest> finish() {
        POLIS_TRY_VOID(flush());
        if (records_seen_ != manifest_.records) {
            return std::unexpected(StoreError{
                StoreErrc::kCorrupt,
                "snapshot of " + std::to_string(records_seen_) + " records, the head counts " +
                    std::to_string(manifest_.records)});
        }
        WriteBatch batch;
        put_sealed(batch, rows::snapshot_manifest_key(manifest_.height), codec::encode(manifest_));
        POLIS_TRY_VOID(store_.write(batch, Durability::kSynced));
        return std::move(manifest_);
    }

  private:
    StoreResult<void> flush() {
        if (records_.empty()) {
            return {};
        }
        const Bytes chunk = codec::encode(std::exchange(records_, {}));
        chunk_bytes_ = 0;
        const auto index = static_cast<std::uint32_t>(manifest_.chunks.size());
        manifest_.chunks.push_back(chunk_hash(chunk));
        WriteBatch batch;
        batch.put(rows::snapshot_chunk_key(manifest_.height, index), chunk);
        return store_.write(batch, Durability::kBuffered);
    }

    KeyValueStore& store_;
    const std::size_t chunk_bytes_max_;
    SnapshotManifest manifest_;
    std::vector<SnapshotRecord> records_;
    std::size_t chunk_bytes_ = 0;
    std::uint64_t records_seen_ = 0;
};

}  // namespace

Hash chunk_hash(ByteView chunk) { return crypto::blake2b_256(crypto::kDomainSnapshot, chunk); }

std::optional<std::vector<SnapshotRecord>> decode_chunk(ByteView chunk) {
    auto records = codec::decode<std::vector<SnapshotRecord>>(chunk);
    const auto keyless = [](const SnapshotRecord& record) { return record.key.empty(); };
    if (!records || std::ranges::any_of(*records, keyless)) {
        return std::nullopt;
    }
    return *std::move(records);
}

StoreResult<SnapshotManifest> write_snapshot(
    KeyValueStore& store, const Head& head, std::size_t chunk_bytes) {
    POLIS_TRY(auto known, load_manifest(store, head.height));
    if (known) {
        return *std::move(known);
    }
    SnapshotWriter writer(store, head, chunk_bytes);
    POLIS_TRY_VOID(
        StateRows(store).visit([&writer](const rows::StateRow& row) { return writer.add(row); }));
    return writer.finish();
}

StoreResult<void> keep_snapshots(KeyValueStore& store, std::size_t count) {
    POLIS_TRY(auto heights, list_snapshots(store));
    heights.erase(
        heights.begin(),
        heights.end() - static_cast<std::ptrdiff_t>(std::min(count, heights.size())));
    WriteBatch removals;
    const rows::Range all = rows::snapshot_range();
    const auto collect = [&](ByteView key, ByteView /*value*/) {
        const auto height = rows::snapshot_height(key);
        if (!height || !std::ranges::binary_search(heights, *height)) {
            removals.remove(key);
        }
        return removals.count() < kRemovalsPerBatch;
    };
    do {
        removals = {};
        POLIS_TRY_VOID(store.scan(all.first, all.last, collect));
        POLIS_TRY_VOID(store.write(removals, Durability::kBuffered));
    } while (removals.count() == kRemovalsPerBatch);
    return {};
}

StoreResult<std::vector<Height>> list_snapshots(const KeyValueStore& store) {
    std::vector<Height> heights;
    const rows::Range manifests = rows::snapshot_manifest_range();
    POLIS_TRY_VOID(
        store.scan(manifests.first, manifests.last, [&](ByteView key, ByteView /*value*/) {
            if (const auto height = rows::snapshot_height(key)) {
                heights.push_back(*height);
            }
            return true;
        }));
    return heights;
}

StoreResult<std::optional<SnapshotManifest>> load_manifest(
    const KeyValueStore& store, Height height) {
    const Bytes key = rows::snapshot_manifest_key(height);
    POLIS_TRY(const auto sealed, store.get(key));
    if (!sealed) {
        return std::optional<SnapshotManifest>{};
    }
    POLIS_TRY(const ByteView value, rows::unseal(key, *sealed));
    auto manifest = codec::decode<SnapshotManifest>(value);
    if (!manifest || manifest->height != height) {
        return std::unexpected(
            StoreError{StoreErrc::kCorrupt, "row " + rows::describe_key(key) + ": not a manifest"});
    }
    return std::optional{*std::move(manifest)};
}

StoreResult<Bytes> load_chunk(
    const KeyValueStore& store, const SnapshotManifest& manifest, std::size_t index) {
    POLIS_ASSERT_OP(index, <, manifest.chunks.size());
    const Bytes key = rows::snapshot_chunk_key(manifest.height, static_cast<std::uint32_t>(index));
    POLIS_TRY(auto chunk, store.get(key));
    if (!chunk || chunk_hash(*chunk) != manifest.chunks[index]) {
        return std::unexpected(StoreError{
            StoreErrc::kCorrupt,
            "row " + rows::describe_key(key) + ": missing or not the chunk of the manifest"});
    }
    return *std::move(chunk);
}

}  // namespace polis::ledger
