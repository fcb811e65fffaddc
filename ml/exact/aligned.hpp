#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace polis::exact {

/// Memory that begins where a vector register's load does not cross a cache line.
template <class T>
struct AlignedAllocator {
    using value_type = T;
    static constexpr std::align_val_t kAlignment{64};

    AlignedAllocator() = default;

    template <class U>
    explicit(false) AlignedAllocator(const AlignedAllocator<U>& /*other*/) {}

    [[nodiscard]] T* allocate(std::size_t count) {
        return static_cast<T*>(::operator new(count * sizeof(T), kAlignment));
    }

    void deallocate(T* memory, std::size_t /*count*/) { ::operator delete(memory, kAlignment); }

    bool operator==(const AlignedAllocator& /*other*/) const { return true; }
};

/// What kernels read.
using AlignedValues = std::vector<std::int16_t, AlignedAllocator<std::int16_t>>;

}  // namespace polis::exact
