#pragma once

#include <cstddef>
#include <cstdint>

/// Every protocol limit of contracts. A value beyond one is refused with a named error, before
/// anything is allocated for it. Source: docs/spec/vm.md.
namespace polis::vm {

inline constexpr std::uint32_t kCodeBytesMax = 256 * 1024;  ///< a module
inline constexpr std::uint32_t kBodyBytesMax = 32 * 1024;   ///< a function's code
inline constexpr std::uint32_t kFunctionsMax = 1'024;       ///< imported ones included
inline constexpr std::uint32_t kTypesMax = 256;
inline constexpr std::uint32_t kParametersMax = 32;
inline constexpr std::uint32_t kLocalsMax = 512;           ///< parameters included
inline constexpr std::uint32_t kOperandHeightMax = 1'024;  ///< values waiting in one function
inline constexpr std::uint32_t kNestingMax = 256;          ///< blocks within blocks
inline constexpr std::uint32_t kBranchTableMax = 512;
inline constexpr std::uint32_t kGlobalsMax = 64;
inline constexpr std::uint32_t kTableEntriesMax = 1'024;
inline constexpr std::uint32_t kSegmentsMax = 128;  ///< of data, and of elements
inline constexpr std::uint32_t kExportsMax = 64;
inline constexpr std::uint32_t kImportsMax = 64;
inline constexpr std::uint32_t kNameBytesMax = 64;  ///< of imports and exports
inline constexpr std::uint32_t kMemoryPagesMax = 64;

inline constexpr std::uint32_t kPageBytes = 64 * 1024;
inline constexpr std::uint32_t kCallDepthMax = 512;      ///< frames of one run
inline constexpr std::uint32_t kStackSlotsMax = 65'536;  ///< 64-bit slots of all frames of one run

/// Contracts that call each other, the outermost included; each has an instance of its own.
inline constexpr std::uint32_t kContractDepthMax = 8;

}  // namespace polis::vm
