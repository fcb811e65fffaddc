#include <core/merkle.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::merkle {

namespace {

/// The largest power of two below `count`. @pre count >= 2
std::size_t split_of(std::size_t count) { return std::bit_floor(count - 1); }

/// Root of a non-empty tree without its count. Keeps the roots of complete subtrees, largest first:
/// as in a binary counter, each new leaf merges equal sizes, so memory stays O(log n).
Hash tree_root(std::span<const Hash> leaves) {
    std::vector<Hash> complete;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        Hash current = leaves[i];
        for (std::size_t carry = i; (carry & 1) != 0; carry >>= 1) {
            current = node_hash(complete.back(), current);
            complete.pop_back();
        }
        complete.push_back(current);
    }
    Hash out = complete.back();
    for (std::size_t i = complete.size() - 1; i > 0; --i) {
        out = node_hash(complete[i - 1], out);
    }
    return out;
}

/// Puts the leaf count into the root. The input is 40 bytes where an inner node has 64, so the two
/// never collide under their common tag.
Hash with_count(const Hash& tree, std::uint64_t count) {
    return crypto::Blake2b256(crypto::kDomainMerkleNode)
        .update(codec::encode(count))
        .update(tree.view())
        .finish();
}

/// Walks up from a leaf as the shape of `proof.count` leaves demands.
/// @return nothing if there are more or fewer siblings than levels
std::optional<Hash> climb(const Hash& leaf, const Proof& proof) {
    Hash current = leaf;
    std::uint64_t index = proof.index;
    std::uint64_t last = proof.count - 1;  // index of the last node on this level
    for (const Hash& sibling : proof.siblings) {
        if (last == 0) {
            return std::nullopt;
        }
        if ((index & 1) != 0 || index == last) {
            current = node_hash(sibling, current);
            // A last node without a partner rises unchanged until it is a right child.
            const int rise = std::countr_zero(index);
            index >>= rise;
            last >>= rise;
        } else {
            current = node_hash(current, sibling);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 ? std::optional{current} : std::nullopt;
}

}  // namespace

Hash leaf_hash(ByteView content) { return crypto::blake2b_256(crypto::kDomainMerkleLeaf, content); }

Hash node_hash(const Hash& left, const Hash& right) {
    std::array<std::uint8_t, 2 * Hash::kSize> both{};
    std::ranges::copy(right.view(), std::ranges::copy(left.view(), both.begin()).out);
    return crypto::blake2b_256(crypto::kDomainMerkleNode, both);
}

Hash root(std::span<const Hash> leaves) {
    return leaves.empty() ? Hash{} : with_count(tree_root(leaves), leaves.size());
}

Proof prove(std::span<const Hash> leaves, std::size_t index) {
    POLIS_ASSERT_OP(index, <, leaves.size());
    Proof proof{.index = index, .count = leaves.size(), .siblings = {}};
    while (leaves.size() > 1) {
        const std::size_t split = split_of(leaves.size());
        const auto left = leaves.first(split);
        const auto right = leaves.subspan(split);
        const bool is_left = index < split;
        proof.siblings.push_back(tree_root(is_left ? right : left));
        leaves = is_left ? left : right;
        index -= is_left ? 0 : split;
    }
    std::ranges::reverse(proof.siblings);
    return proof;
}

bool verify(const Hash& root, const Hash& leaf, const Proof& proof) {
    if (proof.index >= proof.count) {
        return false;
    }
    const auto tree = climb(leaf, proof);
    return tree && with_count(*tree, proof.count) == root;
}

}  // namespace polis::merkle
