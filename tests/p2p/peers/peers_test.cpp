// One Peers machine, call by call: places, duplicates, offences, bans, exchange, the operator.
#include <p2p/peers.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <p2p/peers/messages.hpp>
#include <p2p/peers/score.hpp>
#include <tests/p2p/peers/world.hpp>

namespace polis::p2p {
namespace {

using testing::all_of;
using testing::id_of;
using testing::ipv4;
using testing::local_endpoint;
using testing::public_endpoint;
using testing::remote_of;

constexpr TimeMs kStart{1'000'000};

TimeMs after(std::uint64_t ms) { return TimeMs{kStart.value + ms}; }

/// The middle one of three ids, so that there is a smaller and a greater peer.
struct Ids {
    NodeId smaller{{1}};
    NodeId self{{2}};
    NodeId greater{{3}};
};

Peers::Setup setup_of(bool local = false) {
    Peers::Setup setup;
    setup.self = Ids{}.self;
    setup.nonce = 77;
    setup.random_seed = 5;
    setup.limits.local_network = local;
    return setup;
}

/// An inbound peer that is up, or not if it was refused.
PeersEffects join(
    Peers& peers, ConnectionId connection, const NodeId& id, const Endpoint& from, TimeMs now) {
    EXPECT_TRUE(peers.accepted(connection, from, now));
    return peers.established(connection, remote_of(id, 26'600), now);
}

bool is_up(const Peers& peers, ConnectionId connection) {
    const auto views = peers.peers();
    return std::ranges::any_of(
        views, [&](const PeerView& view) { return view.connection == connection; });
}

TEST(Peers, crossing_connections_leave_the_one_that_the_smaller_id_dialled) {
    const Ids ids;
    for (const bool inbound_first : {true, false}) {
        for (const NodeId& other : {ids.smaller, ids.greater}) {
            Peers::Setup setup = setup_of(true);
            setup.boot = {{.endpoint = local_endpoint(1), .expected = other}};
            Peers peers(setup, kStart);
            ASSERT_EQ(all_of<Dial>(peers.tick(kStart)).size(), 1U);
            peers.dialled(1, local_endpoint(1), kStart);
            ASSERT_TRUE(peers.accepted(2, local_endpoint(900), kStart));
            (void)peers.established(inbound_first ? 2 : 1, remote_of(other, 1), kStart);
            (void)peers.established(inbound_first ? 1 : 2, remote_of(other, 1), kStart);
            const bool we_dial = ids.self < other;
            EXPECT_EQ(is_up(peers, 1), we_dial);
            EXPECT_EQ(is_up(peers, 2), !we_dial);
        }
    }
}

TEST(Peers, a_peer_that_restarted_replaces_its_old_connection) {
    const Ids ids;
    Peers peers(setup_of(true), kStart);
    ASSERT_TRUE(peers.accepted(1, local_endpoint(900), kStart));
    (void)peers.established(1, remote_of(ids.greater, 5, 1), kStart);
    ASSERT_TRUE(peers.accepted(2, local_endpoint(901), kStart));
    const auto effects = peers.established(2, remote_of(ids.greater, 5, 2), kStart);
    EXPECT_FALSE(is_up(peers, 1));
    EXPECT_TRUE(is_up(peers, 2));
    ASSERT_GE(effects.size(), 3U);
    EXPECT_EQ(std::get<PeerDown>(effects[0]).connection, 1U);
    EXPECT_EQ(std::get<Disconnect>(effects[1]).connection, 1U);
    EXPECT_EQ(std::get<PeerUp>(effects[2]).connection, 2U);
    EXPECT_TRUE(all_of<PeerDown>(peers.closed(1, {}, false, kStart)).empty()) << "said once";
}

TEST(Peers, a_connection_to_itself_is_dropped_and_the_address_remembered) {
    for (const bool noticed_by_session : {true, false}) {
        Peers::Setup setup = setup_of(true);
        setup.boot = {{.endpoint = local_endpoint(1), .expected = {}}};
        Peers peers(setup, kStart);
        ASSERT_EQ(all_of<Dial>(peers.tick(kStart)).size(), 1U);
        peers.dialled(1, local_endpoint(1), kStart);
        if (!noticed_by_session) {
            const auto effects = peers.established(1, remote_of(setup.self, 1), kStart);
            EXPECT_EQ(all_of<Disconnect>(effects).size(), 1U);
            EXPECT_TRUE(all_of<PeerUp>(effects).empty());
        }
        (void)peers.closed(1, CloseReason::kSelf, false, kStart);
        for (std::uint64_t ms = 0; ms < 10'000; ms += 100) {
            EXPECT_TRUE(all_of<Dial>(peers.tick(after(ms))).empty());
        }
    }
}

TEST(Peers, pinned_peers_are_dialled_for_ever_with_growing_pauses) {
    Peers::Setup setup = setup_of();
    setup.boot = {{.endpoint = public_endpoint(1), .expected = id_of(1)}};
    Peers peers(setup, kStart);
    TimeMs now = kStart;
    std::vector<std::uint64_t> pauses;
    TimeMs last = now;
    while (pauses.size() < 12) {
        for (const Dial& dial : all_of<Dial>(peers.tick(now))) {
            EXPECT_EQ(dial.expected, id_of(1));
            pauses.push_back(now.value - last.value);
            last = now;
            (void)peers.dial_failed(dial.endpoint, now);
        }
        now = std::max(TimeMs{now.value + 1}, *peers.next_timer());
    }
    EXPECT_EQ(pauses[0], 0U);
    for (std::size_t i = 1; i < pauses.size(); ++i) {
        const std::uint64_t expected =
            std::min<std::uint64_t>(std::uint64_t{1'000} << (i - 1), 60'000);
        EXPECT_GE(pauses[i], expected);
        EXPECT_LE(pauses[i], expected + expected / 4 + 1);
    }
}

TEST(Peers, half_open_connections_are_capped_by_group_and_in_all) {
    Peers peers(setup_of(), kStart);
    const Peers::Limits limits;
    ConnectionId next = 1;
    for (std::size_t i = 0; i < limits.half_open_address_max; ++i) {
        EXPECT_TRUE(peers.accepted(next++, ipv4(9, 9, 1, static_cast<std::uint8_t>(i)), kStart));
    }
    EXPECT_FALSE(peers.accepted(next++, ipv4(9, 9, 200, 200), kStart));
    for (std::size_t i = limits.half_open_address_max; i < limits.half_open_max; ++i) {
        EXPECT_TRUE(peers.accepted(next++, public_endpoint(static_cast<std::uint32_t>(i)), kStart));
    }
    EXPECT_FALSE(peers.accepted(next++, public_endpoint(200), kStart));
    (void)peers.closed(1, CloseReason::kHandshakeTooSlow, false, kStart);
    EXPECT_TRUE(peers.accepted(next++, public_endpoint(200), kStart));
}

TEST(Peers, one_address_group_does_not_take_all_places_unless_the_network_is_local) {
    for (const bool local : {false, true}) {
        Peers peers(setup_of(local), kStart);
        std::size_t up = 0;
        for (ConnectionId i = 1; i <= 40; ++i) {
            Endpoint from = local ? local_endpoint(i) : ipv4(9, 9, 1, 7);
            from.port = static_cast<std::uint16_t>(30'000 + i);
            if (peers.accepted(i, from, kStart)) {
                (void)peers.established(i, remote_of(id_of(i), 1'000), kStart);
                up += is_up(peers, i) ? 1U : 0U;
            }
        }
        EXPECT_EQ(up, local ? 40U : Peers::Limits{}.address_max);
    }
}

TEST(Peers, a_flood_of_newcomers_does_not_push_out_old_helpful_and_diverse_peers) {
    Peers::Setup setup = setup_of();
    Peers peers(setup, kStart);
    const Peers::Limits limits;
    ConnectionId next = 1;
    std::set<ConnectionId> old;
    for (std::uint32_t i = 0; i < limits.inbound_max; ++i) {
        old.insert(next);
        (void)join(peers, next++, id_of(i), public_endpoint(i), after(i));
    }
    for (const ConnectionId helper : {60U, 61U, 62U}) {
        peers.helped(helper, after(500));
    }
    for (std::uint32_t i = 0; i < 500; ++i) {
        const TimeMs now = after(1'000 + i);
        const Endpoint from =
            ipv4(static_cast<std::uint8_t>(90 + i / 10), 1, 1, static_cast<std::uint8_t>(i % 200));
        if (peers.accepted(next, from, now)) {
            for (const auto& leaves : all_of<Disconnect>(
                     peers.established(next, remote_of(id_of(10'000 + i), 26'600), now))) {
                (void)peers.closed(leaves.connection, {}, false, now);
            }
        }
        ++next;
    }
    EXPECT_EQ(peers.peers().size(), limits.inbound_max);
    for (ConnectionId oldest = 1; oldest <= 8; ++oldest) {
        EXPECT_TRUE(is_up(peers, oldest)) << oldest;
    }
    for (const ConnectionId helper : {60U, 61U, 62U}) {
        EXPECT_TRUE(is_up(peers, helper));
    }
    std::size_t kept = 0;
    for (const PeerView& view : peers.peers()) {
        kept += old.contains(view.connection) ? 1U : 0U;
    }
    RecordProperty("old_peers_kept", static_cast<int>(kept));
    EXPECT_GE(kept, limits.inbound_max / 2);
}

TEST(Peers, a_pinned_peer_gets_a_place_when_all_are_taken) {
    Peers::Setup setup = setup_of();
    setup.limits.inbound_max = 2;
    setup.boot = {{.endpoint = public_endpoint(99), .expected = id_of(99)}};
    Peers peers(setup, kStart);
    for (std::uint32_t i = 1; i <= 2; ++i) {
        (void)join(peers, i, id_of(i), public_endpoint(i), kStart);
    }
    (void)join(peers, 3, id_of(3), public_endpoint(3), kStart);
    EXPECT_FALSE(is_up(peers, 3)) << "both are protected";
    (void)join(peers, 4, id_of(99), public_endpoint(99), kStart);
    EXPECT_TRUE(is_up(peers, 4));
}

TEST(Peers, what_no_honest_peer_does_bans_at_once_and_the_ban_survives_a_restart) {
    Peers::Setup setup = setup_of(true);
    Bytes saved;
    {
        Peers peers(setup, kStart);
        (void)join(peers, 1, id_of(1), local_endpoint(1), kStart);
        const auto effects = peers.control(1, Bytes{9, 9, 9}, kStart);
        EXPECT_EQ(all_of<PeerDown>(effects).size(), 1U);
        EXPECT_EQ(all_of<Disconnect>(effects).size(), 1U);
        EXPECT_EQ(all_of<BookChanged>(effects).size(), 1U);
        ASSERT_EQ(peers.bans().size(), 1U);
        EXPECT_EQ(peers.bans().front().id, id_of(1));
        saved = peers.save();
    }
    setup.book = saved;
    Peers peers(setup, after(1'000));
    EXPECT_FALSE(peers.book_dropped());
    (void)join(peers, 1, id_of(1), local_endpoint(1), after(1'000));
    EXPECT_FALSE(is_up(peers, 1));
    // The address is not banned: a devnet's nodes share one.
    (void)join(peers, 2, id_of(2), local_endpoint(1), after(1'000));
    EXPECT_TRUE(is_up(peers, 2));
    (void)join(peers, 3, id_of(1), local_endpoint(1), after(setup.limits.ban_ms + 1));
    EXPECT_TRUE(is_up(peers, 3)) << "it is over";
}

TEST(Peers, a_session_that_ends_by_misbehaviour_bans) {
    Peers peers(setup_of(true), kStart);
    (void)join(peers, 1, id_of(1), local_endpoint(1), kStart);
    (void)peers.closed(1, CloseReason::kBadRecord, true, kStart);
    EXPECT_EQ(peers.bans().size(), 1U);
    // Without an identity there is nobody to ban.
    ASSERT_TRUE(peers.accepted(2, local_endpoint(2), kStart));
    (void)peers.closed(2, CloseReason::kBadHandshake, true, kStart);
    EXPECT_EQ(peers.bans().size(), 1U);
}

TEST(Peers, points_fade_and_only_their_sum_bans) {
    Peers peers(setup_of(true), kStart);
    (void)join(peers, 1, id_of(1), local_endpoint(1), kStart);
    for (int i = 0; i < 4; ++i) {
        (void)peers.offended(1, Offence::kInvalidData, "bad vote", kStart);
    }
    EXPECT_EQ(peers.peers().front().score, 80U);
    // Slow misbehaviour within the budget goes on for ever.
    for (std::uint64_t i = 1; i <= 100; ++i) {
        (void)peers.offended(1, Offence::kInvalidData, "bad vote", after(i * 20 * kFadeMs));
    }
    EXPECT_TRUE(is_up(peers, 1));
    const TimeMs end = after(100 * 20 * kFadeMs);
    (void)peers.offended(1, Offence::kInvalidData, "bad vote", end);
    EXPECT_FALSE(is_up(peers, 1));
    EXPECT_EQ(peers.bans().front().reason, "bad vote");
}

TEST(Peers, points_outlive_the_connection) {
    Peers peers(setup_of(true), kStart);
    for (ConnectionId i = 1; i <= 10; ++i) {
        (void)join(peers, i, id_of(1), local_endpoint(i), kStart);
        (void)peers.offended(i, Offence::kFlooding, "too much", kStart);
        (void)peers.closed(i, {}, false, kStart);
    }
    EXPECT_EQ(peers.bans().size(), 1U);
}

TEST(Peers, a_pinned_peer_is_sent_away_but_not_banned) {
    Peers::Setup setup = setup_of();
    setup.boot = {{.endpoint = public_endpoint(1), .expected = id_of(1)}};
    Peers peers(setup, kStart);
    (void)peers.tick(kStart);
    peers.dialled(1, public_endpoint(1), kStart);
    (void)peers.established(1, remote_of(id_of(1), 26'600), kStart);
    EXPECT_EQ(all_of<Disconnect>(peers.control(1, Bytes{9}, kStart)).size(), 1U);
    EXPECT_TRUE(peers.bans().empty());
    (void)peers.closed(1, {}, false, kStart);
    std::size_t dials = 0;
    for (std::uint64_t ms = 0; ms <= 80'000; ms += 100) {
        for (const Dial& dial : all_of<Dial>(peers.tick(after(ms)))) {
            ++dials;
            EXPECT_GE(ms, setup.limits.dial_retry_ms_max);
            (void)peers.dial_failed(dial.endpoint, after(ms));
        }
    }
    EXPECT_GE(dials, 1U);
}

TEST(Peers, the_operator_adds_removes_bans_and_unbans) {
    Peers peers(setup_of(true), kStart);
    const auto added = peers.add({.endpoint = local_endpoint(1), .expected = id_of(1)}, kStart);
    EXPECT_EQ(all_of<Dial>(added).size(), 1U);
    peers.dialled(1, local_endpoint(1), kStart);
    (void)peers.established(1, remote_of(id_of(1), 1), kStart);
    EXPECT_TRUE(peers.peers().front().pinned);
    EXPECT_EQ(all_of<Disconnect>(peers.ban(id_of(1), "no", 5'000, kStart)).size(), 1U);
    (void)peers.closed(1, {}, false, kStart);
    for (std::uint64_t ms = 0; ms < 5'000; ms += 100) {
        EXPECT_TRUE(all_of<Dial>(peers.tick(after(ms))).empty()) << "banned, though pinned";
    }
    peers.unban(id_of(1));
    EXPECT_EQ(all_of<Dial>(peers.tick(after(5'000))).size(), 1U);
    peers.dialled(2, local_endpoint(1), after(5'000));
    (void)peers.established(2, remote_of(id_of(1), 1), after(5'000));
    EXPECT_EQ(all_of<Disconnect>(peers.remove(id_of(1), after(5'001))).size(), 1U);
    (void)peers.closed(2, {}, false, after(5'001));
    EXPECT_TRUE(peers.peers().empty());
}

TEST(Peers, an_address_of_another_network_is_dropped_from_the_book) {
    Peers peers(setup_of(true), kStart);
    (void)join(peers, 1, id_of(1), local_endpoint(50), kStart);
    (void)peers.control(
        1, codec::encode(PeersMessage{PeersAnswer{.endpoints = {local_endpoint(7)}}}), kStart);
    EXPECT_EQ(peers.known_count(), 2U);
    peers.dialled(2, local_endpoint(7), kStart);
    (void)peers.closed(2, CloseReason::kWrongGenesis, false, kStart);
    EXPECT_EQ(peers.known_count(), 1U);
}

// ---- exchange -----------------------------------------------------------------------------------

Bytes question() { return codec::encode(PeersMessage{PeersQuestion{}}); }

TEST(PeersExchange, answers_with_live_addresses_but_not_with_hearsay) {
    Peers peers(setup_of(true), kStart);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        ASSERT_TRUE(peers.accepted(i, local_endpoint(900 + i), kStart));
        (void)peers.established(i, remote_of(id_of(i), static_cast<std::uint16_t>(i)), kStart);
    }
    (void)peers.control(
        1, codec::encode(PeersMessage{PeersAnswer{.endpoints = {local_endpoint(7)}}}), kStart);
    const auto sent = all_of<SendControl>(peers.control(2, question(), kStart));
    ASSERT_EQ(sent.size(), 1U);
    const auto answer = codec::decode<PeersMessage>(sent.front().bytes);
    ASSERT_TRUE(answer);
    std::set<std::uint16_t> ports;
    for (const Endpoint& endpoint : std::get<PeersAnswer>(*answer).endpoints) {
        ports.insert(endpoint.port);
    }
    EXPECT_EQ(ports, (std::set<std::uint16_t>{1, 3})) << "all but the asker and the hearsay";
}

TEST(PeersExchange, unroutable_addresses_are_dropped_unless_the_network_is_local) {
    const std::vector<Endpoint> addresses{
        ipv4(10, 1, 2, 3),
        ipv4(127, 0, 0, 1),
        ipv4(192, 168, 1, 1),
        ipv4(8, 8, 8, 8),
        ipv4(224, 0, 0, 1),
        ipv4(0, 0, 0, 0),
        ipv4(192, 0, 2, 1)};
    for (const bool local : {false, true}) {
        Peers::Setup setup = setup_of(local);
        setup.boot = {{.endpoint = ipv4(5, 5, 5, 5), .expected = {}}};
        Peers peers(setup, kStart);
        (void)peers.tick(kStart);
        peers.dialled(1, ipv4(5, 5, 5, 5), kStart);
        (void)peers.established(1, remote_of(id_of(1), 26'600), kStart);
        const std::size_t before = peers.known_count();
        PeersAnswer answer;
        answer.endpoints.insert(addresses.begin(), addresses.end());
        (void)peers.control(1, codec::encode(PeersMessage{answer}), kStart);
        EXPECT_EQ(peers.known_count() - before, local ? 4U : 1U);
    }
}

TEST(PeersExchange, an_unasked_answer_is_an_offence_and_teaches_nothing) {
    Peers peers(setup_of(true), kStart);
    (void)join(peers, 1, id_of(1), local_endpoint(1), kStart);
    const PeersMessage empty{PeersAnswer{}};
    (void)peers.control(1, codec::encode(empty), kStart);  // the one that was asked for
    EXPECT_EQ(peers.peers().front().score, 0U);
    const std::size_t before = peers.known_count();
    (void)peers.control(
        1, codec::encode(PeersMessage{PeersAnswer{.endpoints = {local_endpoint(7)}}}), kStart);
    EXPECT_EQ(peers.peers().front().score, points_of(Offence::kFlooding));
    EXPECT_EQ(peers.known_count(), before);
}

TEST(PeersExchange, a_flood_of_questions_is_answered_a_few_times_and_then_banned) {
    Peers peers(setup_of(true), kStart);
    (void)join(peers, 1, id_of(1), local_endpoint(1), kStart);
    std::size_t answers = 0;
    for (int i = 0; i < 1'000; ++i) {
        answers += all_of<SendControl>(peers.control(1, question(), kStart)).size();
    }
    EXPECT_EQ(answers, 8U);
    EXPECT_EQ(peers.bans().size(), 1U);
}

TEST(PeersExchange, what_one_peer_tells_is_bounded) {
    Peers::Setup setup = setup_of();
    setup.boot = {{.endpoint = ipv4(5, 5, 5, 5), .expected = {}}};
    setup.limits.outbound_max = 0;
    Peers peers(setup, kStart);
    (void)peers.tick(kStart);
    peers.dialled(1, ipv4(5, 5, 5, 5), kStart);
    (void)peers.established(1, remote_of(id_of(1), 26'600), kStart);
    std::uint32_t next = 0;
    for (std::uint64_t round = 1; round <= 60; ++round) {
        PeersAnswer answer;
        for (std::size_t i = 0; i < kAnswerEndpointsMax; ++i) {
            answer.endpoints.insert(public_endpoint(next++));
        }
        (void)peers.control(1, codec::encode(PeersMessage{answer}), after(round * 30'000));
        (void)peers.tick(after(round * 30'000));
    }
    EXPECT_TRUE(is_up(peers, 1));
    EXPECT_LE(peers.known_count(), 513U);
    EXPECT_GE(peers.known_count(), 256U);
}

TEST(PeersExchange, on_the_open_internet_only_chosen_peers_are_asked) {
    Peers peers(setup_of(), kStart);
    EXPECT_TRUE(all_of<SendControl>(join(peers, 1, id_of(1), public_endpoint(1), kStart)).empty());
    Peers devnet(setup_of(true), kStart);
    EXPECT_EQ(all_of<SendControl>(join(devnet, 1, id_of(1), local_endpoint(1), kStart)).size(), 1U);
}

}  // namespace
}  // namespace polis::p2p
