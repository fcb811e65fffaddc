#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <tools/vm/files.hpp>
#include <tools/vm/spec_suite.hpp>
#include <tools/vm/spec_world.hpp>
#include <vm/program.hpp>

namespace polis::tools::vmtool {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kModuleBytesMax = std::size_t{16} << 20;

/// Which trap the suite means by its words; it is content with a beginning of them.
struct TrapText {
    std::string_view text;
    vm::Trap trap;
};

constexpr std::array kTraps{
    TrapText{"out of bounds memory access", vm::Trap::kMemoryBounds},
    TrapText{"undefined", vm::Trap::kTableBounds},
    TrapText{"indirect call", vm::Trap::kSignature},
    TrapText{"uninitialized", vm::Trap::kEmptyElement},
    TrapText{"integer divide by zero", vm::Trap::kDivideByZero},
    TrapText{"integer overflow", vm::Trap::kIntegerOverflow},
    TrapText{"unreachable", vm::Trap::kUnreachable},
    TrapText{"call stack exhausted", vm::Trap::kStackExhausted},
};

struct LinkText {
    std::string_view text;
    vm::LinkError error;
};

constexpr std::array kLinks{
    LinkText{"unknown import", vm::LinkError::kMissing},
    LinkText{"incompatible import type", vm::LinkError::kIncompatible},
    LinkText{"data segment does not fit", vm::LinkError::kData},
    LinkText{"elements segment does not fit", vm::LinkError::kElements},
};

/// Whether the standard's validation refused it, as opposed to a limit or a rule of contracts. Two
/// results of a function, which 1.0 calls invalid, have a name of their own.
bool is_invalid(vm::RejectionCode code) {
    return (code >= vm::RejectionCode::kUnknownIndex && code <= vm::RejectionCode::kBadStart) ||
           code == vm::RejectionCode::kNewerFeature;
}

/// Whether it was refused for what the suite says. Decoding and validation are one pass: what is
/// malformed further on may be refused as invalid before. Of the limits the suite knows one: the
/// locals of a function, which it counts to 2^32.
bool is_expected(const ScriptCommand& command, vm::RejectionCode code) {
    if (command.text == "too many locals") {
        return code == vm::RejectionCode::kTooManyLocals;
    }
    return is_invalid(code) ||
           (command.kind == CommandKind::kAssertMalformed && vm::is_malformed(code));
}

bool has_float(const std::vector<ScriptValue>& values) {
    for (const ScriptValue& value : values) {
        if (vm::is_float(value.type)) {
            return true;
        }
    }
    return false;
}

std::string text_of(vm::ValueType type, std::uint64_t bits) {
    return fmt::format("{} {:#x}", vm::to_string(type), bits);
}

std::string text_of(const std::vector<ScriptValue>& values) {
    return values.empty() ? "nothing" : text_of(values.front().type, values.front().bits);
}

/// An i32 is what its low half says.
std::uint64_t significant(vm::ValueType type, std::uint64_t bits) {
    return type == vm::ValueType::kI32 ? bits & 0xffff'ffff : bits;
}

/// The outcome of an action: a trap, or at most one value with its type.
struct Done {
    std::optional<vm::Trap> trap{};
    std::optional<ScriptValue> value{};
    std::string mistake{};  ///< there is no such module or export, or it takes other arguments

    [[nodiscard]] std::string text() const {
        if (!mistake.empty()) {
            return mistake;
        }
        if (trap) {
            return fmt::format("trap {}", vm::to_string(*trap));
        }
        return value ? text_of(value->type, value->bits) : "nothing";
    }
};

class ScriptRunner {
  public:
    ScriptRunner(const fs::path& folder, Engine engine)
        : folder_(folder), engine_(engine), world_(engine) {}

    SpecFile run(const Script& script) {
        out_.name = script.source;
        for (const ScriptCommand& command : script.commands) {
            step(command);
        }
        return std::move(out_);
    }

