#pragma once

// Freestanding: this is compiled for wasm32 without any library, and for this machine.
#include <stdint.h>

/// What every kernel is made of. One kernel a file: it makes its own input from a number, computes,
/// and answers a checksum, so that the virtual machine and the processor can be compared.
#ifdef __wasm__
#define POLIS_KERNEL_EXPORT __attribute__((export_name("run")))
#else
#define POLIS_KERNEL_EXPORT
#endif

/// Defines the kernel `name`, a function of the size of its work.
#define POLIS_KERNEL(name) \
    extern "C" POLIS_KERNEL_EXPORT uint64_t polis_kernel_##name(uint32_t size)

#define POLIS_NEVER_INLINE __attribute__((noinline))

namespace polis::kernels {

/// A small generator (SplitMix64) for inputs.
class Numbers {
  public:
    explicit Numbers(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    uint32_t below(uint32_t bound) { return static_cast<uint32_t>(next() >> 32) % bound; }

  private:
    uint64_t state_;
};

inline uint64_t mix(uint64_t sum, uint64_t value) {
    return (((sum << 5) | (sum >> 59)) ^ value) * 0x9e3779b97f4a7c15;
}

}  // namespace polis::kernels
