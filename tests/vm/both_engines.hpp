#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <core/bytes.hpp>
#include <tests/vm/engines.hpp>
#include <vm/program.hpp>
#include <vm/rules.hpp>

namespace polis::vm::tests {

inline constexpr std::uint64_t kPlenty = 100'000'000;

/// The program, or a failed test that says why it was refused.
inline std::shared_ptr<const Program> compiled(
    const Bytes& wasm, const Rules& rules = Rules::kernel()) {
    auto program = Program::compile(wasm, rules);
    EXPECT_TRUE(program.has_value()) << program.error().message();
    return program ? *program : nullptr;
}

/// Runs the export "run" of a module on both engines, which must agree.
inline Outcome run_both(
    const Bytes& wasm, const std::vector<std::uint64_t>& args = {}, std::uint64_t gas = kPlenty) {
    const auto program = compiled(wasm);
    if (program == nullptr) {
        return {};
    }
    Pair pair(program);
    EXPECT_TRUE(pair.is_linked());
    EXPECT_EQ(pair.run(program->module().find_export("run")->index, args, gas), "");
    return pair.outcome();
}

/// What run_both gives, without the gas: a result that is there.
inline std::uint64_t result_of(const Bytes& wasm, const std::vector<std::uint64_t>& args = {}) {
    const Outcome outcome = run_both(wasm, args);
    EXPECT_FALSE(outcome.trap) << to_string(outcome);
    EXPECT_TRUE(outcome.result);
    return outcome.result.value_or(0xdead);
}

/// Gas that a run takes that ends well.
inline std::uint64_t gas_of(const Bytes& wasm, const std::vector<std::uint64_t>& args = {}) {
    const Outcome outcome = run_both(wasm, args);
    EXPECT_FALSE(outcome.trap) << to_string(outcome);
    return kPlenty - outcome.gas_left;
}

inline std::optional<Trap> trap_of_run(
    const Bytes& wasm, const std::vector<std::uint64_t>& args = {}) {
    return run_both(wasm, args).trap;
}

}  // namespace polis::vm::tests
