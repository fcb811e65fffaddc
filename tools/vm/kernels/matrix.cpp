// The product of two matrices of 96 x 96 integers, with sums of 64 bits.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kSide = 96;

int32_t left[kSide][kSide];
int32_t right[kSide][kSide];
int64_t product[kSide][kSide];

void multiply() {
    for (uint32_t row = 0; row < kSide; ++row) {
        for (uint32_t column = 0; column < kSide; ++column) {
            int64_t sum = 0;
            for (uint32_t k = 0; k < kSide; ++k) {
                sum += static_cast<int64_t>(left[row][k]) * right[k][column];
            }
            product[row][column] = sum;
        }
    }
}

}  // namespace

/// @param size products; each changes a factor of the next
POLIS_KERNEL(matrix) {
    polis::kernels::Numbers numbers(3);
    for (uint32_t row = 0; row < kSide; ++row) {
        for (uint32_t column = 0; column < kSide; ++column) {
            left[row][column] = static_cast<int32_t>(numbers.next() >> 40);
            right[row][column] = static_cast<int32_t>(numbers.next() >> 40) - (1 << 23);
        }
    }
    uint64_t sum = 0;
    for (uint32_t round = 0; round < size; ++round) {
        multiply();
        for (uint32_t i = 0; i < kSide; ++i) {
            sum = polis::kernels::mix(sum, static_cast<uint64_t>(product[i][(i * 7) % kSide]));
        }
        left[round % kSide][(round / kSide) % kSide] = static_cast<int32_t>(sum >> 40);
    }
    return sum;
}
