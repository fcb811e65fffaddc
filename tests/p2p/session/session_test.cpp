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

}  // namespace
}  // namespace polis::p2p
