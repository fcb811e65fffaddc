#include <gtest/gtest.h>

#include <tests/support/pbft_cluster.hpp>

/// Goal: a failed view is left, what was prepared survives, nobody is dragged, everybody arrives.
/// Method: four or seven replicas; the test decides which messages arrive.
namespace polis::pbft {

namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

bool is_commit(const Message& message) {
    const auto* ballot = std::get_if<Ballot>(&message);
    return ballot != nullptr && ballot->vote.statement.phase == Phase::kCommit;
}

std::size_t count_accusations(const Node& node) {
    std::size_t count = 0;
    for (const Effects& effects : node.effects) {
        for (const Effect& effect : effects) {
            count += std::holds_alternative<Accuse>(effect) ? 1U : 0U;
        }
    }
    return count;
}

}  // namespace

TEST(ViewChange, a_silent_leader_is_replaced) {
    Cluster cluster({.members = 4});
    for (const std::size_t i : {0U, 2U, 3U}) {  // member 1 leads height 1
        cluster.start(i);
    }
    cluster.node(1).up = false;
    cluster.run_for(4'000);
    EXPECT_GE(cluster.lowest_height(), 1U);
    EXPECT_EQ(cluster.disagreement(), "");
}

TEST(ViewChange, whoever_led_a_later_view_leads_the_next_heights_first_view) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    for (std::size_t i = 0; i < 4; ++i) {
        cluster.fire(i, Timer::kView);
    }
    cluster.deliver_all();
    cluster.answer_build(2);  // leads 1/1 and 2/0
    cluster.deliver_all();
    ASSERT_EQ(cluster.lowest_height(), 1U);
    cluster.advance_clock(100);
    cluster.answer_build(2);
    cluster.deliver_all();
    EXPECT_EQ(cluster.lowest_height(), 2U);
}

TEST(ViewChange, goes_on_over_several_silent_leaders) {
    Cluster cluster({.members = 7});
    for (std::size_t i = 3; i < 7; ++i) {
        cluster.start(i);
    }
    cluster.start(0);
    for (const std::size_t i : {1U, 2U}) {  // the leaders of views 0 and 1 of height 1
        cluster.node(i).up = false;
    }
    cluster.run_for(12'000);
    EXPECT_GE(cluster.lowest_height(), 1U);
    EXPECT_EQ(cluster.disagreement(), "");
}

TEST(ViewChange, a_leader_that_is_gone_costs_its_time_once) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.node(1).up = false;
    cluster.run_for(22'000);
    // Every fourth height is its turn: the first one takes 2,100 ms, each later one 350 ms more.
    EXPECT_GE(cluster.lowest_height(), 90U);
    EXPECT_EQ(cluster.disagreement(), "");
}

TEST(ViewChange, a_leader_that_votes_is_waited_for) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.set_filter([](const Flight& flight) {
        return flight.from == 1 && std::holds_alternative<Proposal>(flight.message);
    });
    cluster.run_for(22'000);
    EXPECT_GE(cluster.lowest_height(), 20U);
    EXPECT_LE(cluster.lowest_height(), 60U);
}

TEST(ViewChange, what_a_quorum_has_prepared_is_proposed_again) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    cluster.set_filter([](const Flight& flight) { return is_commit(flight.message); });
    cluster.advance_clock(100);
    cluster.answer_build(1);
    cluster.deliver_all();
    const auto& record = cluster.node(2).replica->record();
    ASSERT_TRUE(record.prepared.has_value());
    const Hash prepared = record.prepared->statement.digest;
    for (std::size_t i = 0; i < 4; ++i) {
        cluster.fire(i, Timer::kView);
    }
    cluster.set_filter({});
    cluster.deliver_all();
    ASSERT_TRUE(cluster.node(2).build.has_value());
    EXPECT_EQ(cluster.node(2).build->height, Height{2}) << "it was not free at height 1";
    EXPECT_GE(cluster.lowest_height(), 1U);
    EXPECT_EQ(cluster.node(0).chain.at(0), prepared);
}

