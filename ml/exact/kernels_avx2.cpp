#include <ml/exact/kernels.hpp>

#if defined(__x86_64__)

#include <immintrin.h>

/// Only these functions may use AVX2; the rest of the program runs on any x86-64.
#define POLIS_AVX2 __attribute__((target("avx2")))

namespace polis::exact {

namespace {

/// _mm256_madd_epi16 multiplies int16 and adds pairs in int32, exactly: 2 * 255 * 128 is far below
/// 2^31. (_mm256_maddubs_epi16 on the bytes would saturate.)
POLIS_AVX2 inline __m256i multiply_add(
    __m256i sum, const std::int16_t* left, const std::int16_t* right) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(left));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(right));
    // NOLINTNEXTLINE(portability-simd-intrinsics): kernels_portable.cpp is the other way
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

/// The sums of the lanes of four vectors.
POLIS_AVX2 inline __m128i reduce(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i halves = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    const __m128i high = _mm256_extracti128_si256(halves, 1);
    // NOLINTNEXTLINE(portability-simd-intrinsics): kernels_portable.cpp is the other way
    return _mm_add_epi32(_mm256_castsi256_si128(halves), high);
}

/// Four outputs of one row.
POLIS_AVX2 void four(
    const std::int16_t* row, const std::int16_t* weights, std::size_t depth, std::int32_t* sums) {
    __m256i a = _mm256_setzero_si256();
    __m256i b = a;
    __m256i c = a;
    __m256i d = a;
    for (std::size_t i = 0; i < depth; i += kDepthStep) {
        a = multiply_add(a, row + i, weights + i);
        b = multiply_add(b, row + i, weights + depth + i);
        c = multiply_add(c, row + i, weights + 2 * depth + i);
        d = multiply_add(d, row + i, weights + 3 * depth + i);
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums), reduce(a, b, c, d));
}

/// Four outputs of two rows: each weight that is loaded serves twice.
POLIS_AVX2 void two_by_four(
    const std::int16_t* rows,
    const std::int16_t* weights,
    const Product& product,
    std::int32_t* sums) {
    const std::size_t depth = product.depth;
    const std::int16_t* next = rows + depth;
    __m256i a = _mm256_setzero_si256();
    __m256i b = a;
    __m256i c = a;
    __m256i d = a;
    __m256i e = a;
    __m256i f = a;
    __m256i g = a;
    __m256i h = a;
    for (std::size_t i = 0; i < depth; i += kDepthStep) {
        a = multiply_add(a, rows + i, weights + i);
        e = multiply_add(e, next + i, weights + i);
        b = multiply_add(b, rows + i, weights + depth + i);
        f = multiply_add(f, next + i, weights + depth + i);
        c = multiply_add(c, rows + i, weights + 2 * depth + i);
        g = multiply_add(g, next + i, weights + 2 * depth + i);
        d = multiply_add(d, rows + i, weights + 3 * depth + i);
        h = multiply_add(h, next + i, weights + 3 * depth + i);
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums), reduce(a, b, c, d));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums + product.outputs), reduce(e, f, g, h));
}

POLIS_AVX2 std::int32_t one(
    const std::int16_t* row, const std::int16_t* weights, std::size_t depth) {
    __m256i a = _mm256_setzero_si256();
    for (std::size_t i = 0; i < depth; i += kDepthStep) {
        a = multiply_add(a, row + i, weights + i);
    }
    const __m256i zero = _mm256_setzero_si256();
    return _mm_cvtsi128_si32(reduce(a, zero, zero, zero));
}

/// Weights in the outer loop: four outputs' worth stays in the first cache for all rows.
POLIS_AVX2 void multiply(const Product& product) {
    const std::size_t depth = product.depth;
    const std::size_t fours = product.outputs / 4 * 4;
    const std::size_t pairs = product.row_count / 2 * 2;
    for (std::size_t o = 0; o < fours; o += 4) {
        const std::int16_t* weights = product.weights + o * depth;
        for (std::size_t r = 0; r < pairs; r += 2) {
            std::int32_t* sums = product.sums + r * product.outputs + o;
            two_by_four(product.rows + r * depth, weights, product, sums);
        }
        if (pairs < product.row_count) {
            std::int32_t* sums = product.sums + pairs * product.outputs + o;
            four(product.rows + pairs * depth, weights, depth, sums);
        }
    }
    for (std::size_t o = fours; o < product.outputs; ++o) {
        for (std::size_t r = 0; r < product.row_count; ++r) {
            product.sums[r * product.outputs + o] =
                one(product.rows + r * depth, product.weights + o * depth, depth);
        }
    }
}

}  // namespace

const Kernels& avx2_kernels() {
    static constexpr Kernels kKernels{.multiply = multiply};
    return kKernels;
}

}  // namespace polis::exact

#endif
