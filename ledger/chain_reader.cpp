#include <ledger/chain_reader.hpp>

#include <string>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/hex.hpp>
#include <ledger/store/block_rows.hpp>

namespace polis::ledger {

namespace {

std::unexpected<StoreError> corrupt(std::string context) {
    return std::unexpected(StoreError{StoreErrc::kCorrupt, std::move(context)});
}

/// A sealed row that must be there.
template <class T>
StoreResult<T> fixed_row(const KeyValueStore& store, ByteView key) {
    POLIS_TRY(const auto bytes, get_sealed(store, key));
    if (!bytes) {
        return corrupt("row " + rows::describe_key(key) + " is missing");
    }
    return decode_row<T>(key, *bytes);
}

/// A sealed row that may be absent.
template <class T>
StoreResult<std::optional<T>> optional_row(const KeyValueStore& store, ByteView key) {
    POLIS_TRY(const auto bytes, get_sealed(store, key));
    if (!bytes) {
        return std::optional<T>{};
    }
    POLIS_TRY(T out, decode_row<T>(key, *bytes));
    return std::optional<T>{std::move(out)};
}

}  // namespace

StoreResult<Head> ChainReader::head() const { return fixed_row<Head>(store_, rows::head_key()); }

StoreResult<Height> ChainReader::base() const {
    POLIS_TRY(const auto base, optional_row<Height>(store_, rows::base_key()));
    return base.value_or(Height{});
}

StoreResult<Bytes> ChainReader::genesis_source() const {
    POLIS_TRY(auto source, get_sealed(store_, rows::genesis_key()));
    if (!source) {
        return corrupt("the genesis row is missing");
    }
    return *std::move(source);
}

/// Every height from the base up to the head has such a row. The head is read first: a block that
/// arrives in between is simply not seen.
template <class T>
StoreResult<std::optional<T>> ChainReader::row_of_height(ByteView key, Height height) const {
    POLIS_TRY(const Head before, head());
    POLIS_TRY(auto row, optional_row<T>(store_, key));
    if (row || height > before.height) {
        return row;
    }
    POLIS_TRY(const Height first, base());
    if (height > first || height == Height{}) {
        return corrupt("row " + rows::describe_key(key) + " is missing");
    }
    return row;
}

StoreResult<std::optional<Block>> ChainReader::block(Height height) const {
    return row_of_height<Block>(rows::block_key(height), height);
}

StoreResult<std::optional<std::vector<Receipt>>> ChainReader::receipts(Height height) const {
    return row_of_height<std::vector<Receipt>>(rows::receipts_key(height), height);
}

StoreResult<std::optional<pbft::Certificate>> ChainReader::certificate(Height height) const {
    return optional_row<pbft::Certificate>(store_, rows::certificate_key(height));
}

StoreResult<std::optional<Height>> ChainReader::height_of(const Hash& block) const {
    return optional_row<Height>(store_, rows::height_key(block));
}

StoreResult<std::optional<sync::TermLink>> ChainReader::term_link(Term term) const {
    return optional_row<sync::TermLink>(store_, rows::term_link_key(term));
}

StoreResult<std::optional<StoredTxn>> ChainReader::txn(const Hash& id) const {
    const Bytes key = rows::txn_key(id);
    POLIS_TRY(const auto bytes, store_.get(key));
    if (!bytes) {
        return std::optional<StoredTxn>{};
    }
    POLIS_TRY(const auto place, decode_row<rows::TxnPlace>(key, *bytes));
    POLIS_TRY(auto stored, block(place.height));
    POLIS_TRY(auto block_receipts, receipts(place.height));
    if (!stored || !block_receipts || place.index >= stored->txns.size() ||
        block_receipts->size() != stored->txns.size() ||
        txn_id(codec::encode(stored->txns[place.index])) != id ||
        is_skipped((*block_receipts)[place.index].status)) {
        return corrupt(
            "the index entry of transaction " + to_hex(id.view()) + " does not lead to it");
    }
    return std::optional{StoredTxn{
        place, std::move(stored->txns[place.index]), std::move((*block_receipts)[place.index])}};
}

StoreResult<std::vector<rows::TxnPlace>> ChainReader::account_txns(
    const Address& account, const rows::TxnPlace& first, std::size_t count_max) const {
    std::vector<rows::TxnPlace> places;
    StoreResult<void> outcome;
    const auto add = [&places](ByteView key, ByteView sealed_role) -> StoreResult<void> {
        POLIS_TRY_VOID(rows::unseal(key, sealed_role));
        POLIS_TRY(const rows::TxnPlace place, rows::place_of(key));
        places.push_back(place);
        return {};
    };
    const auto collect = [&](ByteView key, ByteView sealed_role) {
        outcome = add(key, sealed_role);
        return outcome.has_value() && places.size() < count_max;
    };
    if (count_max == 0) {
        return places;
    }
    POLIS_TRY_VOID(store_.scan(
        rows::account_txn_key(account, first), rows::account_txns_end(account), collect));
    POLIS_TRY_VOID(outcome);
    return places;
}

StoreResult<std::optional<SmallBytes>> ChainReader::record(const StateKey& key) const {
    const Bytes row_key = rows::state_key(key.path());
    POLIS_TRY(const auto value, store_.get(row_key));
    if (!value) {
        return std::optional<SmallBytes>{};
    }
    POLIS_TRY(const rows::StateRow row, rows::parse_state_row(row_key, *value));
    return std::optional{SmallBytes(row.value)};
}

StoreResult<std::optional<SmallBytes>> LatestState::get(const StateKey& key) {
    return reader_.record(key);
}

}  // namespace polis::ledger
