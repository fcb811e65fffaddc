// Integer inference and cross entropy against the project's vectors, with every kernel.
#include <tests/support/vectors.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ml/exact/inference.hpp>
#include <ml/exact/scoring.hpp>

namespace polis::exact {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
T number(const Json& json, const char* name) {
    return json.at(name).get<T>();
}

Requantise requantise_of(const Json& layer) {
    const Json& max = layer.at("clamp_max");
    return {
        .multiplier = number<std::vector<std::uint32_t>>(layer, "M0"),
        .shift = number<std::vector<std::uint8_t>>(layer, "sh"),
        .activation_max = max.is_null() ? std::uint8_t{0} : max.get<std::uint8_t>()};
}

Operation operation_of(const Json& layer) {
    const auto shape = number<std::vector<std::uint32_t>>(layer, "w_shape");
    auto weights = number<std::vector<std::int8_t>>(layer, "w");
    auto bias = number<std::vector<std::int32_t>>(layer, "b");
    if (shape.size() == 2) {
        return Dense{
            .outputs = shape[0],
            .weights = std::move(weights),
            .bias = std::move(bias),
            .requantise = requantise_of(layer)};
    }
    return Conv2d{
        .outputs = shape.at(0),
        .kernel_height = static_cast<std::uint8_t>(shape.at(2)),
        .kernel_width = static_cast<std::uint8_t>(shape.at(3)),
        .pad = number<std::uint8_t>(layer, "pad"),
        .weights = std::move(weights),
        .bias = std::move(bias),
        .requantise = requantise_of(layer)};
}

Model model_of(const Json& vector) {
    const auto sides = number<std::vector<std::uint32_t>>(vector, "input_shape");
    Model out;
    out.input = sides.size() == 1 ? flat_shape(sides[0]) : Shape{sides[0], sides[1], sides[2]};
    const auto add = [&](Operation operation) {
        const auto source = static_cast<std::uint16_t>(out.layers.size());
        out.layers.push_back({.source = source, .operation = std::move(operation)});
    };
    for (const Json& layer : vector.at("layers")) {
        add(operation_of(layer));
        if (number<int>(layer, "pool2") != 0) {
            add(MaxPool2x2{});
        }
    }
    return out;
}

/// A nested list of numbers, row by row.
void flatten(const Json& json, Bytes& out) {
    if (json.is_number()) {
        out.push_back(json.get<std::uint8_t>());
        return;
    }
    for (const Json& item : json) {
        flatten(item, out);
    }
}

void expect_vector(const Json& vector, Kernel kernel) {
    const auto model = admit(model_of(vector));
    ASSERT_TRUE(model) << to_string(model.error());
    Evaluator evaluator(*model, kernel);
    for (std::size_t i = 0; i < vector.at("inputs").size(); ++i) {
        Bytes sample;
        flatten(vector.at("inputs")[i], sample);
        const auto logits = evaluator.logits(sample);
        EXPECT_EQ(
            std::vector(logits.begin(), logits.end()),
            vector.at("logits_q15_16")[i].get<std::vector<std::int32_t>>());
        EXPECT_EQ(argmax(logits), vector.at("argmax")[i].get<std::uint32_t>());
        EXPECT_EQ(
            cross_entropy_q16(logits, vector.at("labels")[i].get<std::uint32_t>()),
            vector.at("ce_q16")[i].get<std::uint64_t>());
    }
}

TEST(IntegerInference, logits_classes_and_cross_entropies_are_those_of_the_vectors) {
    POLIS_NEEDS_VECTORS();
    const Json file = tests::read_json_vectors("mechanisms/integer-inference.json");
    ASSERT_GE(file.at("vectors").size(), 3U);
    for (const Json& vector : file.at("vectors")) {
        SCOPED_TRACE(vector.at("desc").get<std::string>());
        expect_vector(vector, Kernel::kPortable);
        if (has_kernel(Kernel::kAvx2)) {
            expect_vector(vector, Kernel::kAvx2);
        }
    }
}

TEST(IntegerInference, the_table_of_powers_is_that_of_the_vectors) {
    POLIS_NEEDS_VECTORS();
    const Json file = tests::read_json_vectors("mechanisms/integer-inference.json");
    const auto table = exp2_table();
    EXPECT_EQ(
        std::vector(table.begin(), table.end()),
        file.at("exp2_lut_q30").get<std::vector<std::uint32_t>>());
}

}  // namespace
}  // namespace polis::exact
