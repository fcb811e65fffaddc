// Sessions as their users see them: two of them back to back (docs/spec/p2p.md).
#include <p2p/session.hpp>

#include <algorithm>

#include <gtest/gtest.h>

#include <tests/p2p/session/pair.hpp>

namespace polis::p2p {
namespace {

using testing::End;
using testing::hello_of;
using testing::identity_of;
using testing::Pair;
using testing::random_bytes;
using testing::setup_of;

TEST(Session, both_ends_learn_who_the_other_is) {
    Pair pair;
    pair.pump();
    ASSERT_TRUE(pair.a.session.established());
    ASSERT_TRUE(pair.b.session.established());
    EXPECT_EQ(pair.a.session.remote().id, identity_of(2).public_key());
    EXPECT_EQ(pair.a.session.remote().hello, hello_of(2));
    EXPECT_EQ(pair.b.session.remote().id, identity_of(1).public_key());
    EXPECT_EQ(pair.b.session.remote().hello, hello_of(1));
    EXPECT_EQ(pair.a.established, 1U);
    EXPECT_EQ(pair.b.established, 1U);
}

TEST(Session, messages_of_every_channel_and_size_arrive_whole_and_in_order) {
    Random random(1, "session");
    Pair pair;
    pair.pump();
    std::array<std::vector<Bytes>, kChannels> sent;
    for (std::size_t i = 0; i < 300; ++i) {
        const auto channel = static_cast<std::size_t>(random.below(kChannels));
        const std::size_t size_max = random.chance(1, 10) ? 60'000 : 300;
        Bytes message = random_bytes(random, static_cast<std::size_t>(random.below(size_max)));
        sent[channel].push_back(message);
        ASSERT_TRUE(pair.a.session.send(static_cast<Channel>(channel), std::move(message)));
        if (random.chance(1, 20)) {
            pair.pump(random);
        }
    }
    pair.pump(random);
    std::array<std::vector<Bytes>, kChannels> received;
    for (Message& message : pair.b.messages) {
        received[static_cast<std::size_t>(message.channel)].push_back(std::move(message.bytes));
    }
    EXPECT_EQ(received, sent);
    EXPECT_TRUE(pair.a.closed.empty());
    EXPECT_TRUE(pair.b.closed.empty());
}

TEST(Session, the_longest_message_of_every_channel_arrives) {
    Random random(2, "session");
    const Session::Limits limits;
    for (std::size_t i = 0; i < kChannels; ++i) {
        Pair pair;
        pair.pump();
        const auto channel = static_cast<Channel>(i);
        const Bytes message = random_bytes(random, limits.message_bytes_max[i]);
        ASSERT_TRUE(pair.b.session.send(channel, message));
        pair.pump(random);
        ASSERT_EQ(pair.a.messages.size(), 1U) << i;
        EXPECT_EQ(pair.a.messages[0].channel, channel);
        EXPECT_EQ(pair.a.messages[0].bytes, message);
        EXPECT_LT(pair.a.session.memory_bytes(), 200'000U) << "nothing is kept of it";
        EXPECT_LT(pair.b.session.memory_bytes(), 200'000U);
    }
}

/// While a message comes in, memory is in step with what came.
TEST(Session, memory_follows_what_has_come) {
    Pair pair;
    pair.pump();
    ASSERT_TRUE(pair.a.session.send(Channel::kBlocks, Bytes(20U << 20, 7)));
    std::size_t came = 0;
    while (pair.a.session.has_output()) {
        const Bytes out = pair.a.session.take_output(300'000, pair.now);
        came += out.size();
        pair.b.take(pair.b.session.receive(out, pair.now));
        EXPECT_LE(pair.b.session.memory_bytes(), 2 * came + 200'000);
    }
    EXPECT_EQ(pair.b.messages.size(), 1U);
}

TEST(Session, a_dearer_message_overtakes_the_rest_of_a_long_one) {
    Pair pair;
    pair.pump();
    ASSERT_TRUE(pair.a.session.send(Channel::kBlobs, Bytes(1'000'000)));
    ASSERT_TRUE(pair.a.session.send(Channel::kBlocks, Bytes(1'000'000)));
    const auto deliver = [&pair] {
        const Bytes out = pair.a.session.take_output(100'000, pair.now);
        EXPECT_LE(out.size(), 100'000U);
        pair.b.take(pair.b.session.receive(out, pair.now));
    };
    deliver();
    ASSERT_TRUE(pair.a.session.send(Channel::kTxns, Bytes(100)));
    ASSERT_TRUE(pair.a.session.send(Channel::kConsensus, Bytes(200)));
    ASSERT_TRUE(pair.a.session.send(Channel::kControl, Bytes(300)));
    deliver();
    // The next bytes hold all that is dearer than the block, and no transaction.
    ASSERT_EQ(pair.b.messages.size(), 2U);
    EXPECT_EQ(pair.b.messages[0].channel, Channel::kControl);
    EXPECT_EQ(pair.b.messages[1].channel, Channel::kConsensus);
    while (pair.a.session.has_output()) {
        deliver();
    }
    ASSERT_EQ(pair.b.messages.size(), 5U);
    EXPECT_EQ(pair.b.messages[2].channel, Channel::kBlocks);
    EXPECT_EQ(pair.b.messages[3].channel, Channel::kTxns);
    EXPECT_EQ(pair.b.messages[4].channel, Channel::kBlobs);
}

TEST(Session, small_messages_share_records_and_writes) {
    Pair pair;
    pair.pump();
    for (std::size_t i = 0; i < 1'000; ++i) {
        ASSERT_TRUE(pair.a.session.send(Channel::kConsensus, Bytes(100)));
    }
    const Bytes out = pair.a.session.take_output(1U << 20, pair.now);
    EXPECT_FALSE(pair.a.session.has_output());
    // Two records: 3 bytes of head for each message, 18 for each record.
    EXPECT_EQ(out.size(), 1'000 * 103 + 2 * 18U);
    pair.b.take(pair.b.session.receive(out, pair.now));
    EXPECT_EQ(pair.b.messages.size(), 1'000U);
}

TEST(Session, a_full_queue_takes_no_more_and_the_others_still_do) {
    Pair pair;
    pair.pump();
    const Session::Limits limits;
    for (std::size_t i = 0; i < kChannels; ++i) {
        const auto channel = static_cast<Channel>(i);
        const Bytes message(limits.message_bytes_max[i] / 2);
        std::size_t taken = 0;
        while (pair.a.session.send(channel, message)) {
            ++taken;
        }
        EXPECT_GE(taken, 4U) << i;
        EXPECT_LE(pair.a.session.queued_bytes(channel), limits.queue_bytes_max[i]);
        EXPECT_GT(
            pair.a.session.queued_bytes(channel) + message.size() + 64, limits.queue_bytes_max[i]);
    }
    pair.pump();
    for (std::size_t i = 0; i < kChannels; ++i) {
        EXPECT_EQ(pair.a.session.queued_bytes(static_cast<Channel>(i)), 0U);
        EXPECT_TRUE(pair.a.session.send(static_cast<Channel>(i), Bytes(10)));
    }
}

TEST(Session, empty_messages_are_bounded_too) {
    Pair pair;
    pair.pump();
    std::size_t taken = 0;
    while (pair.a.session.send(Channel::kControl, {})) {
        ++taken;
    }
    EXPECT_EQ(taken, (std::size_t{256} << 10) / 64);
}

TEST(Session, a_peer_that_does_not_read_is_left_in_time) {
    Pair pair;
    pair.pump();
    pair.wait(1'000);
    pair.pump();
    ASSERT_TRUE(pair.a.session.send(Channel::kTxns, Bytes(100'000)));
    pair.wait(1);
    // It goes on hearing of the peer, so it is not silent; only its own bytes do not leave.
    for (std::size_t second = 0; second < 19; ++second) {
        ASSERT_TRUE(pair.b.session.send(Channel::kControl, Bytes(1)));
        pair.wait(1'000);
        pair.move(pair.b, pair.a);
        ASSERT_TRUE(pair.a.closed.empty()) << second;
    }
    pair.wait(1'000);
    ASSERT_EQ(pair.a.closed.size(), 1U);
    EXPECT_EQ(pair.a.closed[0].reason, CloseReason::kTooSlow);
    EXPECT_FALSE(pair.a.closed[0].misbehaved);
}

TEST(Session, a_slow_reader_that_reads_is_kept) {
    Pair pair;
    pair.pump();
    ASSERT_TRUE(pair.a.session.send(Channel::kBlocks, Bytes(1'000'000)));
    while (pair.b.messages.empty() && pair.a.closed.empty()) {
        const Bytes out = pair.a.session.take_output(30'000, pair.now);
        pair.b.take(pair.b.session.receive(out, pair.now));
        pair.wait(15'000);
        pair.move(pair.b, pair.a);
    }
    EXPECT_TRUE(pair.a.closed.empty());
    EXPECT_EQ(pair.b.messages.size(), 1U);
}

TEST(Session, pings_measure_the_way_and_keep_it_open) {
    Pair pair;
    pair.pump();
    EXPECT_EQ(pair.a.session.round_trip_ms(), std::nullopt);
    EXPECT_EQ(pair.a.session.next_timer(), pair.now) << "the first ping is due at once";
    for (std::uint64_t round = 1; round <= 10; ++round) {
        pair.wait(0);
        pair.now.value += round;
        pair.move(pair.a, pair.b);
        pair.now.value += 2;
        pair.move(pair.b, pair.a);
        EXPECT_EQ(pair.a.session.round_trip_ms(), round + 2);
        pair.pump();
        EXPECT_FALSE(pair.a.session.has_output());
        EXPECT_TRUE(pair.a.messages.empty()) << "pings are nobody else's business";
        pair.now.value += 10'000;
    }
    EXPECT_TRUE(pair.a.closed.empty() && pair.b.closed.empty());
}

TEST(Session, a_silent_peer_is_left) {
    Pair pair;
    pair.pump();
    pair.wait(24'999);
    EXPECT_TRUE(pair.a.closed.empty());
    pair.wait(1);
    ASSERT_EQ(pair.a.closed.size(), 1U);
    EXPECT_EQ(pair.a.closed[0].reason, CloseReason::kSilent);
    EXPECT_FALSE(pair.a.closed[0].misbehaved);
    EXPECT_EQ(pair.a.session.next_timer(), std::nullopt);
}

/// A record that never ends is silence too.
TEST(Session, a_record_that_trickles_in_is_silence) {
    Pair pair;
    pair.pump();
    ASSERT_TRUE(pair.a.session.send(Channel::kTxns, Bytes(1'000)));
    const Bytes out = pair.a.session.take_output(10'000, pair.now);
    for (std::size_t i = 0; i < 25; ++i) {
        EXPECT_TRUE(pair.b.closed.empty());
        pair.b.take(pair.b.session.receive(ByteView(out).subspan(i, 1), pair.now));
        (void)pair.b.session.take_output(1'000, pair.now);
        pair.now.value += 1'000;
        pair.b.take(pair.b.session.tick(pair.now));
    }
    ASSERT_EQ(pair.b.closed.size(), 1U);
    EXPECT_EQ(pair.b.closed[0].reason, CloseReason::kSilent);
}

/// Whoever ticks when next_timer() says so misses no deadline, and never ticks in vain for ever.
TEST(Session, timers_name_every_deadline) {
    Pair pair;
    pair.pump();
    ASSERT_TRUE(pair.a.session.send(Channel::kTxns, Bytes(10)));
    std::size_t ticks = 0;
    while (pair.a.closed.empty()) {
        const auto due = pair.a.session.next_timer();
        ASSERT_TRUE(due);
        ASSERT_LE(++ticks, 5U);
        pair.now = std::max(pair.now, *due);
        pair.a.take(pair.a.session.tick(pair.now));
    }
    EXPECT_EQ(pair.a.closed[0].reason, CloseReason::kTooSlow);
    EXPECT_EQ(pair.now.value, testing::kStart.value + 20'000);
}

TEST(Session, a_clock_that_goes_back_ends_nothing) {
    Pair pair;
    pair.pump();
    pair.wait(5'000);
    pair.pump();
    pair.now = TimeMs{10};
    pair.wait(0);
    pair.pump();
    EXPECT_TRUE(pair.a.closed.empty() && pair.b.closed.empty());
    EXPECT_TRUE(pair.a.session.established());
}

TEST(Session, the_same_seeds_give_the_same_bytes) {
    const auto run = [](std::uint64_t seed) {
        Random random(seed, "session");
        Pair pair;
        pair.pump();
        Bytes all;
        for (std::size_t i = 0; i < 50; ++i) {
            const auto channel = static_cast<Channel>(random.below(kChannels));
            const auto size = static_cast<std::size_t>(random.below(5'000));
            EXPECT_TRUE(pair.a.session.send(channel, random_bytes(random, size)));
            append(all, pair.move(pair.a, pair.b));
        }
        return all;
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

TEST(Session, a_stream_cut_into_single_bytes_is_the_same_stream) {
    Pair pair;
    const auto trickle = [&pair](End& from, End& to) {
        const Bytes out = from.session.take_output(1U << 20, pair.now);
        for (const std::uint8_t byte : out) {
            to.take(to.session.receive(ByteView(&byte, 1), pair.now));
        }
    };
    trickle(pair.a, pair.b);
    trickle(pair.b, pair.a);
    ASSERT_TRUE(pair.a.session.send(Channel::kTxns, Bytes(70'000, 3)));
    trickle(pair.a, pair.b);
    ASSERT_EQ(pair.b.messages.size(), 1U);
    EXPECT_EQ(pair.b.messages[0].bytes, Bytes(70'000, 3));
}

TEST(Session, a_session_goes_on_where_it_is_moved_to) {
    Pair pair;
    pair.pump();
    Session moved = std::move(pair.a.session);
    ASSERT_TRUE(moved.send(Channel::kTxns, Bytes(10)));
    pair.b.take(pair.b.session.receive(moved.take_output(1'000, pair.now), pair.now));
    EXPECT_EQ(pair.b.messages.size(), 1U);
    pair.a.session = std::move(moved);
    EXPECT_TRUE(pair.a.session.established());
}

}  // namespace
}  // namespace polis::p2p
