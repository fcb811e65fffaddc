#pragma once

#include <vector>

namespace polis::trainer {

/// Weights and biases of one layer, in the order of ml/exact; both empty for a layer without them.
struct FloatLayer {
    std::vector<float> weights;
    std::vector<float> bias;
};

/// A trained network that takes samples divided by 255.
struct FloatModel {
    std::vector<FloatLayer> layers;
};

}  // namespace polis::trainer
