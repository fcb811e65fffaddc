#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/store/key_value.hpp>

/// The tables of the block store: one key space, the first byte names the table.
/// Byte layout: docs/formats/store.md. Numbers in keys are big-endian, so key order is number
/// order.
namespace polis::ledger::rows {

inline constexpr std::uint32_t kSchemaVersion = 2;

/// Where a transaction stands in the chain.
struct TxnPlace {
    Height height;
    std::uint32_t index = 0;

    bool operator==(const TxnPlace&) const = default;
    static constexpr auto kFields = codec::fields(&TxnPlace::height, &TxnPlace::index);
};

/// Why an account appears in a transaction.
enum class AccountRole : std::uint8_t { kSender, kRecipient };

[[nodiscard]] Bytes schema_key();
[[nodiscard]] Bytes genesis_key();
[[nodiscard]] Bytes head_key();
[[nodiscard]] Bytes base_key();
[[nodiscard]] Bytes vote_key();
[[nodiscard]] Bytes block_key(Height height);
[[nodiscard]] Bytes receipts_key(Height height);
[[nodiscard]] Bytes certificate_key(Height height);
[[nodiscard]] Bytes height_key(const Hash& block);
[[nodiscard]] Bytes term_link_key(Term term);
[[nodiscard]] Bytes txn_key(const Hash& txn_id);
[[nodiscard]] Bytes account_txn_key(const Address& account, const TxnPlace& place);

/// First key of an account's transactions, and the first key after them.
[[nodiscard]] Bytes account_txns_begin(const Address& account);
[[nodiscard]] Bytes account_txns_end(const Address& account);

/// @error kCorrupt for a key of another length
[[nodiscard]] StoreResult<TxnPlace> place_of(ByteView account_txn_key);

[[nodiscard]] Bytes state_key(const Hash& path);

/// A block whose commit was voted and that is not final yet.
[[nodiscard]] Bytes pending_key(Height height, const Hash& block);

// Snapshots: chunks and manifests lie in one table each, by height.
[[nodiscard]] Bytes snapshot_chunk_key(Height height, std::uint32_t index);
[[nodiscard]] Bytes snapshot_manifest_key(Height height);

/// The height in a chunk's or manifest's key; nothing if it is malformed.
[[nodiscard]] std::optional<Height> snapshot_height(ByteView key);

/// The keys of all state records whose path shares the first `bits` bits with `path`.
struct Range {
    Bytes first;
    Bytes last;
};

/// The pending blocks of all heights up to and with `height`.
[[nodiscard]] Range pending_range(Height height);

[[nodiscard]] Range snapshot_manifest_range();
[[nodiscard]] Range snapshot_range();  ///< manifests and chunks

[[nodiscard]] Range state_range(const Hash& path, std::size_t bits);

/// Adds a state row: the record's key, since its path is a hash, and the record.
void put_state(WriteBatch& batch, const Hash& path, ByteView record_key, ByteView record);

void put_txn(WriteBatch& batch, const Hash& txn_id, const TxnPlace& place);
void put_account_txn(
    WriteBatch& batch, const Address& account, const TxnPlace& place, AccountRole role);

struct StateRow {
    Hash path;
    ByteView key;
    ByteView value;
};

/// @error kCorrupt for a malformed row or one whose key does not hash to its path
[[nodiscard]] StoreResult<StateRow> parse_state_row(ByteView key, ByteView value);

inline constexpr std::size_t kSealBytes = 8;

/// The start of a hash over key and value. It stands behind the value of a sealed row, so that a
/// flipped bit is found on reading, whatever the store beneath checks.
[[nodiscard]] std::array<std::uint8_t, kSealBytes> seal_of(ByteView key, ByteView value);

/// @error kCorrupt if the seal does not match; the context names the key
[[nodiscard]] StoreResult<ByteView> unseal(ByteView key, ByteView sealed);

/// The first key that does not start with `prefix`; empty if there is none.
[[nodiscard]] Bytes after_prefix(ByteView prefix);

/// A row's key for a person: table and hexadecimal.
[[nodiscard]] std::string describe_key(ByteView key);

}  // namespace polis::ledger::rows
