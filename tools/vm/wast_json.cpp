#include <tools/vm/wast_json.hpp>

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <core/integer.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/vm/files.hpp>

namespace polis::tools::vmtool {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kScriptBytesMax = std::size_t{64} << 20;

/// In the order of the enum.
constexpr std::array<std::pair<std::string_view, CommandKind>, kCommandKinds> kKinds{{
    {"module", CommandKind::kModule},
    {"register", CommandKind::kRegister},
    {"action", CommandKind::kAction},
    {"assert_return", CommandKind::kAssertReturn},
    {"assert_trap", CommandKind::kAssertTrap},
    {"assert_exhaustion", CommandKind::kAssertExhaustion},
    {"assert_invalid", CommandKind::kAssertInvalid},
    {"assert_malformed", CommandKind::kAssertMalformed},
    {"assert_unlinkable", CommandKind::kAssertUnlinkable},
    {"assert_uninstantiable", CommandKind::kAssertUninstantiable},
}};

constexpr std::array<std::pair<std::string_view, vm::ValueType>, 4> kTypes{{
    {"i32", vm::ValueType::kI32},
    {"i64", vm::ValueType::kI64},
    {"f32", vm::ValueType::kF32},
    {"f64", vm::ValueType::kF64},
}};

template <class Value, std::size_t kCount>
std::optional<Value> find(
    const std::array<std::pair<std::string_view, Value>, kCount>& table, std::string_view name) {
    for (const auto& [key, value] : table) {
        if (key == name) {
            return value;
        }
    }
    return std::nullopt;
}

/// A text member, or the empty text.
std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// @return nothing if it is no list of numbers of known types
std::optional<std::vector<ScriptValue>> values_of(const Json& json, const char* key) {
    std::vector<ScriptValue> out;
    const auto found = json.find(key);
    if (found == json.end()) {
        return out;
    }
    if (!found->is_array()) {
        return std::nullopt;
    }
    for (const Json& value : *found) {
        if (!value.is_object()) {
            return std::nullopt;
        }
        const auto type = find(kTypes, text_of(value, "type"));
        if (!type) {
            return std::nullopt;
        }
        const std::string text = text_of(value, "value");
        const auto bits = parse_u64(text);
        // An action that is no assertion lists only the types of what it gives.
        const bool is_nan = text.starts_with("nan:");
        if (!bits && !is_nan && !text.empty()) {
            return std::nullopt;
        }
        out.push_back({*type, bits.value_or(0)});
    }
    return out;
}

std::optional<ScriptAction> action_of(const Json& json) {
    const auto found = json.find("action");
    if (found == json.end()) {
        return ScriptAction{};
    }
    if (!found->is_object()) {
        return std::nullopt;
    }
    const std::string type = text_of(*found, "type");
    auto args = values_of(*found, "args");
    if ((type != "get" && type != "invoke") || !args) {
        return std::nullopt;
    }
    return ScriptAction{
        type == "get", text_of(*found, "module"), text_of(*found, "field"), *std::move(args)};
}

std::optional<ScriptCommand> command_of(const Json& json) {
    if (!json.is_object()) {
        return std::nullopt;
    }
    const auto kind = find(kKinds, text_of(json, "type"));
    auto action = action_of(json);
    auto expected = values_of(json, "expected");
    if (!kind || !action || !expected) {
        return std::nullopt;
    }
    const auto line = json.find("line");
    return ScriptCommand{
        .kind = *kind,
        .line = line != json.end() && line->is_number_unsigned() ? line->get<std::uint64_t>() : 0,
        .file = text_of(json, "filename"),
        .is_text = text_of(json, "module_type") == "text",
        .name = text_of(json, "name"),
        .as = text_of(json, "as"),
        .text = text_of(json, "text"),
        .action = *std::move(action),
        .expected = *std::move(expected)};
}

}  // namespace

std::string_view to_string(CommandKind kind) {
    return kKinds[static_cast<std::size_t>(kind)].first;
}

Fallible<Script> read_script(const fs::path& file) {
    POLIS_TRY(const Bytes bytes, read_file(file, kScriptBytesMax));
    const auto json = parse_json(as_text(bytes));
    const auto commands =
        json && json->is_object() ? json->find("commands") : Json::const_iterator{};
    if (!json || !json->is_object() || commands == json->end() || !commands->is_array()) {
        return std::unexpected(
            fmt::format("{} is no script of wast2json; give .wast files", file.string()));
    }
    Script out;
    out.source = fs::path(text_of(*json, "source_filename")).filename().string();
    for (const Json& each : *commands) {
        auto command = command_of(each);
        if (!command) {
            return std::unexpected(fmt::format(
                "{}: command {} is none of WebAssembly 1.0's suite; convert with the options in "
                "docs/guides/vm.md",
                file.string(),
                out.commands.size()));
        }
        out.commands.push_back(*std::move(command));
    }
    return out;
}

}  // namespace polis::tools::vmtool
