#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/mempool/mempool.hpp>
#include <ledger/state/view.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/transaction.hpp>
#include <ledger/validation.hpp>

namespace polis::node {

/// What became of a transaction that somebody sent.
enum class Intake : std::uint8_t {
    kAccepted,  ///< new here: peers will be told
    kRefused,   ///< known, or of no use now: nobody's fault
    kInvalid,   ///< no honest node passes this on
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
    [[nodiscard]] ledger::StoreResult<Intake> add(ByteView encoded, ledger::StateView& state);

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
