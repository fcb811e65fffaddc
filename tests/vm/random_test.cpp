// Random valid modules: both engines agree on result, trap, gas, memory, globals and what the host
// saw, with enough gas and with every kind of too little.
//
// POLIS_VM_SEEDS=COUNT or FIRST:COUNT runs a campaign instead of the fixed seeds; a failure prints
// the seed and the module.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <tests/vm/decisions.hpp>
#include <tests/vm/differential.hpp>
#include <tests/vm/random_module.hpp>
#include <vm/program.hpp>
#include <vm/trap.hpp>

namespace polis::vm {
namespace {

struct Seeds {
    std::uint64_t first = 1;
    std::uint64_t count = 2'500;
};

std::uint64_t number(std::string_view text) {
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

Seeds seeds() {
    const char* const wanted = std::getenv("POLIS_VM_SEEDS");
    if (wanted == nullptr) {
        return {};
    }
    const std::string_view text(wanted);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return {.first = 1, .count = number(text)};
    }
    return {.first = number(text.substr(0, colon)), .count = number(text.substr(colon + 1))};
}

TEST(RandomModules, are_valid_and_run_alike_on_both_engines) {
    const Seeds wanted = seeds();
    tests::RunCounts counts;
    for (std::uint64_t i = 0; i < wanted.count; ++i) {
        tests::SeededDecisions decisions(wanted.first + i);
        const Bytes wasm = tests::random_module(decisions);
        const auto program = Program::compile(wasm, Rules::kernel());
        ASSERT_TRUE(program) << "seed " << wanted.first + i << ": " << program.error().message()
                             << "\n"
                             << to_hex(wasm);
        ASSERT_EQ(tests::compare_engines(*program, decisions, {}, counts), "")
            << "seed " << wanted.first + i << "\n"
            << to_hex(wasm);
    }
    std::string traps;
    for (std::size_t i = 0; i < counts.traps.size(); ++i) {
        traps += " " + std::string(to_string(static_cast<Trap>(i))) + " " +
                 std::to_string(counts.traps[i]);
    }
    RecordProperty("runs", std::to_string(counts.runs));
    std::printf(
        "%llu modules, %llu runs, %llu done, traps:%s\n",
        static_cast<unsigned long long>(counts.modules),
        static_cast<unsigned long long>(counts.runs),
        static_cast<unsigned long long>(counts.done),
        traps.c_str());
    EXPECT_GT(counts.done, counts.modules) << "most modules do nothing";
    if (wanted.count >= 1'000) {
        for (const Trap trap :
             {Trap::kUnreachable,
              Trap::kDivideByZero,
              Trap::kIntegerOverflow,
              Trap::kMemoryBounds,
              Trap::kTableBounds,
              Trap::kEmptyElement,
              Trap::kSignature,
              Trap::kStackExhausted,
              Trap::kOutOfGas,
              Trap::kHost}) {
            EXPECT_GT(counts.traps.at(static_cast<std::size_t>(trap)), 0U) << to_string(trap);
        }
    }
}

TEST(RandomModules, follow_from_the_seed_alone) {
    tests::SeededDecisions first(7);
    tests::SeededDecisions second(7);
    tests::SeededDecisions other(8);
    const Bytes wasm = tests::random_module(first);
    EXPECT_EQ(tests::random_module(second), wasm);
    EXPECT_NE(tests::random_module(other), wasm);
}

TEST(RandomModules, made_of_bytes_are_valid_too) {
    Random random(3, "vm.bytes");
    tests::RunCounts counts;
    for (std::size_t size = 0; size < 300; ++size) {
        Bytes bytes(size);
        random.fill(bytes);
        tests::ByteDecisions decisions(bytes);
        const Bytes wasm = tests::random_module(decisions);
        const auto program = Program::compile(wasm, Rules::kernel());
        ASSERT_TRUE(program) << to_hex(wasm) << program.error().message();
        ASSERT_EQ(tests::compare_engines(*program, decisions, {}, counts), "") << to_hex(wasm);
    }
}

TEST(RandomModules, translate_to_the_same_code_each_time) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        tests::SeededDecisions decisions(seed);
        const Bytes wasm = tests::random_module(decisions);
        const auto first = Program::compile(wasm, Rules::kernel());
        const auto second = Program::compile(wasm, Rules::kernel());
        ASSERT_TRUE(first && second);
        const auto& left = (*first)->code();
        const auto& right = (*second)->code();
        ASSERT_EQ(left.size(), right.size());
        for (std::size_t i = 0; i < left.size(); ++i) {
            ASSERT_EQ(std::memcmp(&left[i], &right[i], sizeof(Instruction)), 0) << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace polis::vm
