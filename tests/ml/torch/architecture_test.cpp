// Names of architectures and the layers that they stand for.
#include <ml/torch/architecture.hpp>

#include <gtest/gtest.h>

namespace polis::trainer {
namespace {

constexpr exact::Shape kImage{1, 28, 28};

FailureCode code_of(const ModelSpec& spec, const exact::Shape& shape) {
    const auto out = plan(spec, shape, 10, /*behind_map=*/false);
    return out ? FailureCode::kInternal : out.error().code;
}

TEST(Architecture, every_known_kind_is_admitted_with_its_published_size) {
    const auto parameters = [](const ModelSpec& spec, const exact::Shape& shape) {
        const auto out = plan(spec, shape, 10, /*behind_map=*/false);
        EXPECT_TRUE(out.has_value()) << spec.kind;
        return out ? out->facts.parameters : 0;
    };
    EXPECT_EQ(parameters({.kind = "logistic", .hidden = {}}, kImage), 7'850U);
    EXPECT_EQ(parameters({.kind = "mlp", .hidden = {64}}, kImage), 50'890U);
    EXPECT_EQ(parameters({.kind = "lenet", .hidden = {}}, kImage), 61'706U);
    EXPECT_EQ(parameters({.kind = "cnn", .hidden = {}}, kImage), 52'138U);
    EXPECT_EQ(parameters({.kind = "resnet8", .hidden = {}}, {3, 32, 32}), 87'306U);
}

TEST(Architecture, convolutions_read_whole_patches_behind_a_map) {
    for (const char* kind : {"lenet", "cnn", "resnet8"}) {
        for (const exact::Shape& shape : {exact::Shape{1, 28, 28}, {3, 32, 32}, {1, 12, 16}}) {
            const auto out = plan({.kind = kind, .hidden = {}}, shape, 10, /*behind_map=*/true);
            ASSERT_TRUE(out.has_value()) << kind << ": " << out.error().text();
            const auto& first = std::get<exact::Conv2d>(out->model.layers[0].operation);
            EXPECT_EQ(first.stride, exact::kPatchSide);
            EXPECT_EQ(first.kernel_height % exact::kPatchSide, 0U);
            EXPECT_EQ(first.kernel_width % exact::kPatchSide, 0U);
            EXPECT_EQ(first.pad, 0U);
        }
        // Rows stand in for patches here: nothing is gained.
        const auto rows = plan({.kind = kind, .hidden = {}}, {1, 30, 30}, 10, true);
        const auto plain = plan({.kind = kind, .hidden = {}}, {1, 30, 30}, 10, false);
        ASSERT_TRUE(rows && plain);
        EXPECT_EQ(rows->model, plain->model);
    }
    const auto mlp = plan({.kind = "mlp", .hidden = {8}}, kImage, 10, /*behind_map=*/true);
    ASSERT_TRUE(mlp.has_value());
    EXPECT_FALSE(mlp->facts.begins_with_convolution);
}

TEST(Architecture, unknown_names_are_refused_by_name) {
    EXPECT_EQ(
        code_of({.kind = "transformer", .hidden = {}}, kImage), FailureCode::kUnknownArchitecture);
    EXPECT_EQ(code_of({.kind = "", .hidden = {}}, kImage), FailureCode::kUnknownArchitecture);
}

TEST(Architecture, shapes_that_do_not_fit_are_refused) {
    EXPECT_EQ(
        code_of({.kind = "lenet", .hidden = {}}, {1, 8, 8}), FailureCode::kUnknownArchitecture);
    EXPECT_EQ(
        code_of({.kind = "cnn", .hidden = {}}, exact::flat_shape(784)),
        FailureCode::kUnknownArchitecture);
    EXPECT_EQ(code_of({.kind = "cnn", .hidden = {}}, {1, 2, 2}), FailureCode::kUnknownArchitecture);
}

TEST(Architecture, widths_outside_of_their_limits_are_refused) {
    EXPECT_EQ(code_of({.kind = "mlp", .hidden = {}}, kImage), FailureCode::kBadSpec);
    EXPECT_EQ(code_of({.kind = "mlp", .hidden = {0}}, kImage), FailureCode::kBadSpec);
    EXPECT_EQ(code_of({.kind = "mlp", .hidden = {4097}}, kImage), FailureCode::kBadSpec);
    EXPECT_EQ(code_of({.kind = "logistic", .hidden = {8}}, kImage), FailureCode::kBadSpec);
    EXPECT_EQ(
        code_of({.kind = "mlp", .hidden = std::vector<std::uint32_t>(17, 1)}, kImage),
        FailureCode::kBadSpec);
}

}  // namespace
}  // namespace polis::trainer
