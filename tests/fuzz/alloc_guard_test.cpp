// The memory bound of the fuzz targets: what stays below it passes, what exceeds it ends the
// program.
#include <tests/fuzz/alloc_guard.hpp>

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <core/bytes.hpp>

namespace polis::fuzz {
namespace {

void allocate(std::size_t bytes) {
    Bytes buffer(bytes);
    asm volatile("" : : "g"(buffer.data()) : "memory");  // keeps the allocation
}

TEST(AllocGuard, lets_the_bound_pass) {
    const AllocGuard guard(100);
    allocate(kAllocatedAnyway);
    allocate(100 * kAllocatedPerInputByte);
}

void exceed_at_once() {
    const AllocGuard guard(100);
    allocate(kAllocatedAnyway + 100 * kAllocatedPerInputByte + 1);
}

void exceed_in_steps() {
    const AllocGuard guard(0);
    allocate(kAllocatedAnyway);
    allocate(1);
}

TEST(AllocGuard, stops_one_allocation_beyond_the_bound) {
    EXPECT_DEATH(exceed_at_once(), "allocation of 71937 bytes");
}

TEST(AllocGuard, counts_what_was_freed_again) { EXPECT_DEATH(exceed_in_steps(), "0 are left"); }

TEST(AllocGuard, ends_with_its_scope) {
    {
        const AllocGuard guard(0);
    }
    allocate(kAllocatedAnyway * 2);
}

}  // namespace
}  // namespace polis::fuzz
