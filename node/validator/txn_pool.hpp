#pragma once

#include <cstddef>
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
#include <node/validator/wire.hpp>

namespace polis::node {

/// What became of a transaction that somebody sent.
struct Arrival {
    Hash id;
    TxnOutcome outcome;

    /// New here: peers must be told.
    [[nodiscard]] bool accepted() const {
        return std::holds_alternative<ledger::Admission>(outcome);
    }

    /// No honest node passes this on. Else it is known or of no use now, which is nobody's fault.
    [[nodiscard]] bool invalid() const { return std::holds_alternative<ledger::TxnError>(outcome); }
};

/// Bytes of transactions in one message to peers.
inline constexpr std::size_t kTxnBatchBytesMax = std::size_t{512} * 1024;
static_assert(kTxnBatchBytesMax >= ledger::kTxnBytesMax, "a transaction that no batch holds");

/// The mempool with the gate in front of it.
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

    /// Those of the transactions that are here, encoded, in batches of at most kTxnBatchBytesMax
    /// and kTxnBatchCountMax.
    [[nodiscard]] std::vector<TxnBatch> batches(const std::vector<Hash>& txns) const;

    /// Names of the dearest that wait here, at most kTxnAnnounceMax: for a peer that has just come.
    [[nodiscard]] std::vector<Hash> dearest() const;

    [[nodiscard]] const ledger::Mempool& pool() const { return pool_; }

    [[nodiscard]] std::size_t memory_bytes() const { return pool_.bytes(); }

  private:
    const ledger::TxnRules rules_;
    consensus::CryptoChecker& checker_;
    ledger::Mempool pool_;
};

}  // namespace polis::node
