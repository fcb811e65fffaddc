// The network in numbers, and the shapes of partitions.
#include <tools/sim/network.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tools/sim/partitions.hpp>

namespace polis::sim {
namespace {

constexpr TimeMs kNow{1'000};
constexpr Link kLink{0, 1};

TEST(Network, delivers_within_its_delays) {
    Network network(1, 3, {.base_ms_max = 20, .jitter_ms_max = 10});
    for (int i = 0; i < 1'000; ++i) {
        const auto copies = network.send(kLink, kNow);
        ASSERT_EQ(copies.size(), 1U);
        EXPECT_GT(copies.front(), kNow);
        EXPECT_LE(copies.front().value, kNow.value + network.delay_ms_max());
        network.arrived(kLink);
    }
}

TEST(Network, gives_one_sequence_for_one_seed) {
    const NetworkProfile profile{
        .slow_permille = 100, .slow_ms_max = 500, .loss_permille = 200, .repeat_permille = 200};
    const auto play = [&](std::uint64_t seed) {
        Network network(seed, 4, profile);
        std::vector<TimeMs> times;
        for (std::uint64_t i = 0; i < 300; ++i) {
            const Link link{static_cast<NodeId>(i % 4), static_cast<NodeId>((i + 1) % 4)};
            for (const TimeMs at : network.send(link, TimeMs{i})) {
                times.push_back(at);
            }
        }
        return times;
    };
    EXPECT_EQ(play(7), play(7));
    EXPECT_NE(play(7), play(8));
}

TEST(Network, loses_and_repeats_about_as_often_as_asked) {
    Network network(3, 2, {.loss_permille = 250, .repeat_permille = 500});
    std::size_t lost = 0;
    std::size_t twice = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::size_t copies = network.send(kLink, kNow).size();
        lost += copies == 0 ? 1U : 0U;
        twice += copies == 2 ? 1U : 0U;
        for (std::size_t copy = 0; copy < copies; ++copy) {
            network.arrived(kLink);
        }
    }
    EXPECT_NEAR(static_cast<double>(lost), 2'500.0, 200.0);
    EXPECT_NEAR(static_cast<double>(twice), 3'750.0, 250.0);
}

TEST(Network, reorders_unless_links_keep_their_order) {
    for (const bool keeps : {false, true}) {
        Network network(5, 2, {.jitter_ms_max = 50, .keeps_order = keeps});
        bool sorted = true;
        TimeMs last;
        for (std::uint64_t i = 0; i < 200; ++i) {
            const TimeMs at = network.send(kLink, TimeMs{i}).front();
            sorted = sorted && at >= last;
            last = at;
        }
        EXPECT_EQ(sorted, keeps);
    }
}

TEST(Network, bounds_what_is_in_flight_on_one_link) {
    Network network(6, 2, {.in_flight_max = 3});
    std::size_t sent = 0;
    for (int i = 0; i < 10; ++i) {
        sent += network.send(kLink, kNow).size();
    }
    EXPECT_EQ(sent, 3U);
    network.arrived(kLink);
    EXPECT_EQ(network.send(kLink, kNow).size(), 1U);
    EXPECT_EQ(network.send({1, 0}, kNow).size(), 1U);
}

TEST(Network, cuts_one_direction_alone_and_heals) {
    Network network(9, 2, {.loss_permille = 1'000});
    network.heal();
    network.cut({kLink});
    EXPECT_TRUE(network.send(kLink, kNow).empty());
    EXPECT_EQ(network.send({1, 0}, kNow).size(), 1U);
    network.heal();
    EXPECT_EQ(network.send(kLink, kNow).size(), 1U);
}

TEST(Network, heals_without_waiting_behind_slow_messages) {
    Network network(9, 2, {.slow_permille = 1'000, .slow_ms_max = 60'000, .keeps_order = true});
    for (int i = 0; i < 50; ++i) {
        (void)network.send(kLink, kNow);
    }
    network.heal();
    EXPECT_LE(network.send(kLink, kNow).front().value, kNow.value + network.delay_ms_max());
}

TEST(Partitions, cut_what_their_names_say) {
    Random random(1, "partitions");
    constexpr std::size_t kNodes = 7;
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(cut_links(Partition::kIsolated, kNodes, random).size(), 2 * (kNodes - 1));
        for (const Partition one_way : {Partition::kDeaf, Partition::kMute}) {
            const std::set<Link> links = cut_links(one_way, kNodes, random);
            EXPECT_EQ(links.size(), kNodes - 1);
            for (const auto& [from, to] : links) {
                EXPECT_FALSE(links.contains({to, from}));
            }
        }
        for (const auto& [from, to] : cut_links(Partition::kSplit, kNodes, random)) {
            EXPECT_NE(from, to);
        }
        const std::set<Link> bridge = cut_links(Partition::kBridge, kNodes, random);
        std::set<NodeId> touched;
        for (const auto& [from, to] : bridge) {
            EXPECT_TRUE(bridge.contains({to, from}));
            touched.insert(from);
        }
        EXPECT_LT(touched.size(), kNodes);
    }
}

TEST(Partitions, cut_nothing_where_there_is_nothing_to_cut) {
    Random random(1, "partitions");
    for (std::uint8_t kind = 0; kind <= static_cast<std::uint8_t>(kPartitionLast); ++kind) {
        EXPECT_TRUE(cut_links(static_cast<Partition>(kind), 1, random).empty());
    }
}

}  // namespace
}  // namespace polis::sim
