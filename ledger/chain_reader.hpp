#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <consensus/pbft/certificate.hpp>
#include <consensus/sync/messages.hpp>
#include <core/bytes.hpp>
#include <core/small_bytes.hpp>
#include <core/types.hpp>
#include <ledger/account.hpp>
#include <ledger/block.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/key.hpp>
#include <ledger/state/view.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/validation.hpp>

namespace polis::ledger {

/// A block and its receipts as they were stored.
struct StoredTxn {
    rows::TxnPlace place;
    Transaction txn;
    Receipt receipt;
};

/// Answers questions about a chain from its rows, beside the one thread that writes them.
///
/// Every function reads the store as it is at that moment: a block is one atomic batch, so each
/// answer is of some whole block, but two answers may be of two. Safe from several threads at once.
class ChainReader {
  public:
    /// @pre `store` holds a chain that was opened, and outlives this
    explicit ChainReader(const KeyValueStore& store) : store_(store) {}

    [[nodiscard]] StoreResult<Head> head() const;

    /// Height from which on the store holds history: 0, or that of the snapshot it began with.
    [[nodiscard]] StoreResult<Height> base() const;

    /// The genesis preset that the chain was created from.
    [[nodiscard]] StoreResult<Bytes> genesis_source() const;

    /// @return nothing above the head or, but for block 0, below the base; no receipts at the base
    /// @error kCorrupt if the row is damaged or missing
    [[nodiscard]] StoreResult<std::optional<Block>> block(Height height) const;
    [[nodiscard]] StoreResult<std::optional<std::vector<Receipt>>> receipts(Height height) const;
    [[nodiscard]] StoreResult<std::optional<pbft::Certificate>> certificate(Height height) const;
    [[nodiscard]] StoreResult<std::optional<Height>> height_of(const Hash& block) const;

    /// What proves the committee after that of `term`; nothing while the term lasts, or if its last
    /// block came without a certificate.
    [[nodiscard]] StoreResult<std::optional<sync::TermLink>> term_link(Term term) const;

    /// The transaction where it was executed; nothing if it never was (skipped ones are only part
    /// of their block's bytes).
    [[nodiscard]] StoreResult<std::optional<StoredTxn>> txn(const Hash& id) const;

    /// Places of an account's executed transactions from `first` on, oldest first, at most
    /// `count_max`.
    [[nodiscard]] StoreResult<std::vector<rows::TxnPlace>> account_txns(
        const Address& account, const rows::TxnPlace& first, std::size_t count_max) const;

    /// A record of the latest state, for load_account() and the modules' readers.
    [[nodiscard]] StoreResult<std::optional<SmallBytes>> record(const StateKey& key) const;

  private:
    template <class T>
    [[nodiscard]] StoreResult<std::optional<T>> row_of_height(ByteView key, Height height) const;

    const KeyValueStore& store_;
};

/// The latest state through a reader; what one call sees may be a block newer than the call before.
class LatestState final : public StateView {
  public:
    explicit LatestState(const ChainReader& reader) : reader_(reader) {}

    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override;

  private:
    const ChainReader& reader_;
};

}  // namespace polis::ledger
