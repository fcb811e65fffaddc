// Bad networks on purpose: order, delay, loss, bandwidth and cuts, their statistics with a seed,
// and the bounds on what is held back.
#include <p2p/faults.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/bytes.hpp>
#include <core/random.hpp>

namespace polis::p2p {
namespace {

constexpr TimeMs kStart{5'000};
const NodeId kPeer{{1}};
const NodeId kOther{{2}};

TimeMs after(std::uint64_t ms) { return TimeMs{kStart.value + ms}; }

Bytes numbered(std::uint64_t number, std::size_t bytes = 8) {
    const auto head = big_endian(number);
    Bytes out(head.begin(), head.end());
    out.resize(bytes);
    return out;
}

std::uint64_t number_of(const Bytes& message) { return from_big_endian<std::uint64_t>(message); }

/// The times at which messages sent at kStart come out, stepping through next_release().
std::vector<std::pair<TimeMs, FaultyLinks::Released>> drain(FaultyLinks& links) {
    std::vector<std::pair<TimeMs, FaultyLinks::Released>> out;
    while (const auto next = links.next_release()) {
        const std::size_t before = out.size();
        for (auto& released : links.release(*next)) {
            out.emplace_back(*next, std::move(released));
        }
        if (out.size() == before) {
            ADD_FAILURE() << "nothing came out at next_release()";
            break;
        }
    }
    return out;
}

TEST(FaultyLinks, without_faults_everything_comes_out_at_once_and_in_order) {
    FaultyLinks links(1);
    EXPECT_FALSE(links.active());
    for (std::uint64_t i = 0; i < 20; ++i) {
        links.submit(7, kPeer, static_cast<Channel>(i % kChannels), numbered(i), kStart);
    }
    EXPECT_TRUE(links.active());
    const auto released = links.release(kStart);
    ASSERT_EQ(released.size(), 20U);
    for (std::uint64_t i = 0; i < 20; ++i) {
        EXPECT_EQ(number_of(released[i].message), i);
        EXPECT_EQ(released[i].channel, static_cast<Channel>(i % kChannels));
        EXPECT_EQ(released[i].connection, 7U);
    }
    EXPECT_FALSE(links.active());
}

TEST(FaultyLinks, latency_and_jitter_lie_within_their_bounds) {
    FaultyLinks links(2);
    links.set(kPeer, {.latency_ms = 50, .jitter_ms = 20});
    std::uint64_t least = UINT64_MAX;
    std::uint64_t most = 0;
    std::uint64_t sum = 0;
    constexpr std::uint64_t kMessages = 5'000;
    for (std::uint64_t i = 0; i < kMessages; ++i) {
        links.submit(static_cast<std::uint32_t>(i), kPeer, Channel::kTxns, numbered(i), kStart);
    }
    const auto out = drain(links);
    ASSERT_EQ(out.size(), kMessages);
    for (const auto& [time, released] : out) {
        const std::uint64_t delay = time.value - kStart.value;
        least = std::min(least, delay);
        most = std::max(most, delay);
        sum += delay;
    }
    EXPECT_EQ(least, 50U);
    EXPECT_EQ(most, 70U);
    EXPECT_NEAR(static_cast<double>(sum) / kMessages, 60.0, 0.5);
}

TEST(FaultyLinks, jitter_never_changes_the_order_of_a_channel) {
    FaultyLinks links(3);
    links.set(std::nullopt, {.latency_ms = 5, .jitter_ms = 100, .bytes_per_s = 100'000});
    Random random(3);
    for (std::uint64_t i = 0; i < 3'000; ++i) {
        links.submit(
            static_cast<std::uint32_t>(random.below(3)),
            kPeer,
            static_cast<Channel>(random.below(kChannels)),
            numbered(i, 8 + random.below(500)),
            after(i / 10));
    }
    std::map<std::pair<std::uint32_t, Channel>, std::uint64_t> last;
    const auto out = drain(links);
    EXPECT_EQ(out.size(), 3'000U);
    for (const auto& [time, released] : out) {
        const std::uint64_t number = number_of(released.message);
        const auto [entry, first] =
            last.try_emplace({released.connection, released.channel}, number);
        EXPECT_TRUE(first || entry->second < number);
        entry->second = number;
    }
}

TEST(FaultyLinks, loss_is_as_frequent_as_asked) {
    for (const std::uint32_t ppm : {10'000U, 100'000U, 500'000U}) {
        FaultyLinks links(ppm);
        links.set(kPeer, {.loss_ppm = ppm});
        constexpr std::uint64_t kMessages = 40'000;
        std::size_t arrived = 0;
        for (std::uint64_t i = 0; i < kMessages; ++i) {
            links.submit(1, kPeer, Channel::kTxns, numbered(i), kStart);
            arrived += links.release(kStart).size();
        }
        const double lost = static_cast<double>(kMessages - arrived) * 1e6 / kMessages;
        EXPECT_NEAR(lost, ppm, 6'000) << ppm;
    }
    FaultyLinks all(1);
    all.set(kPeer, {.loss_ppm = 1'000'000});
    all.submit(1, kPeer, Channel::kTxns, numbered(1), kStart);
    EXPECT_EQ(all.next_release(), std::nullopt);
}

TEST(FaultyLinks, bandwidth_is_shared_by_the_channels_of_a_connection) {
    FaultyLinks links(4);
    links.set(kPeer, {.latency_ms = 10, .bytes_per_s = 1'000});
    links.submit(1, kPeer, Channel::kBlobs, Bytes(500), kStart);
    links.submit(1, kPeer, Channel::kTxns, Bytes(500), kStart);
    links.submit(2, kPeer, Channel::kTxns, Bytes(100), kStart);
    links.submit(3, kOther, Channel::kTxns, Bytes(500), kStart);
    const auto out = drain(links);
    ASSERT_EQ(out.size(), 4U);
    EXPECT_EQ(out[0].first, kStart);  // another peer has no faults
    EXPECT_EQ(out[1].first, after(110));
    EXPECT_EQ(out[2].first, after(510));
    EXPECT_EQ(out[3].first, after(1'010));
    // The link is busy until then, also for what comes after a pause.
    links.submit(1, kPeer, Channel::kTxns, Bytes(1'000), after(1'000));
    EXPECT_EQ(links.next_release(), after(2'010));
}

TEST(FaultyLinks, a_link_that_is_busy_but_empty_stays_busy) {
    FaultyLinks links(4);
    links.set(kPeer, {.bytes_per_s = 1'000});
    links.submit(1, kPeer, Channel::kTxns, Bytes(300), kStart);
    EXPECT_TRUE(links.release(after(299)).empty());
    links.submit(1, kPeer, Channel::kTxns, Bytes(300), after(299));
    EXPECT_EQ(links.release(after(300)).size(), 1U);
    EXPECT_EQ(links.next_release(), after(600));
}

TEST(FaultyLinks, a_cut_drops_what_is_held_and_what_comes) {
    FaultyLinks links(5);
    links.set(kPeer, {.latency_ms = 100});
    links.submit(1, kPeer, Channel::kConsensus, numbered(1), kStart);
    links.set(kPeer, {.cut = true});
    links.submit(1, kPeer, Channel::kConsensus, numbered(2), kStart);
    EXPECT_EQ(links.next_release(), std::nullopt);
    EXPECT_EQ(links.held_bytes(1), 0U);
    links.submit(2, kOther, Channel::kConsensus, numbered(3), kStart);
    EXPECT_EQ(links.release(kStart).size(), 1U);
    links.clear();
    EXPECT_FALSE(links.active());
    links.submit(1, kPeer, Channel::kConsensus, numbered(4), kStart);
    EXPECT_EQ(links.release(kStart).size(), 1U);
}

TEST(FaultyLinks, healing_releases_what_is_held_before_what_comes) {
    FaultyLinks links(6);
    links.set(std::nullopt, {.latency_ms = 10'000, .bytes_per_s = 1});
    for (std::uint64_t i = 0; i < 10; ++i) {
        links.submit(1, kPeer, static_cast<Channel>(i % 2), numbered(i), after(i));
    }
    EXPECT_TRUE(links.release(after(100)).empty());
    links.clear();
    EXPECT_TRUE(links.active()) << "sending directly now would overtake";
    links.submit(1, kPeer, Channel::kControl, numbered(10), after(100));
    const auto released = links.release(after(100));
    ASSERT_EQ(released.size(), 11U);
    for (std::uint64_t i = 0; i < 11; ++i) {
        EXPECT_EQ(number_of(released[i].message), i);
    }
    EXPECT_FALSE(links.active());
}

TEST(FaultyLinks, new_faults_apply_to_what_is_held) {
    FaultyLinks links(7);
    links.set(kPeer, {.latency_ms = 60'000});
    links.submit(1, kPeer, Channel::kTxns, numbered(1), kStart);
    links.set(kPeer, {.latency_ms = 20});
    EXPECT_EQ(links.next_release(), after(20));
}

TEST(FaultyLinks, faults_of_a_peer_come_before_those_of_all) {
    FaultyLinks links(8);
    links.set(std::nullopt, {.cut = true});
    links.set(kPeer, {.latency_ms = 5});
    links.submit(1, kPeer, Channel::kTxns, numbered(1), kStart);
    links.submit(2, kOther, Channel::kTxns, numbered(2), kStart);
    const auto out = drain(links);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out.front().first, after(5));
    EXPECT_EQ(links.get(kPeer), (LinkFaults{.latency_ms = 5}));
    EXPECT_EQ(links.get(std::nullopt), (LinkFaults{.cut = true}));
    EXPECT_EQ(links.get(kOther), std::nullopt);
    EXPECT_EQ(links.peers().size(), 1U);
}

TEST(FaultyLinks, what_is_held_is_bounded) {
    FaultyLinks links(9);
    links.set(kPeer, {.latency_ms = 1'000});
    const std::size_t one = FaultyLinks::kHeldBytesMax / 8;
    for (int i = 0; i < 20; ++i) {
        links.submit(1, kPeer, Channel::kBlobs, Bytes(one), kStart);
    }
    EXPECT_EQ(links.held_bytes(1), FaultyLinks::kHeldBytesMax);
    links.submit(2, kPeer, Channel::kBlobs, Bytes(FaultyLinks::kHeldBytesMax + 1), kStart);
    EXPECT_EQ(links.held_bytes(2), FaultyLinks::kHeldBytesMax + 1) << "one always has room";
    for (std::size_t i = 0; i < FaultyLinks::kHeldMessagesMax + 10; ++i) {
        links.submit(3, kPeer, Channel::kTxns, {}, kStart);
    }
    links.connection_closed(1);
    links.connection_closed(2);
    EXPECT_EQ(links.release(after(1'000)).size(), FaultyLinks::kHeldMessagesMax);
    EXPECT_FALSE(links.next_release());
}

TEST(FaultyLinks, absurd_faults_neither_overflow_nor_hold_for_ever) {
    FaultyLinks links(10);
    links.set(
        kPeer,
        {.latency_ms = UINT64_MAX, .jitter_ms = UINT64_MAX, .loss_ppm = 0, .bytes_per_s = 1});
    links.submit(1, kPeer, Channel::kBlobs, Bytes(std::size_t{1} << 20), kStart);
    EXPECT_EQ(links.next_release(), after(FaultyLinks::kHeldMsMax));
    links.submit(2, kPeer, Channel::kBlobs, Bytes(10), TimeMs{UINT64_MAX});
    EXPECT_EQ(links.release(TimeMs{UINT64_MAX}).size(), 2U);
}

TEST(FaultyLinks, the_same_seed_and_calls_give_the_same_releases) {
    const auto run = [](std::uint64_t seed) {
        FaultyLinks links(seed);
        links.set(std::nullopt, {.latency_ms = 3, .jitter_ms = 30, .loss_ppm = 200'000});
        for (std::uint64_t i = 0; i < 200; ++i) {
            links.submit(i % 4, kPeer, Channel::kTxns, numbered(i), after(i));
        }
        std::vector<std::uint64_t> out;
        for (const auto& [time, released] : drain(links)) {
            out.push_back(time.value * 1'000 + number_of(released.message));
        }
        return out;
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace polis::p2p
