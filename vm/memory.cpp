#include <vm/memory.hpp>

#include <algorithm>
#include <cstddef>

#include <sys/mman.h>

#include <vm/limits.hpp>

namespace polis::vm {

namespace {

/// A memory beyond this asks for large pages: two faults for 4 MiB and not a thousand, which would
/// take twenty times as long as clearing the bytes does (docs/adr/0010).
constexpr std::uint64_t kSmallBytes = std::uint64_t{256} * 1024;
constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;

std::size_t usable_bytes(std::uint32_t pages_max) {
    return std::max<std::size_t>(pages_max, 1) * kPageBytes;
}

/// What may become large begins at a large page: that much is reserved besides.
std::size_t reserved_bytes(std::uint32_t pages_max) {
    const std::size_t usable = usable_bytes(pages_max);
    return usable > kSmallBytes ? usable + kLargePageBytes : usable;
}

std::uint8_t* begin_of(void* reserved, std::uint32_t pages_max) {
    std::size_t room = reserved_bytes(pages_max);
    if (room > usable_bytes(pages_max)) {
        std::align(kLargePageBytes, usable_bytes(pages_max), reserved, room);
    }
    return static_cast<std::uint8_t*>(reserved);
}

}  // namespace

std::unique_ptr<Memory> Memory::create(const Limits& limits, std::uint32_t pages_max) {
    const std::uint32_t most = std::min(limits.max.value_or(pages_max), pages_max);
    if (limits.min > most) {
        return nullptr;
    }
    void* const reserved = ::mmap(
        nullptr,
        reserved_bytes(most),
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
        -1,
        0);
    if (reserved == MAP_FAILED) {
        return nullptr;
    }
    return std::unique_ptr<Memory>(new Memory(reserved, limits, most));
}

Memory::Memory(void* reserved, const Limits& limits, std::uint32_t pages_max)
    : reserved_(reserved),
      base_(begin_of(reserved, pages_max)),
      limits_(limits),
      pages_max_(pages_max),
      size_(std::uint64_t{limits.min} * kPageBytes) {
    if (size_ > kSmallBytes) {
        ask_for_large_pages();
    }
}

/// Changes nothing but time, so a refusal is no error.
void Memory::ask_for_large_pages() { ::madvise(base_, usable_bytes(pages_max_), MADV_HUGEPAGE); }

Memory::~Memory() { ::munmap(reserved_, reserved_bytes(pages_max_)); }

std::uint32_t Memory::pages() const { return static_cast<std::uint32_t>(size_ / kPageBytes); }

std::optional<std::uint32_t> Memory::grow(std::uint32_t pages) {
    const std::uint32_t before = this->pages();
    if (pages > pages_max_ - before) {
        return std::nullopt;
    }
    const bool was_small = size_ <= kSmallBytes;
    size_ += std::uint64_t{pages} * kPageBytes;
    if (was_small && size_ > kSmallBytes) {
        ask_for_large_pages();
    }
    return before;
}

std::optional<std::span<std::uint8_t>> Memory::bytes(
    std::uint64_t begin, std::uint64_t size) const {
    if (begin > size_ || size > size_ - begin) {
        return std::nullopt;
    }
    return std::span{base_ + begin, size};
}

}  // namespace polis::vm
