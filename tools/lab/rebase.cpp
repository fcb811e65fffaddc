#include <tools/lab/rebase.hpp>

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include <ml/exact/limits.hpp>

namespace polis::tools::lab {

namespace {

/// Where a value behind one map stands behind the other one.
struct Move {
    std::size_t from = 0;
    bool inverted = false;
};

std::vector<Move> moves_between(const exact::Mapping& from, const exact::Mapping& to) {
    std::vector<std::size_t> place_of(from.sources().size());
    for (std::size_t i = 0; i < place_of.size(); ++i) {
        place_of[from.sources()[i]] = i;
    }
    std::vector<Move> out;
    for (std::size_t i = 0; i < place_of.size(); ++i) {
        const std::size_t there = place_of[to.sources()[i]];
        out.push_back({there, from.inversions()[there] != to.inversions()[i]});
    }
    return out;
}

/// One output's weights, each in the place that its value has now. An inverted value is 255 - x, so
/// its weight changes sign and 255 of it go into the bias.
/// @param moves of the values that the weights belong to, in their order
template <class Weighted>
Result<void, RebaseError> move_weights(
    Weighted& layer, const std::vector<Move>& moves, const std::vector<std::size_t>& index_of) {
    const std::vector<std::int8_t> old = layer.weights;
    const std::size_t depth = moves.size();
    for (std::size_t o = 0; o < layer.outputs; ++o) {
        std::int64_t bias = layer.bias[o];
        for (std::size_t i = 0; i < depth; ++i) {
            const std::int8_t weight = old[o * depth + index_of[moves[i].from]];
            if (moves[i].inverted && weight == INT8_MIN) {
                return std::unexpected(RebaseError::kWeightTooLow);
            }
            bias += moves[i].inverted ? 255 * std::int64_t{weight} : 0;
            layer.weights[o * depth + i] =
                moves[i].inverted ? static_cast<std::int8_t>(-weight) : weight;
        }
        if (bias < INT32_MIN || bias > INT32_MAX) {
            return std::unexpected(RebaseError::kNotAdmitted);
        }
        layer.bias[o] = static_cast<std::int32_t>(bias);
    }
    return {};
}

Result<void, RebaseError> move_layer(
    exact::Dense& dense, const std::vector<Move>& moves, const exact::Shape& /*input*/) {
    std::vector<std::size_t> same(moves.size());
    for (std::size_t i = 0; i < same.size(); ++i) {
        same[i] = i;
    }
    return move_weights(dense, moves, same);
}

bool whole_patches(const exact::Conv2d& conv, const exact::Shape& input) {
    const auto divides = [](std::uint32_t side) { return side % exact::kPatchSide == 0; };
    return divides(input.height) && divides(input.width) && divides(conv.kernel_height) &&
           divides(conv.kernel_width) && divides(conv.stride) && conv.pad == 0;
}

/// Every window sees whole patches, which all are mapped alike: the first one stands for all.
Result<void, RebaseError> move_layer(
    exact::Conv2d& conv, const std::vector<Move>& moves, const exact::Shape& input) {
    if (!whole_patches(conv, input)) {
        return std::unexpected(RebaseError::kPatchesDivided);
    }
    std::vector<Move> window;
    std::vector<std::size_t> index_of(moves.size());
    for (std::size_t c = 0; c < input.channels; ++c) {
        for (std::size_t y = 0; y < conv.kernel_height; ++y) {
            for (std::size_t x = 0; x < conv.kernel_width; ++x) {
                const std::size_t place = (c * input.height + y) * input.width + x;
                index_of[place] = window.size();
                window.push_back(moves[place]);
            }
        }
    }
    return move_weights(conv, window, index_of);
}

template <class Other>
Result<void, RebaseError> move_layer(
    Other& /*operation*/, const std::vector<Move>& /*moves*/, const exact::Shape& /*input*/) {
    return std::unexpected(RebaseError::kNotWeighted);
}

}  // namespace

std::string_view to_string(RebaseError error) {
    switch (error) {
        case RebaseError::kNotWeighted:
            return "the layer that reads the sample has no weights";
        case RebaseError::kPatchesDivided:
            return "the first kernel divides patches";
        case RebaseError::kWeightTooLow:
            return "a weight of -128 has no opposite";
        case RebaseError::kNotAdmitted:
            return "the biases leave the limits of models";
    }
    return "unknown";
}

Result<exact::AdmittedModel, RebaseError> rebase(
    const exact::AdmittedModel& model, const exact::Mapping& from, const exact::Mapping& to) {
    exact::Model out = model.model();
    const std::vector<Move> moves = moves_between(from, to);
    for (exact::Layer& layer : out.layers) {
        if (layer.source == 0) {
            POLIS_TRY_VOID(std::visit(
                [&](auto& operation) { return move_layer(operation, moves, out.input); },
                layer.operation));
        }
    }
    auto admitted = exact::admit(std::move(out));
    if (!admitted) {
        return std::unexpected(RebaseError::kNotAdmitted);
    }
    return *std::move(admitted);
}

}  // namespace polis::tools::lab
