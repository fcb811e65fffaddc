// Selection by stake, the DPoS ranking and the registry of elections.
#include <consensus/dpos/dpos.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/dpos/select.hpp>
#include <consensus/election.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::consensus {
namespace {

using testing::MapRecords;

Member candidate(std::uint8_t address, std::uint64_t stake) {
    Member out;
    out.validator.data.back() = address;
    out.consensus_key.data[0] = address;
    out.stake = Amount{stake};
    return out;
}

std::vector<int> addresses_of(const std::vector<Member>& members) {
    std::vector<int> out;
    for (const Member& member : members) {
        out.push_back(member.validator.data.back());
    }
    return out;
}

TEST(Select, most_stake_first_and_ties_by_address) {
    const std::vector<Member> chosen = dpos::select(
        {candidate(4, 10), candidate(3, 20), candidate(2, 10), candidate(1, 5)}, 3, {});
    EXPECT_EQ(addresses_of(chosen), (std::vector{3, 2, 4}));
}

TEST(Select, the_largest_stakes_do_not_wrap) {
    const std::vector<Member> chosen = dpos::select(
        {candidate(1, 0),
         candidate(5, UINT64_MAX),
         candidate(2, UINT64_MAX - 1),
         candidate(3, UINT64_MAX),
         candidate(4, 1)},
        5,
        {});
    EXPECT_EQ(addresses_of(chosen), (std::vector{3, 5, 2, 4, 1}));
}

TEST(Select, nobody_to_choose_from_leaves_the_incumbents) {
    const std::vector<Member> incumbents{candidate(9, 1), candidate(8, 2)};
    EXPECT_EQ(dpos::select({}, 4, incumbents), incumbents);
    EXPECT_EQ(dpos::select({candidate(1, 1)}, 0, incumbents), incumbents);
}

TEST(Select, one_candidate_is_the_committee) {
    EXPECT_EQ(
        addresses_of(dpos::select({candidate(1, 0)}, 200, {candidate(2, 9)})), std::vector{1});
}

TEST(Select, fewer_candidates_than_places_all_get_one) {
    EXPECT_EQ(
        addresses_of(dpos::select({candidate(1, 1), candidate(2, 2)}, SIZE_MAX, {})),
        (std::vector{2, 1}));
}

/// Against a definition that shares no code: a candidate is in if fewer than `count` precede it,
/// and stands behind exactly those.
TEST(Select, agrees_with_counting_who_precedes_whom_in_any_order_of_input) {
    Random random(11, "select");
    for (int round = 0; round < 500; ++round) {
        std::vector<Member> candidates;
        const std::uint64_t number = random.between(1, 40);
        const std::uint64_t stakes = random.chance(1, 2) ? 3 : 1'000;  // few: many ties
        for (std::uint64_t i = 0; i < number; ++i) {
            const std::uint64_t base = random.chance(1, 2) ? 0 : UINT64_MAX - stakes;
            candidates.push_back(
                candidate(static_cast<std::uint8_t>(i), base + random.below(stakes)));
        }
        random.shuffle(candidates);
        const auto count = static_cast<std::size_t>(random.between(1, 45));
        const std::vector<Member> chosen = dpos::select(candidates, count, {});
        EXPECT_EQ(chosen.size(), std::min(count, candidates.size()));
        for (const Member& member : candidates) {
            const auto preceding = static_cast<std::size_t>(
                std::ranges::count_if(candidates, [&](const Member& other) {
                    return other.stake > member.stake ||
                           (other.stake == member.stake && other.validator < member.validator);
                }));
            if (preceding < count) {
                EXPECT_EQ(chosen.at(preceding), member);
            }
        }
        random.shuffle(candidates);
        EXPECT_EQ(dpos::select(candidates, count, {}), chosen);
    }
}

TEST(Dpos, ranks_members_in_their_order_and_rotates) {
    const dpos::Dpos election;
    MapRecords records;
    for (const std::size_t n : {1U, 4U, 200U}) {
        const Committee committee = testing::make_people(n).committee;
        const Ranking ranking = election.rank(Term{1}, committee.members, Hash{}, records);
        EXPECT_TRUE(is_permutation(ranking, n));
        EXPECT_TRUE(std::ranges::is_sorted(ranking.order));
        EXPECT_TRUE(ranking.rotates);
    }
}

TEST(Dpos, keeps_no_records) {
    const dpos::Dpos election;
    MapRecords records;
    BlockView block;
    block.height = Height{1};
    election.apply(block, records);
    EXPECT_TRUE(records.all().empty());
}

TEST(Dpos, refuses_model_scores_and_nothing_else) {
    const dpos::Dpos election;
    MapRecords records;
    const Fact blob{.kind = FactKind::kBlobAvailable, .subject = {}, .result = {}};
    const Fact answer{.kind = FactKind::kEvaluation, .subject = {}, .result = {1}};
    const Fact score{.kind = FactKind::kModelScore, .subject = {}, .result = {1}};
    EXPECT_EQ(election.check({}, records), std::nullopt);
    EXPECT_EQ(election.check(std::vector{blob, answer}, records), std::nullopt);
    EXPECT_TRUE(election.check(std::vector{blob, score}, records).has_value());
}

TEST(Registry, finds_every_election_by_the_name_that_it_gives_itself) {
    ASSERT_FALSE(election_names().empty());
    EXPECT_TRUE(std::ranges::is_sorted(election_names()));
    for (const std::string_view name : election_names()) {
        const Election* election = find_election(name);
        ASSERT_NE(election, nullptr) << name;
        EXPECT_EQ(election->name(), name);
        EXPECT_EQ(find_election(name), election);
    }
    EXPECT_NE(find_election("dpos"), nullptr);
}

TEST(Registry, knows_no_other_name) {
    for (const char* name : {"", "dpo", "dposs", "DPoS", " dpos"}) {
        EXPECT_EQ(find_election(name), nullptr) << name;
    }
}

}  // namespace
}  // namespace polis::consensus
