// Goal: the figures of a training beside a load say what the curves and the chain's record say.
// Method: curves and results that are made up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tools/bench/learning.hpp>

namespace polis::tools::bench {

namespace {

using learning::CurveJob;
using learning::NodeCurve;
using ledger::tasks::EntryEnd;

constexpr LoadWindow kLoad{.from_ms = 100'000, .to_ms = 110'000};
constexpr std::uint32_t kTarget = 600'000;

/// A job that began so long after the load did and saw 1,000 samples a second.
CurveJob job_of(std::int64_t after_ms, std::uint64_t elapsed_ms, std::string end) {
    CurveJob job;
    job.began_ms = static_cast<std::uint64_t>(static_cast<std::int64_t>(kLoad.from_ms) + after_ms);
    job.end = std::move(end);
    for (std::uint64_t ms = 500; ms <= elapsed_ms; ms += 500) {
        job.points.push_back(
            {.elapsed_ms = ms,
             .epoch = ms / 1'000,
             .samples = ms,
             .loss_micro = 1,
             .accuracy_ppm = ms * 100,
             .samples_per_s = 1'000});
    }
    return job;
}

NodeCurve curve_of(std::vector<CurveJob> jobs) {
    NodeCurve out;
    out.jobs = std::move(jobs);
    return out;
}

ledger::tasks::EntryResult entry(EntryEnd end, std::uint64_t correct) {
    ledger::tasks::EntryResult out;
    out.end = end;
    if (end != EntryEnd::kSilent) {
        out.score = consensus::pole::ScoreResult{.correct = correct, .count = 200};
    }
    return out;
}

ledger::tasks::RoundResult result_of(std::vector<ledger::tasks::EntryResult> entries) {
    ledger::tasks::RoundResult out;
    out.round = 7;
    out.entries = std::move(entries);
    return out;
}

TEST(Learning, adds_up_what_trainers_told) {
    const std::vector<NodeCurve> curves{
        curve_of({job_of(0, 10'000, "model")}), curve_of({job_of(0, 10'000, "model")})};
    const Learning found = learning_of(
        curves,
        result_of({entry(EntryEnd::kWon, 190), entry(EntryEnd::kRunnerUp, 150)}),
        kTarget,
        kLoad);
    EXPECT_EQ(found.rounds, 1U);
    EXPECT_EQ(found.samples, 20'000U);
    EXPECT_DOUBLE_EQ(found.samples_per_s, 2'000);
    EXPECT_EQ(found.jobs_done, 2U);
    EXPECT_EQ(found.jobs_wasted, 0U);
    EXPECT_EQ(found.proofs_rejected, 0U);
    EXPECT_DOUBLE_EQ(found.train_ratio, 1);
    EXPECT_DOUBLE_EQ(found.best_accuracy.value_or(0), 0.95);
    EXPECT_EQ(found.time_to_target_ms, 6'000U);
}

TEST(Learning, counts_only_training_during_the_load) {
    const std::vector<NodeCurve> curves{
        curve_of({job_of(-4'000, 5'000, "model")}),  // one second of ten
        curve_of({job_of(9'000, 8'000, "model")}),   // the same
        curve_of({job_of(20'000, 5'000, "model")}),  // none
        curve_of({})};
    const Learning found = learning_of(curves, result_of({}), kTarget, kLoad);
    EXPECT_DOUBLE_EQ(found.train_ratio, 0.05);
}

TEST(Learning, tells_waste_from_what_was_refused) {
    const std::vector<NodeCurve> curves{
        curve_of({job_of(0, 3'000, "failed"), job_of(3'000, 4'000, "model")}),
        curve_of({job_of(0, 2'000, "cancelled")}),
        curve_of({job_of(0, 2'000, "model")})};
    const Learning found =
        learning_of(curves, result_of({entry(EntryEnd::kBadModel, 0)}), kTarget, kLoad);
    EXPECT_EQ(found.jobs_done, 2U);
    EXPECT_EQ(found.jobs_wasted, 3U) << "one failed, one cancelled, one committed by nobody";
    EXPECT_EQ(found.proofs_rejected, 1U);
    EXPECT_EQ(found.time_to_target_ms, std::nullopt);
}

TEST(Learning, of_nothing_is_nothing) {
    const Learning found = learning_of({}, result_of({entry(EntryEnd::kSilent, 0)}), kTarget, {});
    EXPECT_EQ(found.samples, 0U);
    EXPECT_EQ(found.best_accuracy, std::nullopt);
    EXPECT_EQ(found.proofs_rejected, 1U);
    EXPECT_DOUBLE_EQ(found.train_ratio, 0);
}

}  // namespace

}  // namespace polis::tools::bench
