// Products modulo 2^255 - 19 in ten limbs of 26 and 25 bits, as signatures over Curve25519 need.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kLimbs = 10;

using Field = int32_t[kLimbs];

constexpr uint32_t bits_of(uint32_t limb) { return limb % 2 == 0 ? 26 : 25; }

/// Brings every limb back below its size.
void carry(const int64_t* sums, int32_t* out) {
    int64_t limbs[kLimbs];
    for (uint32_t i = 0; i < kLimbs; ++i) {
        limbs[i] = sums[i];
    }
    for (uint32_t pass = 0; pass < 2; ++pass) {
        for (uint32_t i = 0; i < kLimbs; ++i) {
            const int64_t over = limbs[i] >> bits_of(i);
            limbs[i] -= over * (int64_t{1} << bits_of(i));
            if (i + 1 < kLimbs) {
                limbs[i + 1] += over;
            } else {
                limbs[0] += over * 19;
            }
        }
    }
    for (uint32_t i = 0; i < kLimbs; ++i) {
        out[i] = static_cast<int32_t>(limbs[i]);
    }
}

POLIS_NEVER_INLINE void multiply(const Field& a, const Field& b, int32_t* out) {
    int64_t sums[kLimbs];
    for (int64_t& sum : sums) {
        sum = 0;
    }
    for (uint32_t i = 0; i < kLimbs; ++i) {
        for (uint32_t j = 0; j < kLimbs; ++j) {
            // Two odd limbs meet half a bit lower each; beyond 2^255 the rest comes back 19 times.
            int64_t term = static_cast<int64_t>(a[i]) * b[j];
            term *= (i % 2 == 1 && j % 2 == 1) ? 2 : 1;
            term *= i + j >= kLimbs ? 19 : 1;
            sums[(i + j) % kLimbs] += term;
        }
    }
    carry(sums, out);
}

}  // namespace

/// @param size squarings, each followed by a product
POLIS_KERNEL(field) {
    polis::kernels::Numbers numbers(6);
    Field x;
    Field y;
    for (uint32_t i = 0; i < kLimbs; ++i) {
        x[i] = static_cast<int32_t>(numbers.next() >> 40);
        y[i] = static_cast<int32_t>(numbers.next() >> 40);
    }
    for (uint32_t round = 0; round < size; ++round) {
        Field square;
        multiply(x, x, square);
        multiply(square, y, x);
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < kLimbs; ++i) {
        sum = polis::kernels::mix(sum, static_cast<uint64_t>(x[i]));
    }
    return sum;
}
