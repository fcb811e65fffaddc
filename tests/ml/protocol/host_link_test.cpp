// The host's side of a connection, without sockets: handshake, liveness, and answers out of place.
#include <ml/protocol/host_link.hpp>

#include <string_view>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>

namespace polis::trainer {
namespace {

constexpr std::string_view kToken = "a token of some length";
const HelloNonce kNonce{{1, 2, 3}};

Bytes hello_frame(std::string_view token = kToken, std::uint16_t version = kProtocolVersion) {
    return frame_of(
        TrainerMessage{Hello{.version = version, .proof = prove(as_bytes(token), kNonce)}});
}

HostLink greeted() {
    HostLink link(as_bytes(kToken), kNonce, 0);
    EXPECT_TRUE(link.received(hello_frame(), 0).has_value());
    return link;
}

LinkError error_of(HostLink& link, const TrainerMessage& message) {
    const auto out = link.received(frame_of(message), 1);
    EXPECT_FALSE(out.has_value());
    return out ? LinkError::kSilent : out.error();
}

TEST(HostLink, greets_with_a_challenge_and_is_ready_after_the_hello) {
    HostLink link(as_bytes(kToken), kNonce, 0);
    FrameReader reader;
    reader.feed(link.greeting());
    EXPECT_EQ(**reader.next<HostMessage>(), (HostMessage{Challenge{.nonce = kNonce}}));
    EXPECT_FALSE(link.ready());
    const auto messages = link.received(hello_frame(), 5);
    ASSERT_TRUE(messages.has_value());
    EXPECT_EQ(messages->size(), 1U);
    EXPECT_TRUE(link.ready());
}

TEST(HostLink, only_the_token_proves) {
    HostLink link(as_bytes(kToken), kNonce, 0);
    EXPECT_EQ(link.received(hello_frame("another token"), 0).error(), LinkError::kBadProof);
    HostLink local({}, kNonce, 0);  // a socket that nobody else may open needs none
    EXPECT_TRUE(local.received(hello_frame({}), 0).has_value());
    HostLink other_nonce(as_bytes(kToken), HelloNonce{{9}}, 0);
    EXPECT_EQ(other_nonce.received(hello_frame(), 0).error(), LinkError::kBadProof);
}

TEST(HostLink, another_version_is_named) {
    HostLink link(as_bytes(kToken), kNonce, 0);
    EXPECT_EQ(
        link.received(hello_frame(kToken, kProtocolVersion + 1), 0).error(),
        LinkError::kWrongVersion);
}

TEST(HostLink, a_job_ends_by_its_own_answer) {
    for (const TrainerMessage& end :
         {TrainerMessage{Finished{.job = 4}}, TrainerMessage{Failed{.job = 4}}}) {
        HostLink link = greeted();
        (void)link.train({.job = 4});
        EXPECT_FALSE(link.ready());
        const auto progress = link.received(frame_of(TrainerMessage{Progress{.job = 4}}), 1);
        EXPECT_EQ(progress->size(), 1U);
        EXPECT_EQ(link.received(frame_of(end), 2)->size(), 1U);
        EXPECT_TRUE(link.ready());
    }
}

TEST(HostLink, messages_out_of_place_end_the_connection) {
    HostLink early(as_bytes(kToken), kNonce, 0);
    EXPECT_EQ(error_of(early, Heartbeat{}), LinkError::kUnexpected);
    HostLink twice = greeted();
    EXPECT_EQ(twice.received(hello_frame(), 1).error(), LinkError::kUnexpected);
    HostLink idle = greeted();
    EXPECT_EQ(error_of(idle, Progress{.job = 4}), LinkError::kUnexpected);
    HostLink other = greeted();
    (void)other.train({.job = 4});
    EXPECT_EQ(error_of(other, Finished{.job = 5}), LinkError::kUnexpected);
}

TEST(HostLink, garbage_ends_the_connection) {
    HostLink link = greeted();
    EXPECT_EQ(link.received(Bytes{1, 0, 0, 0, 99}, 1).error(), LinkError::kBadMessage);
    HostLink page(as_bytes(kToken), kNonce, 0);
    EXPECT_EQ(page.received(as_bytes("HTTP/1.1 200 OK"), 1).error(), LinkError::kFrameTooLarge);
}

TEST(HostLink, who_did_not_prove_itself_may_not_fill_the_memory) {
    HostLink link(as_bytes(kToken), kNonce, 0);
    Bytes begun = codec::encode(static_cast<std::uint32_t>(kFrameBytesMax));
    begun.resize(kHelloBytesMax);
    EXPECT_TRUE(link.received(begun, 1).has_value());
    EXPECT_EQ(link.received(Bytes{0}, 1).error(), LinkError::kFrameTooLarge);
    HostLink known = greeted();
    EXPECT_TRUE(known.received(begun, 1).has_value());
    EXPECT_TRUE(known.received(Bytes{0}, 1).has_value());
}

TEST(HostLink, silence_is_noticed_and_heartbeats_break_it) {
    HostLink link = greeted();
    EXPECT_TRUE(link.tick(kSilenceMsMax).has_value());
    EXPECT_EQ(link.tick(kSilenceMsMax + 1).error(), LinkError::kSilent);
    const auto beat = link.received(frame_of(TrainerMessage{Heartbeat{}}), kSilenceMsMax);
    ASSERT_TRUE(beat.has_value());
    EXPECT_TRUE(beat->empty());
    EXPECT_TRUE(link.tick(2 * kSilenceMsMax).has_value());
}

TEST(HostLink, bytes_that_complete_no_message_do_not_count_as_life) {
    HostLink link(as_bytes(kToken), kNonce, 0);
    EXPECT_TRUE(link.tick(kHelloMsMax).has_value());
    EXPECT_TRUE(link.received(Bytes{200}, kHelloMsMax).has_value());
    EXPECT_EQ(link.tick(kHelloMsMax + 1).error(), LinkError::kNoHello);
}

}  // namespace
}  // namespace polis::trainer
