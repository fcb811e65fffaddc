#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <ledger/params.hpp>
#include <ledger/payload.hpp>

namespace polis::node {

/// The transactions that a node sends for itself, one at a time, until each was executed. After
/// every block it is told what should be on chain and is not: so a lost transaction is sent again,
/// and nothing has to survive a restart. A machine without I/O.
class OwnTxns {
  public:
    /// @param key of the account that pays
    OwnTxns(crypto::SigningKey key, const ledger::Params& params);

    /// @param wanted what should be on chain; nothing: all is
    /// @param nonce  of the account in the state after the block at `height`
    /// @return a signed transaction to submit, encoded
    [[nodiscard]] std::optional<Bytes> on_block(
        const std::optional<ledger::Payload>& wanted, Nonce nonce, Height height);

    /// A payload that failed so often is not sent again.
    static constexpr std::size_t kAttemptsMax = 3;
    static constexpr std::uint64_t kValidBlocks = 30;

  private:
    struct Sent {
        ledger::Payload payload;
        Nonce nonce;
        Height valid_until;
        std::size_t attempts = 0;
    };

    [[nodiscard]] Bytes sign(const Sent& sent) const;

    const crypto::SigningKey key_;
    const ChainId chain_;
    const GasPrice price_;
    std::optional<Sent> sent_;
};

}  // namespace polis::node
