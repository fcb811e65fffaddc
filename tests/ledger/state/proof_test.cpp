// Proofs of what a state holds and of what it does not; every change of a proof is refused.
#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <tests/ledger/state/fixture.hpp>

namespace polis::ledger::test {
namespace {

StateProof prove(TreeAndMap& both, const StateKey& key) {
    auto proof = both.tree.prove(key);
    EXPECT_TRUE(proof.has_value());
    return proof ? *proof : StateProof{};
}

/// What a light client does: decode what it got and check it against a root that it trusts.
std::optional<Bytes> shown(const Hash& root, const StateKey& key, const StateProof& proof) {
    const Bytes encoded = codec::encode(proof);
    const auto decoded = codec::decode<StateProof>(encoded);
    EXPECT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, proof);
    const auto result = verify_proof(root, key.bytes(), *decoded);
    EXPECT_TRUE(result.has_value()) << to_string(result.error());
    return result.value_or(std::nullopt);
}

void expect_refused(
    const Hash& root, const StateKey& key, const StateProof& proof, ProofError error) {
    const auto result = verify_proof(root, key.bytes(), proof);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(to_string(result.error()), to_string(error));
}

void fill(TreeAndMap& both, std::uint64_t count) {
    for (std::uint64_t number = 0; number < count; ++number) {
        both.put(number, big_endian_bytes(number));
    }
}

TEST(Proof, empty_tree) {
    TreeAndMap both;
    const StateProof proof = prove(both, key_of(1));
    EXPECT_EQ(proof, StateProof{});
    EXPECT_EQ(shown(Hash{}, key_of(1), proof), std::nullopt);
    expect_refused(path_of(Bytes{1}), key_of(1), proof, ProofError::kWrongRoot);
}

TEST(Proof, single_record) {
    TreeAndMap both;
    both.put(1, {});
    EXPECT_EQ(shown(both.tree.root(), key_of(1), prove(both, key_of(1))), std::optional{Bytes{}});
    EXPECT_EQ(shown(both.tree.root(), key_of(2), prove(both, key_of(2))), std::nullopt);
    EXPECT_TRUE(prove(both, key_of(2)).leaf.has_value()) << "absence shown by the neighbour";
}

class ProofSizes : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ProofSizes, every_key_present_and_absent) {
    const std::uint64_t count = GetParam();
    TreeAndMap both({.cache_bytes_max = 0});
    fill(both, count);
    both.tree.trim();
    const Hash root = both.tree.root();
    for (std::uint64_t number = 0; number < 2 * count + 20; ++number) {
        const StateProof proof = prove(both, key_of(number));
        EXPECT_EQ(
            shown(root, key_of(number), proof),
            number < count ? std::optional{big_endian_bytes(number)} : std::nullopt);
    }
}

