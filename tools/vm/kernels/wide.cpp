// Numbers of 128 bits in two halves: products, quotients by 64 bits, sums that must not overflow.
#include <tools/vm/kernels/kernel.hpp>

namespace {

struct Wide {
    uint64_t low;
    uint64_t high;
};

Wide multiply(uint64_t a, uint64_t b) {
    const uint64_t a_low = a & 0xffffffff;
    const uint64_t a_high = a >> 32;
    const uint64_t b_low = b & 0xffffffff;
    const uint64_t b_high = b >> 32;
    const uint64_t low = a_low * b_low;
    const uint64_t middle = a_high * b_low + (low >> 32);
    const uint64_t other = a_low * b_high + (middle & 0xffffffff);
    return {(other << 32) | (low & 0xffffffff), a_high * b_high + (middle >> 32) + (other >> 32)};
}

Wide add(Wide a, Wide b) {
    const uint64_t low = a.low + b.low;
    return {low, a.high + b.high + (low < a.low ? 1 : 0)};
}

/// Bit by bit, as long division does. @pre divisor > value.high
uint64_t divide(Wide value, uint64_t divisor) {
    uint64_t rest = value.high;
    uint64_t quotient = 0;
    for (uint32_t bit = 0; bit < 64; ++bit) {
        const bool overflows = (rest >> 63) != 0;
        rest = (rest << 1) | (value.low >> 63);
        value.low <<= 1;
        quotient <<= 1;
        if (overflows || rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

}  // namespace

/// @param size of the steps of an exchange: a * b / c each
POLIS_KERNEL(wide) {
    polis::kernels::Numbers numbers(5);
    Wide total{0, 0};
    uint64_t price = 1'000'003;
    for (uint32_t i = 0; i < size; ++i) {
        const uint64_t amount = numbers.next() >> 8;
        const Wide value = multiply(amount, price);
        const uint64_t shares = divide(value, amount | (uint64_t{1} << 63));
        total = add(total, add(value, {shares, 0}));
        price = (price ^ (shares >> 7)) % 1'000'000'007 + 3;
    }
    return total.low ^ total.high;
}
