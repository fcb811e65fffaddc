// State keys: their bytes and their place in the tree.
#include <gtest/gtest.h>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <tests/ledger/state/fixture.hpp>

namespace polis::ledger::test {
namespace {

TEST(StateKey, kind_and_parts) {
    const Bytes first = {1, 2};
    const Bytes second = {3};
    const StateKey key(RecordKind::kDelegation, {first, second});
    EXPECT_EQ(to_bytes(key.bytes()), (Bytes{6, 1, 2, 3}));
    EXPECT_EQ(key.kind(), RecordKind::kDelegation);
    EXPECT_EQ(key.path(), crypto::blake2b_256(crypto::kDomainStatePath, Bytes{6, 1, 2, 3}));
    EXPECT_EQ(key.path(), path_of(key.bytes()));
    EXPECT_EQ(StateKey::from_bytes(key.bytes()), key);
    EXPECT_FALSE(StateKey(RecordKind::kAccount, {first, second}) == key);
}

TEST(StateKey, longest_and_shortest) {
    const Bytes longest(kStateKeyBytesMax, 7);
    EXPECT_EQ(to_bytes(StateKey::from_bytes(longest).bytes()), longest);
    EXPECT_EQ(StateKey(RecordKind::kParams, {}).bytes().size(), 1U);
    EXPECT_DEATH((void)StateKey::from_bytes({}), "bytes.empty");
    EXPECT_DEATH((void)StateKey(RecordKind::kParams, {longest}), "part.size");
}

TEST(Hashing, common_bits_counts_from_the_top) {
    Hash left;
    Hash right;
    EXPECT_EQ(state::common_bits(left, right), 256U);
    right.data[31] = 1;
    EXPECT_EQ(state::common_bits(left, right), 255U);
    right.data[2] = 0x10;
    EXPECT_EQ(state::common_bits(left, right), 19U);
    EXPECT_TRUE(state::path_bit(right, 19));
    EXPECT_FALSE(state::path_bit(right, 18));
}

TEST(Hashing, leaf_hash_does_not_depend_on_how_it_is_computed) {
    Random random(3);
    Hash path;
    random.fill(path.data);
    for (std::size_t size = 0; size < 300; ++size) {
        Bytes value(size);
        random.fill(value);
        Bytes message = to_bytes(path.view());
        append(message, value);
        EXPECT_EQ(
            state::leaf_hash(path, value), crypto::blake2b_256(crypto::kDomainStateLeaf, message));
    }
}

TEST(Hashing, one_record_rises_to_the_top) {
    const state::Summary leaf{path_of(Bytes{1}), state::NodeKind::kLeaf};
    const state::Summary inner{path_of(Bytes{2}), state::NodeKind::kInner};
    const state::Summary empty;
    EXPECT_EQ(state::combine(empty, empty), empty);
    EXPECT_EQ(state::combine(leaf, empty), leaf);
    EXPECT_EQ(state::combine(empty, leaf), leaf);
    EXPECT_EQ(
        state::combine(empty, inner),
        (state::Summary{state::inner_hash({}, inner.hash), state::NodeKind::kInner}));
    EXPECT_EQ(
        state::combine(inner, empty),
        (state::Summary{state::inner_hash(inner.hash, {}), state::NodeKind::kInner}));
}

}  // namespace
}  // namespace polis::ledger::test
