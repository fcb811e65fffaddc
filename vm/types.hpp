#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// WebAssembly's own words (W3C Core 1.0, chapter 2).
namespace polis::vm {

/// The bytes of the binary format.
enum class ValueType : std::uint8_t { kI32 = 0x7f, kI64 = 0x7e, kF32 = 0x7d, kF64 = 0x7c };

[[nodiscard]] constexpr bool is_float(ValueType type) {
    return type == ValueType::kF32 || type == ValueType::kF64;
}

std::string_view to_string(ValueType type);

/// Types of functions are equal by structure, not by index.
struct FuncType {
    std::vector<ValueType> params;
    std::optional<ValueType> result;  ///< at most one

    bool operator==(const FuncType&) const = default;
};

/// "(i32, i64) -> i32", for a person.
[[nodiscard]] std::string to_string(const FuncType& type);

/// Sizes of a memory in pages, or of a table in entries.
struct Limits {
    std::uint32_t min = 0;
    std::optional<std::uint32_t> max;

    bool operator==(const Limits&) const = default;
};

struct GlobalType {
    ValueType type = ValueType::kI32;
    bool is_mutable = false;

    bool operator==(const GlobalType&) const = default;
};

/// The bytes of the binary format.
enum class ExternKind : std::uint8_t { kFunction = 0, kTable = 1, kMemory = 2, kGlobal = 3 };

std::string_view to_string(ExternKind kind);

}  // namespace polis::vm
