// Whole networks of Peers machines over simulated sockets: they find each other, agree on which of
// two connections stays, heal, and come back after restarts.
#include <cstddef>
#include <cstdint>
#include <set>

#include <gtest/gtest.h>

#include <tests/p2p/peers/world.hpp>

namespace polis::p2p {
namespace {

using testing::id_of;
using testing::local_endpoint;
using testing::public_endpoint;
using testing::World;

/// Node i boots from the first `boot` nodes.
Peers::Setup setup_of(std::size_t index, std::size_t boot, bool local) {
    Peers::Setup setup;
    setup.self = id_of(static_cast<std::uint32_t>(index));
    setup.limits.local_network = local;
    setup.limits.outbound_max = local ? 32 : 16;
    for (std::uint32_t i = 0; i < boot; ++i) {
        setup.boot.push_back(
            {.endpoint = local ? local_endpoint(i) : public_endpoint(i), .expected = id_of(i)});
    }
    return setup;
}

void add_nodes(World& world, std::size_t count, std::size_t boot, bool local) {
    for (std::uint32_t i = 0; i < count; ++i) {
        world.add(local ? local_endpoint(i) : public_endpoint(i), setup_of(i, boot, local));
    }
}

std::size_t missing_links(const World& world, std::size_t count) {
    std::size_t missing = 0;
    for (std::size_t i = 0; i < count; ++i) {
        missing += count - 1 - world.neighbours(i).size();
    }
    return missing;
}

/// Both ends of every pair agree, and no pair has two connections.
void expect_consistent(World& world) {
    for (std::size_t i = 0; i < world.size(); ++i) {
        EXPECT_EQ(world.node(i).up.size(), world.neighbours(i).size()) << i;
        for (const std::size_t j : world.neighbours(i)) {
            EXPECT_TRUE(world.neighbours(j).contains(i)) << i << " " << j;
        }
    }
}

TEST(PeersNetwork, a_devnet_is_a_full_mesh_within_two_seconds) {
    for (const std::size_t count : {4U, 7U, 16U, 25U}) {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            World world({.seed = seed, .latency_ms = 1, .jitter_ms = 3});
            add_nodes(world, count, 2, /*local=*/true);
            const TimeMs begin = world.now();
            for (std::size_t i = 0; i < count; ++i) {
                world.start(i);
            }
            world.run_until(TimeMs{begin.value + 2'000});
            EXPECT_EQ(missing_links(world, count), 0U) << count << " nodes, seed " << seed;
            expect_consistent(world);
        }
    }
}

TEST(PeersNetwork, nodes_that_start_one_after_the_other_mesh_too) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World world({.seed = seed, .latency_ms = 1, .jitter_ms = 3});
        add_nodes(world, 16, 2, /*local=*/true);
        for (std::size_t i = 16; i > 0; --i) {  // those that all others boot from come last
            world.start(i - 1);
            world.run_until(TimeMs{world.now().value + 70});
        }
        world.run_until(TimeMs{world.now().value + 4'000});
        EXPECT_EQ(missing_links(world, 16), 0U) << seed;
        expect_consistent(world);
    }
}

TEST(PeersNetwork, a_mesh_at_rest_changes_nothing) {
    World world({.seed = 3, .latency_ms = 1, .jitter_ms = 3});
    add_nodes(world, 7, 1, /*local=*/true);
    for (std::size_t i = 0; i < 7; ++i) {
        world.start(i);
    }
    world.run_until(TimeMs{world.now().value + 5'000});
    ASSERT_EQ(missing_links(world, 7), 0U);
    const std::size_t dials = world.dials();
    world.run_until(TimeMs{world.now().value + 60'000});
    EXPECT_EQ(missing_links(world, 7), 0U);
    EXPECT_EQ(world.dials(), dials);
}

TEST(PeersNetwork, a_node_that_restarts_is_back_in_the_mesh) {
    World world({.seed = 5, .latency_ms = 1, .jitter_ms = 3});
    add_nodes(world, 7, 1, /*local=*/true);
    for (std::size_t i = 0; i < 7; ++i) {
        world.start(i);
    }
    world.run_until(TimeMs{world.now().value + 3'000});
    for (const std::size_t victim : {0U, 3U, 6U}) {
        world.node(victim).setup.book = world.stop(victim);
        world.run_until(TimeMs{world.now().value + 20'000});
        EXPECT_EQ(world.neighbours(1).size(), 5U);
        world.start(victim);
        world.run_until(TimeMs{world.now().value + 2'500});
        EXPECT_EQ(missing_links(world, 7), 0U) << victim;
        expect_consistent(world);
    }
}

TEST(PeersNetwork, fifty_nodes_find_each_other_from_two_boot_nodes) {
    World world({.seed = 11, .latency_ms = 20, .jitter_ms = 30});
    constexpr std::size_t kNodes = 50;
    add_nodes(world, kNodes, 2, /*local=*/false);
    for (std::size_t i = 0; i < kNodes; ++i) {
        world.start(i);
        world.run_until(TimeMs{world.now().value + 200});
    }
    world.run_until(TimeMs{world.now().value + 120'000});
    std::size_t links = 0;
    for (std::size_t i = 0; i < kNodes; ++i) {
        EXPECT_EQ(world.reachable(i).size(), kNodes) << i;
        EXPECT_GE(world.neighbours(i).size(), 10U) << i;
        links += world.neighbours(i).size();
    }
    EXPECT_GE(links / kNodes, 14U);
    expect_consistent(world);
    // The boot nodes are not needed any more.
    (void)world.stop(0);
    (void)world.stop(1);
    world.run_until(TimeMs{world.now().value + 60'000});
    EXPECT_EQ(world.reachable(2).size(), kNodes - 2);
}

}  // namespace
}  // namespace polis::p2p
