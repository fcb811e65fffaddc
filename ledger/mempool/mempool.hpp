#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <core/hash_map.hpp>
#include <core/types.hpp>
#include <ledger/mempool/account_source.hpp>
#include <ledger/mempool/admission.hpp>
#include <ledger/mempool/entry.hpp>

namespace polis::ledger {

/// Transactions that wait for a block.
///
/// A deterministic machine without I/O of its own: the same calls give the same content and the
/// same selections. Bounded in bytes, count and per sender; what comes in when it is full must be
/// worth more than what leaves (mempool::Worth). The balance of a sender covers all of its
/// transactions together, so none of them can be made worthless for free by another of them.
/// Every call but on_block() and content() costs O(log count) a transaction that it touches, plus
/// O(sender_count_max). One thread.
class Mempool {
  public:
    /// @param height of the latest executed block
    Mempool(const MempoolLimits& limits, Height height);

    Mempool(const Mempool&) = delete;
    Mempool& operator=(const Mempool&) = delete;

    /// Takes in a transaction or says why not; a refusal changes nothing.
    ///
    /// `accounts` is asked only for senders that have no transaction here; for the others the
    /// answer since the last on_block() still holds.
    /// @pre not null; the signature was verified. @error undetermined: the account cannot be read
    [[nodiscard]] StoreResult<Verdict> add(TxnPtr txn, AccountSource& accounts);

    /// Takes in an executed block: drops what it holds or made invalid, and queued transactions
    /// become pending. Looks only at the block's transactions, the senders that it touched, and
    /// what expires.
    /// @return what left the pool, by sender and nonce
    /// @error undetermined: an account cannot be read. Nothing has changed; call again
    [[nodiscard]] StoreResult<std::vector<Removal>> on_block(
        const BlockSummary& block, AccountSource& accounts);

    /// Transactions for a block, in an order in which they can execute: always the one that pays
    /// most for its gas among the next ones of all senders. What does not fit is passed over
    /// together with the sender's later ones. Nothing leaves the pool.
    /// @param taken ids in blocks that are not executed yet; they count as done
    [[nodiscard]] std::vector<TxnPtr> select(
        const BlockSpace& space, const std::set<Hash>& taken = {}) const;

    [[nodiscard]] bool contains(const Hash& id) const { return entries_.contains(id); }

    /// Null if the pool does not hold it.
    [[nodiscard]] TxnPtr get(const Hash& id) const;

    [[nodiscard]] std::size_t count() const { return entries_.size(); }

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// Whether some transaction could be executed next.
    [[nodiscard]] bool has_pending() const { return !heads_.empty(); }

    /// The nonce that the sender's next transaction should have; nothing if the pool holds none
    /// of its transactions, so that the account's own nonce is the answer.
    [[nodiscard]] std::optional<Nonce> next_nonce(const Address& sender) const;

    /// Everything, by sender and nonce. O(count)
    [[nodiscard]] std::vector<TxnPtr> content() const;

  private:
    using Entry = mempool::Entry;
    using Sender = mempool::Sender;
    using Victims = std::vector<Entry*>;
    struct Newcomer;

    [[nodiscard]] bool needs_room(const CheckedTxn& txn, const Entry* replaced) const;
    [[nodiscard]] std::optional<MempoolError> check_without_account(
        const CheckedTxn& txn, const Sender* sender) const;
    [[nodiscard]] std::optional<MempoolError> check_with_account(const Newcomer& newcomer) const;
    [[nodiscard]] std::optional<Victims> find_victims(const Newcomer& newcomer) const;
    Admission insert(Newcomer newcomer, const Victims& victims);

    [[nodiscard]] Entry* find(const Hash& id);
    [[nodiscard]] std::vector<Sender*> touched_senders(
        const BlockSummary& block, const std::vector<Entry*>& included);
    void doom_expired(std::vector<Sender*>& affected);
    void sweep(Sender& sender, std::vector<Removal>& removals);

    void unlink(Sender& sender, std::size_t first);
    void relink(Sender& sender, std::size_t first);
    void forget(Entry& entry);

    const MempoolLimits limits_;
    Height height_;
    std::uint64_t sequence_next_ = 0;
    std::size_t bytes_ = 0;
    HashMap<std::unique_ptr<Entry>> entries_;  ///< owns; the pointers below lead here
    std::map<Address, Sender> senders_;        ///< those with at least one transaction
    mempool::Heads heads_;                     ///< first of each sender, if pending
    mempool::Tails tails_;                     ///< last of each sender
    mempool::Expiry expiry_;                   ///< every transaction
};

}  // namespace polis::ledger
