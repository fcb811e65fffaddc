#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include <core/types.hpp>
#include <ledger/account.hpp>
#include <ledger/mempool/admission.hpp>

/// The mempool's inner records and the orders in which it looks at them. Every order is total and
/// rests on the content of entries, never on where they lie in memory.
namespace polis::ledger::mempool {

struct Entry;
struct Sender;

/// Block building: the highest price first, then the earliest arrival.
struct PickFirst {
    bool operator()(const Entry* left, const Entry* right) const;
};

/// Eviction: the least worthy first, then the deepest in its sender's list, then the latest
/// arrival. A sender's transactions stand in it from the last to the first, so that evicting in
/// this order never leaves a gap.
struct EvictFirst {
    bool operator()(const Entry* left, const Entry* right) const;
};

/// Expiry: the lowest height first.
struct ExpireFirst {
    bool operator()(const Entry* left, const Entry* right) const;
};

using Heads = std::set<Entry*, PickFirst>;
using Tails = std::set<Entry*, EvictFirst>;
using Expiry = std::set<Entry*, ExpireFirst>;

/// What a transaction is worth to a block builder.
///
/// A builder reaches a transaction through all earlier ones of its sender, so it is worth the
/// lowest price among them: a dear transaction behind a cheap one must not displace others, nor
/// shield the cheap one. A queued transaction may never execute, so it is worth less than any
/// pending one, whatever it offers (it would not have to pay).
struct Worth {
    Standing standing = Standing::kQueued;
    GasPrice price_floor;

    auto operator<=>(const Worth&) const = default;
};

struct Entry {
    TxnPtr txn;
    // As in the transaction: what the orders compare lies in one place.
    GasPrice price;
    Height valid_until;
    std::uint64_t sequence = 0;  ///< of arrival, unique
    Amount cost;                 ///< amount and highest fee
    Sender* sender = nullptr;
    Expiry::iterator expiry;  ///< where it stands
    // Follow from the sender's other transactions; Sender::restate keeps them.
    std::size_t index = 0;
    Worth worth;
    /// Set while a block is taken in, for the sweep that follows.
    std::optional<RemovalReason> doomed;

    [[nodiscard]] Nonce nonce() const { return txn->txn.body.nonce; }
};

/// The transactions of one address. @invariant their costs together are covered by the balance
struct Sender {
    Address address;
    Account account;           ///< as of the latest executed block
    std::vector<Entry*> txns;  ///< by nonce, none below the account's
    std::size_t pending_count = 0;
    Amount cost_total;
    // Where the first and the last transaction stand, if they do.
    std::optional<Heads::iterator> head;
    std::optional<Tails::iterator> tail;

    /// Where the transaction of `nonce` stands or would stand.
    [[nodiscard]] std::size_t position_of(Nonce nonce) const;

    /// The transaction of `nonce`, null if there is none.
    [[nodiscard]] Entry* find(Nonce nonce) const;

    /// The first nonce that neither the account nor a pending transaction uses.
    [[nodiscard]] Nonce next_nonce() const { return {account.nonce.value + pending_count}; }

    /// The worth of a transaction at `position` if all earlier ones stay as they are.
    [[nodiscard]] Worth worth_at(std::size_t position, const TxnBody& body) const;

    /// Recomputes what follows from the list, from `first` on.
    void restate(std::size_t first);
};

}  // namespace polis::ledger::mempool
