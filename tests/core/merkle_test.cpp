// Merkle trees: roots against the recursive definition of RFC 6962 and against typed-in values of
// an independent program; all proofs of all sizes up to 70; every lie about content, position or
// count is refused.
#include <core/merkle.hpp>

#include <gtest/gtest.h>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>

namespace polis::merkle {
namespace {

constexpr std::size_t kCountMax = 70;

std::vector<Hash> leaves_of(std::size_t count) {
    std::vector<Hash> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(leaf_hash(Bytes{static_cast<std::uint8_t>(i)}));
    }
    return out;
}

/// RFC 6962, section 2.1, word by word.
Hash naive_tree(std::span<const Hash> leaves) {
    if (leaves.size() == 1) {
        return leaves[0];
    }
    std::size_t split = 1;
    while (split * 2 < leaves.size()) {
        split *= 2;
    }
    return node_hash(naive_tree(leaves.first(split)), naive_tree(leaves.subspan(split)));
}

Hash naive_root(std::span<const Hash> leaves) {
    if (leaves.empty()) {
        return {};
    }
    Bytes input = codec::encode(static_cast<std::uint64_t>(leaves.size()));
    append(input, naive_tree(leaves).view());
    return crypto::blake2b_256(crypto::kDomainMerkleNode, input);
}

TEST(Merkle, roots_of_an_independent_program) {
    const std::vector<std::pair<std::size_t, std::string>> expected{
        {1, "df077e5c32703fbcbcd7059e0a0eca69ff251c49919cca986a3f429cce116a9a"},
        {2, "c5ae34f1331ee267987399f38bb07334f48260102787e23b46d63f43336071ae"},
        {3, "70510e0193abd240ca92db97c34137169465d1fab24112d9ca964fb670518601"},
        {7, "ab38c10353bba6a2da12ff27b9d53aacfcc25edce97e0eaa336b764e1b8879c7"},
        {70, "957c8b274d2c1c2a4bbcb20ddfb1d0191ecc902690c07419dd8beee9fe40f258"},
    };
    EXPECT_TRUE(root({}).is_zero());
    for (const auto& [count, hex] : expected) {
        EXPECT_EQ(to_hex(root(leaves_of(count)).view()), hex) << count;
    }
}

TEST(Merkle, all_roots_and_proofs_up_to_70_leaves) {
    for (std::size_t count = 0; count <= kCountMax; ++count) {
        const auto leaves = leaves_of(count);
        const Hash top = root(leaves);
        ASSERT_EQ(top, naive_root(leaves)) << count;
        for (std::size_t index = 0; index < count; ++index) {
            const Proof proof = prove(leaves, index);
            ASSERT_TRUE(verify(top, leaves[index], proof)) << count << ' ' << index;
            const auto back = codec::decode<Proof>(codec::encode(proof));
            ASSERT_TRUE(back.has_value() && *back == proof);
        }
    }
}

TEST(Merkle, tampered_proofs_are_refused) {
    for (std::size_t count = 1; count <= kCountMax; ++count) {
        const auto leaves = leaves_of(count);
        const Hash top = root(leaves);
        for (std::size_t index = 0; index < count; ++index) {
            const Proof proof = prove(leaves, index);
            Proof more = proof;
            more.siblings.push_back(leaves[0]);
            EXPECT_FALSE(verify(top, leaves[index], more));
            for (std::size_t i = 0; i < proof.siblings.size(); ++i) {
                Proof changed = proof;
                changed.siblings[i].data[i % 32] ^= 1;
                EXPECT_FALSE(verify(top, leaves[index], changed));
                Proof fewer = proof;
                fewer.siblings.erase(fewer.siblings.begin() + static_cast<std::ptrdiff_t>(i));
                EXPECT_FALSE(verify(top, leaves[index], fewer));
            }
            Hash other_leaf = leaves[index];
            other_leaf.data[0] ^= 1;
            EXPECT_FALSE(verify(top, other_leaf, proof));
            Hash other_root = top;
            other_root.data[31] ^= 0x80;
            EXPECT_FALSE(verify(other_root, leaves[index], proof));
        }
    }
}

TEST(Merkle, lies_about_index_and_count_are_refused) {
    for (std::size_t count = 1; count <= 20; ++count) {
        const auto leaves = leaves_of(count);
        const Hash top = root(leaves);
        for (std::size_t index = 0; index < count; ++index) {
            Proof proof = prove(leaves, index);
            for (std::uint64_t lie_count = 0; lie_count <= 40; ++lie_count) {
                for (std::uint64_t lie_index = 0; lie_index <= 40; ++lie_index) {
                    proof.count = lie_count;
                    proof.index = lie_index;
                    const bool is_true = lie_count == count && lie_index == index;
                    ASSERT_EQ(verify(top, leaves[index], proof), is_true)
                        << index << " of " << count << " as " << lie_index << " of " << lie_count;
                }
            }
            proof.index = index;
            proof.count = ~std::uint64_t{0};
            EXPECT_FALSE(verify(top, leaves[index], proof));
        }
    }
}

TEST(Merkle, an_inner_node_is_no_leaf) {
    const auto leaves = leaves_of(4);
    const Proof claim{.index = 0, .count = 2, .siblings = {node_hash(leaves[2], leaves[3])}};
    EXPECT_FALSE(verify(root(leaves), node_hash(leaves[0], leaves[1]), claim));
    // The content of a leaf may spell two hashes: the tags keep it from being an inner node.
    Bytes both = to_bytes(leaves[0].view());
    append(both, leaves[1].view());
    EXPECT_NE(leaf_hash(both), node_hash(leaves[0], leaves[1]));
}

TEST(Merkle, empty_list_proves_nothing) {
    EXPECT_FALSE(verify(Hash{}, Hash{}, Proof{}));
    EXPECT_FALSE(verify(root({}), leaf_hash({}), Proof{.index = 0, .count = 1, .siblings = {}}));
}

TEST(MerkleDeathTest, prove_needs_an_index_in_the_list) {
    const auto leaves = leaves_of(3);
    EXPECT_DEATH((void)prove(leaves, 3), "index < leaves.size");
}

TEST(Merkle, a_long_proof_does_not_decode) {
    Proof proof;
    proof.siblings.resize(Proof::kSiblingsMax + 1);
    EXPECT_EQ(
        codec::decode<Proof>(codec::encode(proof)).error(), codec::DecodeError::kCountOverLimit);
}

}  // namespace
}  // namespace polis::merkle
