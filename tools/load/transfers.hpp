#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/random.hpp>
#include <core/types.hpp>

/// Signed transfers for load on a development network: made before they are needed, so that signing
/// costs nothing while something is measured.
namespace polis::tools {

/// What the chain says of fees and time.
struct TxnTerms {
    ChainId chain_id;
    GasPrice gas_price;
    Height valid_until;
};

struct SignedTransfer {
    Hash id;
    Bytes encoded;
};

/// Accounts that only a load uses: their keys follow from a seed. A pool of nodes takes only so
/// many waiting transactions of one sender, so a load needs many senders.
class LoadAccounts {
  public:
    LoadAccounts(std::string_view seed, std::size_t count);

    [[nodiscard]] std::size_t size() const { return keys_.size(); }

    [[nodiscard]] const Address& address(std::size_t index) const { return addresses_[index]; }

    /// Sets the nonce that the account's next transfer has.
    void set_nonce(std::size_t index, Nonce nonce) { nonces_[index] = nonce; }

    /// The next `count` transfers of one unit each, in turn from every account to one that `random`
    /// picks. Signs with all cores.
    [[nodiscard]] std::vector<SignedTransfer> next(
        const TxnTerms& terms, std::size_t count, Random& random);

  private:
    std::vector<crypto::SigningKey> keys_;
    std::vector<Address> addresses_;
    std::vector<Nonce> nonces_;
    std::size_t turn_ = 0;
};

/// One transfer with the gas that it needs.
[[nodiscard]] SignedTransfer signed_transfer(
    const crypto::SigningKey& key,
    Nonce nonce,
    const TxnTerms& terms,
    const Address& to,
    Amount amount);

}  // namespace polis::tools
