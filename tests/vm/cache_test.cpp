// The cache of translated programs: what its key tells apart, what it forgets.
#include <vm/cache.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <tests/vm/both_engines.hpp>
#include <tests/vm/wasm_builder.hpp>

namespace polis::vm {
namespace {

using tests::Code;

constexpr std::size_t kRoom = 10'000'000;

Hash hash_of(std::uint8_t number) {
    Hash out;
    out.data[0] = number;
    return out;
}

std::shared_ptr<const Program> program_of(
    const Rules& rules = Rules::contract(), const GasSchedule& gas = kGasSchedule) {
    return *Program::compile(tests::one_function({}, tests::kI32, Code().i32(1)), rules, gas);
}

TEST(ProgramCache, finds_what_was_inserted) {
    ProgramCache cache(kRoom);
    const auto program = program_of();
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), kGasSchedule), nullptr);
    cache.insert(hash_of(1), program);
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), kGasSchedule), program);
    EXPECT_EQ(cache.find(hash_of(2), Rules::contract(), kGasSchedule), nullptr);
    EXPECT_EQ(cache.bytes(), program->memory_bytes());
    cache.insert(hash_of(1), program_of());
    EXPECT_EQ(cache.bytes(), program->memory_bytes()) << "the same program once";
}

TEST(ProgramCache, never_gives_code_with_other_gas) {
    ProgramCache cache(kRoom);
    cache.insert(hash_of(1), program_of());
    GasSchedule later;
    later.version = 2;
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), later), nullptr);
    GasSchedule dearer;
    dearer.divide = 40;
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), dearer), nullptr);
    dearer = {};
    dearer.host_byte_8 = 3;
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), dearer), nullptr);
    const auto other = program_of(Rules::contract(), later);
    cache.insert(hash_of(1), other);
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), later), other);
    EXPECT_NE(cache.find(hash_of(1), Rules::contract(), kGasSchedule), other);
}

TEST(ProgramCache, never_gives_code_that_other_rules_accepted) {
    ProgramCache cache(kRoom);
    cache.insert(hash_of(1), program_of(Rules::kernel()));
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), kGasSchedule), nullptr);
    EXPECT_NE(cache.find(hash_of(1), Rules::kernel(), kGasSchedule), nullptr);
    Rules narrower = Rules::kernel();
    narrower.memory_pages = 3;
    EXPECT_EQ(cache.find(hash_of(1), narrower, kGasSchedule), nullptr);
}

TEST(ProgramCache, forgets_what_was_used_longest_ago) {
    const auto program = program_of();
    ProgramCache cache(3 * program->memory_bytes());
    for (std::uint8_t i = 1; i <= 3; ++i) {
        cache.insert(hash_of(i), program);
    }
    EXPECT_NE(cache.find(hash_of(1), Rules::contract(), kGasSchedule), nullptr);
    cache.insert(hash_of(4), program);
    EXPECT_EQ(cache.find(hash_of(2), Rules::contract(), kGasSchedule), nullptr);
    for (const int i : {1, 3, 4}) {
        EXPECT_NE(
            cache.find(hash_of(static_cast<std::uint8_t>(i)), Rules::contract(), kGasSchedule),
            nullptr)
            << i;
    }
    EXPECT_EQ(cache.bytes(), 3 * program->memory_bytes());
}

TEST(ProgramCache, keeps_nothing_larger_than_its_room) {
    const auto program = program_of();
    ProgramCache cache(program->memory_bytes() - 1);
    cache.insert(hash_of(1), program);
    EXPECT_EQ(cache.find(hash_of(1), Rules::contract(), kGasSchedule), nullptr);
    EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace polis::vm
