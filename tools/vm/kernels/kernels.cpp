#include <tools/vm/kernels/kernels.hpp>

#ifdef POLIS_KERNELS

#include <array>

// The name of each kernel and the size of its work.
#define POLIS_FOR_EACH_KERNEL(KERNEL) \
    KERNEL(ptsfd, 10)                 \
    KERNEL(sha256, 10)                \
    KERNEL(keccak, 15)                \
    KERNEL(sieve, 4)                  \
    KERNEL(matrix, 15)                \
    KERNEL(fib, 30)                   \
    KERNEL(calls, 1'000'000)          \
    KERNEL(copy, 60'000)              \
    KERNEL(sort, 1)                   \
    KERNEL(wide, 30'000)              \
    KERNEL(field, 20'000)             \
    KERNEL(accounts, 200'000)

#define POLIS_DECLARE_KERNEL(name, size)                         \
    extern "C" std::uint64_t polis_kernel_##name(std::uint32_t); \
    extern const unsigned char polis_wasm_##name[];              \
    extern const unsigned long polis_wasm_##name##_size;

POLIS_FOR_EACH_KERNEL(POLIS_DECLARE_KERNEL)
extern const unsigned char polis_wasm_large[];
extern const unsigned long polis_wasm_large_size;

#endif

namespace polis::tools::kernels {

#ifdef POLIS_KERNELS

std::span<const Kernel> all() {
#define POLIS_LIST_KERNEL(name, size) \
    Kernel{#name, polis_kernel_##name, {polis_wasm_##name, polis_wasm_##name##_size}, size},
    static const std::array kKernels{POLIS_FOR_EACH_KERNEL(POLIS_LIST_KERNEL)};
    return kKernels;
}

ByteView large_module() { return {polis_wasm_large, polis_wasm_large_size}; }

#else

std::span<const Kernel> all() { return {}; }

ByteView large_module() { return {}; }

#endif

}  // namespace polis::tools::kernels
