#pragma once

#include <vm/sdk/host.hpp>
#include <vm/sdk/types.hpp>

#if defined(__wasm__)
// The compiler calls these whatever the flags are, and there is no library to have them.
extern "C" {
__attribute__((weak)) void* memcpy(void* to, const void* from, size_t size) {
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    for (; size >= 8; size -= 8, in += 8, out += 8) {
        uint64_t word;
        __builtin_memcpy(&word, in, 8);
        __builtin_memcpy(out, &word, 8);
    }
    for (; size != 0; --size) {
        *out++ = *in++;
    }
    return to;
}

__attribute__((weak)) void* memmove(void* to, const void* from, size_t size) {
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    if (out <= in || out >= in + size) {
        return memcpy(to, from, size);
    }
    while (size != 0) {
        --size;
        out[size] = in[size];
    }
    return to;
}

__attribute__((weak)) void* memset(void* to, int value, size_t size) {
    auto* out = static_cast<unsigned char*>(to);
    for (; size != 0; --size) {
        *out++ = static_cast<unsigned char>(value);
    }
    return to;
}

__attribute__((weak)) int memcmp(const void* left, const void* right, size_t size) {
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (; size != 0; --size, ++a, ++b) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}

extern unsigned char __heap_base;  // the linker's word for the end of stack and data
}
#endif

/// Keeps what many places call in one place: contracts pay for their size.
#define POLIS_OUTLINE __attribute__((noinline))

namespace polis::sdk {

/// Ends the call with a message and undoes all that it did.
[[noreturn]] POLIS_OUTLINE inline void revert(const char* message) {
    size_t size = 0;
    while (message[size] != '\0') {
        ++size;
    }
    polis_host_revert(message, size);
}

/// Reverts with the message unless it holds.
inline void require(bool holds, const char* message) {
    if (!holds) [[unlikely]] {
        revert(message);
    }
}

#if defined(__wasm__)
namespace detail {

inline constexpr size_t kAlignment = 8;
inline constexpr size_t kPage = 65'536;

inline size_t heap_end = 0;  // 0: nothing was taken yet

}  // namespace detail

/// Memory until the end of the call; nothing gives it back earlier. Reverts when there is no more.
POLIS_OUTLINE inline void* allocate(size_t size) {
    using detail::heap_end;
    using detail::kAlignment;
    using detail::kPage;
    if (heap_end == 0) {
        heap_end = reinterpret_cast<size_t>(&__heap_base);
    }
    const size_t begin = (heap_end + kAlignment - 1) & ~(kAlignment - 1);
    const u64 end = u64{begin} + size;
    const u64 have = u64{__builtin_wasm_memory_size(0)} * kPage;
    if (end > have) {
        const size_t pages = static_cast<size_t>((end - have + kPage - 1) / kPage);
        if (__builtin_wasm_memory_grow(0, pages) == static_cast<size_t>(-1)) {
            revert("out of memory");
        }
    }
    heap_end = static_cast<size_t>(end);
    return reinterpret_cast<void*>(begin);
}
#else
inline void* allocate(size_t size) { return polis_native_allocate(size); }
#endif

inline void copy(void* to, const void* from, size_t size) {
    if (size != 0) {
        __builtin_memcpy(to, from, size);
    }
}

inline bool same_bytes(const void* left, const void* right, size_t size) {
    return size == 0 || __builtin_memcmp(left, right, size) == 0;
}

}  // namespace polis::sdk
