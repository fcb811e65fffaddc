// The election by learning: who ranks where, and which facts may stand in a block.
#include <consensus/pole/pole.hpp>

#include <vector>

#include <gtest/gtest.h>

#include <consensus/pole/records.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::consensus::pole {
namespace {

using polis::testing::hash_of;
using polis::testing::make_people;
using polis::testing::MapRecords;

const Pole kElection;

std::vector<Member> members(std::size_t count) { return make_people(count).committee.members; }

Ranking rank(MapRecords& records, const std::vector<Member>& list, std::uint64_t term) {
    return kElection.rank(Term{term}, list, hash_of(5), records);
}

TEST(Pole, without_a_settled_round_members_rotate_by_stake) {
    MapRecords records;
    EXPECT_EQ(rank(records, members(4), 1), (Ranking{.order = {0, 1, 2, 3}, .rotates = true}));
}

TEST(Pole, the_best_trainer_proposes_first_and_the_rest_follow_by_stake) {
    MapRecords records;
    const auto list = members(5);
    Address stranger;
    stranger.data.fill(0xee);
    save_standing(
        records,
        {.round = 1,
         .settled = Term{3},
         .order = {list[3].validator, stranger, list[1].validator}});
    EXPECT_EQ(rank(records, list, 4), (Ranking{.order = {3, 1, 0, 2, 4}, .rotates = false}));
}

TEST(Pole, a_standing_ranks_a_few_terms_and_then_has_to_be_won_again) {
    MapRecords records;
    const auto list = members(3);
    save_standing(records, {.round = 1, .settled = Term{3}, .order = {list[2].validator}});
    for (std::uint64_t term = 4; term <= 3 + kStandingTermsMax; ++term) {
        EXPECT_EQ(rank(records, list, term).order[0], 2) << term;
    }
    EXPECT_EQ(
        rank(records, list, 4 + kStandingTermsMax), (Ranking{.order = {0, 1, 2}, .rotates = true}));
}

TEST(Pole, a_standing_without_any_member_rotates) {
    MapRecords records;
    Address stranger;
    stranger.data.fill(0xee);
    save_standing(records, {.round = 1, .settled = Term{3}, .order = {stranger}});
    EXPECT_TRUE(rank(records, members(3), 4).rotates);
}

TEST(Pole, ranks_every_member_once_whatever_the_standing) {
    Random random(3, "pole");
    for (const std::size_t n : {1U, 2U, 7U, 200U}) {
        const auto list = members(n);
        MapRecords records;
        Standing standing{.round = 1, .settled = Term{1}, .order = {}};
        for (std::size_t i = 0; i < kEntriesMax; ++i) {
            standing.order.push_back(list[random.below(n)].validator);
        }
        save_standing(records, standing);
        EXPECT_TRUE(is_permutation(rank(records, list, 2), n));
    }
}

TEST(Pole, records_of_another_version_count_as_none) {
    MapRecords records;
    save_standing(records, {.round = 1, .settled = Term{3}, .order = {}});
    const Bytes key = records.all().begin()->first;
    records.put(key, Bytes{1, 2, 3});
    EXPECT_TRUE(rank(records, members(2), 4).rotates);
}

TEST(Pole, admits_only_facts_that_somebody_waits_for) {
    MapRecords records;
    const auto objects = [&](FactKind kind, const Hash& subject, Bytes result) {
        const std::vector<Fact> facts{
            {.kind = kind, .subject = subject, .result = std::move(result)}};
        return kElection.check(facts, records).has_value();
    };
    const Bytes good = codec::encode(bad_model());
    EXPECT_TRUE(objects(FactKind::kBlobAvailable, hash_of(1), {}));
    EXPECT_TRUE(objects(FactKind::kModelScore, hash_of(2), good));
    EXPECT_FALSE(objects(FactKind::kEvaluation, hash_of(3), {1})) << "for contracts";
    want_blob(records, hash_of(1));
    want_score(records, hash_of(2), Address{});
    EXPECT_FALSE(objects(FactKind::kBlobAvailable, hash_of(1), {}));
    EXPECT_TRUE(objects(FactKind::kBlobAvailable, hash_of(1), {1}));
    EXPECT_FALSE(objects(FactKind::kModelScore, hash_of(2), good));
    EXPECT_TRUE(objects(FactKind::kModelScore, hash_of(2), {}));
    EXPECT_TRUE(objects(FactKind::kModelScore, hash_of(2), codec::encode(ScoreResult{})));
    EXPECT_TRUE(objects(FactKind::kModelScore, hash_of(1), good)) << "another kind";
    EXPECT_TRUE(kElection.check(std::vector<Fact>{}, records) == std::nullopt);
}

/// The largest records stay within what an election may store.
TEST(Pole, records_fit_their_limit) {
    constexpr std::size_t kValueBytesMax = 4'096;
    MapRecords records;
    save_entrants(records, std::vector<Address>(kEntriesMax));
    save_standing(records, {.round = 1, .settled = {}, .order = std::vector<Address>(kEntriesMax)});
    Round round;
    round.test_key = hash_of(1);
    save_round(records, round);
    save_entry(
        records,
        {.trainer = {},
         .commitment = {},
         .model = hash_of(1),
         .available = true,
         .score = bad_model()});
    want_blob(records, hash_of(1));
    want_score(records, hash_of(1), {});
    for (const auto& [key, value] : records.all()) {
        EXPECT_LE(key.size(), 32U);
        EXPECT_LE(value.size(), kValueBytesMax);
    }
}

}  // namespace
}  // namespace polis::consensus::pole