  private:
    void step(const ScriptCommand& command);
    void make(const ScriptCommand& command);
    void act(const ScriptCommand& command);
    void judge(const ScriptCommand& command, const Done& done);
    void expect_rejection(const ScriptCommand& command);
    void expect_link_failure(const ScriptCommand& command);
    [[nodiscard]] Done perform(const ScriptAction& action);
    [[nodiscard]] Done invoke(
        vm::Instance& instance, std::uint32_t function, const ScriptAction& action);

    void skip(const ScriptCommand& command, SkipReason reason) {
        ++out_.skipped[static_cast<std::size_t>(reason)];
        if (reason == SkipReason::kFloatCode || reason == SkipReason::kFloatState) {
            out_.skips.push_back({command.line, reason, describe(command)});
        }
    }

    /// Counts an assertion; a step between assertions counts only if it fails.
    void check(
        const ScriptCommand& command, bool good, const std::string& expected, std::string got) {
        if (!good) {
            out_.failures.push_back(
                {out_.name, command.line, describe(command), expected, std::move(got)});
        } else if (command.is_assertion()) {
            ++out_.passed[static_cast<std::size_t>(command.kind)];
            out_.globals += command.action.is_get ? 1 : 0;
        }
    }

    [[nodiscard]] static std::string describe(const ScriptCommand& command) {
        const std::string_view kind = to_string(command.kind);
        return command.action.field.empty() ? std::string(kind)
                                            : fmt::format("{} {}", kind, command.action.field);
    }

