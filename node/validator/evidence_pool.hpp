#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <consensus/pbft/evidence.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <ledger/chain.hpp>
#include <node/validator/txn_pool.hpp>

namespace polis::node {

inline constexpr std::size_t kEvidenceMax = 256;

/// Proofs against members that are not on chain yet. Each becomes a transaction of this node's
/// operator, which is gossiped like any other, and is repeated until some report of the offence was
/// executed or it is too old to count. Spec [J12].
class EvidencePool {
  public:
    /// One proof for each offender and height is enough.
    void add(const pbft::Evidence& evidence);

    /// Reports what nobody has reported yet. @param account pays for it
    /// @return the new transactions. @error the state cannot be read
    [[nodiscard]] ledger::StoreResult<std::vector<Hash>> report(
        ledger::Chain& chain, const crypto::SigningKey& account, TxnPool& pool);

    [[nodiscard]] std::size_t size() const { return pending_.size(); }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Pending {
        pbft::Evidence evidence;
        std::optional<Hash> txn;  ///< the latest report
    };

    using Key = std::pair<Height, PublicKey>;

    [[nodiscard]] static ledger::StoreResult<bool> is_settled(
        ledger::Chain& chain, const Pending& pending);

    std::map<Key, Pending> pending_;  ///< the oldest offences are dropped beyond kEvidenceMax
};

}  // namespace polis::node
