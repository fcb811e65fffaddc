#include <ml/exact/fold.hpp>

#include <cstddef>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

namespace polis::exact {

namespace {

constexpr std::int64_t kValueMax = 255;

Result<void, FoldError> fold_row(
    std::int8_t* row, std::int32_t& bias, const Mapping& mapping, std::vector<std::int8_t>& old) {
    const std::vector<std::uint32_t>& sources = mapping.sources();
    old.assign(row, row + sources.size());
    std::int64_t moved = bias;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        std::int8_t weight = old[i];
        if (mapping.inversions()[i] != 0) {
            if (weight == std::numeric_limits<std::int8_t>::min()) {
                return std::unexpected(FoldError::kWeightOverflow);
            }
            moved += kValueMax * weight;
            weight = static_cast<std::int8_t>(-weight);
        }
        row[sources[i]] = weight;
    }
    if (moved < std::numeric_limits<std::int32_t>::min() ||
        moved > std::numeric_limits<std::int32_t>::max()) {
        return std::unexpected(FoldError::kBiasOverflow);
    }
    bias = static_cast<std::int32_t>(moved);
    return {};
}

Result<void, FoldError> fold_dense(Dense& dense, const Mapping& mapping) {
    std::vector<std::int8_t> old;
    for (std::size_t o = 0; o < dense.outputs; ++o) {
        std::int8_t* row = dense.weights.data() + o * mapping.sources().size();
        POLIS_TRY_VOID(fold_row(row, dense.bias[o], mapping, old));
    }
    return {};
}

/// True if the layer has the sample as its second input.
bool adds_sample(const Layer& layer) {
    const auto* add = std::get_if<Add>(&layer.operation);
    return add != nullptr && add->other == 0;
}

}  // namespace

Result<AdmittedModel, FoldError> fold(const AdmittedModel& model, const Mapping& mapping) {
    if (Mapping::kind_for(model.facts()) != Mapping::Kind::kFlat) {
        return std::unexpected(FoldError::kNotFlat);
    }
    if (!model.accepts(mapping.shape())) {
        return std::unexpected(FoldError::kShapeMismatch);
    }
    Model out = model.model();
    for (Layer& layer : out.layers) {
        if (adds_sample(layer)) {
            return std::unexpected(FoldError::kNotDense);
        }
        if (layer.source != 0) {
            continue;
        }
        auto* dense = std::get_if<Dense>(&layer.operation);
        if (dense == nullptr) {
            return std::unexpected(FoldError::kNotDense);
        }
        POLIS_TRY_VOID(fold_dense(*dense, mapping));
    }
    auto admitted = admit(std::move(out));
    if (!admitted) {
        return std::unexpected(FoldError::kSumOverflow);
    }
    return *std::move(admitted);
}

std::string_view to_string(FoldError error) {
    switch (error) {
        case FoldError::kNotFlat:
            return "the model begins with a convolution, which sees where values are: keep the map";
        case FoldError::kShapeMismatch:
            return "the map is for samples of another shape: derive it for this model";
        case FoldError::kNotDense:
            return "something else than a dense layer reads the sample: keep the map";
        case FoldError::kWeightOverflow:
            return "a weight of -128 has no opposite in int8: keep the map";
        case FoldError::kBiasOverflow:
        case FoldError::kSumOverflow:
            return "with the map folded in, a sum could leave 32 bits: keep the map";
    }
    return "unknown";
}

}  // namespace polis::exact
