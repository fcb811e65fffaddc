// Learning rounds: which phase takes what, and how a round is ranked. Method: the transitions over
// records in memory, block by block.
#include <consensus/pole/round.hpp>

#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/pole/pole.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::consensus::pole {
namespace {

using polis::testing::hash_of;
using polis::testing::MapRecords;

constexpr std::uint64_t kBlockMs = 100;

Address trainer(std::uint8_t number) {
    Address out;
    out.data.fill(number);
    return out;
}

ScoreResult score(std::uint64_t correct, std::uint64_t cross_entropy = 5) {
    return {
        .verdict = Verdict::kScored,
        .correct = correct,
        .cross_entropy = cross_entropy,
        .count = 100};
}

/// One task's round, with blocks every kBlockMs.
class Rounds : public ::testing::Test {
  protected:
    static Rules rules() {
        return {
            .test = hash_of(1),
            .test_key_hash = test_key_hash(hash_of(9)),
            .validation = hash_of(2),
            .target_ppm = 500'000,
            .training_ms = 2'000,
            .reveal_ms = 1'500,
            .scoring_ms = 1'000};
    }

    [[nodiscard]] BlockView block() const {
        BlockView out;
        out.height = Height{height_};
        out.term = Term{4};
        out.beacon = hash_of(static_cast<std::uint8_t>(height_));
        out.time = TimeMs{height_ * kBlockMs};
        return out;
    }

    [[nodiscard]] Moment now() const {
        return {.height = Height{height_}, .time = TimeMs{height_ * kBlockMs}};
    }

    void open() {
        open_round(records_, kTask, rules(), block());
        ++height_;
    }

    /// Ends the block, and begins the next one.
    Step end_block(const std::vector<Fact>& facts = {}) {
        take_facts(records_, facts, now());
        const Step step = advance(records_, block());
        ++height_;
        return step;
    }

    /// Ends blocks until something happens.
    Step wait() {
        for (int i = 0; i < 100; ++i) {
            const Step step = end_block();
            if (step != Step::kNone) {
                return step;
            }
        }
        return Step::kNone;
    }

    [[nodiscard]] Hash commitment(
        std::uint8_t who, const Hash& model, const Hash& salt = hash_of(7)) {
        return commitment_hash(
            {.round = load_round(records_)->number,
             .task = kTask,
             .trainer = trainer(who),
             .model = model,
             .salt = salt});
    }

    std::optional<RoundError> send_commit(std::uint8_t who, const Hash& hash) {
        const auto result =
            commit(records_, {.task = kTask, .trainer = trainer(who), .commitment = hash}, now());
        return result ? std::nullopt : std::optional{result.error()};
    }

    std::optional<RoundError> send_reveal(
        std::uint8_t who, const Hash& model, bool available = true) {
        const RevealRequest request{
            .task = kTask,
            .trainer = trainer(who),
            .model = model,
            .salt = hash_of(7),
            .available = available};
        const auto result = reveal(records_, request, now());
        return result ? std::nullopt : std::optional{result.error()};
    }

    std::optional<RoundError> send_key(const Hash& key) {
        const auto result = reveal_key(records_, kTask, key, now());
        return result ? std::nullopt : std::optional{result.error()};
    }

    static Hash model_of(std::uint8_t who) { return hash_of(static_cast<std::uint8_t>(100 + who)); }

    /// Trainers 1 to count commit and reveal; the key is revealed too.
    void run_to_scoring(std::uint8_t count, bool with_key = true) {
        open();
        for (std::uint8_t i = 1; i <= count; ++i) {
            EXPECT_EQ(send_commit(i, commitment(i, model_of(i))), std::nullopt);
        }
        EXPECT_EQ(wait(), Step::kRevealing);
        for (std::uint8_t i = 1; i <= count; ++i) {
            EXPECT_EQ(send_reveal(i, model_of(i)), std::nullopt);
        }
        if (with_key) {
            EXPECT_EQ(send_key(hash_of(9)), std::nullopt);
        }
        EXPECT_EQ(wait(), Step::kScoring);
    }

    [[nodiscard]] Fact score_fact(std::uint8_t who, const ScoreResult& result) {
        const Round round = *load_round(records_);
        return {
            .kind = FactKind::kModelScore,
            .subject = score_subject(
                {.round = round.number,
                 .trainer = trainer(who),
                 .model = model_of(who),
                 .data = data_root(round)}),
            .result = codec::encode(result)};
    }

    static std::vector<Address> names(const std::vector<Entry>& entries) {
        std::vector<Address> out;
        for (const Entry& entry : entries) {
            out.push_back(entry.trainer);
        }
        return out;
    }

    const Hash kTask = hash_of(3);
    MapRecords records_;
    std::uint64_t height_ = 10;
};

TEST_F(Rounds, number_themselves_and_keep_the_beacon_of_their_opening) {
    open();
    const auto round = load_round(records_);
    ASSERT_TRUE(round.has_value());
    EXPECT_EQ(round->number, 1U);
    EXPECT_EQ(round->beacon, hash_of(10));
    EXPECT_EQ(round->phase, Phase::kTraining);
    EXPECT_EQ(round->phase_until, TimeMs{10 * kBlockMs + 2'000});
    EXPECT_EQ(wait(), Step::kSettle) << "nobody committed";
    EXPECT_TRUE(settle(records_, block()).ranked.empty());
    open();
    EXPECT_EQ(load_round(records_)->number, 2U);
}

TEST_F(Rounds, take_one_commitment_of_each_trainer_while_training_lasts) {
    EXPECT_EQ(send_commit(1, hash_of(5)), RoundError::kNotOpen);
    open();
    EXPECT_EQ(send_commit(1, hash_of(5)), std::nullopt);
    EXPECT_EQ(send_commit(1, hash_of(6)), RoundError::kAlreadyCommitted);
    const auto other = commit(
        records_, {.task = hash_of(99), .trainer = trainer(2), .commitment = hash_of(5)}, now());
    EXPECT_EQ(other.error(), RoundError::kNotOpen) << "another task's round";
    while (load_round(records_)->phase_until > now().time) {
        EXPECT_EQ(send_commit(static_cast<std::uint8_t>(height_), hash_of(5)), std::nullopt);
        EXPECT_EQ(end_block(), Step::kNone);
    }
    EXPECT_EQ(send_commit(200, hash_of(5)), RoundError::kTooLate) << "in the block that closes";
    EXPECT_EQ(end_block(), Step::kRevealing);
    EXPECT_EQ(send_commit(200, hash_of(5)), RoundError::kTooLate);
}

TEST_F(Rounds, windows_last_some_blocks_even_if_time_jumps) {
    open();
    const Round round = *load_round(records_);
    for (std::uint64_t i = 1; i <= kWindowBlocksMin; ++i) {
        EXPECT_TRUE(window_open(round, {Height{round.phase_from.value + i}, TimeMs{UINT64_MAX}}));
    }
    const Height after{round.phase_from.value + kWindowBlocksMin + 1};
    EXPECT_FALSE(window_open(round, {after, round.phase_until}));
    EXPECT_TRUE(window_open(round, {after, TimeMs{round.phase_until.value - 1}}));
}

TEST_F(Rounds, have_room_for_a_limited_number_of_trainers) {
    open();
    for (std::size_t i = 0; i < kEntriesMax; ++i) {
        EXPECT_EQ(send_commit(static_cast<std::uint8_t>(i), hash_of(5)), std::nullopt);
    }
    EXPECT_EQ(send_commit(250, hash_of(5)), RoundError::kFull);
    EXPECT_EQ(load_entries(records_).size(), kEntriesMax);
}

TEST_F(Rounds, take_reveals_between_training_and_scoring_only) {
    open();
    EXPECT_EQ(send_commit(1, commitment(1, model_of(1))), std::nullopt);
    EXPECT_EQ(send_commit(2, commitment(2, model_of(2))), std::nullopt);
    EXPECT_EQ(send_reveal(1, model_of(1)), RoundError::kTooEarly);
    EXPECT_EQ(send_key(hash_of(9)), RoundError::kTooEarly);
    EXPECT_EQ(wait(), Step::kRevealing);
    EXPECT_EQ(send_reveal(1, model_of(1)), std::nullopt);
    EXPECT_EQ(send_reveal(1, model_of(1)), RoundError::kAlreadyRevealed);
    EXPECT_EQ(send_reveal(3, model_of(3)), RoundError::kNotCommitted);
    EXPECT_EQ(send_key(hash_of(8)), RoundError::kWrongKey);
    EXPECT_EQ(send_key(hash_of(9)), std::nullopt);
    EXPECT_EQ(send_key(hash_of(9)), RoundError::kAlreadyRevealed);
    EXPECT_EQ(wait(), Step::kScoring);
    EXPECT_EQ(send_reveal(2, model_of(2)), RoundError::kTooLate);
}

TEST_F(Rounds, accept_only_the_model_that_was_committed_to_by_the_same_trainer) {
    open();
    const Hash own = commitment(1, model_of(1));
    EXPECT_EQ(send_commit(1, own), std::nullopt);
    EXPECT_EQ(send_commit(2, own), std::nullopt) << "a copy looks like any commitment";
    EXPECT_EQ(wait(), Step::kRevealing);
    EXPECT_EQ(send_reveal(1, model_of(2)), RoundError::kMismatch);
    EXPECT_EQ(send_reveal(1, model_of(1)), std::nullopt);
    EXPECT_EQ(send_reveal(2, model_of(1)), RoundError::kMismatch) << "it cannot be revealed";
}

TEST_F(Rounds, a_commitment_depends_on_every_field) {
    const Commitment base{1, hash_of(1), trainer(1), hash_of(2), hash_of(3)};
    Commitment round = base;
    round.round = 2;
    Commitment task = base;
    task.task = hash_of(4);
    Commitment who = base;
    who.trainer = trainer(2);
    Commitment model = base;
    model.model = hash_of(4);
    Commitment salt = base;
    salt.salt = hash_of(4);
    for (const Commitment& changed : {round, task, who, model, salt}) {
        EXPECT_NE(commitment_hash(base), commitment_hash(changed));
    }
}

TEST_F(Rounds, seeds_differ_by_beacon_task_and_trainer) {
    const Hash seed = seed_of(hash_of(1), hash_of(2), trainer(3));
    EXPECT_EQ(seed, seed_of(hash_of(1), hash_of(2), trainer(3)));
    EXPECT_NE(seed, seed_of(hash_of(4), hash_of(2), trainer(3)));
    EXPECT_NE(seed, seed_of(hash_of(1), hash_of(4), trainer(3)));
    EXPECT_NE(seed, seed_of(hash_of(1), hash_of(2), trainer(4)));
}

TEST_F(Rounds, score_at_once_when_everything_is_revealed) {
    run_to_scoring(3);
    EXPECT_LT(now().time, TimeMs{load_round(records_)->opened.value * kBlockMs + 2'000 + 1'500});
    EXPECT_EQ(data_root(*load_round(records_)), hash_of(1));
    EXPECT_EQ(
        end_block({score_fact(1, score(60)), score_fact(2, score(70)), score_fact(3, score(40))}),
        Step::kSettle)
        << "and settle when everything is scored";
    const Settlement settlement = settle(records_, block());
    EXPECT_EQ(names(settlement.ranked), (std::vector{trainer(2), trainer(1), trainer(3)}));
    EXPECT_EQ(settlement.winners, 2U);
    EXPECT_FALSE(settlement.owner_failed);
    EXPECT_TRUE(settlement.others.empty());
}

TEST_F(Rounds, rank_by_correct_answers_then_cross_entropy_then_a_hash) {
    run_to_scoring(4);
    const Round round = *load_round(records_);
    end_block(
        {score_fact(1, score(60, 9)),
         score_fact(2, score(60, 8)),
         score_fact(3, score(61, 99)),
         score_fact(4, score(60, 8))});
    const Settlement settlement = settle(records_, block());
    ASSERT_EQ(settlement.ranked.size(), 4U);
    EXPECT_EQ(settlement.ranked[0].trainer, trainer(3));
    EXPECT_EQ(settlement.ranked[3].trainer, trainer(1));
    EXPECT_NE(settlement.ranked[1].trainer, settlement.ranked[2].trainer);
    EXPECT_NE(round.tie_beacon, round.beacon) << "nobody knew it when committing";
}

TEST_F(Rounds, equal_scores_are_not_decided_by_the_order_of_commitment) {
    std::size_t first_wins = 0;
    for (std::uint8_t i = 0; i < 32; ++i) {
        records_ = MapRecords{};
        height_ = 10 + i;
        run_to_scoring(2);
        end_block({score_fact(1, score(60)), score_fact(2, score(60))});
        first_wins += settle(records_, block()).ranked[0].trainer == trainer(1) ? 1U : 0U;
    }
    EXPECT_GT(first_wins, 4U);
    EXPECT_LT(first_wins, 28U);
}

TEST_F(Rounds, wait_for_models_that_are_not_available_until_the_window_ends) {
    open();
    for (std::uint8_t i = 1; i <= 2; ++i) {
        EXPECT_EQ(send_commit(i, commitment(i, model_of(i))), std::nullopt);
    }
    EXPECT_EQ(wait(), Step::kRevealing);
    EXPECT_EQ(send_reveal(1, model_of(1), /*available=*/false), std::nullopt);
    EXPECT_EQ(send_reveal(2, model_of(2), /*available=*/false), std::nullopt);
    EXPECT_TRUE(blob_wanted(records_, model_of(1)));
    EXPECT_EQ(send_key(hash_of(9)), std::nullopt);
    EXPECT_EQ(wait(), Step::kScoring);
    EXPECT_FALSE(score_wanted(records_, score_fact(1, {}).subject).has_value());
    end_block({{.kind = FactKind::kBlobAvailable, .subject = model_of(1), .result = {}}});
    EXPECT_EQ(score_wanted(records_, score_fact(1, {}).subject), trainer(1));
    EXPECT_EQ(end_block({score_fact(1, score(60))}), Step::kNone) << "the other may still come";
    EXPECT_EQ(wait(), Step::kSettle);
    const Settlement settlement = settle(records_, block());
    EXPECT_EQ(names(settlement.ranked), std::vector{trainer(1)});
    EXPECT_EQ(names(settlement.others), std::vector{trainer(2)});
    EXPECT_FALSE(kept_word(settlement.others[0]));
    EXPECT_FALSE(blob_wanted(records_, model_of(2))) << "nobody waits any more";
}

TEST_F(Rounds, decide_by_the_validation_blob_if_the_key_is_withheld) {
    run_to_scoring(2, /*with_key=*/false);
    EXPECT_EQ(data_root(*load_round(records_)), hash_of(2));
    end_block({score_fact(1, score(80)), score_fact(2, score(90))});
    const Settlement settlement = settle(records_, block());
    EXPECT_EQ(settlement.ranked[0].trainer, trainer(2));
    EXPECT_TRUE(settlement.owner_failed);
}

TEST_F(Rounds, decide_by_the_validation_blob_if_the_test_blob_is_bad) {
    run_to_scoring(2);
    const Fact on_test = score_fact(2, score(10));
    end_block({on_test, score_fact(1, bad_data())});
    const Round round = *load_round(records_);
    EXPECT_TRUE(round.test_refused);
    EXPECT_EQ(data_root(round), hash_of(2));
    EXPECT_EQ(round.phase_from.value, height_ - 1) << "scoring begins again";
    EXPECT_FALSE(load_entry(records_, trainer(2))->score.has_value());
    EXPECT_FALSE(score_wanted(records_, on_test.subject).has_value());
    EXPECT_EQ(end_block({score_fact(1, score(80)), score_fact(2, score(90))}), Step::kSettle);
    const Settlement settlement = settle(records_, block());
    EXPECT_EQ(names(settlement.ranked), (std::vector{trainer(2), trainer(1)}));
    EXPECT_TRUE(settlement.owner_failed);
}

TEST_F(Rounds, without_any_good_blob_nobody_ranks_and_the_owner_failed) {
    run_to_scoring(2);
    end_block({score_fact(1, bad_data())});
    end_block({score_fact(1, bad_data()), score_fact(2, bad_data())});
    const Settlement settlement = settle(records_, block());
    EXPECT_TRUE(settlement.ranked.empty());
    EXPECT_EQ(settlement.others.size(), 2U);
    EXPECT_TRUE(settlement.owner_failed);
}

TEST_F(Rounds, a_bad_model_does_not_rank) {
    run_to_scoring(2);
    EXPECT_EQ(end_block({score_fact(1, bad_model()), score_fact(2, score(60))}), Step::kSettle);
    const Settlement settlement = settle(records_, block());
    EXPECT_EQ(names(settlement.ranked), std::vector{trainer(2)});
    EXPECT_EQ(settlement.others[0].score, bad_model());
    EXPECT_TRUE(kept_word(settlement.others[0]));
}

TEST_F(Rounds, settle_without_the_scores_that_do_not_come) {
    run_to_scoring(2);
    end_block({score_fact(1, score(60))});
    EXPECT_EQ(wait(), Step::kSettle);
    const Settlement settlement = settle(records_, block());
    EXPECT_EQ(names(settlement.ranked), std::vector{trainer(1)});
    EXPECT_TRUE(kept_word(settlement.others[0])) << "not its fault";
}

TEST_F(Rounds, settle_at_once_if_nobody_reveals) {
    open();
    EXPECT_EQ(send_commit(1, hash_of(5)), std::nullopt);
    EXPECT_EQ(wait(), Step::kRevealing);
    EXPECT_EQ(wait(), Step::kSettle);
    const Settlement settlement = settle(records_, block());
    EXPECT_FALSE(settlement.owner_failed) << "there was nothing to reveal a key for";
    EXPECT_EQ(settlement.others.size(), 1U);
}

TEST_F(Rounds, leave_nothing_but_the_count_and_the_standing) {
    run_to_scoring(3);
    end_block({score_fact(1, score(60))});
    (void)settle(records_, block());
    EXPECT_EQ(records_.all().size(), 2U);
    EXPECT_EQ(round_count(records_), 1U);
    EXPECT_EQ(
        load_standing(records_), (Standing{.round = 1, .settled = Term{4}, .order = {trainer(1)}}));
}

TEST_F(Rounds, without_a_winner_the_standing_ends) {
    save_standing(records_, {.round = 1, .settled = Term{3}, .order = {trainer(1)}});
    run_to_scoring(2);
    end_block({score_fact(1, score(49)), score_fact(2, score(1))});
    const Settlement settlement = settle(records_, block());
    EXPECT_EQ(settlement.winners, 0U);
    EXPECT_EQ(settlement.ranked.size(), 2U);
    EXPECT_FALSE(load_standing(records_).has_value());
}

TEST(Score, reaches_a_target_exactly) {
    EXPECT_TRUE(reaches(score(50), 500'000));
    EXPECT_FALSE(reaches(score(49), 500'000));
    EXPECT_TRUE(reaches(score(0), 0));
    EXPECT_TRUE(reaches(score(100), kPpm));
    EXPECT_FALSE(reaches(score(99), kPpm)) << "a target that nobody reaches is allowed";
    EXPECT_FALSE(reaches(bad_model(), 0));
    EXPECT_TRUE(reaches({Verdict::kScored, UINT64_MAX, 0, UINT64_MAX}, kPpm)) << "no overflow";
}

TEST(Score, only_results_of_an_evaluation_are_possible) {
    EXPECT_TRUE(is_possible(score(100)));
    EXPECT_TRUE(is_possible(bad_model()));
    EXPECT_TRUE(is_possible(bad_data()));
    EXPECT_FALSE(is_possible(score(101))) << "more right than there are";
    EXPECT_FALSE(is_possible(ScoreResult{})) << "no samples";
    ScoreResult odd = bad_model();
    odd.correct = 1;
    EXPECT_FALSE(is_possible(odd));
}

/// Reasons for a blob are counted; the fact ends all of them.
TEST(Wanted, blobs_are_wanted_until_the_last_reason_goes_or_the_fact_comes) {
    MapRecords records;
    EXPECT_FALSE(blob_wanted(records, hash_of(1)));
    want_blob(records, hash_of(1));
    want_blob(records, hash_of(1));
    release_blob(records, hash_of(1));
    EXPECT_TRUE(blob_wanted(records, hash_of(1)));
    release_blob(records, hash_of(1));
    EXPECT_FALSE(blob_wanted(records, hash_of(1)));
    release_blob(records, hash_of(1));
    want_blob(records, hash_of(1));
    want_blob(records, hash_of(1));
    take_facts(
        records,
        std::vector<Fact>{{.kind = FactKind::kBlobAvailable, .subject = hash_of(1), .result = {}}},
        {});
    EXPECT_FALSE(blob_wanted(records, hash_of(1)));
    EXPECT_TRUE(records.all().empty());
}

}  // namespace
}  // namespace polis::consensus::pole
