#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include <consensus/pbft/certificate.hpp>
#include <consensus/sync/messages.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/receipt.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/validation.hpp>

namespace polis::ledger {

/// A row with its seal: see rows::seal_of.
void put_sealed(WriteBatch& batch, ByteView key, ByteView value);

/// The value of such a row; nothing if it is absent. @error kCorrupt if the seal does not match
[[nodiscard]] StoreResult<std::optional<Bytes>> get_sealed(
    const KeyValueStore& store, ByteView key);

/// @error kCorrupt if the value is not the encoding of a T
template <class T>
[[nodiscard]] StoreResult<T> decode_row(ByteView key, ByteView value) {
    auto decoded = codec::decode<T>(value);
    if (!decoded) {
        return std::unexpected(StoreError{
            StoreErrc::kCorrupt,
            "row " + rows::describe_key(key) + ": " +
                std::string(codec::to_string(decoded.error()))});
    }
    return *std::move(decoded);
}

/// @error kWrongChain if a chain is in the store, kCorrupt if anything else is
[[nodiscard]] StoreResult<void> check_unused(const KeyValueStore& store);
[[nodiscard]] StoreResult<bool> is_empty(const KeyValueStore& store);

/// Appends what makes a chain of a store, beside block 0: the schema and the genesis preset.
void put_chain_rows(WriteBatch& batch, ByteView genesis_source);

/// Appends the block that a restored chain begins with. It was not executed here: no receipts, no
/// indexes.
void put_base_rows(WriteBatch& batch, const Block& block);

/// Appends the commit certificate of the block at `height`.
void put_certificate(WriteBatch& batch, Height height, const pbft::Certificate& certificate);

/// Appends what leads from the committee of `term` to that of the term after it.
void put_term_link(WriteBatch& batch, Term term, const sync::TermLink& link);

/// Appends the record of what this node has signed. Opaque here.
void put_vote_record(WriteBatch& batch, ByteView record);

/// Appends a block that this node may have to vouch for before it is final.
void put_pending(WriteBatch& batch, const CheckedBlock& block);

/// The rows of the pending blocks up to `height`.
[[nodiscard]] StoreResult<std::set<Bytes>> pending_keys(const KeyValueStore& store, Height height);

/// Appends everything that a block leaves behind beside the state: the block, its receipts, the
/// indexes by hash, executed transaction and account, and the new head. In key order, table by
/// table. @pre a receipt for each transaction
void put_block_rows(
    WriteBatch& batch,
    const CheckedBlock& block,
    std::span<const Receipt> receipts,
    const Head& head);

}  // namespace polis::ledger
