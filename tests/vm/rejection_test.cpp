// Every reason to refuse a module, each provoked by a module that has no other fault. What valid
// means in detail is the matter of the specification's suite.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tests/vm/wasm_builder.hpp>
#include <vm/limits.hpp>
#include <vm/program.hpp>

namespace polis::vm {
namespace {

using tests::Code;
using tests::kI32;
using tests::kI64;
using tests::leb;
using tests::ModuleBuilder;
using tests::one_function;
namespace op = tests::op;

using enum RejectionCode;

struct Case {
    RejectionCode code;
    std::string what;
    Bytes wasm;
    Rules rules = Rules::contract();
};

/// A contract in order, to which one fault is added.
ModuleBuilder contract() {
    ModuleBuilder out;
    out.memory({.min = 1, .max = 1});
    out.function(out.type({}), Code());
    return out;
}

template <class Add>
Bytes contract_with(const Add& add) {
    ModuleBuilder builder = contract();
    add(builder);
    return builder.build();
}

Bytes with_code(const Code& code) { return one_function({}, {}, code); }

Bytes joined(const std::vector<Bytes>& parts) {
    Bytes out;
    for (const Bytes& part : parts) {
        append(out, part);
    }
    return out;
}

/// A contract with another content of one section.
Bytes with_section(std::uint8_t id, const Bytes& content) {
    return contract_with([&](ModuleBuilder& builder) { builder.raw_section(id, content); });
}

std::vector<Case> malformed() {
    const Bytes whole = contract().build();
    Bytes cut(whole.begin(), whole.end() - 1);
    Bytes no_magic = whole;
    no_magic[3] = 'n';
    Bytes version = whole;
    version[4] = 2;
    Bytes late = whole;
    append(late, Bytes{1, 1, 0});  // types again
    Bytes unknown = whole;
    append(unknown, Bytes{77, 1, 0});
    Bytes not_utf8 = whole;
    append(not_utf8, Bytes{0, 2, 1, 0xff});
    return {
        {kTruncated, "a module without its last byte", cut},
        {kTruncated, "nothing", {}},
        {kBadMagic, "\\0asn", no_magic},
        {kBadVersion, "version 2", version},
        {kBadNumber, "six bytes of LEB128", with_section(1, {0x80, 0x80, 0x80, 0x80, 0x80, 0x00})},
        {kBadNumber, "bits beyond the 32nd", with_section(1, {0xff, 0xff, 0xff, 0xff, 0x1f})},
        {kBadNumber,
         "a constant beyond 32 bits",
         with_code(Code().op(0x41).raw(Bytes{0xff, 0xff, 0xff, 0xff, 0x0f}).op(op::kDrop))},
        {kBadCount, "200 types in two bytes", with_section(1, {0xc8, 0x01, 0x60})},
        {kBadSection, "a section twice", late},
        {kBadSection, "a section of no kind", unknown},
        {kBadSection, "a section longer than what is in it", with_section(1, {0, 0, 0})},
        {kBadUtf8, "the name of a custom section", not_utf8},
        {kBadType, "no function type", with_section(1, {1, 0x61, 0, 0})},
        {kBadType, "a parameter of no type", with_section(1, {1, 0x60, 1, 0x12, 0})},
        {kBadFlag, "limits", with_section(5, {1, 7, 1, 1})},
        {kBadFlag, "mutability", with_section(6, {1, 0x7f, 2, 0x41, 0, 0x0b})},
        {kBadOpcode, "0x27", with_code(Code().op(0x27))},
        {kBadOpcode, "0xc5", with_code(Code().op(0xc5))},
        {kBadEnd, "a body without its end", contract_with([](ModuleBuilder& builder) {
             builder.raw_function(builder.type({}), Bytes{0, op::kNop});
         })},
        {kBadEnd, "a body that goes on behind its end", contract_with([](ModuleBuilder& builder) {
             builder.raw_function(builder.type({}), Bytes{0, op::kEnd, op::kNop});
         })},
        {kBodyCount, "a function without a body", with_section(3, {2, 0, 0})},
    };
}

std::vector<Case> invalid() {
    const auto global_of = [](const Bytes& init) {
        return with_section(6, joined({{1, 0x7f, 0}, init, {op::kEnd}}));
    };
    return {
        {kUnknownIndex, "a local", with_code(Code().get(3).op(op::kDrop))},
        {kUnknownIndex, "a function", with_code(Code().call(9))},
        {kUnknownIndex, "a label", with_code(Code().br(1))},
        {kUnknownIndex, "a global", with_code(Code().global_get(0).op(op::kDrop))},
        {kUnknownIndex, "a type", with_section(3, {1, 5})},
        {kUnknownIndex, "no table to call through", with_code(Code().i32(0).call_indirect(0))},
        {kTypeMismatch, "no operand", with_code(Code().op(op::kDrop))},
        {kTypeMismatch,
         "an i64 for an i32",
         with_code(Code().i64(1).op(op::kI32Eqz).op(op::kDrop))},
        {kTypeMismatch, "a value that nobody takes", with_code(Code().i32(1))},
        {kTypeMismatch,
         "an if without else that gives a value",
         one_function({}, kI32, Code().i32(1).if_(kI32).i32(1).end())},
        {kTypeMismatch,
         "a br_table of unlike labels",
         one_function({}, kI32, Code().block().i32(1).i32(1).br_table({0, 1}).end().i32(1))},
        {kTypeMismatch,
         "a br_table with another value than its labels want",
         one_function({}, kI32, Code().i64(1).i32(0).br_table({0, 0}))},
        {kTypeMismatch, "an initialiser", global_of(Code().i64(1).bytes())},
        {kBadAlignment,
         "8 bytes for an i32",
         with_code(Code().i32(0).memory(op::kI32Load, 0, 3).op(op::kDrop))},
        {kImmutableGlobal, "a constant that is set", contract_with([](ModuleBuilder& builder) {
             const auto global = builder.global({kI32, false}, 1);
             builder.function(builder.type({}), Code().i32(1).global_set(global));
         })},
        {kNotConstant, "a sum", global_of(Code().i32(1).i32(1).op(op::kI32Add).bytes())},
        {kNotConstant, "memory.size", global_of(Code().memory_size().bytes())},
        {kDuplicateExport, "two of a name", contract_with([](ModuleBuilder& builder) {
             builder.export_as("a", 0);
             builder.export_as("a", ExternKind::kMemory, 0);
         })},
        {kTooManyMemories, "two", contract_with([](ModuleBuilder& builder) {
             builder.memory({.min = 1, .max = 1});
         })},
        {kTooManyTables, "two", contract_with([](ModuleBuilder& builder) {
             builder.table({.min = 1, .max = 1});
             builder.table({.min = 1, .max = 1});
         })},
        {kBadLimits, "3 to 2 pages", with_section(5, {1, 1, 3, 2})},
        {kBadLimits, "5 GiB", with_section(5, joined({{1, 0}, leb(81'920)})), Rules::kernel()},
        {kBadStart,
         "a start function with a parameter",
         [] {
             ModuleBuilder builder;
             builder.start(builder.function(builder.type({kI32}), Code()));
             return builder.build();
         }(),
         Rules::specification()},
    };
}

std::vector<Case> not_for_contracts() {
    const auto importing = [](std::string_view module, std::string_view name, bool right_type) {
        return contract_with([&](ModuleBuilder& builder) {
            ModuleBuilder first;
            const auto type = right_type ? first.type({}, kI64) : first.type({kI32}, kI64);
            first.import_function(module, name, type);
            first.memory({.min = 1, .max = 1});
            builder = first;
        });
    };
    const auto newer = [](const Bytes& instruction) {
        return with_code(Code().i32(0).i32(0).i32(0).raw(instruction));
    };
    return {
        {kFloat, "a parameter", with_section(1, {1, 0x60, 1, 0x7d, 0})},
        {kFloat, "a constant", with_code(Code().op(0x43).raw(Bytes(4)).op(op::kDrop))},
        {kFloat, "a local", contract_with([](ModuleBuilder& builder) {
             builder.function(builder.type({}), Code(), {{1, ValueType::kF64}});
         })},
        {kFloat, "a conversion", with_code(Code().i32(1).op(0xb2).op(op::kDrop))},
        {kFloat,
         "a block",
         with_code(Code()
                       .op(op::kUnreachable)
                       .op(0x02)
                       .op(0x7c)
                       .op(op::kUnreachable)
                       .end()
                       .op(op::kDrop))},
        {kStartFunction, "any", contract_with([](ModuleBuilder& builder) { builder.start(0); })},
        {kUnknownImport, "another module", importing("env", "height", true)},
        {kUnknownImport, "no function of the host", importing("polis", "clock", true)},
        {kImportType, "a parameter too many", importing("polis", "height", false)},
        {kImportKind,
         "a memory",
         [] {
             ModuleBuilder builder;
             builder.import_other(
                 "polis", "memory", ExternKind::kMemory, tests::encoded({.min = 1, .max = 1}));
             return builder.build();
         }()},
        {kNoMemory,
         "none",
         [] {
             ModuleBuilder builder;
             builder.function(builder.type({}), Code());
             return builder.build();
         }()},
        {kNoMemoryMaximum, "any size", with_section(5, {1, 0, 1})},
        {kNewerFeature, "sign extension", with_code(Code().i32(1).op(0xc0).op(op::kDrop))},
        {kNewerFeature, "bulk memory", newer({0xfc, 0x0a, 0, 0})},
        {kNewerFeature, "SIMD", newer({0xfd, 0x0c})},
        {kNewerFeature, "two results", with_section(1, {1, 0x60, 0, 2, 0x7f, 0x7f})},
        {kNewerFeature, "a reference", with_section(1, {1, 0x60, 1, 0x6f, 0})},
        {kNewerFeature, "a section for counting data", with_section(12, {0})},
    };
}

Bytes with_locals(std::uint32_t locals) { return one_function({}, {}, Code(), {{locals, kI64}}); }

Bytes nested(std::uint32_t depth) {
    return with_code(Code().repeat(Code().block(), depth).repeat(Code().end(), depth));
}

Bytes operands(std::uint32_t height) {
    return with_code(Code().repeat(Code().i32(1), height).repeat(Code().op(op::kDrop), height));
}

Bytes branch_table(std::uint32_t targets) {
    return with_code(
        Code().block().i32(0).br_table(std::vector<std::uint32_t>(targets + 1, 0)).end());
}

template <class Add>
Bytes many(std::uint32_t count, const Add& add) {
    return contract_with([&](ModuleBuilder& builder) {
        for (std::uint32_t i = 0; i < count; ++i) {
            add(builder, i);
        }
    });
}

/// A limit, and what makes a module that has a given number of the things.
struct LimitCase {
    RejectionCode code;
    std::uint32_t limit;
    std::function<Bytes(std::uint32_t)> make;
};

Bytes code_of_size(std::uint32_t bytes) {
    ModuleBuilder builder = contract();
    const auto empty = builder.build().size();
    Bytes out = builder.build();
    // A custom section: id, a size of three bytes, a name of one byte.
    Bytes content(bytes - empty - 4);
    out.push_back(0);
    append(out, leb(content.size()));
    append(out, content);
    return out;
}

Bytes body_of_size(std::uint32_t bytes) {
    return with_code(Code().repeat(Code().op(op::kNop), bytes - 2));
}

Bytes imports(std::uint32_t count) {
    ModuleBuilder builder;
    const auto type = builder.type({}, kI64);
    for (std::uint32_t i = 0; i < count; ++i) {
        builder.import_function("polis", "height", type);
    }
    builder.memory({.min = 1, .max = 1});
    return builder.build();
}

std::vector<LimitCase> limits() {
    return {
        {kCodeTooLarge, kCodeBytesMax, code_of_size},
        {kBodyTooLarge, kBodyBytesMax, body_of_size},
        {kTooManyFunctions,
         kFunctionsMax,
         [](std::uint32_t count) {
             return many(count - 1, [](ModuleBuilder& builder, std::uint32_t) {
                 builder.function(0, Code());
             });
         }},
        {kTooManyTypes,
         kTypesMax,
         [](std::uint32_t count) {
             return many(
                 count - 1, [](ModuleBuilder& builder, std::uint32_t) { builder.type({}); });
         }},
        {kTooManyParameters,
         kParametersMax,
         [](std::uint32_t count) {
             return one_function(std::vector<ValueType>(count, kI32), {}, Code());
         }},
        {kTooManyLocals, kLocalsMax, with_locals},
        {kOperandsTooHigh, kOperandHeightMax, operands},
        {kNestedTooDeep, kNestingMax, nested},
        {kBranchTableTooLarge, kBranchTableMax, branch_table},
        {kTooManyGlobals,
         kGlobalsMax,
         [](std::uint32_t count) {
             return many(count, [](ModuleBuilder& builder, std::uint32_t) {
                 builder.global({kI64, true}, 1);
             });
         }},
        {kTableTooLarge,
         kTableEntriesMax,
         [](std::uint32_t count) {
             return contract_with(
                 [=](ModuleBuilder& builder) { builder.table({.min = 1, .max = count}); });
         }},
        {kTooManySegments,
         kSegmentsMax,
         [](std::uint32_t count) {
             return many(count, [](ModuleBuilder& builder, std::uint32_t) { builder.data(0, {}); });
         }},
        {kTooManyExports,
         kExportsMax,
         [](std::uint32_t count) {
             return many(count, [](ModuleBuilder& builder, std::uint32_t i) {
                 builder.export_as("f" + std::to_string(i), 0);
             });
         }},
        {kTooManyImports, kImportsMax, imports},
        {kNameTooLong,
         kNameBytesMax,
         [](std::uint32_t count) {
             return contract_with(
                 [=](ModuleBuilder& builder) { builder.export_as(std::string(count, 'n'), 0); });
         }},
        {kMemoryTooLarge,
         kMemoryPagesMax,
         [](std::uint32_t count) {
             ModuleBuilder builder;
             builder.memory({.min = 0, .max = count});
             return builder.build();
         }},
    };
}

std::vector<Case> all_cases() {
    std::vector<Case> out = malformed();
    for (auto* make : {&invalid, &not_for_contracts}) {
        std::ranges::move((*make)(), std::back_inserter(out));
    }
    for (const LimitCase& limit : limits()) {
        out.push_back({limit.code, "one over the limit", limit.make(limit.limit + 1)});
    }
    return out;
}

TEST(Rejection, names_the_fault) {
    for (const Case& each : all_cases()) {
        const auto program = Program::compile(each.wasm, each.rules);
        ASSERT_FALSE(program) << to_string(each.code) << ": " << each.what;
        EXPECT_EQ(to_string(program.error().code), to_string(each.code))
            << each.what << ": " << program.error().message();
        EXPECT_LE(program.error().offset, each.wasm.size());
        EXPECT_NE(program.error().message().find(to_string(each.code)), std::string::npos);
    }
}

TEST(Rejection, has_a_case_for_every_code) {
    std::set<RejectionCode> seen;
    for (const Case& each : all_cases()) {
        seen.insert(each.code);
    }
    for (std::size_t code = 0; code <= static_cast<std::size_t>(kMemoryTooLarge); ++code) {
        EXPECT_TRUE(seen.contains(static_cast<RejectionCode>(code)))
            << to_string(static_cast<RejectionCode>(code));
    }
}

TEST(Rejection, comes_with_the_first_beyond_a_limit) {
    for (const LimitCase& limit : limits()) {
        const auto program = Program::compile(limit.make(limit.limit), Rules::contract());
        EXPECT_TRUE(program) << to_string(limit.code) << ": " << program.error().message();
    }
}

TEST(Rejection, of_what_is_not_for_contracts_spares_the_specification) {
    for (const Case& each : not_for_contracts()) {
        if (each.code == kNewerFeature) {
            continue;  // no profile has it
        }
        const auto program = Program::compile(each.wasm, Rules::specification());
        EXPECT_TRUE(program) << each.what << ": " << program.error().message();
    }
}

TEST(Rejection, tells_malformed_from_invalid) {
    for (const Case& each : malformed()) {
        EXPECT_TRUE(is_malformed(each.code)) << to_string(each.code);
    }
    for (const Case& each : invalid()) {
        EXPECT_FALSE(is_malformed(each.code)) << to_string(each.code);
    }
}

}  // namespace
}  // namespace polis::vm
