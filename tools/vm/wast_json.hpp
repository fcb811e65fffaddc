#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tools/failure.hpp>
#include <vm/types.hpp>

/// Scripts of the WebAssembly specification's suite as `wast2json` writes them.
namespace polis::tools::vmtool {

/// A number of a script. Floats are bits.
struct ScriptValue {
    vm::ValueType type = vm::ValueType::kI32;
    std::uint64_t bits = 0;  ///< i32 and f32 in the low half; 0 for "any NaN"
};

/// A call of an export, or a look at an exported global.
struct ScriptAction {
    bool is_get = false;
    std::string module;  ///< as the script names it; empty: the last one
    std::string field;
    std::vector<ScriptValue> args;
};

enum class CommandKind : std::uint8_t {
    kModule,    ///< instantiate `file`, call it `name`
    kRegister,  ///< let others import the module `name` as `as`
    kAction,
    kAssertReturn,
    kAssertTrap,
    kAssertExhaustion,
    kAssertInvalid,
    kAssertMalformed,
    kAssertUnlinkable,
    kAssertUninstantiable,
};

inline constexpr std::size_t kCommandKinds = 10;

/// As the suite writes it: "assert_return".
std::string_view to_string(CommandKind kind);

struct ScriptCommand {
    CommandKind kind = CommandKind::kModule;
    std::uint64_t line = 0;  ///< of the .wast file
    std::string file;        ///< of the module, beside the script
    bool is_text = false;    ///< the module is source text, not the binary format
    std::string name;
    std::string as;
    std::string text;  ///< what the suite calls the expected failure
    ScriptAction action;
    std::vector<ScriptValue> expected;

    [[nodiscard]] bool is_assertion() const { return kind >= CommandKind::kAssertReturn; }
};

struct Script {
    std::string source;  ///< the .wast file's name without folders
    std::vector<ScriptCommand> commands;
};

/// @error if the file cannot be read or is no such script
[[nodiscard]] Fallible<Script> read_script(const std::filesystem::path& file);

}  // namespace polis::tools::vmtool
