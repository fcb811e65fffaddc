#include <ml/torch/architecture.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ml/exact/windows.hpp>

namespace polis::trainer {

namespace {

using exact::Shape;

constexpr std::array<std::string_view, 5> kKinds{"logistic", "mlp", "cnn", "lenet", "resnet8"};

/// Small datasets get as many passes as make this many batches.
constexpr std::uint32_t kStepsMin = 2'000;
constexpr std::uint32_t kSmallEpochsMax = 500;

struct Window {
    std::uint8_t side;
    std::uint8_t stride = 1;
    std::uint8_t pad = 0;
};

/// What reads a sample behind a map: every pixel of a patch has one place in the kernel, and no
/// border, whose zeros the map would not invert. So the map costs nothing: the weights change
/// places and signs with the pixels. docs/adr/0009-maps-and-convolutions.md
constexpr Window kPatchWindow{.side = 2 * exact::kPatchSide, .stride = exact::kPatchSide};

/// Whether the map of such samples moves pixels within squares, and the window fits twice.
bool has_patches(const Shape& shape) {
    return shape.height % exact::kPatchSide == 0 && shape.width % exact::kPatchSide == 0 &&
           std::min(shape.height, shape.width) >= 3 * exact::kPatchSide;
}

/// Adds layers one after the other. A kernel that does not fit ends it all.
class Planner {
  public:
    explicit Planner(const Shape& input) : shapes_{input} { model_.input = input; }

    std::uint16_t dense(std::uint16_t source, std::uint32_t outputs) {
        exact::Dense layer;
        layer.outputs = outputs;
        layer.weights.resize(outputs * shapes_[source].elements());
        give_channels(layer, outputs);
        return add(source, std::move(layer), exact::flat_shape(outputs));
    }

    std::uint16_t conv(std::uint16_t source, std::uint32_t outputs, Window window) {
        const Shape& in = shapes_[source];
        exact::Conv2d layer;
        layer.outputs = outputs;
        layer.kernel_height = window.side;
        layer.kernel_width = window.side;
        layer.stride = window.stride;
        layer.pad = window.pad;
        layer.weights.resize(std::size_t{outputs} * in.channels * window.side * window.side);
        give_channels(layer, outputs);
        const Shape padded = exact::padded_shape(layer, in);
        fits_ = fits_ && padded.height >= window.side && padded.width >= window.side;
        const Shape out = fits_ ? exact::conv_shape(layer, in) : in;
        return add(source, std::move(layer), out);
    }

    std::uint16_t pool(std::uint16_t source) {
        const Shape& in = shapes_[source];
        fits_ = fits_ && in.height >= 2 && in.width >= 2;
        return add(source, exact::MaxPool2x2{}, fits_ ? exact::pool_shape(in) : in);
    }

    std::uint16_t sum(std::uint16_t source, std::uint16_t other) {
        return add(
            source,
            exact::Add{
                .other = other,
                .multiplier = exact::kMultiplierMin,
                .other_multiplier = exact::kMultiplierMin,
                .shift = 31,
                .activation_max = 255},
            shapes_[source]);
    }

    [[nodiscard]] const Shape& shape(std::uint16_t tensor) const { return shapes_[tensor]; }

    [[nodiscard]] bool fits() const { return fits_; }

    /// The layer added last gives the logits.
    exact::Model finish() {
        std::get<exact::Dense>(model_.layers.back().operation).requantise.activation_max = 0;
        return std::move(model_);
    }

  private:
    template <class Weighted>
    void give_channels(Weighted& layer, std::uint32_t outputs) {
        layer.bias.resize(outputs);
        layer.requantise.multiplier.assign(outputs, exact::kMultiplierMin);
        layer.requantise.shift.assign(outputs, 31);
        layer.requantise.activation_max = 255;
    }

    std::uint16_t add(std::uint16_t source, exact::Operation operation, const Shape& out) {
        model_.layers.push_back({.source = source, .operation = std::move(operation)});
        shapes_.push_back(out);
        return static_cast<std::uint16_t>(model_.layers.size());
    }

