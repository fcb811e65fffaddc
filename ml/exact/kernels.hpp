#pragma once

#include <cstddef>
#include <cstdint>

namespace polis::exact {

/// Which implementation of the sums of products runs. The bits are the same.
enum class Kernel : std::uint8_t {
    kBest,      ///< AVX2 where the processor has it
    kPortable,  ///< plain C++
    kAvx2,      ///< x86-64 with AVX2
};

/// True if this processor and build can run `kernel`.
[[nodiscard]] bool has_kernel(Kernel kernel);

/// Rows are padded to a multiple of this many values. The padding of weights is zero, so that of
/// inputs may hold anything.
inline constexpr std::size_t kDepthStep = 16;

/// sums[r][o] = Σ_i rows[r][i] * weights[o][i], row-major.
struct Product {
    const std::int16_t* rows;     ///< [row_count, depth], each in [0, 255]
    const std::int16_t* weights;  ///< [outputs, depth], each in [-128, 127]
    std::int32_t* sums;           ///< [row_count, outputs]
    std::size_t row_count;
    std::size_t outputs;
    std::size_t depth;  ///< a multiple of kDepthStep
};

struct Kernels {
    /// @pre no sum of magnitudes reaches 2^31, which admission proves: then every order of
    /// additions gives the same sum
    void (*multiply)(const Product& product);
};

[[nodiscard]] const Kernels& portable_kernels();

#if defined(__x86_64__)
[[nodiscard]] const Kernels& avx2_kernels();
#endif

/// @pre has_kernel(kernel)
[[nodiscard]] const Kernels& kernels_of(Kernel kernel);

}  // namespace polis::exact
