#pragma once

#include <cstdint>
#include <initializer_list>

/// Assertions that stay on in every build.
///
/// They guard against programmer errors only. A value that a peer, a transaction or a file
/// controls must become a named error instead (reliability.md, incident 13).
namespace polis::detail {

struct CheckValue {
    const char* name;
    std::uint64_t value;
};

/// Prints the failed condition with its values on stderr and aborts.
[[noreturn]] void check_failed(
    const char* condition,
    const char* file,
    int line,
    std::initializer_list<CheckValue> values) noexcept;

}  // namespace polis::detail

#define POLIS_ASSERT(condition)                                                \
    do {                                                                       \
        if (!(condition)) [[unlikely]] {                                       \
            ::polis::detail::check_failed(#condition, __FILE__, __LINE__, {}); \
        }                                                                      \
    } while (false)

/// Asserts `left op right` for unsigned integers and prints both sides when it fails.
#define POLIS_ASSERT_OP(left, op, right)                       \
    do {                                                       \
        const std::uint64_t check_left = (left);               \
        const std::uint64_t check_right = (right);             \
        if (!(check_left op check_right)) [[unlikely]] {       \
            ::polis::detail::check_failed(                     \
                #left " " #op " " #right,                      \
                __FILE__,                                      \
                __LINE__,                                      \
                {{#left, check_left}, {#right, check_right}}); \
        }                                                      \
    } while (false)
