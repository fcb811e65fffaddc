// Replaces the global operator new by one that counts. Everything is served by malloc, which the
// sanitizers watch, so buffer overruns and leaks are still found.
#include <tests/fuzz/alloc_guard.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>

#include <core/check.hpp>

namespace {

constexpr std::size_t kNoBudget = std::numeric_limits<std::size_t>::max();

/// What may still be allocated; kNoBudget without a guard.
std::atomic<std::size_t> g_budget{kNoBudget};

void charge(std::size_t size) {
    const std::size_t budget = g_budget.load(std::memory_order_relaxed);
    if (budget == kNoBudget) {
        return;
    }
    if (size > budget) {
        g_budget.store(kNoBudget);  // the report itself may allocate
        std::fprintf(stderr, "allocation of %zu bytes, %zu are left of the bound\n", size, budget);
        std::abort();
    }
    g_budget.store(budget - size, std::memory_order_relaxed);
}

void* allocate(std::size_t size) {
    charge(size);
    return std::malloc(size == 0 ? 1 : size);
}

void* allocate_or_abort(std::size_t size) {
    void* const out = allocate(size);
    if (out == nullptr) {
        std::fprintf(stderr, "no memory for %zu bytes\n", size);
        std::abort();
    }
    return out;
}

}  // namespace

void* operator new(std::size_t size) { return allocate_or_abort(size); }

void* operator new[](std::size_t size) { return allocate_or_abort(size); }

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    return allocate(size);
}

void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    return allocate(size);
}

void operator delete(void* pointer) noexcept { std::free(pointer); }

void operator delete[](void* pointer) noexcept { std::free(pointer); }

void operator delete(void* pointer, std::size_t /*size*/) noexcept { std::free(pointer); }

void operator delete[](void* pointer, std::size_t /*size*/) noexcept { std::free(pointer); }

void operator delete(void* pointer, const std::nothrow_t& /*tag*/) noexcept { std::free(pointer); }

void operator delete[](void* pointer, const std::nothrow_t& /*tag*/) noexcept {
    std::free(pointer);
}

namespace polis::fuzz {

AllocGuard::AllocGuard(std::size_t input_bytes) {
    POLIS_ASSERT(g_budget.load() == kNoBudget);
    g_budget.store(kAllocatedAnyway + kAllocatedPerInputByte * input_bytes);
}

AllocGuard::~AllocGuard() { g_budget.store(kNoBudget); }

}  // namespace polis::fuzz
