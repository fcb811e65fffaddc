// The address book: buckets, bounds against an attacker with few groups, and its file under damage.
#include <p2p/peers/book.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <p2p/peers.hpp>
#include <p2p/peers/address.hpp>
#include <p2p/peers/messages.hpp>
#include <p2p/peers/saved.hpp>
#include <tests/p2p/peers/world.hpp>

namespace polis::p2p {
namespace {

using testing::all_of;
using testing::id_of;
using testing::ipv4;
using testing::public_endpoint;
using testing::remote_of;

constexpr TimeMs kNow{1'000'000};
const Hash kSecret{{42}};

bool everybody(const BookEntry& /*entry*/) { return true; }

TEST(Addresses, what_a_stranger_cannot_reach_is_not_routable) {
    for (const char* text :
         {"10.0.0.1:2000",
          "100.64.0.1:2000",
          "127.0.0.1:2000",
          "169.254.9.9:2000",
          "172.31.1.1:2000",
          "192.168.0.1:2000",
          "0.1.2.3:2000",
          "192.0.2.7:2000",
          "198.18.0.1:2000",
          "198.51.100.1:2000",
          "203.0.113.1:2000",
          "224.1.1.1:2000",
          "255.255.255.255:2000",
          "[::1]:2000",
          "[::]:2000",
          "[fe80::1]:2000",
          "[fd00::1]:2000",
          "[2001:db8::1]:2000",
          "[2001::1]:2000",
          "[2002:808:808::1]:2000",
          "[ff02::1]:2000",
          "[64:ff9b::808:808]:2000",
          "[3fff::1]:2000"}) {
        EXPECT_FALSE(is_routable(*parse_endpoint(text))) << text;
    }
    for (const char* text :
         {"8.8.8.8:2000", "172.32.0.1:2000", "100.128.0.1:2000", "[2a00:1450::1]:2000"}) {
        EXPECT_TRUE(is_routable(*parse_endpoint(text))) << text;
        EXPECT_TRUE(is_acceptable(*parse_endpoint(text), false)) << text;
    }
    EXPECT_FALSE(is_acceptable(*parse_endpoint("8.8.8.8:25"), false)) << "the port of mail";
    EXPECT_TRUE(is_acceptable(*parse_endpoint("127.0.0.1:80"), true));
    EXPECT_FALSE(is_acceptable(*parse_endpoint("224.0.0.1:2000"), true));
}

TEST(Addresses, groups_are_networks_and_on_a_local_network_each_address_alone) {
    const auto group = [](const char* text, bool local) {
        return group_of(*parse_endpoint(text), local);
    };
    EXPECT_EQ(group("8.8.8.8:1", false), group("8.8.200.1:2", false));
    EXPECT_NE(group("8.8.8.8:1", false), group("8.9.8.8:1", false));
    EXPECT_EQ(group("[2a00:1450:1::1]:1", false), group("[2a00:1450:2::1]:1", false));
    EXPECT_NE(group("[2a00:1450::1]:1", false), group("[2a00:1451::1]:1", false));
    EXPECT_EQ(group("127.0.0.1:1", false), group("127.0.0.1:2", false));
    EXPECT_NE(group("127.0.0.1:1", true), group("127.0.0.1:2", true));
    EXPECT_EQ(group("8.8.8.8:1", true), group("8.8.200.1:2", true));
}

TEST(PeerBook, an_address_is_tried_only_after_a_handshake) {
    Book book(kSecret, false);
    EXPECT_TRUE(book.add(public_endpoint(1), {.id = id_of(9), .endpoint = public_endpoint(9)}));
    EXPECT_FALSE(book.add(public_endpoint(1), {.id = id_of(8), .endpoint = public_endpoint(8)}));
    EXPECT_EQ(book.count(Table::kNew), 1U);
    EXPECT_EQ(book.count(Table::kTried), 0U);
    book.connected(public_endpoint(1), id_of(1), kNow);
    EXPECT_EQ(book.count(Table::kNew), 0U);
    EXPECT_EQ(book.count(Table::kTried), 1U);
    EXPECT_EQ(book.find(public_endpoint(1))->id, id_of(1));
}

TEST(PeerBook, addresses_that_fail_again_and_again_go) {
    Book book(kSecret, false);
    (void)book.add(public_endpoint(1), {.id = id_of(9), .endpoint = public_endpoint(9)});
    book.connected(public_endpoint(2), id_of(2), kNow);
    for (std::uint32_t i = 1; i <= kTriedFailuresMax; ++i) {
        EXPECT_EQ(book.find(public_endpoint(1)) != nullptr, i <= kNewFailuresMax);
        EXPECT_NE(book.find(public_endpoint(2)), nullptr);
        book.failed(public_endpoint(1), kNow);
        book.failed(public_endpoint(2), kNow);
    }
    EXPECT_TRUE(book.entries().empty());
}

TEST(PeerBook, a_full_bucket_keeps_addresses_that_work_until_a_feeler_finds_them_dead) {
    Book book(kSecret, false);
    // One group reaches 4 buckets of tried: more addresses than their places.
    for (std::uint32_t i = 0; i < 1'000; ++i) {
        const auto c = static_cast<std::uint8_t>(i / 250);
        book.connected(ipv4(9, 9, c, static_cast<std::uint8_t>(i % 250)), id_of(i), kNow);
    }
    EXPECT_LE(book.count(Table::kTried), kTriedBucketsPerGroup * kBucketSlots);
    Random random(1);
    const auto challenged =
        book.pick(Table::kTried, random, [](const BookEntry& entry) { return entry.challenged; });
    ASSERT_TRUE(challenged);
    const std::size_t before = book.count(Table::kTried);
    book.failed(*challenged, kNow);
    EXPECT_EQ(book.count(Table::kTried), before - 1) << "its place is free for the challenger";
}

/// Fills a book with honest addresses of many groups.
void add_honest(Book& book, std::uint32_t tried, std::uint32_t fresh) {
    for (std::uint32_t i = 0; i < tried; ++i) {
        book.connected(public_endpoint(i), id_of(i), kNow);
    }
    for (std::uint32_t i = 0; i < fresh; ++i) {
        const std::uint32_t teller = i % tried;
        (void)book.add(
            public_endpoint(tried + i), {.id = id_of(teller), .endpoint = public_endpoint(teller)});
    }
}

std::size_t count_attacker(const Book& book, Table table, std::uint8_t first) {
    std::size_t out = 0;
    for (const auto& [endpoint, entry] : book.entries()) {
        out += entry.table == table && endpoint.address[12] >= first ? 1U : 0U;
    }
    return out;
}

TEST(PeerEclipse, a_whole_slash_16_gets_a_bounded_share_of_the_book) {
    Book book(kSecret, false);
    add_honest(book, 300, 1'000);
    const std::size_t honest = book.entries().size();
    Random random(7);
    for (std::uint32_t i = 0; i < 65'536; ++i) {
        const Endpoint address =
            ipv4(201, 7, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i % 256));
        (void)book.add(address, {.id = id_of(50'000 + i / 64), .endpoint = address});
        if (i % 16 == 0) {
            book.connected(address, id_of(90'000 + i), kNow);  // its hosts even answer
        }
    }
    const std::size_t fresh = count_attacker(book, Table::kNew, 200);
    const std::size_t tried = count_attacker(book, Table::kTried, 200);
    std::size_t picked = 0;
    for (int i = 0; i < 10'000; ++i) {
        picked += book.pick(Table::kTried, random, everybody)->address[12] >= 200 ? 1U : 0U;
    }
    RecordProperty("new_taken", static_cast<int>(fresh));
    RecordProperty("tried_taken", static_cast<int>(tried));
    RecordProperty("picked_of_10000", static_cast<int>(picked));
    EXPECT_LE(fresh, kNewMax / 8);  // 32 of 256 buckets
    EXPECT_LE(tried, kTriedMax / 16);
    EXPECT_LE(picked, 1'000U);
    EXPECT_GE(book.entries().size() - fresh - tried, honest * 9 / 10);
}

/// A node that has run for a while, is told of the attacker's hosts and restarts: how many of its
/// outbound places do they get? The attacker's hosts answer every dial.
std::size_t places_after_restart(const std::vector<Endpoint>& attackers, std::uint64_t seed) {
    SavedBook saved;
    saved.secret = kSecret;
    Book book(kSecret, false);
    add_honest(book, 200, 500);
    for (std::size_t i = 0; i < attackers.size(); ++i) {
        const auto id = id_of(static_cast<std::uint32_t>(70'000 + i));
        (void)book.add(attackers[i], {.id = id, .endpoint = attackers[i]});
        if (i % 8 == 0) {
            book.connected(attackers[i], id, kNow);  // some have been tested by feelers
        }
    }
    for (const auto& [endpoint, entry] : book.entries()) {
        saved.entries.push_back(entry);
    }
    for (std::uint32_t i = 0; i < kAnchorsMax; ++i) {
        saved.anchors.push_back({.endpoint = public_endpoint(i), .id = id_of(i)});
    }
    Peers::Setup setup;
    setup.self = NodeId{{1}};
    setup.random_seed = seed;
    setup.book = encode_book(saved);
    Peers peers(setup, TimeMs{kNow.value + 100'000});
    ConnectionId next = 1;
    std::size_t taken = 0;
    const auto dials = all_of<Dial>(peers.tick(TimeMs{kNow.value + 100'000}));
    EXPECT_EQ(dials.size(), setup.limits.outbound_max);
    for (const Dial& dial : dials) {
        taken += dial.endpoint.address[12] >= 200 ? 1U : 0U;
        peers.dialled(next++, dial.endpoint, TimeMs{kNow.value + 100'000});
    }
    return taken;
}

TEST(PeerEclipse, a_slash_16_gets_at_most_one_outbound_place_after_a_restart) {
    std::vector<Endpoint> attackers;
    for (std::uint32_t i = 0; i < 65'536; ++i) {
        attackers.push_back(
            ipv4(201, 7, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i % 256)));
    }
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        EXPECT_LE(places_after_restart(attackers, seed), 1U);
    }
}

TEST(PeerEclipse, addresses_in_256_groups_get_few_outbound_places_after_a_restart) {
    std::vector<Endpoint> attackers;
    for (std::uint32_t i = 0; i < 256; ++i) {
        attackers.push_back(ipv4(201, static_cast<std::uint8_t>(i), 3, 3));
    }
    std::size_t sum = 0;
    std::size_t most = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const std::size_t taken = places_after_restart(attackers, seed);
        sum += taken;
        most = std::max(most, taken);
    }
    RecordProperty("places_taken_in_40_restarts", static_cast<int>(sum));
    RecordProperty("most_in_one", static_cast<int>(most));
    EXPECT_LE(sum, 80U);  // two of 16 on average: its share of `tried`, without the anchors' half
    EXPECT_LE(most, 8U);
}

TEST(PeerBook, restarting_keeps_entries_and_anchors) {
    Peers::Setup setup;
    setup.self = NodeId{{1}};
    setup.boot = {{.endpoint = public_endpoint(1), .expected = id_of(1)}};
    Peers first(setup, kNow);
    (void)first.tick(kNow);
    first.dialled(1, public_endpoint(1), kNow);
    (void)first.established(1, remote_of(id_of(1), 26'600), kNow);
    PeersAnswer answer{.endpoints = {public_endpoint(2)}};
    const auto dials = all_of<Dial>(first.control(1, codec::encode(PeersMessage{answer}), kNow));
    ASSERT_EQ(dials.size(), 1U);
    first.dialled(2, public_endpoint(2), kNow);
    (void)first.established(2, remote_of(id_of(2), 26'600), kNow);
    const auto saved = decode_book(first.save());
    ASSERT_TRUE(saved);
    EXPECT_EQ(
        saved->anchors, std::vector<Anchor>({{.endpoint = public_endpoint(2), .id = id_of(2)}}));
    setup.boot.clear();
    setup.book = first.save();
    Peers second(setup, TimeMs{kNow.value + 5});
    EXPECT_EQ(second.known_count(), 2U);
    const auto redial = all_of<Dial>(second.tick(TimeMs{kNow.value + 5}));
    ASSERT_FALSE(redial.empty());
    EXPECT_EQ(redial.front().endpoint, public_endpoint(2)) << "the anchor first";
    EXPECT_EQ(redial.front().expected, id_of(2));
    // Stopping before anything is dialled loses no anchor.
    Peers third(setup, TimeMs{kNow.value + 9});
    EXPECT_EQ(decode_book(third.save())->anchors, saved->anchors);
}

SavedBook small_book() {
    SavedBook saved;
    saved.secret = kSecret;
    Book book(kSecret, false);
    add_honest(book, 3, 3);
    for (const auto& [endpoint, entry] : book.entries()) {
        saved.entries.push_back(entry);
    }
    saved.anchors = {{.endpoint = public_endpoint(1), .id = id_of(1)}};
    saved.bans[id_of(5)] = {.until = TimeMs{kNow.value * 2}, .reason = "lied"};
    return saved;
}

TEST(PeerBookFile, every_flipped_byte_is_noticed_and_a_fresh_book_begun) {
    const Bytes good = encode_book(small_book());
    ASSERT_EQ(decode_book(good), small_book());
    Peers::Setup setup;
    setup.self = NodeId{{1}};
    for (std::size_t i = 0; i < good.size(); ++i) {
        setup.book = good;
        setup.book[i] ^= 0x20;
        Peers peers(setup, kNow);
        EXPECT_TRUE(peers.book_dropped()) << i;
        EXPECT_EQ(peers.known_count(), 0U) << i;
        EXPECT_TRUE(peers.bans().empty()) << i;
    }
}

TEST(PeerBookFile, every_truncation_is_noticed) {
    const Bytes good = encode_book(small_book());
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(decode_book(ByteView{good}.first(size))) << size;
    }
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(decode_book(longer));
}

TEST(PeerBookFile, a_clock_that_was_set_back_silences_no_address) {
    SavedBook saved = small_book();
    for (BookEntry& entry : saved.entries) {
        entry.last_try = TimeMs{kNow.value * 1'000};
    }
    Peers::Setup setup;
    setup.self = NodeId{{1}};
    setup.book = encode_book(saved);
    Peers peers(setup, kNow);
    EXPECT_FALSE(peers.book_dropped());
    EXPECT_FALSE(all_of<Dial>(peers.tick(TimeMs{kNow.value + 2'000})).empty());
}

}  // namespace
}  // namespace polis::p2p