TEST(ViewChange, a_leader_without_the_prepared_block_fetches_it_first) {
    Cluster cluster(
        {.members = 4, .timing = {}, .answers_builds = false, .answers_obtains = false});
    cluster.start_all();
    cluster.set_filter([](const Flight& flight) {
        return is_commit(flight.message) ||
               (flight.to == 2 && std::holds_alternative<Proposal>(flight.message));
    });
    cluster.advance_clock(100);
    cluster.answer_build(1);
    cluster.deliver_all();
    for (const std::size_t i : {0U, 3U}) {
        cluster.answer_obtain(i, Verdict::kValid);
    }
    cluster.deliver_all();
    ASSERT_TRUE(cluster.node(0).replica->record().prepared.has_value());
    for (const std::size_t i : {0U, 1U, 3U, 2U}) {
        cluster.fire(i, Timer::kView);
    }
    cluster.set_filter({});
    cluster.deliver_all();
    ASSERT_FALSE(cluster.node(2).obtains.empty());
    const Obtain& asked = cluster.node(2).obtains.back();
    EXPECT_EQ(asked.digest, cluster.node(0).replica->record().prepared->statement.digest);
    EXPECT_FALSE(asked.fresh);
    EXPECT_GE(asked.sources.size(), 3U);
    EXPECT_FALSE(cluster.node(2).build.has_value());
}

TEST(ViewChange, one_member_drags_nobody_and_f_plus_one_pull_everybody) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    const View far{UINT64_MAX};
    const Slot slot{Height{1}, far};
    EXPECT_EQ(cluster.receive(0, signed_view_change(cluster.committee(), 2, slot)), std::nullopt);
    EXPECT_EQ(cluster.node(0).replica->view(), View{});
    EXPECT_EQ(
        cluster.receive(0, signed_view_change(cluster.committee(), 3, {Height{1}, View{5}})),
        std::nullopt);
    EXPECT_EQ(cluster.node(0).replica->view(), View{5}) << "the smaller of the two";
}

TEST(ViewChange, votes_of_higher_views_pull_too) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    for (const std::size_t i : {2U, 3U}) {
        EXPECT_EQ(
            cluster.receive(
                0,
                Ballot{signed_vote(
                    cluster.committee(), i, {Height{1}, View{3}}, Phase::kPrepare, Hash{})}),
            std::nullopt);
    }
    EXPECT_EQ(cluster.node(0).replica->view(), View{3});
}

TEST(ViewChange, a_cut_off_member_does_not_count_its_views_up) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    cluster.set_filter([](const Flight& flight) { return flight.to == 0 || flight.from == 0; });
    for (int i = 0; i < 10; ++i) {
        cluster.fire(0, Timer::kView);
    }
    EXPECT_EQ(cluster.node(0).replica->view(), View{1});
    EXPECT_FALSE(cluster.node(0).timers.contains(Timer::kView)) << "waits for a quorum";
}

TEST(ViewChange, timeouts_double_and_come_back_down) {
    const Timing timing{
        .block_interval_ms = 0,
        .view_timeout_ms = 1'000,
        .view_timeout_ms_max = 6'000,
        .resend_ms = 500};
    Pacemaker pacemaker(timing);
    std::vector<std::uint64_t> lasts;
    for (int i = 0; i < 5; ++i) {
        lasts.push_back(pacemaker.timeout_ms());
        pacemaker.view_failed();
    }
    EXPECT_EQ(lasts, (std::vector<std::uint64_t>{1'000, 2'000, 4'000, 6'000, 6'000}));
    pacemaker.decided(View{2});
    EXPECT_EQ(pacemaker.timeout_ms(), 6'000U) << "a height that needed views changes nothing";
    for (int i = 0; i < 5; ++i) {
        pacemaker.decided(View{});
    }
    EXPECT_EQ(pacemaker.timeout_ms(), 1'000U);
}

TEST(ViewChange, the_largest_timings_do_not_wrap) {
    const Timing timing{
        .block_interval_ms = 1,
        .view_timeout_ms = UINT64_MAX / 2,
        .view_timeout_ms_max = UINT64_MAX,
        .resend_ms = 1};
    Pacemaker pacemaker(timing);
    for (int i = 0; i < 100; ++i) {
        pacemaker.view_failed();
    }
    EXPECT_EQ(pacemaker.timeout_ms(), UINT64_MAX);
}

TEST(ViewChange, a_member_left_behind_in_an_old_view_votes_again_after_one_proposal) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    cluster.set_filter([](const Flight& flight) { return flight.to == 0 || flight.from == 0; });
    for (const std::size_t i : {1U, 2U, 3U}) {
        cluster.fire(i, Timer::kView);
    }
    cluster.deliver_all();
    cluster.set_filter({});
    cluster.advance_clock(10);
    cluster.answer_build(2);  // leads view 1 of height 1
    cluster.deliver_all();
    EXPECT_EQ(cluster.node(0).chain.size(), 1U);
}

TEST(ViewChange, lost_messages_are_said_again) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.set_filter([](const Flight&) { return true; });
    cluster.run_for(1'000);
    cluster.set_filter({});
    cluster.run_for(1'500);
    EXPECT_GE(cluster.lowest_height(), 1U) << "within the first view";
    EXPECT_EQ(count_accusations(cluster.node(0)), 0U);
}

}  // namespace polis::pbft
