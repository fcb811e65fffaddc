// The lab: numbers of a sample of measurements, the thief who moves weights, what is written. The
// whole of it runs in tests/functional/lab_test.py.
#include <algorithm>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/mapping.hpp>
#include <tests/ml/exact/models.hpp>
#include <tools/lab/output.hpp>
#include <tools/lab/pole_lab.hpp>
#include <tools/lab/rebase.hpp>
#include <tools/lab/statistics.hpp>
#include <tools/lab/theft.hpp>

namespace polis::tools::lab {
namespace {

using exact::Shape;

TEST(LabStatistics, are_those_of_a_sorted_list) {
    const Summary out = summarise({40, 10, 20, 30});
    EXPECT_EQ(out.count, 4U);
    EXPECT_DOUBLE_EQ(out.mean, 25);
    EXPECT_NEAR(out.deviation, 12.9099, 1e-4);
    EXPECT_EQ(out.median, 20U);
    EXPECT_EQ(out.p95, 40U);
    EXPECT_EQ(out.most, 40U);
    std::vector<std::uint64_t> hundred;
    for (std::uint64_t i = 1; i <= 100; ++i) {
        hundred.push_back(101 - i);
    }
    EXPECT_EQ(summarise(hundred).median, 50U);
    EXPECT_EQ(summarise(hundred).p95, 95U);
    EXPECT_EQ(summarise({}).count, 0U);
    EXPECT_EQ(summarise({7}).deviation, 0);
    EXPECT_EQ(
        steps_of(std::vector<std::uint64_t>{5, 5, 9, 20}), (std::vector<std::uint64_t>{0, 4, 11}));
}

/// Weights that have an opposite in int8.
exact::AdmittedModel with_opposites(exact::Model model) {
    for (exact::Layer& layer : model.layers) {
        std::visit(
            [](auto& operation) {
                if constexpr (requires { operation.weights; }) {
                    for (std::int8_t& weight : operation.weights) {
                        weight = std::max<std::int8_t>(weight, -127);
                    }
                }
            },
            layer.operation);
    }
    return *exact::admit(std::move(model));
}

/// The moved model gives the same logits behind the second map as the first one behind the first.
void expect_alike(const exact::AdmittedModel& model, Random& random) {
    const Shape& shape = model.model().input;
    const auto kind = exact::Mapping::kind_for(model.facts());
    const auto from = exact::Mapping::derive(map_seed(1, 0), shape, kind);
    const auto to = exact::Mapping::derive(map_seed(1, 1), shape, kind);
    const auto moved = rebase(model, from, to);
    ASSERT_TRUE(moved.has_value()) << to_string(moved.error());
    EXPECT_NE(moved->model(), model.model());
    exact::Evaluator owner(model);
    exact::Evaluator thief(*moved);
    for (int i = 0; i < 50; ++i) {
        Bytes sample(shape.elements());
        random.fill(sample);
        const auto own = owner.logits(from.apply(sample));
        const auto stolen = thief.logits(to.apply(sample));
        EXPECT_TRUE(std::ranges::equal(own, stolen));
    }
}

TEST(Rebase, a_dense_layer_gives_the_same_logits_behind_another_map) {
    Random random(1);
    expect_alike(with_opposites(exact::tests::mlp(random, 100, 12, 5)), random);
}

TEST(Rebase, a_convolution_over_whole_patches_gives_the_same_logits_behind_another_map) {
    Random random(2);
    exact::tests::ModelMaker maker(random, Shape{2, 16, 12});
    maker.conv({.outputs = 5, .kernel = 8, .stride = 4})
        .conv({.outputs = 6, .kernel = 3, .pad = 1});
    expect_alike(with_opposites(maker.logits(4)), random);
}

TEST(Rebase, says_why_it_cannot) {
    Random random(3);
    const auto error_of = [](const exact::AdmittedModel& model) {
        const auto kind = exact::Mapping::kind_for(model.facts());
        const auto map = [&](std::size_t who) {
            return exact::Mapping::derive(map_seed(2, who), model.model().input, kind);
        };
        const auto moved = rebase(model, map(0), map(1));
        return moved ? "moved" : to_string(moved.error());
    };
    EXPECT_EQ(
        error_of(with_opposites(exact::tests::lenet(random, 10))),
        to_string(RebaseError::kPatchesDivided));
    exact::tests::ModelMaker bordered(random, Shape{1, 16, 16});
    bordered.conv({.outputs = 2, .kernel = 8, .stride = 4, .pad = 4});
    EXPECT_EQ(
        error_of(with_opposites(bordered.logits(3))), to_string(RebaseError::kPatchesDivided));
    exact::Model lowest = exact::tests::mlp(random, 64, 4, 3);
    std::ranges::fill(std::get<exact::Dense>(lowest.layers[0].operation).weights, INT8_MIN);
    EXPECT_EQ(error_of(*exact::admit(lowest)), to_string(RebaseError::kWeightTooLow));
    exact::tests::ModelMaker pooled(random, Shape{1, 8, 8});
    EXPECT_EQ(
        error_of(*exact::admit(pooled.pool().logits(3))), to_string(RebaseError::kNotWeighted));
}

TEST(Theft, a_copied_commitment_is_taken_and_cannot_be_revealed) {
    const CopiedCommitment out = copy_commitment();
    EXPECT_TRUE(out.taken);
    EXPECT_TRUE(out.owner_revealed);
    EXPECT_EQ(out.at_reveal, consensus::pole::RoundError::kMismatch);
}

TEST(Theft, seeds_differ_by_round_and_participant) {
    EXPECT_EQ(map_seed(1, 2), map_seed(1, 2));
    EXPECT_NE(map_seed(1, 2), map_seed(2, 2));
    EXPECT_NE(map_seed(1, 2), map_seed(1, 3));
}

TEST(Theft, counts_thieves_and_finds_the_moved_model_alike) {
    Random random(4);
    const auto model = with_opposites(exact::tests::mlp(random, 36, 8, 4));
    const Bytes file = exact::tests::random_dataset(random, Shape{1, 6, 6}, 4, 40);
    const auto theft = steal(model, *exact::DatasetView::open(file), 5, 3);
    ASSERT_TRUE(theft.has_value()) << theft.error().message;
    EXPECT_EQ(theft->thieves, 3U);
    EXPECT_LE(theft->stolen_most, theft->stolen_sum);
    EXPECT_GE(theft->stolen_most * 3, theft->stolen_sum);
    EXPECT_EQ(theft->moved, theft->own);
}

/// One architecture, two seeds, made up.
PoleLab two_seeds() {
    PoleLab out;
    out.classes = 10;
    for (const std::uint64_t seed : {1U, 2U}) {
        for (const bool mapped : {false, true}) {
            out.accuracy.push_back(
                {.model = "mlp:64",
                 .mapped = mapped,
                 .seed = seed,
                 .test =
                     {.correct = 90 + seed - (mapped ? 1 : 0), .cross_entropy = 7, .count = 100},
                 .floats = 91,
                 .duration_ms = seed});
        }
        const exact::Score own{.correct = 89 + seed, .cross_entropy = 7, .count = 100};
        out.thefts.push_back(
            {.model = "mlp:64",
             .seed = seed,
             .theft = {
                 .own = own,
                 .thieves = 2,
                 .stolen_sum = 20,
                 .stolen_most = 12,
                 .moved = own,
                 .why_not_moved = {}}});
    }
    out.copy = copy_commitment();
    return out;
}

TEST(LabOutput, sums_up_seeds) {
    const std::vector<ModelSummary> out = summaries(two_seeds());
    ASSERT_EQ(out.size(), 1U);
    EXPECT_DOUBLE_EQ(out[0].plain_ppm.mean, 915'000);
    EXPECT_DOUBLE_EQ(out[0].mapped_ppm.mean, 905'000);
    EXPECT_DOUBLE_EQ(out[0].stolen_ppm.mean, 100'000);
    EXPECT_EQ(out[0].luckiest_ppm, 120'000U);
    EXPECT_TRUE(out[0].moved_alike);
    const std::vector<Claim> told = claims(two_seeds());
    ASSERT_EQ(told.size(), 4U) << "no networks were watched";
    EXPECT_EQ(told[0].found, "mlp:64 -1.00 points");
    EXPECT_EQ(told[1].found, "mlp:64 10.00 %; guessing is 10.00 %");
    EXPECT_NE(told[3].found.find("its reveal refused"), std::string::npos);
}

TEST(LabOutput, a_thief_who_scores_otherwise_is_not_alike) {
    PoleLab lab = two_seeds();
    lab.thefts[1].theft.moved->cross_entropy += 1;
    EXPECT_FALSE(summaries(lab)[0].moved_alike);
}

TEST(LabOutput, tables_hold_every_integer_and_the_hash_names_them) {
    const PoleLab lab = two_seeds();
    EXPECT_EQ(
        accuracy_csv(lab),
        "model,mapped,seed,correct,samples,cross_entropy_q16,float_correct\n"
        "\"mlp:64\",0,1,91,100,7,91\n"
        "\"mlp:64\",1,1,90,100,7,91\n"
        "\"mlp:64\",0,2,92,100,7,91\n"
        "\"mlp:64\",1,2,91,100,7,91\n");
    EXPECT_NE(theft_csv(lab).find("\"mlp:64\",2,100,91,2,20,12,91,7\n"), std::string::npos);
    const PoleLabOptions options;
    PoleLab slower = lab;
    slower.accuracy[0].duration_ms += 1;
    EXPECT_EQ(run_hash(options, slower), run_hash(options, lab)) << "times are no results";
    PoleLab other = lab;
    other.accuracy[0].test.correct += 1;
    EXPECT_NE(run_hash(options, other), run_hash(options, lab));
}

TEST(LabOutput, the_picture_has_bars_for_what_was_measured) {
    PoleLab lab = two_seeds();
    const std::string without = to_svg(lab);
    EXPECT_NE(without.find(">mlp:64</text>"), std::string::npos);
    EXPECT_EQ(without.find("block interval"), std::string::npos);
    lab.paces.assign(3, BlockPace{.what = "rotation", .interval_ms = summarise({250, 260, 300})});
    EXPECT_NE(to_svg(lab).find(">260</text>"), std::string::npos);
    EXPECT_NE(blocks_csv(lab).find("\"rotation\",3,260,300,300,270.0,"), std::string::npos);
    EXPECT_EQ(claims(lab).size(), 5U);
}

}  // namespace
}  // namespace polis::tools::lab
