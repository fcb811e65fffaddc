#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <ledger/payload.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/client/sender.hpp>
#include <tools/failure.hpp>

/// Signed transactions for load on a development network: made before they are needed, so that
/// signing costs nothing while something is measured.
namespace polis::tools {

struct SignedTxn {
    Hash id;
    Bytes encoded;
};

/// One transaction with the gas that it needs, valid for a million blocks. @param chain its nonce
/// is of no account
[[nodiscard]] SignedTxn signed_txn(
    const crypto::SigningKey& key,
    Nonce nonce,
    const SenderView& chain,
    const ledger::Payload& payload);

/// Accounts that a load uses. A pool of nodes takes only so many waiting transactions of one
/// sender, so a load needs many senders.
class LoadAccounts {
  public:
    explicit LoadAccounts(std::vector<crypto::SigningKey> keys);

    /// Keys that only a load uses; they follow from a seed and own nothing at first.
    [[nodiscard]] static LoadAccounts of_load(std::string_view seed, std::size_t count);

    /// The funded accounts of a devnet.
    [[nodiscard]] static LoadAccounts of_devnet(std::string_view seed, std::size_t count);

    [[nodiscard]] std::size_t size() const { return keys_.size(); }

    [[nodiscard]] const crypto::SigningKey& key(std::size_t index) const { return keys_[index]; }

    [[nodiscard]] const Address& address(std::size_t index) const { return addresses_[index]; }

    [[nodiscard]] std::span<const Address> addresses() const { return addresses_; }

    /// Asks a node for the nonce of every account's next transaction. @error the node's
    [[nodiscard]] Fallible<void> read_nonces(RpcClient& node);

    /// The nonce of the account's next transaction, which is taken by that.
    [[nodiscard]] Nonce take_nonce(std::size_t index) { return Nonce{nonces_[index].value++}; }

    /// What transactions need to know of the chain. @error the node's. @pre size() > 0
    [[nodiscard]] Fallible<SenderView> view(RpcClient& node) const {
        return sender_view(node, addresses_.front());
    }

    /// Payload i is sent by account i modulo the number of accounts. Signs with all cores.
    [[nodiscard]] std::vector<SignedTxn> sign(
        const SenderView& chain, std::span<const ledger::Payload> payloads);

  private:
    std::vector<crypto::SigningKey> keys_;
    std::vector<Address> addresses_;
    std::vector<Nonce> nonces_;
};

}  // namespace polis::tools
