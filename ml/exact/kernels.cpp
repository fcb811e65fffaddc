#include <ml/exact/kernels.hpp>

#include <core/check.hpp>

namespace polis::exact {

namespace {

bool has_avx2() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return false;
#endif
}

}  // namespace

bool has_kernel(Kernel kernel) { return kernel != Kernel::kAvx2 || has_avx2(); }

const Kernels& kernels_of(Kernel kernel) {
    POLIS_ASSERT(has_kernel(kernel));
#if defined(__x86_64__)
    if (kernel == Kernel::kAvx2 || (kernel == Kernel::kBest && has_avx2())) {
        return avx2_kernels();
    }
#endif
    return portable_kernels();
}

}  // namespace polis::exact
