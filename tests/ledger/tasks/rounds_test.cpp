// The life of a task with a round: bonds, windows by block time, facts, and who gets what.
#include <algorithm>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/pole/pole.hpp>
#include <ledger/modules/election_records.hpp>
#include <tests/ledger/tasks/task_world.hpp>

namespace polis::ledger::testing {
namespace {

namespace pole = consensus::pole;
using tasks::EntryEnd;
using tasks::TaskState;

constexpr std::uint64_t kCoins = TaskWorld::kCoins;
constexpr std::uint64_t kReward = 10'000;
constexpr std::uint64_t kBond = 1'001;
constexpr std::uint64_t kTrainerBond = 500;

std::vector<EntryEnd> ends_of(const tasks::RoundResult& result) {
    std::vector<EntryEnd> out;
    for (const tasks::EntryResult& entry : result.entries) {
        out.push_back(entry.end);
    }
    return out;
}

TEST(TaskRounds, the_best_model_wins_and_everybody_gets_the_bond_back) {
    TaskWorld world(4);
    const Hash id = world.open_round();
    world.run_to_scoring(4);
    EXPECT_EQ(world.task(id).escrow, Amount{kReward + kBond + 4 * kTrainerBond});
    world.score_all({70, 90, 60, 20});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(world.balance(1), kCoins + 8'000) << "the reward less the runners-up's part";
    EXPECT_EQ(world.balance(0), kCoins + 1'000);
    EXPECT_EQ(world.balance(2), kCoins + 1'000);
    EXPECT_EQ(world.balance(3), kCoins) << "below the target";
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins - kReward);
    const auto settled = world.event<tasks::Settled>("tasks.settled");
    EXPECT_EQ(settled.winner, actor(1).address);
    EXPECT_EQ(settled.returned, Amount{kBond});
    const tasks::RoundResult result = world.result(1);
    EXPECT_EQ(
        ends_of(result),
        (std::vector{
            EntryEnd::kWon, EntryEnd::kRunnerUp, EntryEnd::kRunnerUp, EntryEnd::kBelowTarget}));
    EXPECT_EQ(result.entries[0].paid, Amount{8'000 + kTrainerBond});
    EXPECT_EQ(result.data, filled(2));
    EXPECT_EQ(result.test_key, filled(9));
    EXPECT_EQ(world.task(id).state, TaskState::kSettled);
    world.check();
}

TEST(TaskRounds, a_single_winner_gets_the_whole_reward) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(2);
    world.score_all({50, 49});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(world.balance(0), kCoins + kReward) << "the target is reached exactly";
    EXPECT_EQ(world.balance(1), kCoins);
    world.check();
}

TEST(TaskRounds, rank_the_committee_of_the_next_term) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(3);
    world.score_all({60, 90, 70});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    std::vector<consensus::Member> members;
    for (std::size_t i = 0; i < 4; ++i) {
        members.push_back({actor(i).address, {}, {}, Amount{100 - i}});
    }
    ElectionJournal records(world.world.state, ElectionKind::kPole);
    const Term now = consensus::term_of(world.world.height, world.world.params.term_blocks);
    const auto ranking = pole::Pole{}.rank(Term{now.value + 1}, members, {}, records);
    EXPECT_EQ(ranking, (consensus::Ranking{.order = {1, 2, 0, 3}, .rotates = false}));
}

TEST(TaskRounds, take_bonded_commitments_of_contenders_only) {
    TaskWorld world;
    const Hash id = world.open_round();
    EXPECT_EQ(world.commit(TaskWorld::kOwner), TxnStatus::kNotContender) << "no validator";
    world.world.add_validator(8, 0);
    EXPECT_EQ(world.commit(8), TxnStatus::kNotContender) << "without stake";
    world.world.add_validator(9, 5'000);
    EXPECT_EQ(world.commit(9), TxnStatus::kInsufficientBalance) << "without the bond";
    EXPECT_EQ(world.open()->entries.size(), 0U);
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(0), kCoins - kTrainerBond);
    EXPECT_EQ(world.commit(0), TxnStatus::kAlreadyCommitted);
    EXPECT_EQ(world.balance(0), kCoins - kTrainerBond);
    must(staking::slash(
        world.world.state,
        world.world.params,
        actor(1).address,
        world.world.height,
        world.world.height,
        1));
    EXPECT_EQ(world.commit(1), TxnStatus::kNotContender) << "in jail";
    EXPECT_EQ(
        world.world.apply(actor(2).address, CommitModel{filled(50), {}}), TxnStatus::kUnknownTask);
    EXPECT_EQ(world.task(id).escrow, Amount{kReward + kBond + kTrainerBond});
    world.check();
}

TEST(TaskRounds, take_nothing_for_a_task_whose_round_is_not_open) {
    TaskWorld world;
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kSuccess);
    const Hash id = tasks::task_id(actor(TaskWorld::kOwner).address, as_bytes("a"));
    EXPECT_EQ(world.world.apply(actor(0).address, CommitModel{id, {}}), TxnStatus::kRoundNotOpen);
    EXPECT_EQ(
        world.world.apply(actor(0).address, RevealModel{id, {}, {}}), TxnStatus::kRoundNotOpen);
    EXPECT_EQ(
        world.world.apply(actor(TaskWorld::kOwner).address, RevealTestKey{id, {}}),
        TxnStatus::kRoundNotOpen);
    world.check();
}

TEST(TaskRounds, refuse_what_comes_too_early_or_too_late) {
    TaskWorld world;
    world.open_round();
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.reveal(0), TxnStatus::kRoundTooEarly);
    EXPECT_EQ(world.reveal_key(), TxnStatus::kRoundTooEarly);
    EXPECT_TRUE(world.wait_for("tasks.revealing"));
    EXPECT_EQ(world.commit(1), TxnStatus::kRoundTooLate);
    EXPECT_EQ(world.balance(1), kCoins) << "nothing is taken";
    EXPECT_EQ(world.reveal_key(filled(8)), TxnStatus::kWrongTestKey);
    EXPECT_EQ(world.reveal(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.reveal(0), TxnStatus::kAlreadyRevealed);
    EXPECT_EQ(world.reveal(2), TxnStatus::kNotCommitted);
    EXPECT_TRUE(world.wait_for("tasks.scoring"));
    EXPECT_EQ(world.reveal_key(), TxnStatus::kRoundTooLate);
    world.check();
}

TEST(TaskRounds, a_copied_commitment_is_useless_and_costs_the_bond) {
    TaskWorld world;
    world.open_round();
    const Hash original = world.commitment(0, TaskWorld::model_of(0));
    EXPECT_EQ(world.commit(0, original), TxnStatus::kSuccess);
    EXPECT_EQ(world.commit(1, original), TxnStatus::kSuccess);
    EXPECT_TRUE(world.wait_for("tasks.revealing"));
    EXPECT_EQ(world.reveal(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.reveal(1, TaskWorld::model_of(0)), TxnStatus::kRevealMismatch);
    EXPECT_EQ(world.reveal_key(), TxnStatus::kSuccess);
    world.attest_all();
    EXPECT_TRUE(world.wait_for("tasks.scoring"));
    world.score_all({90});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(world.event<tasks::Paid>("tasks.slashed").trainer, actor(1).address);
    EXPECT_EQ(world.balance(1), kCoins - kTrainerBond);
    EXPECT_EQ(ends_of(world.result(1)), (std::vector{EntryEnd::kWon, EntryEnd::kSilent}));
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins - kReward + kTrainerBond)
        << "what silence cost goes to whoever paid for the round";
    world.check();
}

TEST(TaskRounds, a_reveal_that_does_not_match_can_be_mended_in_time) {
    TaskWorld world;
    world.open_round();
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_TRUE(world.wait_for("tasks.revealing"));
    EXPECT_EQ(world.reveal(0, filled(66)), TxnStatus::kRevealMismatch);
    EXPECT_FALSE(world.add_fact(
        {.kind = consensus::FactKind::kBlobAvailable, .subject = filled(66), .result = {}}));
    EXPECT_EQ(world.reveal(0), TxnStatus::kSuccess);
    world.check();
}

TEST(TaskRounds, without_commitments_the_owner_gets_everything_back) {
    TaskWorld world;
    const Hash id = world.open_round();
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins);
    EXPECT_EQ(world.event<tasks::Settled>("tasks.settled").winner, std::nullopt);
    EXPECT_TRUE(world.result(1).entries.empty());
    EXPECT_EQ(world.task(id).state, TaskState::kSettled);
    world.check();
}

TEST(TaskRounds, without_reveals_every_bond_goes_to_the_owner) {
    TaskWorld world;
    world.open_round();
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.commit(1), TxnStatus::kSuccess);
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins + 2 * kTrainerBond);
    EXPECT_FALSE(world.result(1).owner_failed) << "there was nothing to reveal a key for";
    world.check();
}

