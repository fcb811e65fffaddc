// Goal: what is said about growing networks is true and the same on every machine. Method: small
// networks twice, and the votes that PBFT asks for, counted by hand.
#include <tools/sim/growth.hpp>

#include <cstdint>

#include <gtest/gtest.h>

namespace polis::sim {
namespace {

GrowthOptions options_of(std::size_t nodes) { return {.nodes = nodes, .heights = 4}; }

TEST(Growth, counts_the_votes_that_a_block_takes) {
    for (const std::size_t nodes : {1U, 4U, 7U}) {
        const Growth growth = run_growth(options_of(nodes));
        EXPECT_FALSE(growth.violation.has_value());
        EXPECT_EQ(growth.blocks, 4U);
        EXPECT_EQ(growth.views, 0U);
        EXPECT_GT(growth.txns, 0U);
        const std::uint64_t others = nodes - 1;
        // Votes of one block cross those of the next one where counting begins and ends.
        const std::uint64_t edge = nodes * others;
        EXPECT_EQ(growth.traffic.of(Purpose::kProposal).messages, 4 * others);
        for (const Purpose purpose : {Purpose::kPrepare, Purpose::kCommit}) {
            const std::uint64_t votes = growth.traffic.of(purpose).messages;
            EXPECT_LE(votes, 4 * nodes * others + edge);
            EXPECT_GE(votes + edge, 4 * nodes * others);
        }
        if (nodes > 1) {
            EXPECT_GT(growth.before.all().messages, 0U);
            EXPECT_GT(growth.checks, 4 * nodes);
        }
    }
}

TEST(Growth, repeats_itself_whatever_the_clock_says) {
    for (const std::size_t nodes : {4U, 7U}) {
        GrowthOptions options = options_of(nodes);
        const Growth first = run_growth(options);
        std::uint64_t now_ns = 0;
        options.cpu_clock = [&now_ns] { return now_ns += 1'000; };
        Growth second = run_growth(options);
        EXPECT_GT(second.cpu_ns, 0U);
        second.cpu_ns = 0;
        EXPECT_EQ(first, second);
        options.seed = 2;
        EXPECT_NE(run_growth(options).traffic, first.traffic);
    }
}

TEST(Growth, adds_up_what_was_sent) {
    Traffic traffic;
    traffic.add(Purpose::kPrepare, 100);
    const Traffic before = traffic;
    traffic.add(Purpose::kPrepare, 120);
    traffic.add(Purpose::kTxns, 7);
    EXPECT_EQ(traffic.all(), (Traffic::Sum{3, 227}));
    EXPECT_EQ(traffic.since(before).all(), (Traffic::Sum{2, 127}));
    EXPECT_EQ(traffic.since(before).of(Purpose::kPrepare), (Traffic::Sum{1, 120}));
    EXPECT_EQ(traffic.since(traffic), Traffic{});
}

}  // namespace
}  // namespace polis::sim
