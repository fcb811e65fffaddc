#include <consensus/pbft/vote_table.hpp>

#include <map>
#include <utility>

#include <gtest/gtest.h>

#include <core/random.hpp>

/// Goal: a member counts once, by its latest vote. Method: examples, and a model that recounts.
namespace polis::pbft {

namespace {

Hash block(std::uint8_t number) {
    Hash out;
    out.data[0] = number;
    return out;
}

Vote vote(MemberIndex member, std::uint64_t view, std::uint8_t number) {
    Vote out;
    out.member = member;
    out.statement.view = View{view};
    out.statement.phase = Phase::kPrepare;
    out.statement.digest = block(number);
    return out;
}

}  // namespace

TEST(VoteTable, counts_each_member_once) {
    VoteTable table(4);
    EXPECT_EQ(table.add(vote(0, 0, 1)), VoteTable::Added::kNew);
    EXPECT_EQ(table.add(vote(0, 0, 1)), VoteTable::Added::kRepeated);
    EXPECT_EQ(table.add(vote(1, 0, 1)), VoteTable::Added::kNew);
    EXPECT_EQ(table.count(View{}, block(1)), 2U);
}

TEST(VoteTable, the_first_of_two_conflicting_votes_counts) {
    VoteTable table(4);
    (void)table.add(vote(2, 5, 1));
    EXPECT_EQ(table.add(vote(2, 5, 2)), VoteTable::Added::kConflict);
    EXPECT_EQ(table.count(View{5}, block(1)), 1U);
    EXPECT_EQ(table.count(View{5}, block(2)), 0U);
    EXPECT_EQ(table.of(2)->statement.digest, block(1));
}

TEST(VoteTable, a_later_view_replaces_an_earlier_one_and_never_the_other_way) {
    VoteTable table(4);
    (void)table.add(vote(3, 1, 1));
    EXPECT_EQ(table.add(vote(3, 2, 2)), VoteTable::Added::kNew);
    EXPECT_EQ(table.add(vote(3, 1, 1)), VoteTable::Added::kOld);
    EXPECT_EQ(table.count(View{1}, block(1)), 0U);
    EXPECT_EQ(table.count(View{2}, block(2)), 1U);
}

TEST(VoteTable, agrees_with_a_recount_after_every_vote) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Random random(seed, "vote table");
        constexpr std::size_t kMembers = 7;
        VoteTable table(kMembers);
        std::map<MemberIndex, std::pair<std::uint64_t, std::uint8_t>> model;
        for (int i = 0; i < 200; ++i) {
            const auto member = static_cast<MemberIndex>(random.below(kMembers));
            const std::uint64_t view = random.below(4);
            const auto number = static_cast<std::uint8_t>(random.below(3));
            (void)table.add(vote(member, view, number));
            const auto known = model.find(member);
            if (known == model.end() || known->second.first < view) {
                model[member] = {view, number};
            }
            for (std::uint64_t v = 0; v < 4; ++v) {
                for (std::uint8_t n = 0; n < 3; ++n) {
                    std::size_t expected = 0;
                    for (const auto& [who, what] : model) {
                        expected += what == std::pair{v, n} ? 1U : 0U;
                    }
                    ASSERT_EQ(table.count(View{v}, block(n)), expected);
                    ASSERT_EQ(table.votes_for(View{v}, block(n)).size(), expected);
                }
            }
        }
    }
}

}  // namespace polis::pbft
