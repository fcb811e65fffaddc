#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <core/result.hpp>

/// How commands fail: one line for a person, and what a script may tell apart.
namespace polis::tools {

enum class FailureKind : std::uint8_t {
    kFailed,   ///< tried, and it did not work
    kUsage,    ///< asked for something that cannot be meant
    kTimeout,  ///< not within the time; it may still happen
};

/// One line: the cause, then what to do about it.
struct Failure {
    std::string message;
    FailureKind kind = FailureKind::kFailed;

    /// Any text is a failure; implicit, so that modules without kinds stay as they are.
    template <class Text>
        requires std::is_convertible_v<Text, std::string>
    // NOLINTNEXTLINE(google-explicit-constructor,bugprone-forwarding-reference-overload)
    Failure(Text&& text) : message(std::forward<Text>(text)) {}

    Failure(std::string text, FailureKind failure_kind)
        : message(std::move(text)), kind(failure_kind) {}

    bool operator==(const Failure&) const = default;
};

template <class T>
using Fallible = Result<T, Failure>;

[[nodiscard]] inline std::unexpected<Failure> wrong_usage(std::string message) {
    return std::unexpected(Failure(std::move(message), FailureKind::kUsage));
}

[[nodiscard]] inline std::unexpected<Failure> timed_out(std::string message) {
    return std::unexpected(Failure(std::move(message), FailureKind::kTimeout));
}

}  // namespace polis::tools
