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

/// Sorted keys fall into neighbouring places of LevelDB's memory table, which doubles its speed.
void put_sorted(WriteBatch& batch, std::vector<WriteBatch::Operation> rows) {
    std::ranges::sort(rows, {}, &WriteBatch::Operation::key);
    for (WriteBatch::Operation& row : rows) {
        batch.put(std::move(row.key), *std::move(row.value));
    }
}

/// Skipped transactions are in no index: anybody's old transaction can be put into a block again,
/// and must not hide the place where it was executed.
void put_account_index(
    WriteBatch& batch, const CheckedBlock& block, std::span<const Receipt> receipts) {
    std::vector<WriteBatch::Operation> index;
    index.reserve(block.txns.size() * 2);
    const auto add = [&](const Address& account, std::uint32_t position, rows::AccountRole role) {
        Bytes key = rows::account_txn_key(account, {block.header.height, position});
        Bytes sealed = rows::seal(key, Bytes{static_cast<std::uint8_t>(role)});
        index.push_back({std::move(key), std::move(sealed)});
    };
    for (std::uint32_t i = 0; i < block.txns.size(); ++i) {
        if (is_skipped(receipts[i].status)) {
            continue;
        }
        const CheckedTxn& txn = block.txns[i];
        add(txn.sender, i, rows::AccountRole::kSender);
        const auto other = counterparty(txn.txn.body.payload);
        if (other && *other != txn.sender) {
            add(*other, i, rows::AccountRole::kRecipient);
        }
    }
    put_sorted(batch, std::move(index));
}

void put_txn_index(
    WriteBatch& batch, const CheckedBlock& block, std::span<const Receipt> receipts) {
    std::vector<WriteBatch::Operation> index;
    index.reserve(block.txns.size());
    for (std::uint32_t i = 0; i < block.txns.size(); ++i) {
        if (is_skipped(receipts[i].status)) {
            continue;
        }
        const rows::TxnPlace place{block.header.height, i};
        index.push_back({rows::txn_key(block.txns[i].id), codec::encode(place)});
    }
    put_sorted(batch, std::move(index));
}

}  // namespace

void put_sealed(WriteBatch& batch, Bytes key, ByteView value) {
    Bytes sealed = rows::seal(key, value);
    batch.put(std::move(key), std::move(sealed));
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
    const std::vector<Receipt> list(receipts.begin(), receipts.end());
    put_sealed(batch, rows::receipts_key(height), codec::encode(list));
    put_txn_index(batch, block, receipts);
}

}  // namespace polis::ledger
