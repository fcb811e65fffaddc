#include <cstdint>

#include <gtest/gtest.h>

#include <tests/support/contract_world.hpp>

/// Goal: the contract of docs/guides/first-contract.md counts and stops at its limit.
namespace polis::tests {

namespace {

using std::uint64_t;

class Counter : public ContractTest {
  public:
    const Address alice = person("alice");
    const Address bob = person("bob");
};

TEST_P(Counter, counts_for_each_caller) {
    const Address counter = world().deploy(alice, "counter", args(uint64_t{100}));
    const Ended ended = world().call(alice, counter, "increase", args(uint64_t{3}));
    EXPECT_EQ(ended.output, args(uint64_t{3}));
    ASSERT_EQ(ended.events.size(), 1);
    EXPECT_EQ(ended.events[0], (ContractEvent{counter, "Increased", args(alice, uint64_t{3})}));
    world().call(bob, counter, "increase", args(uint64_t{4}));
    EXPECT_EQ(world().query<uint64_t>(counter, "count"), 7);
    EXPECT_EQ(world().query<uint64_t>(counter, "share_of", args(bob)), 4);
}

TEST_P(Counter, stops_at_its_limit) {
    const Address counter = world().deploy(alice, "counter", args(uint64_t{5}));
    world().call(alice, counter, "increase", args(uint64_t{5}));
    EXPECT_EQ(
        world().reverts(bob, counter, "increase", args(uint64_t{1})), "that is beyond the limit");
    EXPECT_EQ(world().reverts(bob, counter, "increase", args(~uint64_t{0})), "a sum does not fit");
    EXPECT_EQ(world().query<uint64_t>(counter, "count"), 5);
    EXPECT_FALSE(world().try_deploy(alice, "counter", args(uint64_t{0}), {}).is_done());
}

POLIS_CONTRACT_TEST(Counter);

}  // namespace

}  // namespace polis::tests
