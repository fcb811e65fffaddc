#include <vm/memory.hpp>

#include <algorithm>

#include <sys/mman.h>

#include <vm/limits.hpp>

namespace polis::vm {

namespace {

std::size_t reserved_bytes(std::uint32_t pages_max) {
    return std::max<std::size_t>(pages_max, 1) * kPageBytes;
}

}  // namespace

std::unique_ptr<Memory> Memory::create(const Limits& limits, std::uint32_t pages_max) {
    const std::uint32_t most = std::min(limits.max.value_or(pages_max), pages_max);
    if (limits.min > most) {
        return nullptr;
    }
    void* const base = ::mmap(
        nullptr,
        reserved_bytes(most),
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
        -1,
        0);
    if (base == MAP_FAILED) {
        return nullptr;
    }
    return std::unique_ptr<Memory>(new Memory(static_cast<std::uint8_t*>(base), limits, most));
}

Memory::Memory(std::uint8_t* base, const Limits& limits, std::uint32_t pages_max)
    : base_(base),
      limits_(limits),
      pages_max_(pages_max),
      size_(std::uint64_t{limits.min} * kPageBytes) {}

Memory::~Memory() { ::munmap(base_, reserved_bytes(pages_max_)); }

std::uint32_t Memory::pages() const { return static_cast<std::uint32_t>(size_ / kPageBytes); }

std::optional<std::uint32_t> Memory::grow(std::uint32_t pages) {
    const std::uint32_t before = this->pages();
    if (pages > pages_max_ - before) {
        return std::nullopt;
    }
    size_ += std::uint64_t{pages} * kPageBytes;
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
