// Models in the hands of a person: what is written is read back, and scores the same.
#include <tools/learning/models.hpp>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <consensus/pole/records.hpp>
#include <core/blob.hpp>
#include <core/random.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/mapping.hpp>
#include <tests/ml/exact/models.hpp>
#include <tests/support/temp_dir.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::learning {
namespace {

using exact::Mapping;
using exact::Shape;

/// As pull() gives it.
Pulled pulled_of(exact::Model model, const Shape& input) {
    ModelRecord record;
    record.rank = 1;
    record.root = blob_root(exact::encode_model(model));
    record.seed = consensus::pole::seed_of(record.beacon, record.task, record.trainer);
    record.input = input;
    return {std::move(record), *exact::admit(std::move(model)), {}};
}

/// Small weights have opposites in int8.
void halve_weights(exact::Model& model) {
    for (exact::Layer& layer : model.layers) {
        if (auto* dense = std::get_if<exact::Dense>(&layer.operation)) {
            for (std::int8_t& weight : dense->weights) {
                weight = static_cast<std::int8_t>(weight / 2);
            }
        }
    }
}

class Models : public ::testing::Test {
  protected:
    /// Writes what was exported and reads it as a command does.
    ModelFile back(const Exported& exported) {
        const std::string path = (dir_.path() / "m.safetensors").string();
        EXPECT_TRUE(devnet::write_file(path, as_text(exported.file)));
        auto file = read_model(path);
        EXPECT_TRUE(file) << file.error().message;
        return *std::move(file);
    }

    /// The score of the chain: the model as it was revealed, behind its trainer's map.
    static exact::Score on_chain(const Pulled& pulled, const exact::DatasetView& data) {
        const auto map = Mapping::derive(
            pulled.record.seed, data.shape(), Mapping::kind_for(pulled.model.facts()));
        exact::Evaluator evaluator(pulled.model);
        return *exact::score(evaluator, &map, data, exact::whole(data));
    }

    testing::TempDir dir_;
};

TEST_F(Models, score_the_same_folded_and_with_their_map) {
    Random random(1);
    const Shape shape{1, 5, 6};
    exact::Model model = exact::tests::mlp(random, 30, 8, 4);
    halve_weights(model);
    const Pulled pulled = pulled_of(std::move(model), shape);
    const Bytes bytes = exact::tests::random_dataset(random, shape, 4, 50);
    const auto data = exact::DatasetView::open(bytes);
    ASSERT_TRUE(data);
    const Exported folded = export_pulled(pulled, /*fold=*/true);
    EXPECT_TRUE(folded.folded) << folded.why_not;
    const ModelFile bare = back(folded);
    EXPECT_EQ(bare.map, MapUse::kNone);
    const ModelFile kept = back(export_pulled(pulled, /*fold=*/false));
    EXPECT_EQ(kept.map, MapUse::kFlat);
    EXPECT_EQ(kept.model.model(), pulled.model.model());
    const exact::Score want = on_chain(pulled, *data);
    for (const ModelFile* file : {&bare, &kept}) {
        const auto got = evaluate(*file, *data);
        ASSERT_TRUE(got);
        EXPECT_EQ(got->score, want);
        std::uint64_t correct = 0;
        for (const ClassScore& one : got->classes) {
            correct += one.correct;
        }
        EXPECT_EQ(correct, want.correct);
    }
}

TEST_F(Models, of_convolutions_keep_their_map) {
    Random random(2);
    const Shape shape{1, 28, 28};
    const Pulled pulled = pulled_of(exact::tests::lenet(random, 10), shape);
    const Bytes bytes = exact::tests::random_dataset(random, shape, 10, 20);
    const auto data = exact::DatasetView::open(bytes);
    ASSERT_TRUE(data);
    const Exported exported = export_pulled(pulled, /*fold=*/true);
    EXPECT_FALSE(exported.folded);
    EXPECT_NE(exported.why_not.find("convolution"), std::string::npos);
    const ModelFile file = back(exported);
    EXPECT_EQ(file.map, MapUse::kPatches);
    EXPECT_EQ(evaluate(file, *data)->score, on_chain(pulled, *data));
    // The tensors say the same as the seed.
    const auto raw = exact::read_safetensors(exported.file);
    ASSERT_TRUE(raw && raw->input_map);
    const auto map = Mapping::derive(pulled.record.seed, shape, Mapping::Kind::kPatches);
    EXPECT_EQ(*raw->input_map, (exact::InputMap{map.sources(), map.inversions()}));
}

TEST_F(Models, that_cannot_be_folded_exactly_say_why) {
    Random random(3);
    exact::Model model = exact::tests::mlp(random, 30, 8, 4);
    std::get<exact::Dense>(model.layers[0].operation).weights.assign(240, -128);
    const Exported exported = export_pulled(pulled_of(std::move(model), {1, 5, 6}), true);
    EXPECT_FALSE(exported.folded);
    EXPECT_NE(exported.why_not.find("-128"), std::string::npos);
    EXPECT_EQ(back(exported).map, MapUse::kFlat);
}

TEST_F(Models, refuse_data_of_another_shape_by_name) {
    Random random(4);
    const Pulled pulled = pulled_of(exact::tests::mlp(random, 30, 8, 4), {1, 5, 6});
    const ModelFile file = back(export_pulled(pulled, true));
    const Bytes bytes = exact::tests::random_dataset(random, {1, 5, 5}, 4, 3);
    const auto got = evaluate(file, *exact::DatasetView::open(bytes));
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().message.find("1x5x5"), std::string::npos) << got.error().message;
}

}  // namespace
}  // namespace polis::tools::learning
