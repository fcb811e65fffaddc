#include <tests/ml/exact/models.hpp>

#include <bit>
#include <utility>

#include <core/check.hpp>
#include <ml/exact/windows.hpp>

namespace polis::exact::tests {

ModelMaker::ModelMaker(Random& random, Shape input) : random_(random), shape_(input) {
    model_.input = input;
}

ModelMaker::Numbers ModelMaker::numbers(
    std::uint32_t outputs, std::uint64_t depth, std::uint8_t max) {
    Numbers out;
    for (std::uint64_t i = 0; i < outputs * depth; ++i) {
        out.weights.push_back(static_cast<std::int8_t>(random_.next() >> 56));
    }
    // A sum of `depth` products is about 74 * 128 * sqrt(depth); hidden layers keep 8 bits of it,
    // the last one 18.
    const int bits = 13 + (static_cast<int>(std::bit_width(depth)) + 1) / 2;
    const int kept = max != 0 ? 8 : 18;
    for (std::uint32_t o = 0; o < outputs; ++o) {
        out.bias.push_back(static_cast<std::int32_t>(random_.below(20'001)) - 10'000);
        out.requantise.multiplier.push_back(
            static_cast<std::uint32_t>(random_.between(kMultiplierMin, kMultiplierEnd - 1)));
        out.requantise.shift.push_back(static_cast<std::uint8_t>(30 + bits - kept));
    }
    out.requantise.activation_max = max;
    return out;
}

void ModelMaker::push(Operation operation, Shape shape) {
    model_.layers.push_back({.source = next(), .operation = std::move(operation)});
    shape_ = shape;
}

ModelMaker& ModelMaker::dense(std::uint32_t outputs, std::uint8_t activation_max) {
    Numbers made = numbers(outputs, shape_.elements(), activation_max);
    push(
        Dense{
            .outputs = outputs,
            .weights = std::move(made.weights),
            .bias = std::move(made.bias),
            .requantise = std::move(made.requantise)},
        flat_shape(outputs));
    return *this;
}

ModelMaker& ModelMaker::conv(const ConvSpec& spec, std::uint8_t activation_max) {
    const std::uint64_t depth = std::uint64_t{shape_.channels} * spec.kernel * spec.kernel;
    Numbers made = numbers(spec.outputs, depth, activation_max);
    Conv2d conv{
        .outputs = spec.outputs,
        .kernel_height = spec.kernel,
        .kernel_width = spec.kernel,
        .stride = spec.stride,
        .pad = spec.pad,
        .weights = std::move(made.weights),
        .bias = std::move(made.bias),
        .requantise = std::move(made.requantise)};
    const Shape shape = conv_shape(conv, shape_);
    push(std::move(conv), shape);
    return *this;
}

ModelMaker& ModelMaker::pool() {
    push(MaxPool2x2{}, pool_shape(shape_));
    return *this;
}

ModelMaker& ModelMaker::add(std::uint16_t other) {
    const auto half = static_cast<std::uint32_t>(random_.between(1, kMultiplierMin));
    push(
        Add{.other = other,
            .multiplier = kMultiplierMin,
            .other_multiplier = half,
            .shift = 31,
            .activation_max = 255},
        shape_);
    return *this;
}

Model ModelMaker::logits(std::uint32_t classes) {
    dense(classes, 0);
    return model_;
}

Model mlp(Random& random, std::uint32_t inputs, std::uint32_t hidden, std::uint32_t classes) {
    return ModelMaker(random, flat_shape(inputs)).dense(hidden).logits(classes);
}

Model lenet(Random& random, std::uint32_t classes) {
    return ModelMaker(random, {1, 28, 28})
        .conv({.outputs = 6, .kernel = 5, .pad = 2})
        .pool()
        .conv({.outputs = 16, .kernel = 5})
        .pool()
        .dense(120)
        .dense(84)
        .logits(classes);
}

Model random_model(Random& random) {
    const auto side = [&](std::uint64_t first, std::uint64_t last) {
        return static_cast<std::uint32_t>(random.between(first, last));
    };
    const auto byte = [&](std::uint64_t first, std::uint64_t last) {
        return static_cast<std::uint8_t>(random.between(first, last));
    };
    ModelMaker maker(random, {side(1, 3), side(4, 12), side(4, 12)});
    if (random.chance(3, 4)) {
        const std::uint8_t kernel = byte(1, 4);
        const std::uint8_t max = byte(1, 255);
        maker.conv(
            {.outputs = side(1, 9),
             .kernel = kernel,
             .stride = byte(1, kStrideMax),
             .pad = byte(0, kernel - 1U)},
            max);
        if (random.chance(1, 2)) {
            const std::uint16_t trunk = maker.next();
            const auto& first = std::get<Conv2d>(maker.model().layers[0].operation);
            maker.conv({.outputs = first.outputs, .kernel = 3, .pad = 1}).add(trunk);
        }
    }
    if (random.chance(1, 2)) {
        const std::uint32_t outputs = side(1, 40);
        maker.dense(outputs, byte(1, 255));
    }
    return maker.logits(side(2, 12));
}

Bytes random_dataset(
    Random& random, const Shape& shape, std::uint32_t classes, std::uint32_t count) {
    auto builder = DatasetBuilder::create(shape, classes);
    POLIS_ASSERT(builder.has_value());
    Bytes sample(shape.elements());
    for (std::uint32_t i = 0; i < count; ++i) {
        random.fill(sample);
        POLIS_ASSERT(builder->add(sample, static_cast<std::uint32_t>(random.below(classes))));
    }
    return *builder->finish();
}

}  // namespace polis::exact::tests
