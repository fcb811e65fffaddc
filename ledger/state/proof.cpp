#include <ledger/state/proof.hpp>

#include <ledger/state/hashing.hpp>
#include <ledger/state/key.hpp>

namespace polis::ledger {

namespace {

/// A subtree with one record is that record, so where the way ends at a leaf or at nothing the
/// neighbour cannot be empty.
bool last_sibling_empty(const StateProof& proof) {
    return !proof.siblings.empty() && proof.siblings.back().is_zero();
}

}  // namespace

std::string_view to_string(ProofError error) {
    switch (error) {
        case ProofError::kTooDeep:
            return "more siblings than a path has bits";
        case ProofError::kForeignLeaf:
            return "the leaf does not lie on the way to the key";
        case ProofError::kWrongRoot:
            return "the hashes do not lead to the root";
        case ProofError::kUselessSibling:
            return "the last sibling is empty";
    }
    return "unknown proof error";
}

Result<std::optional<Bytes>, ProofError> verify_proof(
    const Hash& root, ByteView key, const StateProof& proof) {
    const std::size_t depth = proof.siblings.size();
    if (depth > StateProof::kSiblingsMax) {
        return std::unexpected(ProofError::kTooDeep);
    }
    if (last_sibling_empty(proof)) {
        return std::unexpected(ProofError::kUselessSibling);
    }
    const Hash path = path_of(key);
    Hash hash;
    if (proof.leaf) {
        if (state::common_bits(proof.leaf->path, path) < depth) {
            return std::unexpected(ProofError::kForeignLeaf);
        }
        hash = state::leaf_hash(proof.leaf->path, proof.leaf->value);
    }
    for (std::size_t level = depth; level > 0; --level) {
        const Hash& sibling = proof.siblings[level - 1];
        hash = state::path_bit(path, level - 1) ? state::inner_hash(sibling, hash)
                                                : state::inner_hash(hash, sibling);
    }
    if (hash != root) {
        return std::unexpected(ProofError::kWrongRoot);
    }
    if (proof.leaf && proof.leaf->path == path) {
        return proof.leaf->value;
    }
    return std::optional<Bytes>{};
}

}  // namespace polis::ledger
