// How often blocks are made: an idle chain is slow, and a transaction does not wait for it.
#include <gtest/gtest.h>

#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>

namespace polis::node::testing {
namespace {

constexpr std::uint64_t kEmptyMs = 1'000;

Validator::Options slow_when_idle() {
    Validator::Options options;
    options.empty_block_interval_ms = kEmptyMs;
    return options;
}

TEST(Pace, an_idle_chain_is_slow_and_wakes_at_once) {
    Network network(4, /*term_blocks=*/1'000, slow_when_idle());
    network.run_for(20 * kEmptyMs);
    const Height idle = network.node(0).chain().head().height;
    EXPECT_GE(idle.value, 15U);
    EXPECT_LE(idle.value, 20U);  // with the usual interval it would be 200
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{idle.value + 1}); }));
    network.run_for(200);  // past the usual interval, long before the next empty block

    const TimeMs sent = network.now();
    for (PeerId node = 0; node < 4; ++node) {
        network.input(node, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 0), node});
    }
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{idle.value + 2}); }));
    EXPECT_LE(network.now().value - sent.value, 10 * kDelayMs);
    EXPECT_EQ(network.log(0).finalized.back().txns.size(), 1U);
}

TEST(Pace, an_empty_interval_of_zero_changes_nothing) {
    Network network(4, /*term_blocks=*/1'000);
    network.run_for(2'000);
    EXPECT_GE(network.node(0).chain().head().height.value, 12U);
}

}  // namespace
}  // namespace polis::node::testing
