#include <ledger/block.hpp>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/merkle.hpp>

namespace polis::ledger {

Hash block_hash(const Header& header) {
    return crypto::blake2b_256(crypto::kDomainHeader, codec::encode(header));
}

Hash txn_root(std::span<const Hash> txn_ids) {
    std::vector<Hash> leaves;
    leaves.reserve(txn_ids.size());
    for (const Hash& id : txn_ids) {
        leaves.push_back(merkle::leaf_hash(id.view()));
    }
    return merkle::root(leaves);
}

}  // namespace polis::ledger
