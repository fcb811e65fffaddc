// A module of about the size that a contract may have, for the speed of translation: functions of
// many kinds, each made hundreds of times with other constants. It is never run.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kVariants = 240;

uint32_t words[1'024];

template <uint32_t kSeed>
POLIS_NEVER_INLINE uint32_t stir(uint32_t begin, uint32_t count) {
    uint32_t a = kSeed * 0x9e3779b9;
    uint32_t b = kSeed ^ 0x7f4a7c15;
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t word = words[(begin + i) % 1'024];
        a = ((a << (kSeed % 13 + 1)) | (a >> (31 - kSeed % 13))) + (b ^ word);
        b = (b * (2 * kSeed + 1)) ^ (a >> 7) ^ (word << (kSeed % 5));
        if ((a & 0xff) == kSeed) {
            total += static_cast<uint64_t>(a) * b;
        } else if ((b & 3) == kSeed % 4) {
            words[(begin + 3 * i) % 1'024] = a - b;
        }
        total ^= (total << 13) + word / (kSeed + 2) + word % (kSeed + 3);
    }
    return a ^ b ^ static_cast<uint32_t>(total >> 32);
}

template <uint32_t kSeed>
POLIS_NEVER_INLINE void order(uint32_t begin, uint32_t end) {
    for (uint32_t i = begin + 1; i < end; ++i) {
        const uint32_t word = words[i % 1'024];
        uint32_t j = i;
        for (; j > begin && (words[(j - 1) % 1'024] ^ kSeed) > (word ^ kSeed); --j) {
            words[j % 1'024] = words[(j - 1) % 1'024];
        }
        words[j % 1'024] = word;
    }
}

template <uint32_t kSeed>
POLIS_NEVER_INLINE uint64_t interpret(uint32_t begin, uint32_t steps) {
    uint64_t stack[8];
    uint32_t height = 0;
    uint64_t value = kSeed;
    for (uint32_t i = 0; i < steps; ++i) {
        switch ((words[(begin + i) % 1'024] + kSeed) % 9) {
            case 0:
                stack[height & 7] = value;
                ++height;
                break;
            case 1:
                value += stack[(height + 7) & 7] * (kSeed + 11);
                break;
            case 2:
                value = (value >> 3) | (value << 61);
                break;
            case 3:
                height -= height > 0 ? 1 : 0;
                break;
            case 4:
                value ^= words[value % 1'024];
                break;
            case 5:
                value = value < kSeed * 77 ? value + i : value - i;
                break;
            case 6:
                words[(value + kSeed) % 1'024] += static_cast<uint32_t>(value);
                break;
            case 7:
                value *= 0x100000001b3;
                break;
            case 8:
                return value ^ stack[0];
        }
    }
    return value + height;
}

template <uint32_t kSeed>
POLIS_NEVER_INLINE uint64_t variant(uint32_t size) {
    order<kSeed>(kSeed * 3, kSeed * 3 + size);
    const uint64_t stirred = stir<kSeed>(size, kSeed + size);
    if constexpr (kSeed > 0) {
        return variant<kSeed - 1>(size) * 31 + (stirred ^ interpret<kSeed>(kSeed, size));
    }
    return stirred;
}

}  // namespace

/// @param size of the work of each function
POLIS_KERNEL(large) { return variant<kVariants - 1>(size); }
