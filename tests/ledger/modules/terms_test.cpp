// Terms in the state: who votes when, a term ahead, and the corner of the state that an election
// has for itself. Method: the module over a journal, with an election made for the test.
#include <ledger/modules/terms.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/election.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/state/record.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

using consensus::Member;
using consensus::Ranking;
using terms::TermRecord;

/// Ranks the last member first and does not rotate; remembers for which beacon in its records.
class Reversed final : public consensus::Election {
  public:
    [[nodiscard]] std::string_view name() const override { return "reversed"; }

    [[nodiscard]] Ranking rank(
        Term term,
        std::span<const Member> members,
        const Hash& beacon,
        consensus::ElectionRecords& records) const override {
        records.put(codec::encode(term), beacon.view());
        Ranking out{.order = {}, .rotates = false};
        for (std::size_t i = members.size(); i > 0; --i) {
            out.order.push_back(static_cast<consensus::MemberIndex>(i - 1));
        }
        return out;
    }

    [[nodiscard]] std::optional<std::string_view> check(
        std::span<const consensus::Fact> /*facts*/,
        consensus::ElectionRecords& /*records*/) const override {
        return std::nullopt;
    }

    void apply(const consensus::BlockView& /*block*/, consensus::ElectionRecords& /*records*/)
        const override {}
};

