#pragma once

#include <array>
#include <cstddef>

#include <vm/code.hpp>

/// The handlers of all codes, by family, each beginning with the family's first code.
namespace polis::vm::handlers {

inline constexpr std::size_t kPlainCount = static_cast<std::size_t>(Code::kBinary);
inline constexpr std::size_t kArithmeticCount =
    static_cast<std::size_t>(Code::kBranch) - static_cast<std::size_t>(Code::kBinary);
inline constexpr std::size_t kCompareCount =
    static_cast<std::size_t>(Code::kMemoryAdd) - static_cast<std::size_t>(Code::kBranch);
inline constexpr std::size_t kMemoryCount =
    static_cast<std::size_t>(Code::kEnd) - static_cast<std::size_t>(Code::kMemoryAdd);

extern const std::array<Handler, kPlainCount> kPlainHandlers;
extern const std::array<Handler, kArithmeticCount> kArithmeticHandlers;
extern const std::array<Handler, kCompareCount> kCompareHandlers;
extern const std::array<Handler, kMemoryCount> kMemoryHandlers;

}  // namespace polis::vm::handlers
