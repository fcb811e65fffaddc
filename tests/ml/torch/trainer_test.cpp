// Training end to end on drawn digits: what is chosen, what repeats, what ends it.
#include <ml/torch/trainer.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <ml/data/digits.hpp>
#include <ml/data/split.hpp>
#include <ml/torch/float_file.hpp>

namespace polis::trainer {
namespace {

/// Drawn once for all tests.
const data::Split& digits() {
    static const data::Split kParts = [] {
        set_up_torch();
        const Bytes file = *data::draw_digits(1'500, 3);
        return *data::split(
            *exact::DatasetView::open(file), {.validation_ppm = 150'000, .test_ppm = 200'000}, 3);
    }();
    return kParts;
}

Job job_of(const ModelSpec& model, std::uint32_t epochs) {
    return {
        .train = *exact::DatasetView::open(digits().train),
        .validation = *exact::DatasetView::open(digits().validation),
        .test = *exact::DatasetView::open(digits().test),
        .mapping_seed = std::nullopt,
        .model = model,
        .seed = 11,
        .device = "cpu",
        .epochs = epochs,
        .checkpoint = {}};
}

const ModelSpec kMlp{.kind = "mlp", .hidden = {32}};

Bytes file_of(const Trained& trained) { return exact::encode_model(trained.model.model()); }

TEST(Trainer, digits_are_learned_and_integers_lose_nothing) {
    const auto out = train(job_of(kMlp, 12), {});
    ASSERT_TRUE(out.has_value()) << out.error().text();
    EXPECT_EQ(out->reason, EndReason::kEpochs);
    EXPECT_EQ(out->progress.epoch, 12U);
    const std::uint64_t count = out->test->exact.count;
    EXPECT_GE(out->test->exact.correct * 100, count * 97);
    EXPECT_LE(
        std::llabs(
            static_cast<std::int64_t>(out->test->exact.correct) -
            static_cast<std::int64_t>(out->test->float_correct)),
        1);
}

TEST(Trainer, the_reported_score_is_that_of_the_model_behind_its_map) {
    Job job = job_of(kMlp, 8);
    job.mapping_seed = Hash{{7}};
    const auto out = train(job, {});
    ASSERT_TRUE(out.has_value());
    const auto map = mapping_of(job.mapping_seed, job.train.shape(), out->model.facts());
    exact::Evaluator evaluator(out->model);
    const auto own = exact::score(evaluator, &*map, job.test.value(), exact::whole(*job.test));
    EXPECT_EQ(*own, out->test->exact);
    EXPECT_GE(own->correct * 100, own->count * 90);
    // Under another key it guesses.
    const auto other = mapping_of(Hash{{8}}, job.train.shape(), out->model.facts());
    const auto stolen = exact::score(evaluator, &*other, *job.test, exact::whole(*job.test));
    EXPECT_LE(stolen->correct * 100, stolen->count * 35);
}

TEST(Trainer, convolutions_learn_behind_a_map_as_they_do_without) {
    for (const char* kind : {"cnn", "lenet", "resnet8"}) {
        Job job = job_of({.kind = kind, .hidden = {}}, 4);
        job.mapping_seed = Hash{{7}};
        const auto out = train(job, {});
        ASSERT_TRUE(out.has_value()) << kind << ": " << out.error().text();
        EXPECT_GE(out->test->exact.correct * 100, out->test->exact.count * 85) << kind;
        // Under other keys it guesses.
        exact::Evaluator evaluator(out->model);
        std::uint64_t stolen = 0;
        constexpr std::uint8_t kThieves = 8;
        for (std::uint8_t key = 8; key < 8 + kThieves; ++key) {
            const auto map = mapping_of(Hash{{key}}, job.train.shape(), out->model.facts());
            stolen += exact::score(evaluator, &*map, *job.test, exact::whole(*job.test))->correct;
        }
        EXPECT_LE(stolen * 100, out->test->exact.count * kThieves * 25) << kind;
    }
}

TEST(Trainer, every_architecture_learns_and_its_integers_agree) {
    for (const char* kind : {"logistic", "cnn", "lenet", "resnet8"}) {
        Job job = job_of({.kind = kind, .hidden = {}}, std::string(kind) == "logistic" ? 8 : 2);
        const auto out = train(job, {});
        ASSERT_TRUE(out.has_value()) << kind << ": " << out.error().text();
        const TestScore& test = *out->test;
        EXPECT_GE(test.exact.correct * 100, test.exact.count * 60) << kind;
        EXPECT_LE(
            std::llabs(
                static_cast<std::int64_t>(test.exact.correct) -
                static_cast<std::int64_t>(test.float_correct)) *
                100,
            static_cast<std::int64_t>(test.exact.count) * 2)
            << kind;
    }
}

TEST(Trainer, a_seed_gives_the_same_model_twice_and_another_seed_another) {
    Job job = job_of(kMlp, 2);
    const auto first = train(job, {});
    const auto second = train(job, {});
    EXPECT_EQ(file_of(*first), file_of(*second));
    job.seed = 12;
    EXPECT_NE(file_of(*train(job, {})), file_of(*first));
}

TEST(Trainer, stops_at_the_target) {
    Job job = job_of(kMlp, 50);
    job.target_ppm = 900'000;
    const auto out = train(job, {});
    EXPECT_EQ(out->reason, EndReason::kTarget);
    EXPECT_LT(out->progress.epoch, 50U);
    EXPECT_GE(out->validation.correct * 10, out->validation.count * 9);
}

/// A clock that moves a little whenever somebody looks.
std::function<std::uint64_t()> ticking(std::uint64_t step_ms) {
    const auto now = std::make_shared<std::uint64_t>(0);
    return [now, step_ms] { return *now += step_ms; };
}

TEST(Trainer, the_window_ends_it_with_the_best_so_far) {
    Job job = job_of(kMlp, 1'000);
    job.window_ms = 10'000;
    std::vector<Progress> seen;
    const auto out =
        train(job, {.now_ms = ticking(50), .stop = {}, .progress = [&](const Progress& progress) {
                        seen.push_back(progress);
                    }});
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(out->reason, EndReason::kWindow);
    EXPECT_LE(out->progress.elapsed_ms, 10'000U);
    EXPECT_GT(out->progress.step, 0U);
    EXPECT_FALSE(seen.empty());
    EXPECT_GT(out->validation.correct, 0U);
}

TEST(Trainer, a_window_too_short_for_a_step_is_named) {
    Job job = job_of(kMlp, 10);
    job.window_ms = 10;
    EXPECT_EQ(
        train(job, {.now_ms = ticking(50), .stop = {}, .progress = {}}).error().code,
        FailureCode::kNothingLearned);
}

TEST(Trainer, is_cancelled_between_two_steps) {
    int left = 10;
    const auto out =
        train(job_of(kMlp, 10), {.now_ms = {}, .stop = [&] { return --left < 0; }, .progress = {}});
    EXPECT_EQ(out.error().code, FailureCode::kCancelled);
}

class CheckpointTest : public testing::Test {
  protected:
    CheckpointTest()
        : path_((std::filesystem::temp_directory_path() /
                 ("polis-checkpoint-" + std::to_string(::getpid())))
                    .string()) {
        std::filesystem::remove(path_);
    }

    ~CheckpointTest() override { std::filesystem::remove(path_); }

    /// Runs until `steps` steps were made, or to the end.
    Result<Trained, Failure> run(Job job, int steps) {
        job.checkpoint = path_;
        return train(job, {.now_ms = {}, .stop = [&] { return --steps < 0; }, .progress = {}});
    }

    const std::string path_;
};

TEST_F(CheckpointTest, a_resumed_training_equals_one_that_was_never_interrupted) {
    const Job job = job_of(kMlp, 5);
    const auto whole = train(job, {});
    ASSERT_EQ(run(job, 40).error().code, FailureCode::kCancelled);  // within the third epoch
    const auto resumed = run(job, 1'000);
    ASSERT_TRUE(resumed.has_value());
    EXPECT_EQ(file_of(*resumed), file_of(*whole));
    EXPECT_EQ(resumed->progress.samples, whole->progress.samples);
    // Again, from the end: nothing is left to do.
    EXPECT_EQ(file_of(*run(job, 0)), file_of(*whole));
}

TEST_F(CheckpointTest, a_checkpoint_of_another_job_or_a_damaged_one_is_refused) {
    ASSERT_TRUE(run(job_of(kMlp, 1), 1'000).has_value());
    Job other = job_of(kMlp, 1);
    other.seed = 12;
    EXPECT_EQ(run(other, 1'000).error().code, FailureCode::kBadSpec);
    EXPECT_EQ(
        run(job_of({.kind = "mlp", .hidden = {33}}, 1), 9).error().code, FailureCode::kBadSpec);
    std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
    EXPECT_EQ(run(job_of(kMlp, 1), 1'000).error().code, FailureCode::kBadSpec);
}

TEST(Trainer, jobs_that_cannot_be_done_have_names) {
    EXPECT_EQ(
        train(job_of({.kind = "gpt", .hidden = {}}, 1), {}).error().code,
        FailureCode::kUnknownArchitecture);
    for (const char* device : {"cuda:99", "tpu", "cuda:", "cuda:x", ""}) {
        Job job = job_of(kMlp, 1);
        job.device = device;
        EXPECT_EQ(train(job, {}).error().code, FailureCode::kBadDevice) << device;
    }
    Job job = job_of(kMlp, kEpochsMax + 1);
    EXPECT_EQ(train(job, {}).error().code, FailureCode::kBadSpec);
}

TEST(Trainer, a_fault_inside_the_library_comes_back_as_a_value) {
    const Job job = job_of(kMlp, 1);
    const auto chosen = plan(job.model, job.train.shape(), 10, /*behind_map=*/false);
    auto network = Network::create(*chosen, "cpu", 1);
    ASSERT_TRUE(network.has_value());
    ASSERT_TRUE(network->load(mapped_samples(job.train, nullptr)).has_value());
    ASSERT_TRUE(network->begin_epoch(std::vector<std::int64_t>{0}).has_value());
    EXPECT_EQ(network->step(0, 2, 0.1).error().code, FailureCode::kInternal);
}

TEST(FloatFile, header_and_sizes_are_those_of_safetensors) {
    const auto out = train(job_of(kMlp, 1), {});
    const Bytes file = float_safetensors(out->model.model(), out->weights);
    codec::Reader reader(file);
    const auto header_bytes = reader.integer<std::uint64_t>();
    EXPECT_EQ(header_bytes % 8, 0U);
    const std::string header(as_text(reader.take(header_bytes)));
    EXPECT_NE(
        header.find(R"("layers.0.weight":{"dtype":"F32","shape":[32,784])"), std::string::npos);
    EXPECT_EQ(reader.remaining(), (32 * 784 + 32 + 10 * 32 + 10) * sizeof(float));
}

}  // namespace
}  // namespace polis::trainer
