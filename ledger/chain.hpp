#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/pbft/certificate.hpp>
#include <consensus/pbft/verify.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/account.hpp>
#include <ledger/block.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/execution.hpp>
#include <ledger/genesis_state.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/params.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/state/tree.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/store/state_rows.hpp>
#include <ledger/validation.hpp>

namespace polis::ledger {

/// What agreement says of a block, to be written together with it.
struct Finality {
    std::optional<pbft::Certificate> certificate = std::nullopt;  ///< commit certificate, verified
    std::optional<Bytes> vote_record = std::nullopt;  ///< takes the place of the stored one
};

/// What became of a block.
struct AppliedBlock {
    std::vector<Receipt> receipts;
    std::vector<Event> events;     ///< after the transactions: BlockOutcome
    std::vector<Address> touched;  ///< accounts that it changed: for Mempool::on_block
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
        std::size_t program_cache_bytes = kProgramCacheBytes;  ///< of translated contracts
        std::function<void(ApplyStage)> on_stage;  ///< called when a stage is done; may be empty
    };

    /// Writes block 0 into an empty store.
    /// @pre params_error(genesis.params) is nothing; the records hold these parameters and a first
    /// term whose members have the hash genesis.committee
    /// @error kWrongChain if the store already holds a chain, kCorrupt if it holds anything else,
    /// kWrongSchema for an election that this program does not have
    [[nodiscard]] static StoreResult<std::unique_ptr<Chain>> create(
        std::unique_ptr<KeyValueStore> store, const GenesisState& genesis, Options options);

    /// Opens a store that create() made. O(records).
    /// @error kNotFound for an empty store, kWrongSchema (also for an election that this program
    /// does not have), kCorrupt
    [[nodiscard]] static StoreResult<std::unique_ptr<Chain>> open(
        std::unique_ptr<KeyValueStore> store, Options options);

    [[nodiscard]] const Head& head() const { return head_; }

    [[nodiscard]] const Params& params() const { return params_; }

    [[nodiscard]] const Hash& genesis() const { return genesis_; }

    /// Height from which on the store holds history: 0, or that of the snapshot it began with.
    [[nodiscard]] Height base() const { return base_; }

    [[nodiscard]] TxnRules rules() const;

    /// Executes a block on the head and makes it durable, in one batch with its certificate and the
    /// vote record if they are given. Pending blocks of its height go.
    /// @pre check_block() passed on head(); a certificate names the block
    /// @post on error nothing of the block is visible: state(), every later apply() and
    /// persist_vote() answer kHalted, and the chain must be reopened
    [[nodiscard]] StoreResult<AppliedBlock> apply(
        const CheckedBlock& block, const Finality& finality = {});

    /// Makes what this node is about to sign durable, always synced, in place of the record before
    /// it; with a block, also that block's body, which pending_block() then finds until its height
    /// is final. @pre check_block() passed on head() for `body`; it may be null
    /// @post on error the chain has halted as after a failed apply(): sign nothing. Spec [D12].
    [[nodiscard]] StoreResult<void> persist_vote(ByteView record, const CheckedBlock* body);

    /// The record that was made durable last; nothing if there never was one.
    [[nodiscard]] StoreResult<std::optional<Bytes>> vote_record() const;

    /// Copies the state at the head for new nodes and keeps the newest `count` such copies. Nothing
    /// of the chain changes, also if it fails. O(records). @pre count >= 1
    [[nodiscard]] StoreResult<Height> take_snapshot(std::size_t count);

    /// A block for the height after the head that persist_vote() kept.
    [[nodiscard]] StoreResult<std::optional<Block>> pending_block(const Hash& block) const;

    /// Answers questions about what is stored, also beside this thread.
    [[nodiscard]] const ChainReader& reader() const { return reader_; }

    /// The commit certificate that the block was stored with; nothing if there was none.
    [[nodiscard]] StoreResult<std::optional<pbft::Certificate>> certificate(Height height) const {
        return reader_.certificate(height);
    }

    /// Who voted on the head, votes on the height after it, and on the one after that. A term that
    /// is over or not begun is ranked plainly: its members verify signatures, nobody leads.
    [[nodiscard]] StoreResult<pbft::Schedule> schedule();

    /// Hash of the committee of the term after that of the next block, as its header must name it.
    [[nodiscard]] StoreResult<Hash> next_committee();

    /// What is wrong with the facts of a block for the head: their certificates, or what the
    /// election says of them. For voters; a certified block's were judged by a quorum. Spec [B19].
    [[nodiscard]] StoreResult<std::optional<facts::FactsFault>> check_facts(
        const CheckedBlock& block, consensus::CryptoChecker& checker);

    /// The state after the head.
    [[nodiscard]] StateView& state() { return tree_; }

    [[nodiscard]] StoreResult<StateProof> prove(const StateKey& key) { return tree_.prove(key); }

    [[nodiscard]] std::size_t memory_bytes() const { return tree_.memory_bytes(); }

    [[nodiscard]] const KeyValueStore& store() const { return *store_; }

    /// For snapshots, which lie beside the chain's rows; on the chain's thread only.
    [[nodiscard]] KeyValueStore& store() { return *store_; }

    // As ChainReader has them.
    [[nodiscard]] StoreResult<Bytes> genesis_source() const { return reader_.genesis_source(); }

    [[nodiscard]] StoreResult<std::optional<Block>> block(Height height) const {
        return reader_.block(height);
    }

    [[nodiscard]] StoreResult<std::optional<std::vector<Receipt>>> receipts(Height height) const {
        return reader_.receipts(height);
    }

    [[nodiscard]] StoreResult<std::optional<Height>> height_of(const Hash& block) const {
        return reader_.height_of(block);
    }

    [[nodiscard]] StoreResult<std::optional<StoredTxn>> txn(const Hash& id) const {
        return reader_.txn(id);
    }

    [[nodiscard]] StoreResult<std::vector<rows::TxnPlace>> account_txns(
        const Address& account, const rows::TxnPlace& first, std::size_t count_max) const {
        return reader_.account_txns(account, first, count_max);
    }

  private:
    Chain(std::unique_ptr<KeyValueStore> store, Options options);

    StoreResult<void> load_rows();
    StoreResult<void> load_state();
    StoreResult<void> load_params_of_state();
    StoreResult<void> check_terms();
    StoreResult<void> check_head_block() const;
    StoreResult<void> write_genesis(const GenesisState& genesis);
    StoreResult<AppliedBlock> execute_and_store(
        const CheckedBlock& checked, const Finality& finality);
    StoreResult<std::optional<sync::TermLink>> link_of(
        const CheckedBlock& checked, const Finality& finality);
    StoreResult<void> write_genesis_records(const StateChanges& records);
    void report(ApplyStage stage) const;
    [[nodiscard]] StoreResult<void> check_running() const;
    void halt();

    const std::unique_ptr<KeyValueStore> store_;
    const Options options_;
    const ChainReader reader_;
    StateRows state_rows_;
    StateTree tree_;
    vm::ProgramCache programs_;
    Params params_;
    Hash genesis_;
    Height base_;
    Head head_;
    std::set<Bytes> pending_keys_;  ///< of rows in the store, which the next block removes
    bool halted_ = false;           ///< a write failed
};

}  // namespace polis::ledger