TEST(TaskRounds, a_withheld_key_costs_the_owner_its_bond_and_validation_decides) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(2, /*with_key=*/false);
    EXPECT_EQ(world.event<tasks::Scoring>("tasks.scoring").data, filled(3));
    world.score_all({60, 80});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_TRUE(world.result(1).owner_failed);
    EXPECT_EQ(world.balance(1), kCoins + 8'000 + 501) << "the odd unit goes to the first";
    EXPECT_EQ(world.balance(0), kCoins + 2'000 + 500);
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins - kReward - kBond);
    world.check();
}

TEST(TaskRounds, a_bad_test_blob_costs_the_owner_its_bond_and_validation_decides) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(2);
    const auto wanted = must(tasks::wanted(world.world.state)).scores;
    ASSERT_EQ(wanted.size(), 2U);
    EXPECT_EQ(wanted[0].key, filled(9));
    EXPECT_TRUE(world.add_fact(tasks::score_fact(wanted[0], pole::bad_data())));
    world.end_block();
    EXPECT_EQ(world.event<tasks::Scoring>("tasks.scoring").data, filled(3));
    const auto again = must(tasks::wanted(world.world.state)).scores;
    ASSERT_EQ(again.size(), 2U) << "both are scored again";
    EXPECT_EQ(again[0].data, filled(3));
    EXPECT_FALSE(again[0].key.has_value());
    EXPECT_FALSE(world.add_fact(tasks::score_fact(wanted[1], pole::bad_data())));
    world.score_all({60, 10});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(world.balance(0), kCoins + kReward + 501);
    EXPECT_EQ(world.balance(1), kCoins + 500);
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins - kReward - kBond);
    world.check();
}

