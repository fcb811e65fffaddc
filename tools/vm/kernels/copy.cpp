// Moving bytes as a contract's library does: words of eight, then the rest, from any offset.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kBytes = 64 * 1024;

alignas(8) uint8_t from[kBytes];
alignas(8) uint8_t to[kBytes];

/// A word at any address.
struct [[gnu::packed]] Word {
    uint64_t value;
};

POLIS_NEVER_INLINE void copy(uint8_t* target, const uint8_t* source, uint32_t size) {
    uint32_t at = 0;
    for (; at + 8 <= size; at += 8) {
        reinterpret_cast<Word*>(target + at)->value =
            reinterpret_cast<const Word*>(source + at)->value;
    }
    for (; at < size; ++at) {
        target[at] = source[at];
    }
}

}  // namespace

/// @param size copies of up to 4 KiB
POLIS_KERNEL(copy) {
    polis::kernels::Numbers numbers(4);
    for (uint8_t& byte : from) {
        byte = static_cast<uint8_t>(numbers.next());
    }
    uint64_t sum = 0;
    for (uint32_t round = 0; round < size; ++round) {
        const uint32_t length = numbers.below(4'095) + 1;
        const uint32_t begin = numbers.below(kBytes - 4'096);
        const uint32_t end = numbers.below(kBytes - 4'096);
        copy(to + end, from + begin, length);
        sum = polis::kernels::mix(sum, to[end + length / 2]);
    }
    return sum;
}
