// Every way in which a session ends, what each end says of it, and who is blamed.
#include <array>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <p2p/session.hpp>
#include <tests/p2p/session/pair.hpp>
#include <tests/p2p/session/raw_peer.hpp>

namespace polis::p2p {
namespace {

using testing::End;
using testing::frame;
using testing::hello_of;
using testing::identity_of;
using testing::kStart;
using testing::Pair;
using testing::RawPeer;
using testing::setup_of;

constexpr unsigned kWhole = kFrameFirst | kFrameLast;

void expect_closed(const End& end, CloseReason reason, bool misbehaved, bool by_peer) {
    ASSERT_EQ(end.closed.size(), 1U) << "wanted: " << to_string(reason);
    EXPECT_EQ(to_string(end.closed[0].reason), to_string(reason));
    EXPECT_EQ(end.closed[0].misbehaved, misbehaved) << end.closed[0].note;
    EXPECT_EQ(end.closed[0].by_peer, by_peer) << end.closed[0].note;
    EXPECT_FALSE(end.session.established());
}

/// Both ends end for the same reason, nobody is blamed.
void expect_refused(Pair& pair, CloseReason reason, bool told_to_initiator = false) {
    pair.pump();
    expect_closed(pair.a, reason, /*misbehaved=*/false, /*by_peer=*/told_to_initiator);
    ASSERT_EQ(pair.b.closed.size(), 1U);
    EXPECT_EQ(to_string(pair.b.closed[0].reason), to_string(reason));
    EXPECT_FALSE(pair.b.closed[0].misbehaved);
    EXPECT_EQ(pair.b.established, 0U);
}

TEST(SessionClose, another_chain_genesis_or_version_is_refused_at_both_ends_by_name) {
    const auto refused = [](CloseReason reason, const std::function<void(Hello&)>& change) {
        Session::Setup dialler = setup_of(Role::kInitiator, 1);
        change(dialler.hello);
        Pair pair(std::move(dialler), setup_of(Role::kResponder, 2));
        expect_refused(pair, reason);
    };
    refused(CloseReason::kWrongChain, [](Hello& hello) { hello.chain_id.value = 8; });
    refused(CloseReason::kWrongGenesis, [](Hello& hello) { hello.genesis.data[31] ^= 1; });
    refused(CloseReason::kWrongVersion, [](Hello& hello) { hello.version = 2; });
    // Of several causes the first in this order: version, chain, genesis.
    refused(CloseReason::kWrongChain, [](Hello& hello) {
        hello.chain_id.value = 8;
        hello.genesis.data[0] ^= 1;
    });
}

TEST(SessionClose, another_identity_than_the_dialled_one_is_refused_and_told_so) {
    Session::Setup dialler = setup_of(Role::kInitiator, 1);
    dialler.expected = identity_of(3).public_key();
    Pair pair(std::move(dialler), setup_of(Role::kResponder, 2));
    expect_refused(pair, CloseReason::kWrongNode);
    EXPECT_TRUE(pair.b.closed[0].by_peer);
}

TEST(SessionClose, a_responder_that_refuses_says_why) {
    Session::Setup listener = setup_of(Role::kResponder, 2);
    listener.expected = identity_of(3).public_key();
    Pair pair(setup_of(Role::kInitiator, 1), std::move(listener));
    expect_refused(pair, CloseReason::kWrongNode, /*told_to_initiator=*/true);
    EXPECT_EQ(pair.a.established, 1U);
}

TEST(SessionClose, ourselves_are_refused_by_static_key_identity_or_nonce) {
    Session::Setup same_key = setup_of(Role::kResponder, 2);
    same_key.static_seed = setup_of(Role::kInitiator, 1).static_seed;
    Pair by_key(setup_of(Role::kInitiator, 1), std::move(same_key));
    by_key.pump();
    expect_closed(by_key.a, CloseReason::kSelf, /*misbehaved=*/false, /*by_peer=*/false);

    Session::Setup same_identity = setup_of(Role::kResponder, 2);
    same_identity.identity = &identity_of(1);
    Pair by_identity(setup_of(Role::kInitiator, 1), std::move(same_identity));
    expect_refused(by_identity, CloseReason::kSelf);

    Session::Setup same_nonce = setup_of(Role::kResponder, 2);
    same_nonce.hello.nonce = hello_of(1).nonce;
    Pair by_nonce(setup_of(Role::kInitiator, 1), std::move(same_nonce));
    expect_refused(by_nonce, CloseReason::kSelf);
}

TEST(SessionClose, our_own_bytes_coming_back_are_refused) {
    End end(setup_of(Role::kInitiator, 1), kStart);
    const Bytes first = end.session.take_output(1'000, kStart);
    ASSERT_EQ(first.size(), 34U);
    Bytes reflected{160, 0};  // a plausible length for the second message
    append(reflected, ByteView(first).subspan(2));
    reflected.resize(162);
    end.take(end.session.receive(reflected, kStart));
    expect_closed(end, CloseReason::kSelf, /*misbehaved=*/false, /*by_peer=*/false);
    EXPECT_FALSE(end.session.has_output());
}

TEST(SessionClose, garbage_is_left_at_its_first_two_bytes_and_before_any_secret) {
    constexpr std::array<std::string_view, 4> kTexts{
        "GET / HTTP/1.1\r\n", "\x16\x03\x01", "SSH-2.0-", std::string_view("\x21\0", 2)};
    for (const std::string_view text : kTexts) {
        End end(setup_of(Role::kResponder, 2), kStart);
        end.take(end.session.receive(as_bytes(text).first(1), kStart));
        EXPECT_TRUE(end.closed.empty());
        end.take(end.session.receive(as_bytes(text).subspan(1, 1), kStart));
        expect_closed(end, CloseReason::kBadHandshake, /*misbehaved=*/false, /*by_peer=*/false);
        EXPECT_FALSE(end.session.has_output());
        EXPECT_LT(end.session.memory_bytes(), 100U);
    }
}

TEST(SessionClose, a_key_of_low_order_is_a_bad_handshake) {
    End end(setup_of(Role::kResponder, 2), kStart);
    Bytes zeros(34, 0);
    zeros[0] = 32;
    end.take(end.session.receive(zeros, kStart));
    expect_closed(end, CloseReason::kBadHandshake, /*misbehaved=*/false, /*by_peer=*/false);
}

/// What a signature covers cannot be used elsewhere: a record 2 of one handshake in another.
TEST(SessionClose, a_recorded_handshake_does_not_work_again) {
    Pair first;
    Bytes opening = first.move(first.a, first.b);
    const Bytes answer = first.b.session.take_output(10'000, kStart);
    Session::Setup later = setup_of(Role::kInitiator, 1);
    later.ephemeral_seed = testing::seed_of(77);
    End end(std::move(later), kStart);
    EXPECT_NE(end.session.take_output(10'000, kStart), opening);
    end.take(end.session.receive(answer, kStart));
    expect_closed(end, CloseReason::kBadHandshake, /*misbehaved=*/false, /*by_peer=*/false);

    // And the recorded side of an initiator, played to a responder with a fresh key.
    Session::Setup responder = setup_of(Role::kResponder, 2);
    responder.ephemeral_seed = testing::seed_of(78);
    End other(std::move(responder), kStart);
    first.a.take(first.a.session.receive(answer, kStart));
    append(opening, first.a.session.take_output(10'000, kStart));
    other.take(other.session.receive(opening, kStart));
    expect_closed(other, CloseReason::kBadHandshake, /*misbehaved=*/false, /*by_peer=*/false);
}

/// A man in the middle with the peer's signature but without the peer's static key.
TEST(SessionClose, an_identity_signature_over_another_static_key_is_refused) {
    const IdentityStatement honest{
        .role = Role::kResponder,
        .static_key = crypto::X25519Key(testing::seed_of(1)).public_key(),
        .handshake = {},
        .hello = hello_of(2)};
    const Introduction introduction = introduce(identity_of(2), honest);
    const std::optional<NodeId> anybody;
    const Hello own = hello_of(1);
    const Expectation expectation{own, identity_of(1).public_key(), anybody};
    EXPECT_TRUE(check_introduction(introduction, honest, expectation));
    const auto refused = [&](const std::function<void(IdentityStatement&)>& change) {
        IdentityStatement other = honest;
        change(other);
        const auto verdict = check_introduction(introduction, other, expectation);
        return !verdict && verdict.error().reason == CloseReason::kBadHandshake &&
               !verdict.error().may_answer;
    };
    EXPECT_TRUE(refused([](IdentityStatement& other) { other.static_key.data[0] ^= 1; }));
    EXPECT_TRUE(refused([](IdentityStatement& other) { other.handshake.data[0] ^= 1; }));
    EXPECT_TRUE(refused([](IdentityStatement& other) { other.role = Role::kInitiator; }));
    Introduction edited = introduction;
    edited.hello.listen_port ^= 1;
    IdentityStatement statement = honest;
    statement.hello = edited.hello;
    EXPECT_FALSE(check_introduction(edited, statement, expectation));
}

TEST(SessionClose, an_agent_that_is_not_printable_is_a_bad_handshake) {
    IdentityStatement statement{
        .role = Role::kResponder, .static_key = {}, .handshake = {}, .hello = hello_of(2)};
    statement.hello.agent = "polisd\n[forged log line]";
    const std::optional<NodeId> anybody;
    const Hello own = hello_of(1);
    const auto verdict = check_introduction(
        introduce(identity_of(2), statement),
        statement,
        {own, identity_of(1).public_key(), anybody});
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().reason, CloseReason::kBadHandshake);
}

TEST(SessionClose, every_changed_byte_of_a_handshake_ends_it_at_one_of_the_ends) {
    Pair whole;
    const std::size_t first = whole.move(whole.a, whole.b).size();
    const std::size_t second = whole.move(whole.b, whole.a).size();
    const std::size_t third = whole.move(whole.a, whole.b).size();
    for (std::size_t at = 0; at < first + second + third; ++at) {
        Pair pair;
        std::size_t gone = 0;
        for (unsigned turn = 0; turn < 3; ++turn) {
            End& from = turn % 2 == 0 ? pair.a : pair.b;
            End& to = turn % 2 == 0 ? pair.b : pair.a;
            Bytes out = from.session.take_output(10'000, kStart);
            if (at >= gone && at < gone + out.size()) {
                out[at - gone] ^= 0x10;
            }
            gone += out.size();
            to.take(to.session.receive(out, kStart));
        }
        // A longer length is a message that never becomes whole: the deadline ends it.
        pair.wait(5'000);
        EXPECT_FALSE(pair.b.session.established()) << at;
        EXPECT_EQ(pair.b.closed.size(), 1U) << at;
    }
}

TEST(SessionClose, a_handshake_that_is_not_done_in_time_ends) {
    Pair pair;
    pair.move(pair.a, pair.b);
    EXPECT_EQ(pair.a.session.next_timer(), TimeMs{kStart.value + 5'000});
    pair.wait(4'999);
    EXPECT_TRUE(pair.a.closed.empty() && pair.b.closed.empty());
    pair.wait(1);
    expect_closed(pair.a, CloseReason::kHandshakeTooSlow, /*misbehaved=*/false, /*by_peer=*/false);
    expect_closed(pair.b, CloseReason::kHandshakeTooSlow, /*misbehaved=*/false, /*by_peer=*/false);
    EXPECT_EQ(pair.a.session.next_timer(), std::nullopt);
}

TEST(SessionClose, a_goodbye_brings_the_reason_and_the_words_of_the_other_end) {
    Pair pair;
    pair.pump();
    ASSERT_TRUE(pair.a.session.send(Channel::kTxns, Bytes(100)));
    pair.a.session.close(CloseReason::kLeft, "shutting down");
    pair.a.session.close(CloseReason::kSelf, "the first reason counts");
    EXPECT_FALSE(pair.a.session.send(Channel::kTxns, Bytes(100)));
    pair.pump();
    EXPECT_TRUE(pair.a.closed.empty());
    expect_closed(pair.b, CloseReason::kLeft, /*misbehaved=*/false, /*by_peer=*/true);
    EXPECT_EQ(pair.b.closed[0].note, "shutting down");
    EXPECT_TRUE(pair.b.messages.empty()) << "what waited is dropped";
    EXPECT_FALSE(pair.b.session.has_output()) << "no answer to a goodbye";
    EXPECT_TRUE(pair.b.session.receive(Bytes(1'000, 1), kStart).empty());
}

TEST(SessionClose, without_keys_there_is_no_goodbye) {
    End end(setup_of(Role::kResponder, 2), kStart);
    end.session.close(CloseReason::kLeft, "no room");
    EXPECT_FALSE(end.session.has_output());
}

// ---- records ------------------------------------------------------------------------------------

/// An established session and the dishonest peer that dialled it.
struct Victim {
    explicit Victim(Session::Limits limits = {})
        : end(
              [&] {
                  Session::Setup setup = setup_of(Role::kResponder, 2);
                  setup.limits = limits;
                  return setup;
              }(),
              kStart),
          peer(setup_of(Role::kInitiator, 1)) {
        end.take(peer.greet(end.session, kStart));
        EXPECT_TRUE(end.session.established());
    }

    void say(ByteView plain) { end.take(end.session.receive(peer.record(plain), kStart)); }

    /// The reason in the goodbye that the session sends.
    std::optional<CloseReason> goodbye() {
        const auto records = peer.read(end.session.take_output(1'000'000, kStart));
        if (records.size() != 1 || records[0].size() < 4 ||
            records[0][0] != (kFrameGoodbye | kWhole)) {
            return std::nullopt;
        }
        return static_cast<CloseReason>(records[0][3]);
    }

    End end;
    RawPeer peer;
};

void expect_blamed(ByteView plain, CloseReason reason) {
    Victim victim;
    victim.say(plain);
    expect_closed(victim.end, reason, /*misbehaved=*/true, /*by_peer=*/false);
    EXPECT_EQ(victim.goodbye(), reason);
}

TEST(SessionClose, frames_that_break_a_rule_are_blamed_on_the_peer) {
    const Bytes crumb(kFragmentBytesMin - 1);
    const Bytes piece(kFragmentBytesMin);
    const auto bad = [](ByteView plain) { expect_blamed(plain, CloseReason::kBadRecord); };
    bad(Bytes{kWhole});                   // ends in the head
    bad(Bytes{kWhole, 5, 0, 1});          // ends in the body
    bad(frame(0x20 | kWhole, Bytes{1}));  // unknown flags
    bad(frame(0x80 | kWhole, Bytes{1}));
    bad(frame(kFrameFirst, crumb, 5'000));              // a crumb
    bad(frame(kFrameFirst, piece, kFragmentBytesMin));  // not the last, but all
    bad(frame(0, piece));                               // continues nothing
    bad(frame(kFrameLast, Bytes{1}));
    bad(frame(kFramePing | kFrameFirst, piece, 5'000));   // a ping in pieces
    bad(frame(kFramePing | kWhole, Bytes(7)));            // a ping of another size
    bad(frame(kFramePong | kWhole, Bytes(8)));            // an answer to no ping
    bad(frame(kFrameGoodbye | kWhole, {}));               // a goodbye without reason
    bad(frame(kFrameGoodbye | kWhole, Bytes{14}));        // an unknown reason
    bad(frame(kFrameGoodbye | kWhole, Bytes{13, 0x1b}));  // escape characters
    bad(frame(kFrameGoodbye | kWhole, Bytes(130, '!')));
    Bytes two_pings = frame(kFramePing | kWhole, Bytes(8));
    append(two_pings, frame(kFramePing | kWhole, Bytes(8)));
    bad(two_pings);
    Bytes begun_twice = frame(1 | kFrameFirst, piece, 5'000);
    append(begun_twice, frame(1 | kFrameFirst, piece, 5'000));
    bad(begun_twice);
    Bytes too_short = frame(1 | kFrameFirst, piece, 5'000);
    append(too_short, frame(1 | kFrameLast, Bytes{1}));
    bad(too_short);
    Bytes too_long = frame(1 | kFrameFirst, piece, 1'025);
    append(too_long, frame(1, piece));
    bad(too_long);
}

TEST(SessionClose, a_message_over_the_limit_is_refused_before_it_is_gathered) {
    const Session::Limits limits;
    for (unsigned channel = 0; channel < kChannels; ++channel) {
        const auto over = static_cast<std::uint32_t>(limits.message_bytes_max[channel] + 1);
        expect_blamed(
            frame(channel | kFrameFirst, Bytes(kFragmentBytesMin), over),
            CloseReason::kMessageTooLarge);
    }
    Victim victim;
    victim.say(frame(1 | kFrameFirst, Bytes(kFragmentBytesMin), 20U << 20));
    EXPECT_TRUE(victim.end.closed.empty());
    EXPECT_LT(victim.end.session.memory_bytes(), 8'192U) << "memory follows what came";
}

/// Bytes that anybody on the way can write are nobody's fault.
TEST(SessionClose, changed_replayed_reordered_and_missing_records_end_it_and_nobody_is_blamed) {
    const auto run = [](const std::function<void(std::vector<Bytes>&)>& edit) {
        Victim victim;
        std::vector<Bytes> records;
        for (std::uint8_t i = 0; i < 3; ++i) {
            records.push_back(victim.peer.record(frame(3 | kWhole, Bytes(40, i))));
        }
        edit(records);
        for (const Bytes& record : records) {
            if (victim.end.closed.empty()) {
                victim.end.take(victim.end.session.receive(record, kStart));
            }
        }
        expect_closed(victim.end, CloseReason::kBadRecord, /*misbehaved=*/false, /*by_peer=*/false);
        EXPECT_EQ(victim.goodbye(), CloseReason::kBadRecord);
    };
    for (std::size_t at = 2; at < 61; ++at) {
        run([at](std::vector<Bytes>& records) { records[1][at] ^= 1; });
    }
    run([](std::vector<Bytes>& records) { records[1] = records[0]; });
    run([](std::vector<Bytes>& records) { std::swap(records[1], records[2]); });
    run([](std::vector<Bytes>& records) { records.erase(records.begin()); });
    run([](std::vector<Bytes>& records) { records[1].erase(records[1].begin() + 5); });
    run([](std::vector<Bytes>& records) { records[1] = Bytes{16, 0}; });
}

TEST(SessionClose, a_flood_ends_it_and_is_blamed_but_its_allowance_is_not) {
    Session::Limits limits;
    limits.allowances[3] = {.messages_per_s = 10, .bytes_per_s = 0};
    limits.allowances[4] = {.messages_per_s = 0, .bytes_per_s = 100};
    const auto flood = [&](unsigned channel, std::size_t bytes, std::size_t count) {
        Victim victim(limits);
        for (std::size_t i = 0; i < count; ++i) {
            victim.say(frame(channel | kWhole, Bytes(bytes)));
            EXPECT_TRUE(victim.end.closed.empty()) << i;
        }
        victim.say(frame(channel | kWhole, Bytes(bytes)));
        expect_closed(victim.end, CloseReason::kFlooding, /*misbehaved=*/true, /*by_peer=*/false);
        EXPECT_EQ(victim.goodbye(), CloseReason::kFlooding);
    };
    flood(3, 0, 100);
    flood(4, 10, 100);
}

TEST(SessionClose, pings_count_as_control_messages) {
    Victim victim;
    const Bytes ping = frame(kFramePing | kWhole, Bytes(8));
    for (std::size_t i = 0; i < 2'000; ++i) {
        victim.say(ping);
        ASSERT_TRUE(victim.end.closed.empty()) << i;
        ASSERT_EQ(victim.peer.read(victim.end.session.take_output(100, kStart)).size(), 1U);
    }
    victim.say(ping);
    expect_closed(victim.end, CloseReason::kFlooding, /*misbehaved=*/true, /*by_peer=*/false);
}

TEST(SessionClose, keys_are_used_up_at_either_end) {
    Session::Limits limits;
    limits.records_max = 4;
    Victim receiver(limits);
    for (std::size_t i = 0; i < 4; ++i) {
        receiver.say(frame(3 | kWhole, {}));
        ASSERT_TRUE(receiver.end.closed.empty());
    }
    receiver.say(frame(3 | kWhole, {}));
    expect_closed(
        receiver.end, CloseReason::kNoncesUsedUp, /*misbehaved=*/false, /*by_peer=*/false);

    Victim sender(limits);
    for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_TRUE(sender.end.session.send(Channel::kTxns, Bytes(1)));
        EXPECT_EQ(sender.peer.read(sender.end.session.take_output(100, kStart)).size(), 1U);
    }
    ASSERT_TRUE(sender.end.session.send(Channel::kTxns, Bytes(1)));
    EXPECT_FALSE(sender.end.session.has_output()) << "the last record is for the goodbye";
    EXPECT_EQ(sender.end.session.next_timer(), kStart);
    sender.end.take(sender.end.session.tick(kStart));
    expect_closed(sender.end, CloseReason::kNoncesUsedUp, /*misbehaved=*/false, /*by_peer=*/false);
    EXPECT_EQ(sender.goodbye(), CloseReason::kNoncesUsedUp);
}

TEST(SessionClose, every_reason_has_a_name_and_an_explanation_of_its_own) {
    std::set<std::string_view> names;
    std::set<std::string> explanations;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(CloseReason::kLeft); ++i) {
        names.insert(to_string(static_cast<CloseReason>(i)));
        explanations.insert(explain(static_cast<CloseReason>(i)));
    }
    EXPECT_EQ(names.size(), 14U);
    EXPECT_EQ(explanations.size(), 14U);
}

}  // namespace
}  // namespace polis::p2p