    const fs::path folder_;
    const Engine engine_;
    SpecWorld world_;
    SpecFile out_;
    bool incomplete_ = false;  ///< the last step that was no assertion met a float instruction
};

void ScriptRunner::step(const ScriptCommand& command) {
    if (command.is_text) {
        skip(command, SkipReason::kText);
        return;
    }
    switch (command.kind) {
        case CommandKind::kModule:
            make(command);
            return;
        case CommandKind::kRegister:
            check(command, world_.offer(command.name, command.as), "a module", "none");
            return;
        case CommandKind::kAction:
        case CommandKind::kAssertReturn:
        case CommandKind::kAssertTrap:
        case CommandKind::kAssertExhaustion:
            act(command);
            return;
        case CommandKind::kAssertInvalid:
        case CommandKind::kAssertMalformed:
            expect_rejection(command);
            return;
        case CommandKind::kAssertUnlinkable:
        case CommandKind::kAssertUninstantiable:
            expect_link_failure(command);
            return;
    }
}

void ScriptRunner::make(const ScriptCommand& command) {
    incomplete_ = false;
    const auto bytes = read_file(folder_ / command.file, kModuleBytesMax);
    if (!bytes) {
        check(command, /*good=*/false, "a module", bytes.error().message);
        return;
    }
    auto program = vm::Program::compile(*bytes, vm::Rules::specification());
    if (!program) {
        check(command, /*good=*/false, "a module", program.error().message());
        return;
    }
    const auto instance = world_.instantiate(*std::move(program));
    if (!instance) {
        check(command, /*good=*/false, "an instance", instance.error().message());
        return;
    }
    world_.name(command.name, *instance);
}

Done ScriptRunner::invoke(
    vm::Instance& instance, std::uint32_t function, const ScriptAction& action) {
    const vm::FuncType& type = instance.module().type_of(function);
    std::vector<std::uint64_t> args;
    for (const ScriptValue& arg : action.args) {
        args.push_back(arg.bits);
    }
    if (args.size() != type.params.size()) {
        return {.mistake = fmt::format("the function is {}", vm::to_string(type))};
    }
    const vm::Outcome outcome = run_on(engine_, instance, function, args, kSuiteGas);
    Done out{.trap = outcome.trap};
    if (!outcome.trap && type.result && outcome.result) {
        out.value = {*type.result, significant(*type.result, *outcome.result)};
    }
    return out;
}

Done ScriptRunner::perform(const ScriptAction& action) {
    vm::Instance* instance = world_.find(action.module);
    if (instance == nullptr) {
        return {.mistake = fmt::format("there is no module '{}'", action.module)};
    }
    const vm::Export* found = instance->module().find_export(action.field);
    const vm::ExternKind wanted =
        action.is_get ? vm::ExternKind::kGlobal : vm::ExternKind::kFunction;
    if (found == nullptr || found->kind != wanted) {
        return {.mistake = fmt::format("there is no such export '{}'", action.field)};
    }
    if (action.is_get) {
        const vm::GlobalCell& cell = *instance->globals()[found->index];
        return {.value = ScriptValue{cell.type.type, significant(cell.type.type, cell.value)}};
    }
    return invoke(*instance, found->index, action);
}

/// What touches floats is run nevertheless: it may change what later assertions see.
void ScriptRunner::act(const ScriptCommand& command) {
    const Done done = perform(command.action);
    if (!command.is_assertion()) {
        incomplete_ = done.trap == vm::Trap::kFloat;
        const bool good = !done.trap && done.mistake.empty();
        check(command, incomplete_ || good, "no trap", done.text());
        return;
    }
    if (has_float(command.action.args) || has_float(command.expected)) {
        skip(command, SkipReason::kFloatValue);
    } else if (done.trap == vm::Trap::kFloat) {
        skip(command, SkipReason::kFloatCode);
    } else if (incomplete_) {
        skip(command, SkipReason::kFloatState);
    } else {
        judge(command, done);
    }
}

void ScriptRunner::judge(const ScriptCommand& command, const Done& done) {
    if (command.kind == CommandKind::kAssertReturn) {
        const std::size_t values = done.value ? 1 : 0;
        const bool good = done.mistake.empty() && !done.trap && values == command.expected.size() &&
                          (!done.value || (done.value->type == command.expected.front().type &&
                                           done.value->bits == command.expected.front().bits));
        check(command, good, text_of(command.expected), done.text());
        return;
    }
    bool good = false;
    for (const TrapText& each : kTraps) {
        good = good || (command.text.starts_with(each.text) && done.trap == each.trap);
    }
    check(command, good, fmt::format("trap: {}", command.text), done.text());
}

void ScriptRunner::expect_rejection(const ScriptCommand& command) {
    const auto bytes = read_file(folder_ / command.file, kModuleBytesMax);
    if (!bytes) {
        check(command, /*good=*/false, command.text, bytes.error().message);
        return;
    }
    const auto program = vm::Program::compile(*bytes, vm::Rules::specification());
    if (program) {
        check(command, /*good=*/false, command.text, "accepted");
        return;
    }
    const vm::RejectionCode code = program.error().code;
    check(command, is_expected(command, code), command.text, program.error().message());
}

void ScriptRunner::expect_link_failure(const ScriptCommand& command) {
    const auto bytes = read_file(folder_ / command.file, kModuleBytesMax);
    if (!bytes) {
        check(command, /*good=*/false, command.text, bytes.error().message);
        return;
    }
    auto program = vm::Program::compile(*bytes, vm::Rules::specification());
    if (!program) {
        check(command, /*good=*/false, command.text, program.error().message());
        return;
    }
    const auto instance = world_.instantiate(*std::move(program));
    if (instance) {
        check(command, /*good=*/false, command.text, "an instance");
        return;
    }
    const LinkFailure& failure = instance.error();
    bool good = false;
    for (const LinkText& each : kLinks) {
        good = good || (command.text.starts_with(each.text) && failure.link == each.error);
    }
    for (const TrapText& each : kTraps) {
        good = good || (command.text.starts_with(each.text) && failure.start == each.trap);
    }
    check(command, good, command.text, failure.message());
}

}  // namespace

SpecFile run_script(const Script& script, const fs::path& folder, Engine engine) {
    return ScriptRunner(folder, engine).run(script);
}

}  // namespace polis::tools::vmtool
