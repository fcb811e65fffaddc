// What models score for a task, with real integer models: the owner's map, theft by copying, and a
// defined result for everything that cannot be evaluated. Method: a linear model of integer class
// means, fitted to samples behind a trainer's map.
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/modules/task_evaluation.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ml/exact/model.hpp>
#include <tests/ledger/tasks/task_world.hpp>

namespace polis::ledger::testing {
namespace {

namespace pole = consensus::pole;
using tasks::ScoreWanted;

constexpr std::uint32_t kSide = 8;
constexpr std::uint32_t kPixels = kSide * kSide;
constexpr std::uint32_t kClasses = 10;
constexpr exact::Shape kShape{.channels = 1, .height = kSide, .width = kSide};

/// A pattern for each class, with noise.
Bytes make_data(std::uint64_t seed, std::uint32_t count) {
    Random patterns(1, "patterns");
    std::array<Bytes, kClasses> prototypes;
    for (Bytes& prototype : prototypes) {
        for (std::uint32_t i = 0; i < kPixels; ++i) {
            prototype.push_back(patterns.chance(1, 2) ? 200 : 40);
        }
    }
    Random random(seed, "samples");
    auto builder = exact::DatasetBuilder::create(kShape, kClasses).value();
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto label = static_cast<std::uint32_t>(random.below(kClasses));
        Bytes sample = prototypes[label];
        for (std::uint8_t& pixel : sample) {
            pixel = static_cast<std::uint8_t>(pixel + random.below(55));
            if (random.chance(1, 4)) {
                pixel = static_cast<std::uint8_t>(random.below(256));
            }
        }
        EXPECT_TRUE(builder.add(sample, label).has_value());
    }
    return builder.finish().value();
}

/// The model of class means: weight = (mean of the class - mean of all) / 2.
exact::Model fit(const Bytes& data, const std::optional<Hash>& seed) {
    const auto view = exact::DatasetView::open(data).value();
    const auto map =
        exact::Mapping::derive(seed.value_or(Hash{}), kShape, exact::Mapping::Kind::kFlat);
    std::vector<std::int64_t> sums(kClasses * kPixels);
    std::vector<std::int64_t> all(kPixels);
    std::vector<std::int64_t> counts(kClasses);
    for (std::uint32_t s = 0; s < view.count(); ++s) {
        const Bytes sample = seed ? map.apply(view.sample(s)) : to_bytes(view.sample(s));
        ++counts[view.label(s)];
        for (std::uint32_t i = 0; i < kPixels; ++i) {
            sums[view.label(s) * kPixels + i] += sample[i];
            all[i] += sample[i];
        }
    }
    exact::Dense dense;
    dense.outputs = kClasses;
    for (std::uint32_t c = 0; c < kClasses; ++c) {
        std::int64_t bias = 0;
        for (std::uint32_t i = 0; i < kPixels; ++i) {
            const std::int64_t mean = all[i] / view.count();
            const std::int64_t weight = (sums[c * kPixels + i] / counts[c] - mean) / 2;
            dense.weights.push_back(
                static_cast<std::int8_t>(std::clamp<std::int64_t>(weight, -127, 127)));
            bias -= weight * (mean + weight);
        }
        dense.bias.push_back(static_cast<std::int32_t>(bias));
    }
    dense.requantise.multiplier.assign(kClasses, exact::kMultiplierMin);
    dense.requantise.shift.assign(kClasses, 28);
    exact::Model model;
    model.input = kShape;
    model.layers.push_back({.source = 0, .operation = dense});
    return model;
}

Address trainer(std::size_t who) { return actor(who).address; }

/// The question about trainer `who`'s model on sealed samples.
ScoreWanted question(std::size_t who) {
    ScoreWanted out;
    out.subject = filled(50);
    out.trainer = trainer(who);
    out.seed = pole::seed_of(filled(1), filled(2), trainer(who));
    out.key = filled(9);
    out.limits = {
        .input = kShape,
        .classes = kClasses,
        .model_bytes_max = 10'000,
        .multiply_adds_max = 10'000};
    return out;
}

class Evaluate : public ::testing::Test {
  protected:
    [[nodiscard]] static pole::ScoreResult ask(
        const ScoreWanted& wanted, const Bytes& model, const Bytes& data) {
        const consensus::Fact fact = tasks::evaluate(wanted, model, data);
        EXPECT_EQ(fact.subject, wanted.subject);
        EXPECT_EQ(fact.kind, wanted.kind);
        EXPECT_EQ(fact.result.size(), 25U);
        const auto result = codec::decode<pole::ScoreResult>(fact.result).value();
        EXPECT_TRUE(is_possible(result));
        return result;
    }

    const Bytes training_ = make_data(1, 2'000);
    const Bytes test_ = make_data(2, 500);
    const Bytes sealed_ = tasks::seal(crypto::Secret32(filled(9).view()), test_);
    const Bytes model_ = exact::encode_model(fit(training_, question(0).seed));
};

TEST_F(Evaluate, a_trained_model_scores_well_behind_its_owners_map) {
    const auto result = ask(question(0), model_, sealed_);
    EXPECT_EQ(result.verdict, pole::Verdict::kScored);
    EXPECT_EQ(result.count, 500U);
    EXPECT_GT(result.correct, 450U);
    ScoreWanted open = question(0);
    open.key.reset();
    EXPECT_EQ(ask(open, model_, test_), result) << "sealed or not, the samples are the same";
}

TEST_F(Evaluate, a_copied_model_scores_like_chance_under_another_key) {
    const auto own = ask(question(0), model_, sealed_);
    for (std::size_t thief = 1; thief < 6; ++thief) {
        const auto stolen = ask(question(thief), model_, sealed_);
        EXPECT_EQ(stolen.verdict, pole::Verdict::kScored);
        EXPECT_LT(stolen.correct, 150U) << "chance is 50 of 500";
        EXPECT_LT(stolen.correct * 3, own.correct);
    }
    const Bytes honest = exact::encode_model(fit(training_, question(1).seed));
    EXPECT_GT(ask(question(1), honest, sealed_).correct, 450U) << "training pays for everybody";
}

TEST_F(Evaluate, without_a_map_a_model_is_scored_as_it_is) {
    ScoreWanted plain = question(0);
    plain.kind = consensus::FactKind::kEvaluation;
    plain.key.reset();
    plain.is_mapped = false;
    const Bytes model = exact::encode_model(fit(training_, std::nullopt));
    EXPECT_GT(ask(plain, model, test_).correct, 450U);
    EXPECT_LT(ask(plain, model_, test_).correct, 150U) << "trained behind a map";
    plain.multiply_adds_all_max = 1'000;
    EXPECT_EQ(ask(plain, model, test_), pole::bad_model()) << "more than the request paid for";
}

TEST_F(Evaluate, slices_give_what_the_whole_gives) {
    const auto whole = ask(question(0), model_, sealed_);
    tasks::Evaluation evaluation(question(0), model_, sealed_);
    EXPECT_EQ(evaluation.total(), 500U);
    std::size_t steps = 1;
    while (!evaluation.step(7)) {
        EXPECT_EQ(evaluation.done(), steps * 7);
        ++steps;
    }
    EXPECT_EQ(steps, 72U);
    EXPECT_TRUE(evaluation.step(1)) << "it stays finished";
    EXPECT_EQ(evaluation.result(), whole);
}

TEST_F(Evaluate, samples_that_do_not_open_are_bad_data) {
    ScoreWanted other_key = question(0);
    other_key.key = filled(8);
    EXPECT_EQ(ask(other_key, model_, sealed_), pole::bad_data());
    EXPECT_EQ(ask(question(0), model_, test_), pole::bad_data()) << "not sealed";
    EXPECT_EQ(ask(question(0), model_, {}), pole::bad_data());
    ScoreWanted open = question(0);
    open.key.reset();
    EXPECT_EQ(ask(open, model_, sealed_), pole::bad_data()) << "no dataset";
    ScoreWanted classes = question(0);
    classes.limits.classes = 11;
    EXPECT_EQ(ask(classes, model_, sealed_), pole::bad_data());
    ScoreWanted shape = question(0);
    shape.limits.input = {.channels = 1, .height = 4, .width = 16};
    EXPECT_EQ(ask(shape, model_, sealed_), pole::bad_data());
    EXPECT_EQ(ask(other_key, {}, sealed_), pole::bad_data()) << "data are looked at first";
    tasks::Evaluation evaluation(other_key, model_, sealed_);
    EXPECT_EQ(evaluation.total(), 0U);
    EXPECT_TRUE(evaluation.step(1));
}

TEST_F(Evaluate, what_is_no_model_of_the_task_is_a_bad_model) {
    EXPECT_EQ(ask(question(0), {}, sealed_), pole::bad_model());
    Bytes cut = model_;
    cut.pop_back();
    EXPECT_EQ(ask(question(0), cut, sealed_), pole::bad_model());
    ScoreWanted small = question(0);
    small.limits.model_bytes_max = static_cast<std::uint32_t>(model_.size() - 1);
    EXPECT_EQ(ask(small, model_, sealed_), pole::bad_model()) << "oversized";
    ScoreWanted fast = question(0);
    fast.limits.multiply_adds_max = kPixels * kClasses - 1;
    EXPECT_EQ(ask(fast, model_, sealed_), pole::bad_model()) << "too slow";
    fast.limits.multiply_adds_max = kPixels * kClasses;
    EXPECT_EQ(ask(fast, model_, sealed_).verdict, pole::Verdict::kScored);
    exact::Model narrow = fit(training_, question(0).seed);
    auto& dense = std::get<exact::Dense>(narrow.layers[0].operation);
    narrow.input = exact::flat_shape(kPixels - 1);
    dense.weights.resize(kClasses * (kPixels - 1));
    EXPECT_EQ(ask(question(0), exact::encode_model(narrow), sealed_), pole::bad_model())
        << "another shape";
    exact::Model fewer = fit(training_, question(0).seed);
    auto& last = std::get<exact::Dense>(fewer.layers[0].operation);
    last.outputs = kClasses - 1;
    last.weights.resize((kClasses - 1) * kPixels);
    last.bias.resize(kClasses - 1);
    last.requantise.multiplier.resize(kClasses - 1);
    last.requantise.shift.resize(kClasses - 1);
    EXPECT_EQ(ask(question(0), exact::encode_model(fewer), sealed_), pole::bad_model())
        << "other classes";
}

TEST_F(Evaluate, changed_bytes_always_have_a_result) {
    Random random(5, "changes");
    for (int i = 0; i < 300; ++i) {
        Bytes model = model_;
        model[random.below(model.size())] = static_cast<std::uint8_t>(random.next());
        (void)ask(question(0), model, sealed_);
        Bytes data = sealed_;
        data[random.below(data.size())] ^= static_cast<std::uint8_t>(random.between(1, 255));
        EXPECT_EQ(ask(question(0), model_, data), pole::bad_data());
    }
}

/// A whole round with real blobs: the thief reveals the winner's model as its own.
TEST_F(Evaluate, in_a_round_the_thief_of_a_model_does_not_win) {
    TaskWorld world(3);
    TaskSpec spec = example_spec();
    spec.input = kShape;
    spec.target_ppm = 800'000;
    ASSERT_EQ(world.submit(spec), TxnStatus::kSuccess);
    world.attest_all();
    ASSERT_TRUE(world.wait_for("tasks.opened"));
    const pole::Round round = world.open()->round;
    const auto train = [&](std::size_t who) {
        return exact::encode_model(
            fit(training_, pole::seed_of(round.beacon, round.task, trainer(who))));
    };
    const Bytes model = train(0);
    EXPECT_EQ(world.commit(0, world.commitment(0, filled(60))), TxnStatus::kSuccess);
    EXPECT_EQ(world.commit(1, world.commitment(1, filled(60))), TxnStatus::kSuccess);
    ASSERT_TRUE(world.wait_for("tasks.revealing"));
    EXPECT_EQ(world.reveal(0, filled(60)), TxnStatus::kSuccess);
    EXPECT_EQ(world.reveal(1, filled(60)), TxnStatus::kSuccess);
    EXPECT_EQ(world.reveal_key(), TxnStatus::kSuccess);
    world.attest_all();
    ASSERT_TRUE(world.wait_for("tasks.scoring"));
    for (const ScoreWanted& item : must(tasks::wanted(world.world.state)).scores) {
        EXPECT_TRUE(world.add_fact(tasks::evaluate(item, model, sealed_)));
    }
    ASSERT_TRUE(world.wait_for("tasks.settled"));
    const tasks::RoundResult result = world.result(1);
    EXPECT_EQ(result.entries[0].trainer, trainer(0));
    EXPECT_EQ(result.entries[0].end, tasks::EntryEnd::kWon);
    EXPECT_EQ(result.entries[1].end, tasks::EntryEnd::kBelowTarget);
    EXPECT_EQ(result.entries[0].model, result.entries[1].model) << "the copy is there to see";
    world.check();
}

}  // namespace
}  // namespace polis::ledger::testing
