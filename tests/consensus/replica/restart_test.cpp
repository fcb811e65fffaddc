#include <gtest/gtest.h>

#include <tests/support/pbft_cluster.hpp>

/// Goal: whatever moment a member stops at, what it signed afterwards agrees with what it signed
/// before, and the height is decided. Method: crashes between any two deliveries.
namespace polis::pbft {

namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

/// Everything that members signed and sent, over all their lives.
class Witness {
  public:
    /// As a filter: sees every message that is sent and drops none.
    bool operator()(const Flight& flight) {
        if (const auto* ballot = std::get_if<Ballot>(&flight.message)) {
            votes_[flight.from].push_back(ballot->vote);
        } else if (const auto* proposal = std::get_if<Proposal>(&flight.message)) {
            votes_[flight.from].push_back(proposal->vote);
        } else if (const auto* change = std::get_if<ViewChangeMessage>(&flight.message)) {
            votes_[flight.from].push_back(change->change.vote);
            changes_[flight.from].push_back(change->change);
        }
        return false;
    }

    [[nodiscard]] bool all_consistent() const {
        for (const auto& [member, votes] : votes_) {
            const PublicKey key = member_key(member).public_key();
            for (const Vote& first : votes) {
                for (const Vote& second : votes) {
                    if (conflict(key, first, second)) {
                        return false;
                    }
                }
                const auto changes = changes_.find(member);
                if (first.statement.phase != Phase::kCommit || changes == changes_.end()) {
                    continue;
                }
                for (const ViewChange& change : changes->second) {
                    if (denial(key, first, change)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

  private:
    std::map<std::size_t, std::vector<Vote>> votes_;
    std::map<std::size_t, std::vector<ViewChange>> changes_;
};

}  // namespace

TEST(Restart, at_every_delivery_of_the_first_height) {
    for (std::size_t victim = 0; victim < 4; ++victim) {
        for (std::size_t moment = 0; moment < 30; ++moment) {
            Cluster cluster({.members = 4});
            Witness witness;
            cluster.set_filter([&witness](const Flight& flight) { return witness(flight); });
            cluster.start_all();
            cluster.advance_clock(100);
            cluster.answer_build(1);
            for (std::size_t i = 0; i < moment && cluster.deliver_one(); ++i) {
            }
            cluster.crash(victim);
            cluster.start(victim);
            cluster.run_for(6'000);
            ASSERT_GE(cluster.lowest_height(), 1U)
                << "victim " << victim << " after " << moment << " deliveries";
            ASSERT_EQ(cluster.disagreement(), "");
            ASSERT_TRUE(witness.all_consistent());
        }
    }
}

TEST(Restart, of_all_members_at_once) {
    for (std::size_t moment = 0; moment < 30; ++moment) {
        Cluster cluster({.members = 4});
        Witness witness;
        cluster.set_filter([&witness](const Flight& flight) { return witness(flight); });
        cluster.start_all();
        cluster.advance_clock(100);
        cluster.answer_build(1);
        for (std::size_t i = 0; i < moment && cluster.deliver_one(); ++i) {
        }
        for (std::size_t i = 0; i < 4; ++i) {
            cluster.crash(i);
        }
        cluster.start_all();
        cluster.run_for(10'000);
        ASSERT_GE(cluster.lowest_height(), 1U) << "after " << moment << " deliveries";
        ASSERT_EQ(cluster.disagreement(), "");
        ASSERT_TRUE(witness.all_consistent());
    }
}

TEST(Restart, of_a_single_member_that_had_committed) {
    Cluster cluster({.members = 1});
    cluster.start_all();
    cluster.run_for(350);
    const std::size_t before = cluster.lowest_height();
    ASSERT_GE(before, 2U);
    cluster.crash(0);
    cluster.start(0);
    cluster.run_for(500);
    EXPECT_GT(cluster.lowest_height(), before);
}

TEST(Restart, a_commit_is_said_again) {
    Cluster cluster({.members = 4, .timing = {}, .answers_builds = false});
    cluster.start_all();
    cluster.set_filter([](const Flight& flight) {
        const auto* ballot = std::get_if<Ballot>(&flight.message);
        return ballot != nullptr && ballot->vote.statement.phase == Phase::kCommit;
    });
    cluster.advance_clock(100);
    cluster.answer_build(1);
    cluster.deliver_all();
    ASSERT_EQ(cluster.lowest_height(), 0U);
    cluster.set_filter({});
    for (std::size_t i = 0; i < 4; ++i) {
        cluster.crash(i);
    }
    cluster.start_all();
    cluster.run_for(1'200);  // who started last has missed the others' commits and hears them again
    EXPECT_GE(cluster.lowest_height(), 1U);
    EXPECT_EQ(cluster.node(3).certificates.at(0).statement.view, View{}) << "no view was needed";
}

TEST(Restart, an_older_record_beside_a_newer_chain_stays_silent_for_a_while) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(350);
    const SafetyRecord old = cluster.node(3).stored;
    cluster.run_for(300);
    cluster.crash(3);
    cluster.node(3).stored = old;
    cluster.start(3);
    const Effects& first = cluster.node(3).effects.front();
    ASSERT_FALSE(first.empty());
    const auto* alarm = std::get_if<Alarm>(&first.front());
    ASSERT_NE(alarm, nullptr);
    EXPECT_EQ(alarm->kind, AlarmKind::kQuarantined);
    const std::size_t head = cluster.node(3).chain.size();
    cluster.run_for(10'000);
    EXPECT_GT(cluster.node(3).chain.size(), head + 2) << "it follows";
    EXPECT_TRUE(cluster.node(3).stored.height.value > head + 2);
    EXPECT_EQ(cluster.disagreement(), "");
}

TEST(Replay, of_the_input_log_gives_the_same_effects) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(500);
    cluster.fire(2, Timer::kView);
    cluster.run_for(3'000);
    for (std::size_t i = 0; i < 4; ++i) {
        Replica fresh(Replica::Setup{
            .safety = Safety(member_key(i), kTestChain, {}, Height{}),
            .schedule = test_schedule(cluster.committee(), Height{1}, Hash{}),
            .head_certificate = {},
            .timing = {}});
        EXPECT_GT(cluster.node(i).inputs.size(), 50U);
        EXPECT_EQ(replay_difference(cluster.node(i), std::move(fresh)), "");
    }
}

TEST(Replay, survives_being_written_down) {
    Cluster cluster({.members = 4});
    cluster.start_all();
    cluster.run_for(400);
    for (Input& input : cluster.node(1).inputs) {
        const auto read = codec::decode<Input>(codec::encode(input));
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(*read, input);
    }
}

}  // namespace polis::pbft
