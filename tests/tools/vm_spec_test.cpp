// The WebAssembly specification's own suite on both engines, counted and pinned. Needs the vectors
// and wast2json; small scripts of our own check that the runner can also find a failure.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <tests/support/temp_dir.hpp>
#include <tests/support/vectors.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <tools/vm/spec_suite.hpp>

namespace polis::tools::vmtool {
namespace {

using polis::testing::TempDir;

std::string text_of(const std::vector<SpecFailure>& failures) {
    std::string out;
    for (const SpecFailure& each : failures) {
        out += each.file + ":" + std::to_string(each.line) + " " + each.what + ": expected " +
               each.expected + ", got " + each.got + "\n";
    }
    return out;
}

/// A script as wast2json writes it, with one module of these bytes in 0.wasm.
SpecFile run_commands(const std::string& commands, const Bytes& module) {
    const TempDir dir;
    std::ofstream(dir.path() / "0.wasm", std::ios::binary) << as_text(module);
    std::ofstream(dir.path() / "own.json")
        << R"({"source_filename": "own.wast", "commands": [)" << commands << "]}";
    const auto result = run_suite(dir.path() / "own.json", Engine::kFast);
    EXPECT_TRUE(result.has_value()) << result.error().message;
    return result ? result->files.at(0) : SpecFile{};
}

/// 42 divided by what it is given, exported as "run".
Bytes divide() {
    return vm::tests::one_function(
        {vm::tests::kI32},
        vm::tests::kI32,
        vm::tests::Code().i32(42).get(0).op(vm::tests::op::kI32DivU));
}

constexpr const char* kModule = R"({"type": "module", "line": 1, "filename": "0.wasm"})";

std::string call(const char* type, int arg, const char* rest) {
    return std::string(R"(, {"type": ")") + type +
           R"(", "line": 2, "action": {"type": "invoke", "field": "run", "args": [{"type": "i32", )" +
           R"("value": ")" + std::to_string(arg) + R"("}]}, )" + rest + "}";
}

TEST(SpecSuite, counts_what_passes_and_tells_what_does_not) {
    const SpecFile good = run_commands(
        kModule + call("assert_return", 2, R"("expected": [{"type": "i32", "value": "21"}])") +
            call("assert_trap", 0, R"("text": "integer divide by zero")"),
        divide());
    EXPECT_TRUE(good.failures.empty()) << text_of(good.failures);
    EXPECT_EQ(good.passed[static_cast<std::size_t>(CommandKind::kAssertReturn)], 1U);
    EXPECT_EQ(good.passed[static_cast<std::size_t>(CommandKind::kAssertTrap)], 1U);

    const SpecFile wrong = run_commands(
        kModule + call("assert_return", 2, R"("expected": [{"type": "i32", "value": "20"}])") +
            call("assert_trap", 0, R"("text": "integer overflow")") +
            call("assert_trap", 1, R"("text": "integer divide by zero")"),
        divide());
    ASSERT_EQ(wrong.failures.size(), 3U);
    EXPECT_EQ(wrong.failures[0].file, "own.wast");
    EXPECT_EQ(wrong.failures[0].line, 2U);
    EXPECT_EQ(wrong.failures[0].expected, "i32 0x14");
    EXPECT_EQ(wrong.failures[0].got, "i32 0x15");
    EXPECT_EQ(wrong.failures[1].got, "trap divide_by_zero");
    EXPECT_EQ(wrong.failures[2].got, "i32 0x2a");
}

TEST(SpecSuite, a_refusal_must_be_of_the_kind_that_is_asserted) {
    const auto assert_refused = [](const char* type, const Bytes& module) {
        return run_commands(
            std::string(R"({"type": ")") + type +
                R"(", "line": 3, "filename": "0.wasm", "text": "?", "module_type": "binary"})",
            module);
    };
    Bytes truncated = divide();
    truncated.resize(20);
    const Bytes untyped = vm::tests::one_function(
        {}, vm::tests::kI32, vm::tests::Code().i64(1).op(vm::tests::op::kI32Eqz));
    EXPECT_TRUE(assert_refused("assert_malformed", truncated).failures.empty());
    EXPECT_EQ(assert_refused("assert_invalid", truncated).failures.size(), 1U);
    EXPECT_TRUE(assert_refused("assert_invalid", untyped).failures.empty());
    EXPECT_EQ(assert_refused("assert_invalid", divide()).failures.size(), 1U);
    EXPECT_EQ(assert_refused("assert_malformed", divide()).failures.size(), 1U);
}

TEST(SpecSuite, a_folder_without_scripts_is_wrong_usage) {
    const TempDir dir;
    for (const auto& path : {dir.path(), dir.path() / "nothing"}) {
        const auto result = run_suite(path, Engine::kFast);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().kind, FailureKind::kUsage);
    }
    std::ofstream(dir.path() / "no.json") << "{\"commands\": 3}";
    EXPECT_FALSE(run_suite(dir.path(), Engine::kFast).has_value());
}

class SpecEngines : public ::testing::TestWithParam<Engine> {};

TEST_P(SpecEngines, pass_every_assertion_without_floats) {
    POLIS_NEEDS_VECTORS();
    if (!have_wast2json()) {
        GTEST_SKIP() << "skipped: no wast2json; apt-get install wabt";
    }
    const char* named = std::getenv("POLIS_VECTORS");
    const std::filesystem::path vectors =
        named != nullptr && *named != '\0' ? named : "../shared/vectors";
    const auto result = run_suite(vectors / "wasm", GetParam());
    ASSERT_TRUE(result.has_value()) << result.error().message;
    std::vector<SpecFailure> failures;
    for (const SpecFile& file : result->files) {
        failures.insert(failures.end(), file.failures.begin(), file.failures.end());
    }
    EXPECT_TRUE(failures.empty()) << text_of(failures);
    EXPECT_EQ(result->passed(CommandKind::kAssertReturn), 3'007U);
    EXPECT_EQ(result->passed(CommandKind::kAssertTrap), 311U);
    EXPECT_EQ(result->passed(CommandKind::kAssertExhaustion), 15U);
    EXPECT_EQ(result->passed(CommandKind::kAssertInvalid), 942U);
    EXPECT_EQ(result->passed(CommandKind::kAssertMalformed), 661U);
    EXPECT_EQ(result->passed(CommandKind::kAssertUnlinkable), 95U);
    EXPECT_EQ(result->passed(CommandKind::kAssertUninstantiable), 2U);
    EXPECT_EQ(result->passed(), 5'033U);
    EXPECT_EQ(result->globals(), 11U);
    EXPECT_EQ(result->skipped(SkipReason::kText), 430U);
    EXPECT_EQ(result->skipped(SkipReason::kFloatValue), 6'135U);
    EXPECT_EQ(result->skipped(SkipReason::kFloatCode), 144U);
    EXPECT_EQ(result->skipped(SkipReason::kFloatState), 6U);
    EXPECT_EQ(result->skipped(SkipReason::kUnconverted), 6'690U);
}

INSTANTIATE_TEST_SUITE_P(
    Both, SpecEngines, ::testing::Values(Engine::kFast, Engine::kNaive), [](const auto& each) {
        return std::string(to_string(each.param));
    });

}  // namespace
}  // namespace polis::tools::vmtool