class Terms : public ::testing::Test {
  protected:
    Terms() {
        for (std::size_t i = 0; i < 3; ++i) {
            world.add_validator(i, 2'000 * (i + 1));
        }
        first = top();
        hash = must(terms::save_first_term(world.state, first));
    }

    std::vector<Member> top() {
        return must(
            staking::top_by_stake(world.state, world.params, world.params.committee_size_max));
    }

    TermRecord roll() {
        must(terms::roll(world.state, world.params, election, beacon));
        return must(terms::load_terms(world.state));
    }

    ModuleWorld world;
    Reversed election;
    Hash beacon = Hash::from_view(Bytes(32, 0xbe));
    std::vector<Member> first;
    Hash hash;
};

TEST_F(Terms, the_genesis_committee_votes_in_the_first_two) {
    const TermRecord zero = must(terms::load_terms(world.state));
    EXPECT_EQ(zero.term, Term{0});
    EXPECT_EQ(zero.members, first);
    EXPECT_EQ(zero.next, first);
    EXPECT_EQ(zero.ranking, (Ranking{.order = {0, 1, 2}, .rotates = true}));
    EXPECT_EQ(hash, consensus::committee_hash(first));
    EXPECT_FALSE(terms::previous_committee(world.params, zero).has_value());
    const TermRecord one = roll();
    EXPECT_EQ(one.term, Term{1});
    EXPECT_EQ(one.members, first);
}

TEST_F(Terms, stake_takes_effect_one_term_after_it_is_counted) {
    world.add_validator(3, 50'000);
    const std::vector<Member> second = top();
    ASSERT_NE(second, first);
    const TermRecord one = roll();
    EXPECT_EQ(one.members, first);
    EXPECT_EQ(one.next, second);
    const TermRecord two = roll();
    EXPECT_EQ(two.members, second);
    EXPECT_EQ(two.previous, first);
}

TEST_F(Terms, the_election_ranks_the_members_of_the_term_that_begins) {
    const TermRecord one = roll();
    EXPECT_EQ(one.ranking, (Ranking{.order = {2, 1, 0}, .rotates = false}));
    ElectionJournal records(world.state, world.params.election);
    EXPECT_EQ(records.get(codec::encode(Term{1})), to_bytes(beacon.view()));
}

TEST_F(Terms, whoever_failed_goes_to_the_end_of_a_ranking) {
    const auto order_after = [this](std::uint64_t view) {
        must(terms::pass_over(world.state, View{view}));
        return must(terms::load_terms(world.state)).ranking.order;
    };
    roll();
    using Order = std::vector<consensus::MemberIndex>;
    EXPECT_EQ(order_after(0), (Order{2, 1, 0})) << "the first rank did it";
    EXPECT_EQ(order_after(1), (Order{1, 0, 2}));
    EXPECT_EQ(order_after(2), (Order{2, 1, 0}));
    EXPECT_EQ(order_after(3), (Order{2, 1, 0})) << "everybody failed once";
    EXPECT_EQ(order_after(UINT64_MAX), (Order{2, 1, 0}));
    roll();
    EXPECT_EQ(order_after(0), (Order{2, 1, 0})) << "a new term begins with the election's order";
}

TEST_F(Terms, a_ranking_that_rotates_stays) {
    const auto before = must(terms::load_terms(world.state));
    ASSERT_TRUE(before.ranking.rotates);
    must(terms::pass_over(world.state, View{1}));
    EXPECT_EQ(must(terms::load_terms(world.state)), before);
}

TEST_F(Terms, a_committee_stays_while_nobody_stands) {
    for (std::size_t i = 0; i < 3; ++i) {
        const Address& who = actor(i).address;
        ASSERT_EQ(world.apply(who, Unbond{who, std::nullopt}), TxnStatus::kSuccess);
    }
    ASSERT_TRUE(top().empty());
    for (int round = 0; round < 3; ++round) {
        const TermRecord record = roll();
        EXPECT_EQ(record.members, first);
        EXPECT_EQ(record.next, first);
    }
}

TEST_F(Terms, committees_are_those_of_three_terms_in_a_row) {
    world.add_validator(3, 50'000);
    roll();
    world.add_validator(4, 90'000);
    const TermRecord record = roll();
    const auto now = terms::committee(world.params, record);
    const auto next = terms::next_committee(world.params, record);
    const auto before = terms::previous_committee(world.params, record);
    ASSERT_TRUE(before.has_value());
    EXPECT_EQ(now.term, Term{2});
    EXPECT_EQ(next.term, Term{3});
    EXPECT_EQ(before->term, Term{1});
    EXPECT_EQ(before->members, first);
    EXPECT_EQ(now.ranking, record.ranking);
    EXPECT_TRUE(is_permutation(next.ranking, next.size()));
    EXPECT_TRUE(next.ranking.rotates);
    EXPECT_EQ(next.members, top());
    for (const auto& committee : {now, next, *before}) {
        EXPECT_EQ(committee.chain, world.params.chain_id);
    }
}

TEST_F(Terms, a_full_record_is_within_the_limit_of_the_state) {
    std::vector<Member> many(kCommitteeMax, first[0]);
    must(terms::save_first_term(world.state, many));
    world.params.committee_size_max = kCommitteeMax;
    const TermRecord one = roll();
    EXPECT_EQ(one.previous.size(), kCommitteeMax);
    TermRecord full = one;
    full.next = many;
    EXPECT_LE(codec::encode(full).size(), kStateValueBytesMax);
}

TEST_F(Terms, a_state_without_them_or_with_a_ranking_of_others_is_corrupt) {
    MapView empty;
    EXPECT_EQ(terms::load_terms(empty).error().code, StoreErrc::kCorrupt);
    TermRecord record = must(terms::load_terms(world.state));
    record.ranking.order = {0, 1, 1};
    must(save_record(world.state, StateKey(RecordKind::kTerms, {}), record));
    EXPECT_EQ(terms::load_terms(world.state).error().code, StoreErrc::kCorrupt);
}

TEST(TermsElection, is_the_one_that_the_parameters_name) {
    Params params = world_params();
    ASSERT_NE(terms::election_of(params), nullptr);
    EXPECT_EQ(terms::election_of(params)->name(), "dpos");
    params.election = static_cast<ElectionKind>(0xff);
    EXPECT_EQ(terms::election_of(params), nullptr);
}

TEST(ElectionRecords, are_apart_for_each_election) {
    ModuleWorld world;
    ElectionJournal mine(world.state, ElectionKind::kPole);
    ElectionJournal others(world.state, ElectionKind::kPoc);
    mine.put(Bytes{1}, Bytes{7});
    EXPECT_EQ(mine.get(Bytes{1}), (Bytes{7}));
    EXPECT_FALSE(others.get(Bytes{1}).has_value());
    mine.remove(Bytes{1});
    EXPECT_FALSE(mine.get(Bytes{1}).has_value());
    EXPECT_TRUE(mine.finish().has_value());
    EXPECT_TRUE(world.state.changes().empty());
}

TEST(ElectionRecords, take_keys_and_values_up_to_their_limits) {
    ModuleWorld world;
    ElectionJournal records(world.state, ElectionKind::kPole);
    const Bytes key(kElectionKeyBytesMax, 1);
    const Bytes value(kElectionValueBytesMax, 2);
    records.put(key, value);
    records.put({}, Bytes{3});
    EXPECT_EQ(records.get(key), value);
    EXPECT_EQ(records.get({}), (Bytes{3}));
    EXPECT_DEATH(records.put(Bytes(kElectionKeyBytesMax + 1), {}), "kElectionKeyBytesMax");
    EXPECT_DEATH(records.put({}, Bytes(kElectionValueBytesMax + 1)), "kElectionValueBytesMax");
}

/// A disk that fails from some read on.
class BrokenView final : public StateView {
  public:
    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& /*key*/) override {
        ++reads;
        return std::unexpected(StoreError{StoreErrc::kIo, "read " + std::to_string(reads)});
    }

    int reads = 0;
};

TEST(ElectionRecords, keep_the_first_error_and_touch_nothing_after_it) {
    BrokenView broken;
    Journal journal(broken);
    ElectionJournal records(journal, ElectionKind::kDpos);
    EXPECT_FALSE(records.get(Bytes{1}).has_value());
    EXPECT_FALSE(records.get(Bytes{2}).has_value());
    records.put(Bytes{3}, Bytes{4});
    records.remove(Bytes{5});
    EXPECT_EQ(broken.reads, 1);
    ASSERT_FALSE(records.finish().has_value());
    EXPECT_EQ(records.finish().error().context, "read 1");
}

}  // namespace
}  // namespace polis::ledger::testing
