#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ledger/transaction.hpp>

/// What goes into the mempool and what comes out of it.
namespace polis::ledger {

/// Shared and immutable: the pool, a block in the making and the gossip hold the same one.
using TxnPtr = std::shared_ptr<const CheckedTxn>;

/// A node's own choice; no rule of the protocol depends on it.
struct MempoolLimits {
    std::size_t bytes_max = std::size_t{64} << 20;  ///< sum of encoded sizes
    std::size_t count_max = 50'000;
    std::size_t txn_bytes_max = kTxnBytesMax;
    std::size_t sender_count_max = 64;  ///< also bounds the work that one change of a sender costs
    std::uint64_t nonce_gap_max = 16;   ///< nonces left out behind the sender's executable ones
    std::uint64_t replacement_rise_percent = 10;  ///< a replacement pays this much more, at least 1
};

/// Why the pool refuses a transaction. The first reason in this order is named, so that refusals
/// that need no look at the state come first; kPoolFull is also the last, where only the sender's
/// other transactions show that this one is worth too little.
enum class MempoolError : std::uint8_t {
    kAlreadyKnown,         ///< the pool holds a transaction with this id
    kTooLarge,             ///< encoded size over the pool's limit
    kExpired,              ///< its valid-until height is executed already
    kPoolFull,             ///< no room, and nothing less worthy to evict
    kUnknownAccount,       ///< the sender's address was never funded
    kStaleNonce,           ///< below the account's next nonce
    kNonceTooFar,          ///< too many nonces left out before it
    kReplacementTooCheap,  ///< the sender's transaction of this nonce pays nearly as much
    kSenderFull,           ///< the sender has as many transactions here as it may
    kInsufficientBalance,  ///< the balance does not cover it together with the sender's others
};

std::string_view to_string(MempoolError error);

enum class Standing : std::uint8_t {
    kQueued,   ///< waits for an earlier nonce of its sender
    kPending,  ///< all earlier nonces are executed or pending
};

/// How a transaction came in.
struct Admission {
    Standing standing = Standing::kQueued;
    std::optional<Hash> replaced;  ///< the sender's earlier transaction of this nonce
    std::vector<Hash> evicted;     ///< others' transactions that made room

    bool operator==(const Admission&) const = default;
};

/// Valid or invalid; the third verdict, undetermined, is the StoreError around it.
using Verdict = Result<Admission, MempoolError>;

enum class RemovalReason : std::uint8_t {
    kIncluded,      ///< in the block
    kStaleNonce,    ///< the account used the nonce for another transaction
    kExpired,       ///< valid until this height or an earlier one
    kUnaffordable,  ///< the balance no longer covers it and the sender's earlier ones
};

std::string_view to_string(RemovalReason reason);

struct Removal {
    Hash id;
    RemovalReason reason = RemovalReason::kIncluded;

    bool operator==(const Removal&) const = default;
};

/// What the pool has to know of an executed block.
struct BlockSummary {
    Height height;
    std::span<const Hash> included;    ///< ids of its transactions
    std::span<const Address> touched;  ///< every account that it changed, in any order
};

/// What a block in the making has left.
struct BlockSpace {
    Gas gas_max;
    std::size_t bytes_max = 0;
    std::size_t count_max = 0;
    Height height;  ///< of that block; transactions that expire earlier are passed over
};

}  // namespace polis::ledger
