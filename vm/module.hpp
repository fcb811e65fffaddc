#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <vm/types.hpp>

/// A module as the binary format says it: decoded, its sections checked, bodies still bytes.
namespace polis::vm {

struct Import {
    std::string module;
    std::string name;
    ExternKind kind = ExternKind::kFunction;
    std::uint32_t type = 0;  ///< of a function: index into types
    Limits limits;           ///< of a table or memory
    GlobalType global;
};

/// A constant expression: a number, or the value of an imported global.
struct ConstantExpression {
    ValueType type = ValueType::kI32;
    std::uint64_t value = 0;              ///< i32 and f32 in the low half
    std::optional<std::uint32_t> global;  ///< then `value` means nothing
};

struct Global {
    GlobalType type;
    ConstantExpression init;
};

struct Export {
    std::string name;
    ExternKind kind = ExternKind::kFunction;
    std::uint32_t index = 0;
};

struct ElementSegment {
    ConstantExpression offset;
    std::vector<std::uint32_t> functions;
};

struct DataSegment {
    ConstantExpression offset;
    std::uint32_t begin = 0;  ///< within Module::bytes
    std::uint32_t size = 0;
};

/// A run of locals of one type.
struct LocalGroup {
    std::uint32_t count = 0;
    ValueType type = ValueType::kI32;
};

/// A function that the module defines.
struct Body {
    std::vector<LocalGroup> locals;  ///< without the parameters
    std::uint32_t local_count = 0;   ///< of all groups
    std::uint32_t begin = 0;         ///< first instruction, within Module::bytes
    std::uint32_t end = 0;           ///< behind the last `end`
};

struct CustomSection {
    std::string name;
    std::uint32_t begin = 0;  ///< within Module::bytes
    std::uint32_t size = 0;
};

/// Indices count imports first, then what the module defines.
struct Module {
    Bytes bytes;
    std::vector<FuncType> types;
    std::vector<Import> imports;           ///< in the order of the file
    std::vector<std::uint32_t> functions;  ///< the type of each function, imported ones first
    std::uint32_t imported_functions = 0;
    std::optional<Limits> table;  ///< the one table, imported or not
    std::optional<Limits> memory;
    bool table_imported = false;
    bool memory_imported = false;
    std::vector<GlobalType> global_types;  ///< of each global, imported ones first
    std::uint32_t imported_globals = 0;
    std::vector<Global> globals;  ///< those that the module defines
    std::vector<Export> exports;
    std::optional<std::uint32_t> start;
    std::vector<ElementSegment> elements;
    std::vector<DataSegment> data;
    std::vector<Body> bodies;  ///< of the functions that the module defines
    std::vector<CustomSection> customs;

    /// @pre function < functions.size()
    [[nodiscard]] const FuncType& type_of(std::uint32_t function) const {
        return types[functions[function]];
    }

    [[nodiscard]] const Export* find_export(std::string_view name) const;

    /// The bytes of the first custom section of this name.
    [[nodiscard]] std::optional<ByteView> custom_section(std::string_view name) const;

    /// "transfer" for an exported function, "#17" for another, "polis.caller" for an import.
    [[nodiscard]] std::string function_name(std::uint32_t function) const;
};

}  // namespace polis::vm
