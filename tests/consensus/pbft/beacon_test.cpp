// The beacon: one step a proposer, which depends on everything before it.
#include <consensus/pbft/beacon.hpp>

#include <set>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <tests/consensus/people.hpp>

namespace polis::pbft {
namespace {

using testing::hash_of;
using testing::make_people;
using testing::People;

constexpr ChainId kChain{7};
constexpr Height kHeight{5};

BeaconContext context_of(const People& people, consensus::MemberIndex member) {
    return {
        .key = people.vrf_keys.at(member).public_key(),
        .chain = kChain,
        .height = kHeight,
        .previous = hash_of(9)};
}

TEST(Beacon, r1_the_input_is_chain_height_and_previous_beacon) {
    EXPECT_EQ(
        to_hex(beacon_input(ChainId{0x0102}, Height{3}, hash_of(0xab))),
        "0201000000000000"
        "0300000000000000"
        "abababababababababababababababababababababababababababababababab");
}

TEST(Beacon, r2_the_proposers_step_is_valid_and_nobody_elses) {
    const People people = make_people(3);
    consensus::PlainChecker checker;
    const BeaconStep step = make_beacon(people.vrf_keys[1], kChain, kHeight, hash_of(9));
    EXPECT_EQ(make_beacon(people.vrf_keys[1], kChain, kHeight, hash_of(9)), step);
    EXPECT_TRUE(beacon_valid(step, context_of(people, 1), checker));
    EXPECT_FALSE(beacon_valid(step, context_of(people, 2), checker));
}

TEST(Beacon, r2_a_step_is_for_one_place_only) {
    const People people = make_people(2);
    consensus::PlainChecker checker;
    const BeaconStep step = make_beacon(people.vrf_keys[1], kChain, kHeight, hash_of(9));
    for (const auto& change : std::vector<void (*)(BeaconContext&)>{
             [](BeaconContext& c) { ++c.chain.value; },
             [](BeaconContext& c) { ++c.height.value; },
             [](BeaconContext& c) { c.previous = hash_of(8); },
             [](BeaconContext& c) { c.key.data[0] ^= 1; }}) {
        BeaconContext context = context_of(people, 1);
        change(context);
        EXPECT_FALSE(beacon_valid(step, context, checker));
    }
}

TEST(Beacon, r2_proof_and_beacon_belong_together) {
    const People people = make_people(2);
    consensus::PlainChecker checker;
    const BeaconStep step = make_beacon(people.vrf_keys[1], kChain, kHeight, hash_of(9));
    BeaconStep changed = step;
    changed.beacon.data[31] ^= 1;
    EXPECT_FALSE(beacon_valid(changed, context_of(people, 1), checker));
    for (std::size_t i = 0; i < VrfProof::kSize; ++i) {
        changed = step;
        changed.proof.data.at(i) ^= 1;
        EXPECT_FALSE(beacon_valid(changed, context_of(people, 1), checker)) << i;
    }
    EXPECT_FALSE(beacon_valid({}, context_of(people, 1), checker));
}

TEST(Beacon, r3_every_beacon_depends_on_the_one_before_and_on_who_proposed) {
    const People people = make_people(3);
    std::set<Hash> seen;
    for (const auto& key : people.vrf_keys) {
        Hash beacon = hash_of(0);
        for (std::uint64_t height = 1; height <= 5; ++height) {
            beacon = make_beacon(key, kChain, Height{height}, beacon).beacon;
            EXPECT_TRUE(seen.insert(beacon).second);
        }
    }
    EXPECT_NE(next_beacon(hash_of(1), VrfOutput{}), next_beacon(hash_of(2), VrfOutput{}));
}

/// Computed with Python: hashlib.blake2b(b"\x01" * 32 + b"\x02" * 64, digest_size=32,
/// person=b"polis.beacon").
TEST(Beacon, r3_the_hash_of_an_independent_program) {
    VrfOutput output;
    output.data.fill(2);
    EXPECT_EQ(
        to_hex(next_beacon(hash_of(1), output).view()),
        "4d26fd7576185a5d1f66fef248c3552446d442a0a7f953afeb92b87ee9e2087d");
}

}  // namespace
}  // namespace polis::pbft
