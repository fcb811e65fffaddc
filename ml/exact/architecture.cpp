#include <ml/exact/architecture.hpp>

#include <algorithm>
#include <concepts>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include <ml/exact/json_cursor.hpp>

namespace polis::exact {

namespace {

using Verdict = JsonCursor::Verdict;

constexpr auto kBad = SafetensorsError::kBadArchitecture;

// Members of a layer, in the order in which they are written.

std::string member(std::string_view name, std::uint64_t value) {
    return ",\"" + std::string(name) + "\":" + std::to_string(value);
}

struct LayerText {
    std::string operator()(const Dense& dense) const {
        return R"("dense")" + member("source", source) + member("outputs", dense.outputs) +
               member("max", dense.requantise.activation_max);
    }

    std::string operator()(const Conv2d& conv) const {
        return R"("conv2d")" + member("source", source) + member("outputs", conv.outputs) +
               member("kernel_height", conv.kernel_height) +
               member("kernel_width", conv.kernel_width) + member("stride", conv.stride) +
               member("pad", conv.pad) + member("max", conv.requantise.activation_max);
    }

    std::string operator()(const MaxPool2x2& /*pool*/) const {
        return R"("max_pool_2x2")" + member("source", source);
    }

    std::string operator()(const Add& add) const {
        return R"("add")" + member("source", source) + member("other", add.other) +
               member("multiplier", add.multiplier) +
               member("other_multiplier", add.other_multiplier) + member("shift", add.shift) +
               member("max", add.activation_max);
    }

    std::uint16_t source;
};

/// The members of one layer, each taken once.
class LayerMembers {
  public:
    static Result<LayerMembers, SafetensorsError> read(JsonCursor& cursor) {
        LayerMembers out;
        POLIS_TRY_VOID(cursor.object([&](std::string_view name) -> Verdict {
            if (name == "kind") {
                POLIS_TRY(out.kind_, cursor.string());
                return {};
            }
            POLIS_TRY(out.numbers_[std::string(name)], cursor.number());
            return {};
        }));
        return out;
    }

    [[nodiscard]] const std::string& kind() const { return kind_; }

    template <std::unsigned_integral T>
    LayerMembers& take(std::string_view name, T& out) {
        const auto found = numbers_.find(name);
        if (found == numbers_.end() || found->second > std::numeric_limits<T>::max()) {
            complete_ = false;
            return *this;
        }
        out = static_cast<T>(found->second);
        numbers_.erase(found);
        return *this;
    }

    /// Every member that was asked for was there, and no other.
    [[nodiscard]] bool exact() const { return complete_ && numbers_.empty(); }

  private:
    std::string kind_;
    std::map<std::string, std::uint64_t, std::less<>> numbers_;
    bool complete_ = true;
};

Result<Operation, SafetensorsError> operation_of(LayerMembers& members) {
    if (members.kind() == "dense") {
        Dense dense;
        members.take("outputs", dense.outputs).take("max", dense.requantise.activation_max);
        return dense;
    }
    if (members.kind() == "conv2d") {
        Conv2d conv;
        members.take("outputs", conv.outputs)
            .take("kernel_height", conv.kernel_height)
            .take("kernel_width", conv.kernel_width)
            .take("stride", conv.stride)
            .take("pad", conv.pad)
            .take("max", conv.requantise.activation_max);
        return conv;
    }
    if (members.kind() == "max_pool_2x2") {
        return MaxPool2x2{};
    }
    if (members.kind() == "add") {
        Add add;
        members.take("other", add.other)
            .take("multiplier", add.multiplier)
            .take("other_multiplier", add.other_multiplier)
            .take("shift", add.shift)
            .take("max", add.activation_max);
        return add;
    }
    return std::unexpected(kBad);
}

Result<Layer, SafetensorsError> read_layer(JsonCursor& cursor) {
    POLIS_TRY(LayerMembers members, LayerMembers::read(cursor));
    Layer out;
    members.take("source", out.source);
    POLIS_TRY(out.operation, operation_of(members));
    if (!members.exact()) {
        return std::unexpected(kBad);
    }
    return out;
}

Result<Shape, SafetensorsError> read_input(JsonCursor& cursor) {
    std::vector<std::uint32_t> sides;
    POLIS_TRY_VOID(cursor.array([&]() -> Verdict {
        POLIS_TRY(const std::uint64_t side, cursor.number());
        if (side > kInputsMax || sides.size() == 3) {
            return std::unexpected(kBad);
        }
        sides.push_back(static_cast<std::uint32_t>(side));
        return {};
    }));
    if (sides.size() != 3) {
        return std::unexpected(kBad);
    }
    return Shape{sides[0], sides[1], sides[2]};
}

}  // namespace

std::string architecture_json(const Model& model) {
    std::string out = "{\"input\":[" + std::to_string(model.input.channels) + "," +
                      std::to_string(model.input.height) + "," + std::to_string(model.input.width) +
                      "],\"layers\":[";
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
        const Layer& layer = model.layers[i];
        out += i == 0 ? "{\"kind\":" : ",{\"kind\":";
        out += std::visit(LayerText{layer.source}, layer.operation) + "}";
    }
    return out + "]}";
}

Result<Model, SafetensorsError> parse_architecture(std::string_view text) {
    JsonCursor cursor(text);
    Model out;
    int members = 0;
    POLIS_TRY_VOID(cursor.object([&](std::string_view name) -> Verdict {
        ++members;
        if (name == "input") {
            POLIS_TRY(out.input, read_input(cursor));
            return {};
        }
        if (name != "layers") {
            return std::unexpected(kBad);
        }
        return cursor.array([&]() -> Verdict {
            if (out.layers.size() == kLayersMax) {
                return std::unexpected(kBad);
            }
            POLIS_TRY(Layer layer, read_layer(cursor));
            out.layers.push_back(std::move(layer));
            return {};
        });
    }));
    POLIS_TRY_VOID(cursor.end());
    if (members != 2) {
        return std::unexpected(kBad);
    }
    return out;
}

}  // namespace polis::exact
