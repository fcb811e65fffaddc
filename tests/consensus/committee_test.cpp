// Quorum arithmetic for every size of committee, who leads, which term a height is in, and sets of
// signers.
#include <consensus/committee.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/quorum.hpp>
#include <consensus/signers.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::consensus {
namespace {

using testing::make_people;

TEST(Quorum, two_quorums_share_an_honest_member) {
    for (std::size_t n = 1; n <= kCommitteeMax; ++n) {
        // Two sets of q out of n overlap in at least 2q - n members.
        EXPECT_GE(2 * quorum(n), n + faults_max(n) + 1) << n;
    }
}

TEST(Quorum, honest_members_alone_are_a_quorum) {
    for (std::size_t n = 1; n <= kCommitteeMax; ++n) {
        EXPECT_GE(n - faults_max(n), quorum(n)) << n;
    }
}

TEST(Quorum, tolerates_the_most_faults_and_asks_for_no_more_votes_than_it_needs) {
    for (std::size_t n = 1; n <= kCommitteeMax; ++n) {
        EXPECT_GE(n, 3 * faults_max(n) + 1) << n;
        EXPECT_LT(n, 3 * (faults_max(n) + 1) + 1) << n;
        // ceil((n + f + 1) / 2): one vote fewer, and two quorums may share only liars.
        EXPECT_LT(2 * (quorum(n) - 1), n + faults_max(n) + 1) << n;
    }
    EXPECT_EQ(quorum(1), 1U);
    EXPECT_EQ(quorum(2), 2U);
    EXPECT_EQ(quorum(4), 3U);
    EXPECT_EQ(quorum(6), 4U);
    EXPECT_EQ(quorum(200), 134U);
}

TEST(Committee, every_member_leads_once_in_n_views) {
    Random random(1, "leaders");
    for (const std::size_t n : {1U, 2U, 4U, 7U, 200U}) {
        Committee committee = make_people(n).committee;
        random.shuffle(committee.ranking.order);
        const Height height{random.next()};
        for (const bool rotates : {true, false}) {
            committee.ranking.rotates = rotates;
            std::set<MemberIndex> leaders;
            for (std::uint64_t view = 0; view < n; ++view) {
                leaders.insert(committee.leader(height, View{view}));
            }
            EXPECT_EQ(leaders.size(), n);
        }
    }
}

TEST(Committee, a_ranking_rotates_only_if_it_says_so) {
    Committee committee = make_people(4).committee;
    committee.ranking.order = {2, 0, 3, 1};
    EXPECT_EQ(committee.leader(Height{8}, View{0}), 2);
    EXPECT_EQ(committee.leader(Height{9}, View{0}), 0);
    EXPECT_EQ(committee.leader(Height{9}, View{3}), 2);
    committee.ranking.rotates = false;
    EXPECT_EQ(committee.leader(Height{9}, View{0}), 2);
    EXPECT_EQ(committee.leader(Height{9}, View{1}), 0);
}

TEST(Committee, leaders_exist_up_to_the_end_of_64_bits) {
    const Committee committee = make_people(7).committee;
    const Height height{UINT64_MAX};
    const View view{UINT64_MAX};
    EXPECT_LT(committee.leader(height, view), 7);
    EXPECT_EQ(committee.leader(height, view), (UINT64_MAX % 7 + UINT64_MAX % 7) % 7);
}

TEST(Committee, a_permutation_names_each_member_once) {
    EXPECT_TRUE(is_permutation({.order = {1, 0, 2}, .rotates = true}, 3));
    EXPECT_TRUE(is_permutation({.order = {}, .rotates = true}, 0));
    EXPECT_FALSE(is_permutation({.order = {1, 0, 1}, .rotates = true}, 3));
    EXPECT_FALSE(is_permutation({.order = {1, 0, 3}, .rotates = true}, 3));
    EXPECT_FALSE(is_permutation({.order = {1, 0}, .rotates = true}, 3));
    EXPECT_FALSE(is_permutation({.order = {1, 0, 2, 2}, .rotates = true}, 3));
}

TEST(Committee, finds_members_by_consensus_key) {
    const testing::People people = make_people(5);
    for (MemberIndex i = 0; i < 5; ++i) {
        EXPECT_EQ(people.committee.index_of(people.key_of(i)), i);
    }
    EXPECT_EQ(people.committee.index_of(PublicKey{}), std::nullopt);
}

TEST(Committee, hash_depends_on_every_field_and_the_order) {
    const std::vector<Member> members = make_people(3).committee.members;
    std::set<Hash> hashes{committee_hash(members), committee_hash({})};
    for (const auto& change : std::vector<void (*)(std::vector<Member>&)>{
             [](auto& all) { all[1].validator.data[0] ^= 1; },
             [](auto& all) { all[1].consensus_key.data[0] ^= 1; },
             [](auto& all) { all[1].vrf_key.data[0] ^= 1; },
             [](auto& all) { ++all[1].stake.value; },
             [](auto& all) { std::swap(all[0], all[1]); },
             [](auto& all) { all.pop_back(); }}) {
        std::vector<Member> changed = members;
        change(changed);
        EXPECT_TRUE(hashes.insert(committee_hash(changed)).second);
    }
}

TEST(Term, holds_the_heights_after_the_last_one_of_the_term_before) {
    for (const std::uint64_t blocks : {1U, 2U, 3U, 100U}) {
        EXPECT_EQ(term_of(Height{0}, blocks), Term{0});
        EXPECT_FALSE(ends_term(Height{0}, blocks));
        for (std::uint64_t term = 0; term < 5; ++term) {
            const Height first{term * blocks + 1};
            const Height last{(term + 1) * blocks};
            EXPECT_EQ(term_of(first, blocks), Term{term});
            EXPECT_EQ(term_of(last, blocks), Term{term});
            EXPECT_TRUE(ends_term(last, blocks));
            EXPECT_EQ(ends_term(first, blocks), blocks == 1);
        }
    }
    EXPECT_EQ(term_of(Height{UINT64_MAX}, 1), Term{UINT64_MAX - 1});
}

TEST(Signers, come_back_as_they_were_put_in) {
    Random random(2, "signers");
    for (std::size_t n = 1; n <= kCommitteeMax; ++n) {
        std::vector<MemberIndex> chosen;
        for (std::size_t i = 0; i < n; ++i) {
            if (random.chance(1, 2)) {
                chosen.push_back(static_cast<MemberIndex>(i));
            }
        }
        std::vector<MemberIndex> shuffled = chosen;
        random.shuffle(shuffled);
        const Bytes bits = signer_bits(shuffled, n);
        EXPECT_EQ(signers_of(bits), chosen);
        EXPECT_TRUE(signers_valid(bits, n, chosen.size()));
        EXPECT_FALSE(signers_valid(bits, n, chosen.size() + 1));
    }
}

TEST(Signers, one_set_has_one_encoding) {
    EXPECT_TRUE(signers_valid({0x1f}, 5, 5));
    EXPECT_FALSE(signers_valid({0x3f}, 5, 6));
    EXPECT_FALSE(signers_valid({0x2f}, 5, 5));
    EXPECT_FALSE(signers_valid({0x1f, 0}, 5, 5));
    EXPECT_FALSE(signers_valid({}, 5, 0));
    EXPECT_TRUE(signers_valid({0xff, 0x01}, 9, 9));
    EXPECT_FALSE(signers_valid({0xff}, 9, 8));
}

}  // namespace
}  // namespace polis::consensus
