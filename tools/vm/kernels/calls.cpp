// A chain of small functions, called by name and through a table of pointers.
#include <tools/vm/kernels/kernel.hpp>

namespace {

POLIS_NEVER_INLINE uint32_t add(uint32_t a, uint32_t b) { return a + b; }

POLIS_NEVER_INLINE uint32_t exclusive(uint32_t a, uint32_t b) { return a ^ (b << 3); }

POLIS_NEVER_INLINE uint32_t rotate(uint32_t a, uint32_t b) {
    return (a << (b & 15)) | (a >> (32 - (b & 15)) % 32);
}

POLIS_NEVER_INLINE uint32_t choose(uint32_t a, uint32_t b) { return a > b ? a - b : a + 3 * b; }

POLIS_NEVER_INLINE uint32_t both(uint32_t a, uint32_t b) { return add(a, exclusive(b, a)); }

using Operation = uint32_t (*)(uint32_t, uint32_t);

/// Volatile: otherwise the compiler calls what it sees in here by name.
volatile Operation operations[4] = {add, exclusive, rotate, choose};

}  // namespace

/// @param size steps of two direct and one indirect call
POLIS_KERNEL(calls) {
    uint32_t value = 1;
    for (uint32_t i = 0; i < size; ++i) {
        value = both(value, i);
        value = operations[value & 3](value, i);
    }
    return value;
}