    exact::Model model_;
    std::vector<Shape> shapes_;  ///< by tensor
    bool fits_ = true;
};

void plan_mlp(Planner& planner, const ModelSpec& spec, std::uint32_t classes) {
    std::uint16_t at = 0;
    for (const std::uint32_t width : spec.hidden) {
        at = planner.dense(at, width);
    }
    planner.dense(at, classes);
}

constexpr Window kSame{.side = 3, .pad = 1};

void plan_cnn(Planner& planner, std::uint32_t classes, bool patches) {
    std::uint16_t at =
        patches ? planner.conv(0, 24, kPatchWindow) : planner.pool(planner.conv(0, 8, kSame));
    at = planner.pool(planner.conv(at, patches ? 24 : 16, kSame));
    planner.dense(planner.dense(at, 64), classes);
}

void plan_lenet(Planner& planner, std::uint32_t classes, bool patches) {
    std::uint16_t at = patches ? planner.conv(0, 48, kPatchWindow)
                               : planner.pool(planner.conv(0, 6, {.side = 5, .pad = 2}));
    at = planner.pool(patches ? planner.conv(at, 48, kSame) : planner.conv(at, 16, {.side = 5}));
    at = planner.dense(planner.dense(at, 120), 84);
    planner.dense(at, classes);
}

/// Two convolutions and a shortcut, which is a convolution 1x1 where the planes change.
std::uint16_t plan_block(
    Planner& planner, std::uint16_t from, std::uint32_t planes, std::uint8_t stride) {
    std::uint16_t at = planner.conv(from, planes, {.side = 3, .stride = stride, .pad = 1});
    at = planner.conv(at, planes, {.side = 3, .pad = 1});
    const bool same = stride == 1 && planner.shape(from).channels == planes;
    const std::uint16_t shortcut =
        same ? from : planner.conv(from, planes, {.side = 1, .stride = stride});
    return planner.sum(at, shortcut);
}

void plan_resnet8(Planner& planner, std::uint32_t classes, bool patches) {
    std::uint16_t at = planner.conv(0, 16, patches ? kPatchWindow : kSame);
    at = plan_block(planner, at, 16, 1);
    // A patch is as coarse as the two blocks that would halve the planes.
    at = plan_block(planner, at, 32, patches ? 1 : 2);
    at = plan_block(planner, at, 64, patches ? 1 : 2);
    planner.dense(planner.pool(at), classes);
}

Result<void, Failure> check(const ModelSpec& spec, const Shape& input) {
    if (std::ranges::find(kKinds, std::string_view(spec.kind)) == kKinds.end()) {
        return fail(FailureCode::kUnknownArchitecture, "'" + spec.kind + "'");
    }
    const bool mlp = spec.kind == "mlp";
    const bool widths_ok = std::ranges::all_of(
        spec.hidden, [](std::uint32_t width) { return width > 0 && width <= exact::kChannelsMax; });
    if (!widths_ok || spec.hidden.empty() == mlp || spec.hidden.size() > kHiddenLayersMax) {
        return fail(FailureCode::kBadSpec, "hidden widths are for mlp, 1 to 16 of 1 to 4096");
    }
    if (!mlp && spec.kind != "logistic" && input.is_flat()) {
        return fail(FailureCode::kUnknownArchitecture, spec.kind + " needs images");
    }
    return {};
}

}  // namespace

std::span<const std::string_view> known_kinds() { return kKinds; }

Result<Plan, Failure> plan(
    const ModelSpec& spec, const Shape& input, std::uint32_t classes, bool behind_map) {
    POLIS_TRY_VOID(check(spec, input));
    Planner planner(input);
    const bool patches = behind_map && has_patches(input);
    if (spec.kind == "lenet") {
        plan_lenet(planner, classes, patches);
    } else if (spec.kind == "cnn") {
        plan_cnn(planner, classes, patches);
    } else if (spec.kind == "resnet8") {
        plan_resnet8(planner, classes, patches);
    } else {
        plan_mlp(planner, spec, classes);
    }
    if (!planner.fits()) {
        return fail(FailureCode::kUnknownArchitecture, spec.kind + ": the images are too small");
    }
    auto admitted = exact::admit(planner.finish());
    if (!admitted) {
        return fail(
            FailureCode::kBadSpec,
            spec.kind + ": " + std::string(exact::to_string(admitted.error())));
    }
    return Plan{.model = admitted->model(), .facts = admitted->facts()};
}

std::uint32_t usual_epochs(const ModelSpec& spec, std::uint32_t batches) {
    const bool images = spec.kind == "lenet" || spec.kind == "cnn";
    const std::uint32_t usual = images ? 15 : 20;
    const std::uint32_t small = (kStepsMin + batches - 1) / batches;
    return std::max(usual, std::min(small, kSmallEpochsMax));
}

}  // namespace polis::trainer