TEST(TaskRounds, a_model_that_nobody_can_have_costs_the_bond) {
    TaskWorld world;
    world.open_round();
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.commit(1), TxnStatus::kSuccess);
    EXPECT_TRUE(world.wait_for("tasks.revealing"));
    EXPECT_EQ(world.reveal(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.reveal(1), TxnStatus::kSuccess);
    EXPECT_EQ(world.reveal_key(), TxnStatus::kSuccess);
    EXPECT_TRUE(world.attest(TaskWorld::model_of(0)));
    EXPECT_TRUE(world.wait_for("tasks.scoring"));
    world.score_all({90, 90});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(ends_of(world.result(1)), (std::vector{EntryEnd::kWon, EntryEnd::kUnavailable}));
    EXPECT_EQ(world.balance(1), kCoins - kTrainerBond);
    EXPECT_FALSE(world.attest(TaskWorld::model_of(1))) << "nobody waits any more";
    world.check();
}

TEST(TaskRounds, unscored_models_get_their_bonds_back_and_the_owner_its_reward) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(2);
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(ends_of(world.result(1)), (std::vector{EntryEnd::kUnscored, EntryEnd::kUnscored}));
    EXPECT_EQ(world.balance(0), kCoins);
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins);
    world.check();
}

TEST(TaskRounds, bad_models_settle_and_win_nothing) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(2);
    for (const tasks::ScoreWanted& item : must(tasks::wanted(world.world.state)).scores) {
        EXPECT_TRUE(world.add_fact(tasks::score_fact(item, pole::bad_model())));
    }
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(ends_of(world.result(1)), (std::vector{EntryEnd::kBadModel, EntryEnd::kBadModel}));
    EXPECT_EQ(world.balance(0), kCoins);
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins);
    world.check();
}

