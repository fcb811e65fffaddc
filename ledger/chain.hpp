#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/account.hpp>
#include <ledger/block.hpp>
#include <ledger/execution.hpp>
#include <ledger/genesis_state.hpp>
#include <ledger/params.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/state/tree.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/store/state_rows.hpp>
#include <ledger/validation.hpp>

namespace polis::ledger {

/// A block and its receipts as they were stored.
struct StoredTxn {
    rows::TxnPlace place;
    Transaction txn;
    Receipt receipt;
};

/// The steps of Chain::apply, in order; for whoever measures them.
enum class ApplyStage : std::uint8_t { kExecuted, kRooted, kEncoded, kWritten };

/// A chain on a store: applies finalized blocks and answers questions about them.
///
/// A block is one atomic, synced batch, so after any crash the store holds the state after some
/// whole block. Opening rebuilds the state tree from its records and compares the root with the
/// head: what is served has been checked. One thread. Source: spec [D1] to [D11].
class Chain {
  public:
    struct Options {
        StateTree::Options tree;
        Durability durability = Durability::kSynced;
        std::function<void(ApplyStage)> on_stage;  ///< called when a stage is done; may be empty
    };

    /// Writes block 0 into an empty store.
    /// @pre params_error(genesis.params) is nothing, and the records hold these parameters
    /// @error kWrongChain if the store already holds a chain, kCorrupt if it holds anything else
    [[nodiscard]] static StoreResult<std::unique_ptr<Chain>> create(
        std::unique_ptr<KeyValueStore> store, const GenesisState& genesis, Options options);

    /// Opens a store that create() made. O(records).
    /// @error kNotFound for an empty store, kWrongSchema, kCorrupt
    [[nodiscard]] static StoreResult<std::unique_ptr<Chain>> open(
        std::unique_ptr<KeyValueStore> store, Options options);

    [[nodiscard]] const Head& head() const { return head_; }

    [[nodiscard]] const Params& params() const { return params_; }

    [[nodiscard]] const Hash& genesis() const { return genesis_; }

    /// Height from which on the store holds history: 0, or that of the snapshot it began with.
    [[nodiscard]] Height base() const { return base_; }

    [[nodiscard]] TxnRules rules() const;

    /// Executes a block on the head and makes both durable. @pre check_block() passed on head()
    /// @post on error nothing of the block is visible: state() and every later apply() answer
    /// kHalted, and the chain must be reopened
    [[nodiscard]] StoreResult<std::vector<Receipt>> apply(const CheckedBlock& block);

    /// The state after the head.
    [[nodiscard]] StateView& state() { return tree_; }

    [[nodiscard]] StoreResult<StateProof> prove(const StateKey& key) { return tree_.prove(key); }

    [[nodiscard]] std::size_t memory_bytes() const { return tree_.memory_bytes(); }

    [[nodiscard]] const KeyValueStore& store() const { return *store_; }

    /// The genesis preset that the chain was created from.
    [[nodiscard]] StoreResult<Bytes> genesis_source() const;

    /// @return nothing above the head or, but for block 0, below base(); no receipts at base().
    /// @error kCorrupt if the row is damaged or missing
    [[nodiscard]] StoreResult<std::optional<Block>> block(Height height) const;
    [[nodiscard]] StoreResult<std::optional<std::vector<Receipt>>> receipts(Height height) const;
    [[nodiscard]] StoreResult<std::optional<Height>> height_of(const Hash& block) const;

    /// The transaction where it was executed; nothing if it never was (skipped ones are only part
    /// of their block's bytes).
    [[nodiscard]] StoreResult<std::optional<StoredTxn>> txn(const Hash& id) const;

    /// Places of an account's executed transactions from `first` on, oldest first, at most
    /// `count_max`.
    [[nodiscard]] StoreResult<std::vector<rows::TxnPlace>> account_txns(
        const Address& account, const rows::TxnPlace& first, std::size_t count_max) const;

  private:
    Chain(std::unique_ptr<KeyValueStore> store, Options options);

    StoreResult<void> load_rows();
    StoreResult<void> load_state();
    StoreResult<void> load_params_of_state();
    StoreResult<void> check_head_block() const;
    StoreResult<void> write_genesis(const GenesisState& genesis);
    StoreResult<std::vector<Receipt>> execute_and_store(const CheckedBlock& checked);
    StoreResult<void> write_genesis_records(const StateChanges& records);
    void report(ApplyStage stage) const;
    [[nodiscard]] StoreResult<std::optional<Bytes>> sealed_row(ByteView key) const;
    [[nodiscard]] StoreResult<std::optional<Bytes>> row_of_height(
        ByteView key, Height height) const;

    const std::unique_ptr<KeyValueStore> store_;
    const Options options_;
    StateRows state_rows_;
    StateTree tree_;
    Params params_;
    Hash genesis_;
    Height base_;
    Head head_;
};

}  // namespace polis::ledger
