// The primes below a million by the sieve of Eratosthenes, a byte a number.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kBound = 1'000'000;

uint8_t composite[kBound];

uint32_t count_primes() {
    for (uint8_t& number : composite) {
        number = 0;
    }
    uint32_t count = 0;
    for (uint32_t i = 2; i < kBound; ++i) {
        if (composite[i] != 0) {
            continue;
        }
        ++count;
        if (i < 1'000) {
            for (uint32_t j = i * i; j < kBound; j += i) {
                composite[j] = 1;
            }
        }
    }
    return count;
}

}  // namespace

/// @param size sieves
POLIS_KERNEL(sieve) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < size; ++round) {
        sum = polis::kernels::mix(sum, count_primes());
        for (uint32_t i = 1; i < kBound; i += 1'009) {
            sum += composite[i];
        }
    }
    return sum;
}
