#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <core/result.hpp>

namespace polis::vm {

/// Why a module is refused.
enum class RejectionCode : std::uint8_t {
    // Malformed: the bytes are not WebAssembly.
    kTruncated,  ///< the bytes end inside something
    kBadMagic,
    kBadVersion,
    kBadNumber,   ///< a LEB128 number is too long or too large
    kBadCount,    ///< a count is larger than the bytes left in its section
    kBadSection,  ///< unknown, twice, out of order, or its size does not fit
    kBadUtf8,
    kBadType,    ///< no such value, block, element or function type
    kBadFlag,    ///< limits, mutability, external kind or a zero byte
    kBadOpcode,  ///< no instruction of WebAssembly 1.0
    kBadEnd,     ///< a body or expression does not end where it should
    kBodyCount,  ///< functions and bodies differ in number
    // Invalid: the standard's validation says no.
    kUnknownIndex,  ///< type, function, table, memory, global, local or label
    kTypeMismatch,
    kBadAlignment,  ///< larger than natural
    kImmutableGlobal,
    kNotConstant,  ///< an initialiser is no constant expression
    kDuplicateExport,
    kTooManyMemories,
    kTooManyTables,
    kBadLimits,  ///< minimum above maximum, or beyond 4 GiB
    kBadStart,   ///< the start function takes or gives a value
    // Not for contracts.
    kFloat,  ///< floating point
    kStartFunction,
    kUnknownImport,  ///< not a function of the host interface
    kImportType,     ///< another signature than the host function's
    kImportKind,     ///< an imported memory, table or global
    kNoMemory,
    kNoMemoryMaximum,
    kNewerFeature,  ///< sign extension, bulk memory, SIMD, reference types, multi-value...
    // Over a limit of the protocol (vm/limits.hpp).
    kCodeTooLarge,
    kBodyTooLarge,
    kTooManyFunctions,
    kTooManyTypes,
    kTooManyParameters,
    kTooManyLocals,
    kOperandsTooHigh,
    kNestedTooDeep,
    kBranchTableTooLarge,
    kTooManyGlobals,
    kTableTooLarge,
    kTooManySegments,
    kTooManyExports,
    kTooManyImports,
    kNameTooLong,
    kMemoryTooLarge,
};

/// The name, for machines: "type_mismatch".
std::string_view to_string(RejectionCode code);

/// Whether the bytes are no WebAssembly at all, as opposed to WebAssembly that is not accepted.
[[nodiscard]] bool is_malformed(RejectionCode code);

/// Where and why a module was refused.
struct Rejection {
    RejectionCode code = RejectionCode::kTruncated;
    std::size_t offset = 0;  ///< byte of the module
    std::string detail;      ///< what was found; may be empty

    /// "byte 123: float: f64.add; contracts compute in integers: ..." with cause and cure.
    [[nodiscard]] std::string message() const;
};

template <class T>
using VmResult = Result<T, Rejection>;

}  // namespace polis::vm