TEST(TaskRounds, a_target_out_of_reach_returns_the_reward_and_ends_the_standing) {
    TaskWorld world;
    TaskSpec spec = example_spec("a");
    spec.target_ppm = 1'000'000;
    EXPECT_EQ(world.submit(spec), TxnStatus::kSuccess);
    world.attest_all();
    EXPECT_TRUE(world.wait_for("tasks.opened"));
    world.run_to_scoring(2);
    world.score_all({99, 98});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    EXPECT_EQ(world.balance(TaskWorld::kOwner), kCoins);
    ElectionJournal records(world.world.state, ElectionKind::kPole);
    EXPECT_FALSE(pole::load_standing(records).has_value());
    world.check();
}

TEST(TaskRounds, scores_that_were_wanted_are_refused_afterwards) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(1);
    const auto wanted = must(tasks::wanted(world.world.state)).scores;
    ASSERT_EQ(wanted.size(), 1U);
    const auto fact = tasks::score_fact(wanted[0], pole::bad_model());
    EXPECT_TRUE(world.add_fact(fact));
    world.end_block();
    EXPECT_EQ(world.event<tasks::Settled>("tasks.settled").round, 1U);
    EXPECT_FALSE(world.add_fact(fact));
}

TEST(TaskRounds, follow_one_another_and_are_remembered) {
    TaskWorld world;
    EXPECT_EQ(world.submit(example_spec("a")), TxnStatus::kSuccess);
    EXPECT_EQ(world.submit(example_spec("b")), TxnStatus::kSuccess);
    world.attest_all();
    EXPECT_TRUE(world.wait_for("tasks.opened"));
    const Hash first = world.open()->round.task;
    EXPECT_EQ(must(tasks::waiting(world.world.state)).size(), 1U) << "one round at a time";
    world.run_to_scoring(1);
    world.score_all({77});
    EXPECT_TRUE(world.wait_for("tasks.opened"));
    const Hash second = world.open()->round.task;
    EXPECT_NE(first, second);
    world.run_to_scoring(2);
    world.score_all({77, 78});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    const auto results = must(tasks::last_results(world.world.state, 10));
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].round, 2U);
    EXPECT_EQ(results[0].entries[0].trainer, actor(1).address);
    EXPECT_EQ(results[1].task, first);
    EXPECT_EQ(must(tasks::last_results(world.world.state, 1)).size(), 1U);
    world.check();
}

TEST(TaskRounds, a_chain_that_stood_still_shuts_nobody_out) {
    TaskWorld world;
    world.open_round();
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_TRUE(world.wait_for("tasks.revealing"));
    world.world.time.value += 3'600'000;
    world.end_block();
    EXPECT_EQ(world.reveal(0), TxnStatus::kSuccess);
    world.check();
}

