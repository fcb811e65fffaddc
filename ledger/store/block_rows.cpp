#include <ledger/store/block_rows.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>

namespace polis::ledger {

namespace {

/// The account beside the sender that a payload concerns.
std::optional<Address> counterparty(const Payload& payload) {
    if (const auto* transfer = std::get_if<Transfer>(&payload)) {
        return transfer->to;
    }
    if (const auto* delegate = std::get_if<Delegate>(&payload)) {
        return delegate->validator;
    }
    if (const auto* unbond = std::get_if<Unbond>(&payload)) {
        return unbond->validator;
    }
    return std::nullopt;
}

/// An entry of the index by account, before it is a row.
struct AccountEntry {
    Address account;
    std::uint32_t position;
    rows::AccountRole role;
};

// Indexes are written in key order: neighbours in LevelDB's memory table, at half the cost.

/// Skipped transactions are in no index: anybody's old transaction can be put into a block again,
/// and must not hide the place where it was executed.
void put_account_index(
    WriteBatch& batch, const CheckedBlock& block, std::span<const Receipt> receipts) {
    std::vector<AccountEntry> entries;
    entries.reserve(block.txns.size() * 2);
    for (std::uint32_t i = 0; i < block.txns.size(); ++i) {
        if (is_skipped(receipts[i].status)) {
            continue;
        }
        const CheckedTxn& txn = block.txns[i];
        entries.push_back({txn.sender, i, rows::AccountRole::kSender});
        const auto other = counterparty(txn.txn.body.payload);
        if (other && *other != txn.sender) {
            entries.push_back({*other, i, rows::AccountRole::kRecipient});
        }
    }
    std::ranges::sort(entries, {}, [](const AccountEntry& entry) {
        return std::pair(entry.account, entry.position);
    });
    for (const AccountEntry& entry : entries) {
        rows::put_account_txn(
            batch, entry.account, {block.header.height, entry.position}, entry.role);
    }
}

void put_txn_index(
    WriteBatch& batch, const CheckedBlock& block, std::span<const Receipt> receipts) {
    std::vector<std::pair<Hash, std::uint32_t>> entries;
    entries.reserve(block.txns.size());
    for (std::uint32_t i = 0; i < block.txns.size(); ++i) {
        if (!is_skipped(receipts[i].status)) {
            entries.emplace_back(block.txns[i].id, i);
        }
    }
    std::ranges::sort(entries);
    for (const auto& [id, position] : entries) {
        rows::put_txn(batch, id, {block.header.height, position});
    }
}

}  // namespace

void put_sealed(WriteBatch& batch, ByteView key, ByteView value) {
    batch.put({key}, {value, rows::seal_of(key, value)});
}

StoreResult<std::optional<Bytes>> get_sealed(const KeyValueStore& store, ByteView key) {
    POLIS_TRY(const auto sealed, store.get(key));
    if (!sealed) {
        return std::optional<Bytes>{};
    }
    POLIS_TRY(const ByteView value, rows::unseal(key, *sealed));
    return to_bytes(value);
}

StoreResult<bool> is_empty(const KeyValueStore& store) {
    bool empty = true;
    const auto see = [&empty](ByteView /*key*/, ByteView /*value*/) {
        empty = false;
        return false;
    };
    POLIS_TRY_VOID(store.scan({}, {}, see));
    return empty;
}

StoreResult<void> check_unused(const KeyValueStore& store) {
    POLIS_TRY(const auto schema, store.get(rows::schema_key()));
    if (schema) {
        return std::unexpected(
            StoreError{StoreErrc::kWrongChain, "the store already holds a chain; open it instead"});
    }
    POLIS_TRY(const bool empty, is_empty(store));
    if (!empty) {
        return std::unexpected(StoreError{
            StoreErrc::kCorrupt,
            "an earlier creation of this store did not finish; delete the directory and repeat"});
    }
    return {};
}

void put_chain_rows(WriteBatch& batch, ByteView genesis_source) {
    put_sealed(batch, rows::genesis_key(), genesis_source);
    put_sealed(batch, rows::schema_key(), codec::encode(rows::kSchemaVersion));
}

void put_base_rows(WriteBatch& batch, const Block& block) {
    const Bytes height = codec::encode(block.header.height);
    put_sealed(batch, rows::block_key(block.header.height), codec::encode(block));
    put_sealed(batch, rows::height_key(block_hash(block.header)), height);
    put_sealed(batch, rows::base_key(), height);
}

void put_certificate(WriteBatch& batch, Height height, const pbft::Certificate& certificate) {
    put_sealed(batch, rows::certificate_key(height), codec::encode(certificate));
}

void put_term_link(WriteBatch& batch, Term term, const sync::TermLink& link) {
    put_sealed(batch, rows::term_link_key(term), codec::encode(link));
}

void put_vote_record(WriteBatch& batch, ByteView record) {
    put_sealed(batch, rows::vote_key(), record);
}

void put_pending(WriteBatch& batch, const CheckedBlock& block) {
    put_sealed(batch, rows::pending_key(block.header.height, block.hash), encode_block(block));
}

StoreResult<std::set<Bytes>> pending_keys(const KeyValueStore& store, Height height) {
    const rows::Range range = rows::pending_range(height);
    std::set<Bytes> out;
    const auto see = [&out](ByteView key, ByteView /*value*/) {
        out.insert(to_bytes(key));
        return true;
    };
    POLIS_TRY_VOID(store.scan(range.first, range.last, see));
    return out;
}

void put_block_rows(
    WriteBatch& batch,
    const CheckedBlock& block,
    std::span<const Receipt> receipts,
    const Head& head) {
    POLIS_ASSERT_OP(receipts.size(), ==, block.txns.size());
    const Height height = block.header.height;
    put_account_index(batch, block, receipts);
    put_sealed(batch, rows::block_key(height), encode_block(block));
    put_sealed(batch, rows::height_key(block.hash), codec::encode(height));
    put_sealed(batch, rows::head_key(), codec::encode(head));
    put_sealed(batch, rows::receipts_key(height), encode_receipts(receipts));
    put_txn_index(batch, block, receipts);
}

}  // namespace polis::ledger
