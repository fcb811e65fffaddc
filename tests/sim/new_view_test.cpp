// The checker of new views against proposals that are fine and proposals that are not.
#include <tools/sim/new_view.hpp>

#include <optional>

#include <gtest/gtest.h>

namespace polis::sim {
namespace {

const Hash kOne{{1}};
const Hash kTwo{{2}};

pbft::Proposal proposal(std::uint64_t view, const Hash& digest) {
    pbft::Proposal out;
    out.vote.statement.height = Height{5};
    out.vote.statement.view = View{view};
    out.vote.statement.digest = digest;
    return out;
}

void show(
    pbft::Proposal& proposal,
    pbft::MemberIndex member,
    std::optional<pbft::Prepared> prepared = std::nullopt) {
    pbft::ViewChange change;
    change.vote.statement = proposal.vote.statement;
    change.vote.member = member;
    change.prepared = prepared;
    proposal.justification.changes.push_back(change);
}

TEST(NewView, view_0_needs_nothing) { EXPECT_EQ(new_view_fault(proposal(0, kOne), 4), ""); }

TEST(NewView, a_quorum_of_distinct_members_must_have_come) {
    pbft::Proposal few = proposal(2, kOne);
    show(few, 0);
    show(few, 1);
    show(few, 1);
    EXPECT_EQ(
        new_view_fault(few, 4),
        "proposes at height 5 view 2 after 2 of 4 members left the views below");
    show(few, 3);
    EXPECT_EQ(new_view_fault(few, 4), "");
    EXPECT_NE(new_view_fault(few, 5), "") << "five members need four";
}

TEST(NewView, view_changes_to_other_views_do_not_count) {
    pbft::Proposal other = proposal(2, kOne);
    show(other, 0);
    show(other, 1);
    show(other, 2);
    other.justification.changes[1].vote.statement.view = View{3};
    EXPECT_NE(new_view_fault(other, 4), "");
}

TEST(NewView, the_block_of_the_highest_prepared_view_must_come_again) {
    pbft::Proposal bound = proposal(4, kTwo);
    show(bound, 0, pbft::Prepared{View{0}, kOne});
    show(bound, 1, pbft::Prepared{View{2}, kTwo});
    show(bound, 2, pbft::Prepared{View{1}, kOne});
    EXPECT_EQ(new_view_fault(bound, 4), "");
    bound.vote.statement.digest = kOne;
    EXPECT_EQ(
        new_view_fault(bound, 4),
        "proposes at height 5 view 4 another block than the one prepared in view 2");
}

}  // namespace
}  // namespace polis::sim