TEST(TaskRounds, tell_members_and_trainers_what_to_do) {
    TaskWorld world;
    const Hash id = world.open_round();
    EXPECT_TRUE(must(tasks::wanted(world.world.state)).blobs.empty());
    EXPECT_EQ(
        must(tasks::blobs_in_use(world.world.state)),
        (std::vector{filled(1), filled(2), filled(3)}));
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_TRUE(world.wait_for("tasks.revealing"));
    EXPECT_EQ(world.reveal(0), TxnStatus::kSuccess);
    EXPECT_EQ(
        must(tasks::wanted(world.world.state)).blobs,
        (std::vector<tasks::BlobWanted>{{.root = TaskWorld::model_of(0), .bytes_max = 100'000}}));
    EXPECT_EQ(world.reveal_key(), TxnStatus::kSuccess);
    world.attest_all();
    EXPECT_TRUE(world.wait_for("tasks.scoring"));
    const auto scores = must(tasks::wanted(world.world.state)).scores;
    ASSERT_EQ(scores.size(), 1U);
    const auto open = world.open();
    EXPECT_EQ(scores[0].seed, pole::seed_of(open->round.beacon, id, actor(0).address));
    EXPECT_EQ(scores[0].limits.input, example_spec().input);
    world.score_all({80});
    EXPECT_TRUE(world.wait_for("tasks.settled"));
    const tasks::RoundResult result = world.result(1);
    EXPECT_EQ(must(tasks::score_of(world.world.state, result, result.entries[0])), scores[0])
        << "an audit asks the same question";
}

TEST(TaskRounds, a_model_that_ranks_again_is_named_after_its_owner) {
    const auto entry = [](std::size_t who, std::optional<Hash> model) {
        return tasks::EntryResult{
            .trainer = actor(who).address,
            .model = model,
            .end = EntryEnd::kBelowTarget,
            .score = std::nullopt,
            .paid = {}};
    };
    tasks::RoundResult result;
    result.entries = {
        entry(0, Hash{{1}}),
        entry(1, Hash{{2}}),
        entry(2, Hash{{1}}),
        entry(3, std::nullopt),
        entry(4, std::nullopt)};
    const auto owner = [&result](std::size_t rank) {
        return tasks::copied_from(result, result.entries[rank]);
    };
    EXPECT_EQ(owner(0), std::nullopt) << "its own";
    EXPECT_EQ(owner(1), std::nullopt);
    EXPECT_EQ(owner(2), actor(0).address);
    EXPECT_EQ(owner(4), std::nullopt) << "who revealed nothing copied nothing";
}

TEST(TaskRounds, every_step_is_told) {
    TaskWorld world;
    const Hash id = world.open_round();
    EXPECT_EQ(world.event<tasks::Opened>("tasks.opened").round, 1U);
    EXPECT_EQ(world.commit(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.event<tasks::Committed>("tasks.committed").trainer, actor(0).address);
    EXPECT_TRUE(world.wait_for("tasks.revealing"));
    EXPECT_EQ(world.event<tasks::Revealing>("tasks.revealing").task, id);
    EXPECT_EQ(world.reveal(0), TxnStatus::kSuccess);
    EXPECT_EQ(world.event<tasks::Revealed>("tasks.revealed").model, TaskWorld::model_of(0));
    EXPECT_EQ(world.reveal_key(), TxnStatus::kSuccess);
    EXPECT_EQ(world.event<tasks::KeyRevealed>("tasks.key_revealed").round, 1U);
    world.attest_all();
    EXPECT_TRUE(world.wait_for("tasks.scoring"));
    world.score_all({80});
    world.end_block();
    EXPECT_EQ(world.event<tasks::Paid>("tasks.paid").amount, Amount{kReward + kTrainerBond});
}

TEST(TaskRounds, scores_are_told_when_they_come) {
    TaskWorld world;
    world.open_round();
    world.run_to_scoring(2);
    world.score_all({80});
    world.end_block();
    const auto scored = world.event<tasks::Scored>("tasks.scored");
    EXPECT_EQ(scored.trainer, actor(0).address);
    EXPECT_EQ(scored.result.correct, 80U);
}

}  // namespace
}  // namespace polis::ledger::testing
