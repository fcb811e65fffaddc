// Fibonacci numbers by two calls each: nothing but calls and returns.
#include <tools/vm/kernels/kernel.hpp>

namespace {

POLIS_NEVER_INLINE uint64_t fib(uint32_t n) {  // NOLINT(misc-no-recursion): it is the subject
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

}  // namespace

/// @param size the number's place
POLIS_KERNEL(fib) { return fib(size); }
