// What a trainer told is kept in bounded memory, whole in shape, and counted once.
#include <node/learning/training_log.hpp>

#include <cstdint>

#include <gtest/gtest.h>

namespace polis::node {
namespace {

const Hash kTask{{7}};

TrainingBegin begin_of(std::uint64_t job, const Hash& task = kTask) {
    return {
        .job = job,
        .task = task,
        .round = 3,
        .model = {.kind = "mlp", .hidden = {64}},
        .device = "cpu",
        .begun = TimeMs{1'000},
        .window_ms = 5'000};
}

trainer::Progress progress_of(std::uint64_t job, std::uint64_t samples) {
    trainer::Progress out;
    out.job = job;
    out.samples = samples;
    out.elapsed_ms = samples / 10;
    out.loss_micro = 2'000'000 - samples;
    return out;
}

TEST(TrainingLog, keeps_the_curve_and_the_end_of_a_job) {
    TrainingLog log;
    log.begin(begin_of(1));
    ASSERT_TRUE(log.progress(progress_of(1, 100)).has_value());
    EXPECT_EQ(log.jobs_of(kTask).at(0).end, TrainingEnd::kRunning);
    log.finished(
        {.job = 1,
         .model = {1},
         .validation = {.correct = 3, .cross_entropy = 9, .count = 4},
         .progress = progress_of(1, 200)},
        Hash{{9}});
    const auto jobs = log.jobs_of(kTask);
    ASSERT_EQ(jobs.size(), 1U);
    EXPECT_EQ(jobs[0].end, TrainingEnd::kModel);
    EXPECT_EQ(jobs[0].model, Hash{{9}});
    EXPECT_EQ(jobs[0].validation->correct, 3U);
    ASSERT_EQ(jobs[0].points.size(), 2U);
    EXPECT_EQ(jobs[0].points[1], point_of(progress_of(1, 200)));
    EXPECT_EQ(log.counters().samples.load(), 200U);
    EXPECT_EQ(log.counters().last_accuracy_ppm.load(), 750'000U);
    EXPECT_EQ(log.counters().ended[static_cast<std::size_t>(TrainingEnd::kModel)].load(), 1U);
}

TEST(TrainingLog, what_is_of_no_running_job_is_nothing) {
    TrainingLog log;
    EXPECT_FALSE(log.progress(progress_of(1, 100)).has_value());
    log.begin(begin_of(1));
    log.failed({.job = 2, .code = trainer::FailureCode::kInternal, .text = "other"});
    EXPECT_EQ(log.latest()->end, TrainingEnd::kRunning);
    log.failed({.job = 1, .code = trainer::FailureCode::kOutOfMemory, .text = "no room"});
    EXPECT_EQ(log.latest()->end, TrainingEnd::kFailed);
    EXPECT_EQ(log.latest()->cause, "no room");
    EXPECT_FALSE(log.progress(progress_of(1, 100)).has_value());
    log.begin(begin_of(2));
    log.failed({.job = 2, .code = trainer::FailureCode::kCancelled, .text = "cancelled"});
    EXPECT_EQ(log.latest()->end, TrainingEnd::kCancelled);
}

TEST(TrainingLog, a_long_curve_is_thinned_and_keeps_both_ends) {
    TrainingLog log;
    log.begin(begin_of(1));
    constexpr std::uint64_t kPoints = 10 * TrainingLog::kPointsMax + 3;
    for (std::uint64_t i = 1; i <= kPoints; ++i) {
        ASSERT_TRUE(log.progress(progress_of(1, i)).has_value());
        const auto points = log.latest()->points;
        ASSERT_LE(points.size(), TrainingLog::kPointsMax);
        ASSERT_EQ(points.front().samples, 1U);
        ASSERT_EQ(points.back().samples, i);
    }
    const auto points = log.latest()->points;
    EXPECT_GE(points.size(), TrainingLog::kPointsMax / 2);
    const std::uint64_t stride = points[1].samples - points[0].samples;
    for (std::size_t i = 2; i + 1 < points.size(); ++i) {
        EXPECT_EQ(points[i].samples - points[i - 1].samples, stride) << i;
    }
    EXPECT_EQ(log.counters().samples.load(), kPoints);
}

TEST(TrainingLog, the_oldest_job_makes_room) {
    TrainingLog log;
    for (std::uint64_t job = 1; job <= TrainingLog::kJobsMax + 2; ++job) {
        log.begin(begin_of(job, job % 2 == 0 ? kTask : Hash{{8}}));
    }
    const auto jobs = log.jobs_of(kTask);
    ASSERT_EQ(jobs.size(), TrainingLog::kJobsMax / 2);
    EXPECT_EQ(jobs.front().begin.job, 4U);
    EXPECT_EQ(jobs.back().begin.job, TrainingLog::kJobsMax + 2);
}

}  // namespace
}  // namespace polis::node
