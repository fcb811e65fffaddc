// Files of models and their admission: every refusal by name, before anything is evaluated.
#include <ml/exact/model.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <tests/ml/exact/models.hpp>

namespace polis::exact {
namespace {

using tests::ModelMaker;

Model small_mlp() {
    Random random(1);
    return tests::mlp(random, 6, 4, 3);
}

/// Convolution, pool, and a shortcut: [1, 8, 8] to 3 logits.
Model small_net() {
    Random random(2);
    ModelMaker maker(random, {1, 8, 8});
    maker.conv({.outputs = 2, .kernel = 3, .pad = 1});
    const std::uint16_t trunk = maker.next();
    return maker.conv({.outputs = 2, .kernel = 3, .pad = 1}).add(trunk).pool().logits(3);
}

Dense& dense_at(Model& model, std::size_t layer) {
    return std::get<Dense>(model.layers[layer].operation);
}

Conv2d& conv_at(Model& model, std::size_t layer) {
    return std::get<Conv2d>(model.layers[layer].operation);
}

Add& add_at(Model& model, std::size_t layer) {
    return std::get<Add>(model.layers[layer].operation);
}

/// A dense layer whose every count fits.
Dense dense_of(std::uint32_t outputs, std::size_t inputs, std::int8_t weight, std::uint8_t max) {
    return {
        .outputs = outputs,
        .weights = std::vector<std::int8_t>(outputs * inputs, weight),
        .bias = std::vector<std::int32_t>(outputs, 0),
        .requantise = {
            .multiplier = std::vector<std::uint32_t>(outputs, kMultiplierMin),
            .shift = std::vector<std::uint8_t>(outputs, 40),
            .activation_max = max}};
}

Conv2d conv_of(std::uint32_t outputs, std::size_t channels, std::uint8_t kernel, std::uint8_t pad) {
    Dense same = dense_of(outputs, channels * kernel * kernel, 1, 255);
    return {
        .outputs = outputs,
        .kernel_height = kernel,
        .kernel_width = kernel,
        .pad = pad,
        .weights = std::move(same.weights),
        .bias = std::move(same.bias),
        .requantise = std::move(same.requantise)};
}

struct Refusal {
    std::string what;
    ModelError error;
    Model model;
};

/// The small models, each with one fault.
class Faults {
  public:
    void mlp(std::string what, ModelError error, const std::function<void(Model&)>& edit) {
        add(std::move(what), error, small_mlp(), edit);
    }

    void net(std::string what, ModelError error, const std::function<void(Model&)>& edit) {
        add(std::move(what), error, small_net(), edit);
    }

    [[nodiscard]] const std::vector<Refusal>& all() const { return all_; }

  private:
    void add(
        std::string what, ModelError error, Model model, const std::function<void(Model&)>& edit) {
        EXPECT_TRUE(admit(model));
        edit(model);
        all_.push_back({std::move(what), error, std::move(model)});
    }

