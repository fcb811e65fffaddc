#include <ledger/genesis_state.hpp>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/state/tree.hpp>

namespace polis::ledger {

namespace {

/// For a tree that is never trimmed, and so never asks.
class NoSource : public LeafSource {
  public:
    [[nodiscard]] StoreResult<std::vector<state::Leaf>> load(
        const Hash& /*path*/, std::size_t /*bits*/) const override {
        return std::vector<state::Leaf>{};
    }
};

}  // namespace

Hash genesis_hash(const GenesisState& genesis, const Hash& state_root) {
    Bytes bytes = codec::encode(genesis.params);
    codec::encode_to(bytes, genesis.time);
    codec::encode_to(bytes, state_root);
    codec::encode_to(bytes, genesis.committee);
    return crypto::blake2b_256(crypto::kDomainGenesis, bytes);
}

CheckedBlock genesis_block(const GenesisState& genesis, const Hash& state_root) {
    CheckedBlock out;
    out.header.chain_id = genesis.params.chain_id;
    out.header.time = genesis.time;
    out.header.parent = genesis_hash(genesis, state_root);
    out.header.parent_state_root = state_root;
    out.header.committee = genesis.committee;
    out.header.next_committee = genesis.committee;
    out.hash = block_hash(out.header);
    return out;
}

Hash genesis_root(const GenesisState& genesis) {
    const NoSource none;
    StateTree tree(none, {});
    const auto root = tree.apply(genesis.records);
    POLIS_ASSERT(root.has_value());
    return *root;
}

}  // namespace polis::ledger
