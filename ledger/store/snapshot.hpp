#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/validation.hpp>

/// Copies of the whole state at one height, in chunks that a new node can fetch from strangers:
/// each chunk is checked against the manifest, and the records against a finalized state root.
/// Byte layout: docs/formats/store.md.
namespace polis::ledger {

inline constexpr std::size_t kSnapshotChunkBytes =
    std::size_t{256} * 1024;  ///< about; one record may exceed it
inline constexpr std::size_t kSnapshotChunksMax = 1U << 20;

/// What a snapshot consists of. Nothing in it is trusted before the records' root is.
struct SnapshotManifest {
    Height height;
    Hash block;
    Hash state_root;  ///< after that block
    std::uint64_t records = 0;
    std::vector<Hash> chunks;  ///< chunk_hash() of each, in order

    bool operator==(const SnapshotManifest&) const = default;
    static constexpr auto kFields = codec::fields(
        &SnapshotManifest::height,
        &SnapshotManifest::block,
        &SnapshotManifest::state_root,
        &SnapshotManifest::records,
        codec::bounded(&SnapshotManifest::chunks, kSnapshotChunksMax));
};

/// A state record as a chunk holds it.
struct SnapshotRecord {
    Bytes key;
    Bytes value;

    bool operator==(const SnapshotRecord&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&SnapshotRecord::key, kStateKeyBytesMax),
        codec::bounded(&SnapshotRecord::value, kStateValueBytesMax));
};

[[nodiscard]] Hash chunk_hash(ByteView chunk);

/// The records of a chunk, in path order. @return nothing if it is not the encoding of one
[[nodiscard]] std::optional<std::vector<SnapshotRecord>> decode_chunk(ByteView chunk);

/// Copies the state at `head` into the store, chunk by chunk, and seals it with its manifest. A
/// crash in between leaves chunks without a manifest, which the next call removes. O(records).
/// @pre `head` is the head of the chain in this store
[[nodiscard]] StoreResult<SnapshotManifest> write_snapshot(
    KeyValueStore& store, const Head& head, std::size_t chunk_bytes = kSnapshotChunkBytes);

/// Removes all but the newest `count` snapshots, and what an interrupted one left behind.
[[nodiscard]] StoreResult<void> keep_snapshots(KeyValueStore& store, std::size_t count);

/// Heights of the complete snapshots, oldest first.
[[nodiscard]] StoreResult<std::vector<Height>> list_snapshots(const KeyValueStore& store);

/// @return nothing if there is no complete snapshot of that height
[[nodiscard]] StoreResult<std::optional<SnapshotManifest>> load_manifest(
    const KeyValueStore& store, Height height);

/// @pre index < manifest.chunks.size()
/// @error kCorrupt if the chunk is missing or does not match the manifest
[[nodiscard]] StoreResult<Bytes> load_chunk(
    const KeyValueStore& store, const SnapshotManifest& manifest, std::size_t index);

}  // namespace polis::ledger
