#include <ledger/state/hashing.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::ledger::state {

std::size_t common_bits(const Hash& left, const Hash& right) {
    for (std::size_t i = 0; i < Hash::kSize; ++i) {
        const auto differing = static_cast<std::uint8_t>(left.data[i] ^ right.data[i]);
        if (differing != 0) {
            return i * 8 + static_cast<std::size_t>(std::countl_zero(differing));
        }
    }
    return Hash::kSize * 8;
}

Hash leaf_hash(const Hash& path, ByteView value) {
    // Most records are short: one buffer on the stack, one compression.
    std::array<std::uint8_t, 128> buffer{};
    if (value.size() <= buffer.size() - Hash::kSize) {
        std::memcpy(buffer.data(), path.data.data(), Hash::kSize);
        if (!value.empty()) {
            std::memcpy(buffer.data() + Hash::kSize, value.data(), value.size());
        }
        return crypto::blake2b_256(
            crypto::kDomainStateLeaf, ByteView{buffer}.first(Hash::kSize + value.size()));
    }
    return crypto::Blake2b256(crypto::kDomainStateLeaf).update(path.view()).update(value).finish();
}

Hash inner_hash(const Hash& left, const Hash& right) {
    std::array<std::uint8_t, 2 * Hash::kSize> buffer{};
    std::memcpy(buffer.data(), left.data.data(), Hash::kSize);
    std::memcpy(buffer.data() + Hash::kSize, right.data.data(), Hash::kSize);
    return crypto::blake2b_256(crypto::kDomainStateNode, buffer);
}

Summary combine(const Summary& left, const Summary& right) {
    if (left.kind == NodeKind::kEmpty && right.kind != NodeKind::kInner) {
        return right;
    }
    if (right.kind == NodeKind::kEmpty && left.kind != NodeKind::kInner) {
        return left;
    }
    return {inner_hash(left.hash, right.hash), NodeKind::kInner};
}

std::size_t split_at(std::span<const Leaf> leaves, std::size_t depth) {
    const auto first_one = std::ranges::partition_point(
        leaves, [depth](const Leaf& leaf) { return !path_bit(leaf.path, depth); });
    return static_cast<std::size_t>(first_one - leaves.begin());
}

Summary summarize(std::span<const Leaf> leaves, std::size_t depth) {
    if (leaves.empty()) {
        return {};
    }
    if (leaves.size() == 1) {
        return {leaves.front().hash, NodeKind::kLeaf};
    }
    POLIS_ASSERT_OP(depth, <, Hash::kSize * 8);  // two equal paths would never part
    const std::size_t middle = split_at(leaves, depth);
    return combine(
        summarize(leaves.first(middle), depth + 1), summarize(leaves.subspan(middle), depth + 1));
}

const Leaf* descend(
    std::span<const Leaf> leaves,
    std::size_t depth,
    const Hash& path,
    std::vector<Hash>& siblings) {
    while (leaves.size() > 1) {
        const std::size_t middle = split_at(leaves, depth);
        const auto left = leaves.first(middle);
        const auto right = leaves.subspan(middle);
        const bool goes_right = path_bit(path, depth);
        siblings.push_back(summarize(goes_right ? left : right, depth + 1).hash);
        leaves = goes_right ? right : left;
        ++depth;
    }
    return leaves.empty() ? nullptr : &leaves.front();
}

}  // namespace polis::ledger::state
