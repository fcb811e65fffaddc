#include <array>

#include <ml/exact/kernels.hpp>

namespace polis::exact {

namespace {

/// Lanes of a fixed number, so that compilers use whatever vectors the machine has.
std::int32_t dot(const std::int16_t* left, const std::int16_t* right, std::size_t depth) {
    std::array<std::int32_t, kDepthStep> lanes{};
    for (std::size_t i = 0; i < depth; i += kDepthStep) {
        for (std::size_t k = 0; k < kDepthStep; ++k) {
            lanes[k] += std::int32_t{left[i + k]} * right[i + k];
        }
    }
    std::int32_t sum = 0;
    for (const std::int32_t lane : lanes) {
        sum += lane;
    }
    return sum;
}

void multiply(const Product& product) {
    for (std::size_t r = 0; r < product.row_count; ++r) {
        const std::int16_t* row = product.rows + r * product.depth;
        std::int32_t* sums = product.sums + r * product.outputs;
        for (std::size_t o = 0; o < product.outputs; ++o) {
            sums[o] = dot(row, product.weights + o * product.depth, product.depth);
        }
    }
}

}  // namespace

const Kernels& portable_kernels() {
    static constexpr Kernels kKernels{.multiply = multiply};
    return kKernels;
}

}  // namespace polis::exact