INSTANTIATE_TEST_SUITE_P(Random, ProofSizes, testing::Values(1, 2, 3, 7, 50, 1'000));

/// Changes a proof in one way after the other and expects the named refusal of each.
void expect_every_mutation_refused(const Hash& root, const StateKey& key, const StateProof& good) {
    for (std::size_t i = 0; i < good.siblings.size(); ++i) {
        for (std::size_t byte = 0; byte < Hash::kSize; ++byte) {
            StateProof bad = good;
            bad.siblings[i].data[byte] ^= 0x40;
            expect_refused(root, key, bad, ProofError::kWrongRoot);
        }
        StateProof bad = good;
        bad.siblings.erase(bad.siblings.begin() + static_cast<std::ptrdiff_t>(i));
        const bool exposes_empty = !bad.siblings.empty() && bad.siblings.back().is_zero();
        expect_refused(
            root, key, bad, exposes_empty ? ProofError::kUselessSibling : ProofError::kWrongRoot);
    }
    for (std::size_t i = 0; i <= good.siblings.size(); ++i) {
        StateProof bad = good;
        const Hash extra = path_of(Bytes{42});
        bad.siblings.insert(bad.siblings.begin() + static_cast<std::ptrdiff_t>(i), extra);
        const bool foreign =
            bad.leaf && state::common_bits(bad.leaf->path, key.path()) < bad.siblings.size();
        expect_refused(root, key, bad, foreign ? ProofError::kForeignLeaf : ProofError::kWrongRoot);
    }
    StateProof padded = good;
    padded.siblings.push_back({});
    expect_refused(root, key, padded, ProofError::kUselessSibling);
    padded.siblings.resize(StateProof::kSiblingsMax + 1, path_of(Bytes{1}));
    expect_refused(root, key, padded, ProofError::kTooDeep);
}

void expect_leaf_mutations_refused(const Hash& root, const StateKey& key, const StateProof& good) {
    if (!good.leaf) {
        StateProof bad = good;
        bad.leaf = StateProof::End{.path = key.path(), .value = {}};
        expect_refused(root, key, bad, ProofError::kWrongRoot);
        return;
    }
    StateProof bad = good;
    bad.leaf.reset();
    expect_refused(root, key, bad, ProofError::kWrongRoot);
    bad = good;
    bad.leaf->value.push_back(0);
    expect_refused(root, key, bad, ProofError::kWrongRoot);
    bad = good;
    bad.leaf->value.front() ^= 1;
    expect_refused(root, key, bad, ProofError::kWrongRoot);
    bad = good;
    bad.leaf->path.data[31] ^= 1;
    expect_refused(root, key, bad, ProofError::kWrongRoot);
    bad = good;
    bad.leaf->path.data[0] ^= 0x80;
    expect_refused(
        root, key, bad, good.siblings.empty() ? ProofError::kWrongRoot : ProofError::kForeignLeaf);
}

TEST(Proof, every_mutation_is_refused) {
    TreeAndMap both;
    fill(both, 60);
    const Hash root = both.tree.root();
    Hash other_root = root;
    other_root.data[31] ^= 1;
    for (std::uint64_t number = 0; number < 120; ++number) {
        const StateKey key = key_of(number);
        const StateProof good = prove(both, key);
        EXPECT_EQ(shown(root, key, good).has_value(), number < 60);
        expect_refused(other_root, key, good, ProofError::kWrongRoot);
        expect_refused(Hash{}, key, good, ProofError::kWrongRoot);
        expect_every_mutation_refused(root, key, good);
        expect_leaf_mutations_refused(root, key, good);
    }
}

TEST(Proof, of_one_key_says_nothing_false_of_another) {
    TreeAndMap both;
    fill(both, 40);
    const Hash root = both.tree.root();
    for (std::uint64_t number = 0; number < 80; ++number) {
        const StateProof proof = prove(both, key_of(number));
        for (std::uint64_t other = 0; other < 80; ++other) {
            const auto result = verify_proof(root, key_of(other).bytes(), proof);
            if (result) {  // the way to both ends at the same place
                const auto truth = *both.tree.get(key_of(other));
                EXPECT_EQ(*result, truth);
            } else {
                EXPECT_TRUE(
                    result.error() == ProofError::kForeignLeaf ||
                    result.error() == ProofError::kWrongRoot);
            }
        }
    }
}

TEST(Proof, absence_of_a_present_key_cannot_be_shown_by_another_leaf) {
    TreeAndMap both;
    fill(both, 40);
    const Hash root = both.tree.root();
    for (std::uint64_t number = 0; number < 40; ++number) {
        const StateKey key = key_of(number);
        const StateProof good = prove(both, key);
        for (std::size_t depth = 0; depth <= good.siblings.size(); ++depth) {
            StateProof cut = good;
            cut.siblings.resize(depth);
            cut.leaf.reset();
            EXPECT_FALSE(verify_proof(root, key.bytes(), cut).has_value());
            for (std::uint64_t other = 0; other < 40; ++other) {
                if (other != number) {
                    cut.leaf = {.path = key_of(other).path(), .value = big_endian_bytes(other)};
                    EXPECT_FALSE(verify_proof(root, key.bytes(), cut).has_value());
                }
            }
        }
    }
}

TEST(Proof, siblings_may_be_empty_but_not_the_last) {
    // Two records that part late: most halves on the way hold nothing.
    const auto keys = keys_with_common_bits(12, 2);
    TreeAndMap both;
    Batch batch;
    batch.put(keys[0], {1});
    batch.put(keys[1], {2});
    const Hash root = *both.apply(batch);
    const std::size_t depth = state::common_bits(keys[0].path(), keys[1].path());
    const StateProof proof = prove(both, keys[0]);
    ASSERT_EQ(proof.siblings.size(), depth + 1);
    for (std::size_t i = 0; i < depth; ++i) {
        EXPECT_TRUE(proof.siblings[i].is_zero());
    }
    EXPECT_EQ(proof.siblings.back(), state::leaf_hash(keys[1].path(), Bytes{2}));
    EXPECT_EQ(shown(root, keys[0], proof), std::optional{Bytes{1}});
    expect_every_mutation_refused(root, keys[0], proof);
    expect_leaf_mutations_refused(root, keys[0], proof);
}

TEST(Proof, after_removals_an_inner_node_sums_up_one_record) {
    const auto keys = keys_with_common_bits(10, 12);
    for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
        TreeAndMap both({.cache_bytes_max = cache});
        Batch all;
        for (const StateKey& key : keys) {
            all.put(key, to_bytes(key.bytes()));
        }
        ASSERT_TRUE(both.apply(all).has_value());  // splits pages below depth 10
        both.tree.trim();
        for (std::size_t left = keys.size(); left-- > 0;) {
            const Hash root = both.tree.root();
            EXPECT_EQ(root, reference_root(both.source.records));
            for (std::uint64_t number = 0; number < 40; ++number) {
                const StateKey& key = number < keys.size() ? keys[number] : key_of(number);
                const StateProof proof = prove(both, key);
                both.tree.trim();
                EXPECT_EQ(
                    shown(root, key, proof).has_value(), number <= left && number < keys.size());
            }
            Batch removal;
            removal.remove(keys[left]);
            ASSERT_TRUE(both.apply(removal).has_value());
            both.tree.trim();
        }
        EXPECT_TRUE(both.tree.root().is_zero());
        EXPECT_EQ(prove(both, keys[0]), StateProof{});
    }
}

TEST(Proof, damaged_bytes_never_prove_anything_else) {
    TreeAndMap both;
    fill(both, 30);
    const Hash root = both.tree.root();
    Random random(4);
    for (std::uint64_t number = 0; number < 60; ++number) {
        const StateKey key = key_of(number);
        const auto truth = *both.tree.get(key);
        const Bytes good = codec::encode(prove(both, key));
        for (std::size_t i = 0; i < good.size(); ++i) {
            Bytes bad = good;
            bad[i] = static_cast<std::uint8_t>(bad[i] ^ random.between(1, 255));
            const auto decoded = codec::decode<StateProof>(bad);
            EXPECT_FALSE(decoded && verify_proof(root, key.bytes(), *decoded).has_value());
            EXPECT_FALSE(codec::decode<StateProof>(ByteView{good}.first(i)).has_value());
        }
        EXPECT_EQ(*verify_proof(root, key.bytes(), prove(both, key)), truth);
    }
}

TEST(Proof, errors_have_texts) {
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(ProofError::kUselessSibling); ++i) {
        EXPECT_NE(to_string(static_cast<ProofError>(i)), "unknown proof error");
    }
}

}  // namespace
}  // namespace polis::ledger::test