    std::vector<Refusal> all_;
};

void add_shape_faults(Faults& faults) {
    using enum ModelError;
    faults.mlp("no channels", kBadInputShape, [](Model& m) { m.input.channels = 0; });
    faults.mlp("no width", kBadInputShape, [](Model& m) { m.input.width = 0; });
    faults.mlp("high", kBadInputShape, [](Model& m) { m.input = {1, kSideMax + 1, 1}; });
    faults.mlp("large", kBadInputShape, [](Model& m) { m.input = {2, 256, 256}; });
    faults.mlp("product wraps", kBadInputShape, [](Model& m) {
        m.input = {0xffff'ffff, 0xffff'ffff, 0xffff'ffff};
    });
    faults.mlp("empty", kNoLayers, [](Model& m) { m.layers.clear(); });
    faults.mlp(
        "layers", kTooManyLayers, [](Model& m) { m.layers.resize(kLayersMax + 1, m.layers[0]); });
    faults.mlp("reads itself", kBadSource, [](Model& m) { m.layers[0].source = 1; });
    faults.net("adds itself", kBadSource, [](Model& m) { add_at(m, 2).other = 3; });
    faults.net("other far", kBadSource, [](Model& m) { add_at(m, 2).other = 0xffff; });
    faults.mlp("dead layer", kUnusedOutput, [](Model& m) {
        m.layers[1].source = 0;
        m.layers[1].operation = dense_of(3, 6, 1, 0);
    });
    faults.mlp("no outputs", kBadChannels, [](Model& m) { dense_at(m, 0).outputs = 0; });
    faults.mlp(
        "outputs", kBadChannels, [](Model& m) { dense_at(m, 0).outputs = kChannelsMax + 1; });
    faults.net("no planes", kBadChannels, [](Model& m) { conv_at(m, 0).outputs = 0; });
    faults.net("addition", kShapeMismatch, [](Model& m) { add_at(m, 2).other = 0; });
    faults.net("pool of a row", kKernelOverInput, [](Model& m) {
        m.input = {1, 1, 8};
        m.layers.erase(m.layers.begin(), m.layers.begin() + 3);
        m.layers[0].source = 0;
    });
    faults.net("ends in a pool", kLastNotWeighted, [](Model& m) { m.layers.resize(4); });
    faults.net("ends in a sum", kLastNotWeighted, [](Model& m) { m.layers.resize(3); });
    faults.mlp(
        "one class", kBadClasses, [](Model& m) { m.layers[1].operation = dense_of(1, 4, 1, 0); });
    faults.mlp("classes", kBadClasses, [](Model& m) {
        m.layers[1].operation = dense_of(kClassesMax + 1, 4, 1, 0);
    });
}

void add_kernel_faults(Faults& faults) {
    using enum ModelError;
    faults.net("kernel 0", kBadKernel, [](Model& m) { conv_at(m, 0).kernel_height = 0; });
    faults.net("kernel 16", kBadKernel, [](Model& m) { conv_at(m, 0).kernel_width = 16; });
    faults.net("stride 0", kBadKernel, [](Model& m) { conv_at(m, 0).stride = 0; });
    faults.net("stride 5", kBadKernel, [](Model& m) { conv_at(m, 0).stride = 5; });
    faults.net("pad 3", kBadKernel, [](Model& m) { conv_at(m, 0).pad = 3; });
    faults.net("kernel over plane", kKernelOverInput, [](Model& m) {
        m.input = {1, 8, 2};
        conv_at(m, 0).pad = 0;
    });
}

void add_number_faults(Faults& faults) {
    using enum ModelError;
    faults.mlp("weight short", kWrongCount, [](Model& m) { dense_at(m, 0).weights.pop_back(); });
    faults.mlp("bias long", kWrongCount, [](Model& m) { dense_at(m, 0).bias.push_back(0); });
    faults.mlp("shifts", kWrongCount, [](Model& m) { dense_at(m, 1).requantise.shift.clear(); });
    faults.net("multipliers", kWrongCount, [](Model& m) {
        conv_at(m, 0).requantise.multiplier.pop_back();
    });
    faults.net("conv weights", kWrongCount, [](Model& m) { conv_at(m, 1).weights.push_back(1); });
    for (const std::uint32_t bad : {0U, 1U, kMultiplierMin - 1, kMultiplierEnd, 0xffff'ffffU}) {
        faults.mlp("multiplier", kBadMultiplier, [bad](Model& m) {
            dense_at(m, 1).requantise.multiplier[2] = bad;
        });
    }
    faults.net("add 0", kBadMultiplier, [](Model& m) { add_at(m, 2).other_multiplier = 0; });
    faults.net("add small", kBadMultiplier, [](Model& m) {
        add_at(m, 2).multiplier = 1;
        add_at(m, 2).other_multiplier = 1;
    });
    faults.net(
        "add large", kBadMultiplier, [](Model& m) { add_at(m, 2).multiplier = kMultiplierEnd; });
    for (const int value : {0, 63, 64, 255}) {
        const auto bad = static_cast<std::uint8_t>(value);
        faults.mlp(
            "shift", kBadShift, [bad](Model& m) { dense_at(m, 0).requantise.shift[1] = bad; });
        faults.net("add shift", kBadShift, [bad](Model& m) { add_at(m, 2).shift = bad; });
    }
    faults.mlp("hidden 0", kBadActivationMax, [](Model& m) {
        dense_at(m, 0).requantise.activation_max = 0;
    });
    faults.mlp("last 255", kBadActivationMax, [](Model& m) {
        dense_at(m, 1).requantise.activation_max = 255;
    });
    faults.net("add 0", kBadActivationMax, [](Model& m) { add_at(m, 2).activation_max = 0; });
}

void add_cost_faults(Faults& faults) {
    using enum ModelError;
    faults.mlp("bias alone", kSumOverflow, [](Model& m) {
        dense_at(m, 0).bias[3] = std::numeric_limits<std::int32_t>::min();
    });
    faults.mlp("one too many", kSumOverflow, [](Model& m) {
        m.input = flat_shape(kInputsMax);
        m.layers.resize(1);
        m.layers[0].operation = dense_of(2, kInputsMax, -128, 0);
        // 65536 * 128 * 255 = 2^31 - 8388608
        dense_at(m, 0).bias[1] = 8'388'608;
    });
    faults.mlp("logit", kLogitOverflow, [](Model& m) {
        m.layers[1].operation = dense_of(3, 4, 127, 0);
        dense_at(m, 1).requantise.shift[0] = 14;
    });
    faults.net("multiply-adds", kTooManyMultiplyAdds, [](Model& m) {
        m.input = {1, 200, 200};
        m.layers[0].operation = conv_of(50, 1, 15, 7);
    });
    faults.net("activations", kTooMuchMemory, [](Model& m) {
        m.input = {1, 256, 256};
        m.layers[0].operation = conv_of(64, 1, 1, 0);
    });
    faults.net("padded planes", kTooMuchMemory, [](Model& m) {
        m.input = {8192, 2, 4};
        m.layers[0].operation = conv_of(1, 1, 15, 14);
    });
}

TEST(Admission, every_fault_has_its_name) {
    Faults faults;
    add_shape_faults(faults);
    add_kernel_faults(faults);
    add_number_faults(faults);
    add_cost_faults(faults);
    std::set<ModelError> seen;
    for (const Refusal& refusal : faults.all()) {
        const auto admitted = admit(refusal.model);
        ASSERT_FALSE(admitted) << refusal.what;
        EXPECT_EQ(admitted.error(), refusal.error)
            << refusal.what << ": " << to_string(admitted.error());
        seen.insert(refusal.error);
    }
    // The errors from kBadInputShape on are those of admission.
    const auto first = static_cast<std::size_t>(ModelError::kBadInputShape);
    const auto last = static_cast<std::size_t>(ModelError::kTooMuchMemory);
    EXPECT_EQ(seen.size(), last - first + 1);
}

TEST(Admission, the_largest_sum_is_one_below_the_limit) {
    Model model{.input = flat_shape(kInputsMax)};
    model.layers.push_back({.source = 0, .operation = dense_of(2, kInputsMax, -128, 0)});
    dense_at(model, 0).bias = {8'388'607, -8'388'607};
    EXPECT_TRUE(admit(model));
    dense_at(model, 0).bias[0] = 8'388'608;
    EXPECT_EQ(admit(model).error(), ModelError::kSumOverflow);
}

TEST(Admission, the_bound_uses_the_largest_activation_of_the_layer_before) {
    Model model{.input = flat_shape(1)};
    const std::uint32_t wide = kChannelsMax;
    model.layers.push_back({.source = 0, .operation = dense_of(wide, 1, 1, 1)});
    model.layers.push_back({.source = 1, .operation = dense_of(2, wide, 127, 0)});
    // 4096 * 127 * x_max + bias, x_max 1.
    dense_at(model, 1).bias[0] = 2'147'483'647 - 4096 * 127;
    EXPECT_TRUE(admit(model));
    dense_at(model, 0).requantise.activation_max = 2;
    EXPECT_EQ(admit(model).error(), ModelError::kSumOverflow);
}

TEST(Admission, facts_are_counted) {
    const auto model = admit(small_net());
    ASSERT_TRUE(model);
    const ModelFacts& facts = model->facts();
    EXPECT_EQ(facts.classes, 3U);
    EXPECT_EQ(facts.parameters, (9U + 1) * 2 + (18U + 1) * 2 + (32U + 1) * 3);
    EXPECT_EQ(facts.multiply_adds, 128U * 9 + 128 * 18 + 2 * 128 + 32 + 32 * 3);
    EXPECT_EQ(facts.activation_bytes, 64U + 3 * 128 + 32 + 3 * 4);
    EXPECT_TRUE(facts.begins_with_convolution);
    EXPECT_EQ(facts.shapes.back(), flat_shape(3));
    EXPECT_EQ(facts.shapes[4], (Shape{2, 4, 4}));
}

TEST(Admission, flat_models_take_any_shape_of_their_size) {
    const auto flat = admit(small_mlp());
    ASSERT_TRUE(flat);
    EXPECT_TRUE(flat->accepts(flat_shape(6)));
    EXPECT_TRUE(flat->accepts({1, 2, 3}));
    EXPECT_FALSE(flat->accepts(flat_shape(7)));
    EXPECT_FALSE(flat->facts().begins_with_convolution);
    const auto net = admit(small_net());
    ASSERT_TRUE(net);
    EXPECT_TRUE(net->accepts({1, 8, 8}));
    EXPECT_FALSE(net->accepts({1, 4, 16}));
    EXPECT_FALSE(net->accepts(flat_shape(64)));
}

TEST(ModelFile, a_model_has_one_file) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Random random(seed);
        const Model model = tests::random_model(random);
        const Bytes file = encode_model(model);
        const auto back = decode_model(file);
        ASSERT_TRUE(back) << to_string(back.error());
        EXPECT_EQ(back->model(), model);
        EXPECT_EQ(encode_model(back->model()), file);
    }
}

TEST(ModelFile, every_shorter_file_is_refused) {
    const Bytes file = encode_model(small_net());
    for (std::size_t size = 0; size < file.size(); ++size) {
        const auto model = decode_model(ByteView{file}.first(size));
        ASSERT_FALSE(model);
        const bool named =
            model.error() == ModelError::kTruncated || model.error() == ModelError::kCountOverLimit;
        EXPECT_TRUE(named) << size << ": " << to_string(model.error());
    }
}

TEST(ModelFile, hostile_files_are_refused_by_name) {
    const Bytes file = encode_model(small_mlp());
    const auto error_of = [](const Bytes& bytes) { return decode_model(bytes).error(); };
    Bytes edited = file;
    edited[0] = 'p';
    EXPECT_EQ(error_of(edited), ModelError::kBadMagic);
    edited = file;
    edited[8] = 2;
    EXPECT_EQ(error_of(edited), ModelError::kBadVersion);
    edited = file;
    edited.push_back(0);
    EXPECT_EQ(error_of(edited), ModelError::kTrailingBytes);
    edited = file;
    edited[21] = static_cast<std::uint8_t>(kLayersMax + 1);  // count of layers
    EXPECT_EQ(error_of(edited), ModelError::kCountOverLimit);
    edited = file;
    edited[27] = 4;  // tag of the first operation: one behind the last
    EXPECT_EQ(error_of(edited), ModelError::kBadOperation);
    edited = file;
    edited[35] = 0xff;  // high byte of the count of weights: 4 GiB
    EXPECT_EQ(error_of(edited), ModelError::kCountOverLimit);
    EXPECT_EQ(error_of(Bytes(kModelBytesMax + 1, 0)), ModelError::kTooLarge);
}

TEST(ModelFile, errors_say_something_of_their_own) {
    std::set<std::string_view> texts;
    const auto last = static_cast<std::uint8_t>(ModelError::kTooMuchMemory);
    for (std::uint8_t i = 0; i <= last; ++i) {
        texts.insert(to_string(static_cast<ModelError>(i)));
    }
    EXPECT_EQ(texts.size(), last + 1U);
    EXPECT_FALSE(texts.contains("unknown"));
}

}  // namespace
}  // namespace polis::exact
