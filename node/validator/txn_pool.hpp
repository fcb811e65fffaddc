#pragma once

#include <cstddef>
#include <deque>
#include <variant>
#include <vector>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/mempool/mempool.hpp>
#include <ledger/state/view.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/transaction.hpp>
#include <ledger/validation.hpp>
#include <node/validator/validator.hpp>

namespace polis::node {

/// What became of a transaction that somebody sent.
struct Arrival {
    Hash id;
    TxnOutcome outcome;

    /// New here: peers will be told.
    [[nodiscard]] bool accepted() const {
        return std::holds_alternative<ledger::Admission>(outcome);
    }

    /// No honest node passes this on. Else it is known or of no use now, which is nobody's fault.
    [[nodiscard]] bool invalid() const { return std::holds_alternative<ledger::TxnError>(outcome); }
};

/// Bytes of transactions in one message to peers, and how many messages may wait.
inline constexpr std::size_t kTxnBatchBytesMax = std::size_t{256} * 1024;
inline constexpr std::size_t kGossipTxnsMax = 10'000;

/// The mempool with the gate in front of it, and the list of those that peers must hear of.
///
/// Each transaction's signature is verified once, here; a block whose transactions all came through
/// this pool costs none. Spec [J9], [J10].
class TxnPool {
  public:
    TxnPool(
        const ledger::TxnRules& rules,
        const ledger::MempoolLimits& limits,
        Height height,
        consensus::CryptoChecker& checker);

    /// @error the account cannot be read
    [[nodiscard]] ledger::StoreResult<Arrival> add(ByteView encoded, ledger::StateView& state);

    /// The same for one that passed ledger::check() and whose signature somebody verified.
    /// @pre not null
    [[nodiscard]] ledger::StoreResult<Arrival> add_verified(
        ledger::TxnPtr txn, ledger::StateView& state);

    /// Takes in an executed block. @param touched accounts that it changed
    /// @error an account cannot be read; nothing has changed
    [[nodiscard]] ledger::StoreResult<void> on_block(
        const ledger::CheckedBlock& block,
        const std::vector<Address>& touched,
        ledger::StateView& state);

    /// Encoded transactions that came in since the last call and are still here, in batches of at
    /// most kTxnBatchBytesMax.
    [[nodiscard]] std::vector<std::vector<Bytes>> take_gossip();

    /// The first of what waits here, for a peer that has just come: one batch.
    [[nodiscard]] std::vector<Bytes> greeting() const;

    [[nodiscard]] const ledger::Mempool& pool() const { return pool_; }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    const ledger::TxnRules rules_;
    consensus::CryptoChecker& checker_;
    ledger::Mempool pool_;
    std::deque<Hash> untold_;  ///< at most kGossipTxnsMax; the oldest are dropped
};

}  // namespace polis::node
