#include <gtest/gtest.h>

#include <consensus/pbft/describe.hpp>
#include <tests/support/pbft_cluster.hpp>

/// Goal: blocks are decided by every size of committee when nothing goes wrong, each step in the
/// order that the driver's contract promises. Method: replicas alone on a network driven by hand.
namespace polis::pbft {

namespace {

using testing::Cluster;
using testing::Flight;

/// Index of the first log line that begins with `text`; the log's size if there is none.
std::size_t line_of(const testing::Node& node, std::string_view text) {
    for (std::size_t i = 0; i < node.log.size(); ++i) {
        if (node.log[i].find(text) != std::string::npos) {
            return i;
        }
    }
    return node.log.size();
}

template <class T>
std::size_t count_of(const std::vector<Effects>& steps) {
    std::size_t count = 0;
    for (const Effects& effects : steps) {
        for (const Effect& effect : effects) {
            count += std::holds_alternative<T>(effect) ? 1U : 0U;
        }
    }
    return count;
}

/// A ballot and the effect in which it left.
struct Promise {
    Persist persist;
    Statement said;
};

std::vector<Promise> promises_of(const testing::Node& node) {
    std::vector<Promise> out;
    for (const Effects& effects : node.effects) {
        for (const Effect& effect : effects) {
            const auto* persist = std::get_if<Persist>(&effect);
            if (persist == nullptr) {
                continue;
            }
            for (const Message& message : persist->then_broadcast) {
                if (const auto* ballot = std::get_if<Ballot>(&message)) {
                    out.push_back({*persist, ballot->vote.statement});
                }
            }
        }
    }
    return out;
}

}  // namespace

TEST(NormalCase, committees_of_every_small_size_decide) {
    for (std::size_t members = 1; members <= 13; ++members) {
        Cluster cluster({.members = members});
        cluster.start_all();
        cluster.run_for(1'500);
        EXPECT_GE(cluster.lowest_height(), 8U) << members << " members";
        EXPECT_EQ(cluster.disagreement(), "");
        EXPECT_EQ(cluster.node(0).replica->view(), View{}) << "no view change was needed";
    }
}

TEST(NormalCase, two_hundred_members_decide) {
    Cluster cluster({.members = 200});
    cluster.start_all();
    cluster.run_for(120);
    EXPECT_GE(cluster.lowest_height(), 1U);
    EXPECT_EQ(cluster.disagreement(), "");
}

TEST(NormalCase, the_leader_rotates_with_the_height) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(900);
    ASSERT_GE(cluster.lowest_height(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t height = i == 0 ? 4 : i;
        const std::string proposal = "proposal " + std::to_string(height) + "/0";
        EXPECT_LT(line_of(cluster.node(i), "send " + proposal), cluster.node(i).log.size())
            << "member " << i << " leads height " << height;
    }
}

TEST(NormalCase, votes_travel_only_inside_the_persist_effect) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(500);
    for (std::size_t i = 0; i < cluster.size(); ++i) {
        EXPECT_EQ(count_of<Broadcast>(cluster.node(i).effects), 0U)
            << "without loss nothing is sent twice, so nothing is sent outside Persist";
        EXPECT_GT(count_of<Persist>(cluster.node(i).effects), 0U);
    }
}

TEST(NormalCase, the_record_of_a_persist_covers_each_of_its_votes) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(500);
    const std::vector<Promise> promises = promises_of(cluster.node(2));
    for (const auto& [persist, said] : promises) {
        const auto& recorded =
            said.phase == Phase::kPrepare ? persist.record.prepare : persist.record.commit;
        EXPECT_EQ(persist.record.height, said.height);
        EXPECT_EQ(recorded, said.digest);
    }
    EXPECT_GE(promises.size(), 6U);
}

TEST(NormalCase, a_commit_names_the_block_that_must_be_stored_first) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(400);
    int commits = 0;
    for (const auto& [persist, said] : promises_of(cluster.node(1))) {
        if (said.phase == Phase::kCommit) {
            EXPECT_EQ(persist.store, said.digest);
            ++commits;
        }
    }
    EXPECT_GE(commits, 2);
}

TEST(NormalCase, nothing_is_prepared_before_the_block_is_valid) {
    Cluster cluster(
        {.members = 4, .timing = {}, .answers_builds = false, .answers_obtains = false});
    cluster.start_all();
    cluster.advance_clock(100);
    cluster.answer_build(1);
    cluster.deliver_all();
    EXPECT_EQ(line_of(cluster.node(2), "prepare 1/0"), cluster.node(2).log.size() - 1)
        << "only the leader's own prepare has arrived";
    EXPECT_FALSE(cluster.node(2).replica->record().prepare.has_value());
    cluster.answer_obtain(2, Verdict::kValid);
    EXPECT_TRUE(cluster.node(2).replica->record().prepare.has_value());
}

TEST(NormalCase, an_invalid_block_is_answered_by_a_view_change_and_never_prepared) {
    Cluster cluster(
        {.members = 4, .timing = {}, .answers_builds = false, .answers_obtains = false});
    cluster.start_all();
    cluster.advance_clock(100);
    cluster.answer_build(1);
    cluster.deliver_all();
    cluster.answer_obtain(2, Verdict::kInvalid);
    EXPECT_EQ(cluster.node(2).replica->view(), View{1});
    EXPECT_FALSE(cluster.node(2).replica->record().prepare.has_value());
}

TEST(NormalCase, the_next_leader_may_choose_transactions_while_the_block_commits) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(300);
    const testing::Node& next = cluster.node(2);  // leads height 2
    const std::size_t ahead = line_of(next, "> build ahead 2");
    EXPECT_LT(ahead, line_of(next, "> finalize 1/0"));
    EXPECT_LT(line_of(next, "> finalize 1/0"), line_of(next, "> build 2/0"));
}

TEST(NormalCase, a_proposal_of_the_next_height_decides_this_one) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.set_filter([](const Flight& flight) {
        const auto* ballot = std::get_if<Ballot>(&flight.message);
        return flight.to == 0 && ballot != nullptr &&
               ballot->vote.statement.phase == Phase::kCommit;
    });
    cluster.run_for(600);
    EXPECT_GE(cluster.node(0).chain.size(), 2U) << "certificates come with the proposals";
    EXPECT_EQ(cluster.disagreement(), "");
}

TEST(NormalCase, an_observer_follows_without_a_vote) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    // A replica with a key of no committee, fed with what node 0 receives.
    Replica observer(Replica::Setup{
        .safety = Safety(testing::member_key(99), testing::kTestChain, {}, Height{}),
        .schedule = testing::test_schedule(cluster.committee(), Height{1}, Hash{}),
        .head_certificate = {},
        .timing = {}});
    Effects effects = observer.step(Start{}, TimeMs{});
    bool finalizes = false;
    cluster.advance_clock(100);
    cluster.answer_build(1);
    while (!cluster.in_flight().empty()) {
        const Flight flight = cluster.in_flight().front();
        if (flight.to == 0) {
            auto verified = verify(flight.message, observer.schedule(), cluster.checker());
            if (verified) {
                for (const Effect& effect :
                     observer.step(Received{*std::move(verified)}, TimeMs{})) {
                    finalizes = finalizes || std::holds_alternative<Finalize>(effect);
                    EXPECT_FALSE(std::holds_alternative<Broadcast>(effect));
                    EXPECT_FALSE(std::holds_alternative<Persist>(effect));
                }
            }
        }
        cluster.deliver_one();
    }
    EXPECT_TRUE(finalizes);
}

}  // namespace polis::pbft
