#pragma once

#include <expected>
#include <utility>

namespace polis {

/// A value, or the reason why there is none. `E` is the failing module's own error type.
template <class T, class E>
using Result = std::expected<T, E>;

}  // namespace polis

#define POLIS_CONCAT_INNER(a, b) a##b
#define POLIS_CONCAT(a, b) POLIS_CONCAT_INNER(a, b)

/// Declares `declaration` from the value of `expression`, or returns its error.
/// Expands to statements, so it is safe next to `co_await` under GCC 12.
#define POLIS_TRY(declaration, expression)                                             \
    auto POLIS_CONCAT(polis_try_, __LINE__) = (expression);                            \
    if (!POLIS_CONCAT(polis_try_, __LINE__)) {                                         \
        return std::unexpected(std::move(POLIS_CONCAT(polis_try_, __LINE__)).error()); \
    }                                                                                  \
    declaration = *std::move(POLIS_CONCAT(polis_try_, __LINE__))

/// Returns the error of `expression`, a `Result<void, E>`, or goes on.
#define POLIS_TRY_VOID(expression)                            \
    if (auto polis_try = (expression); !polis_try) {          \
        return std::unexpected(std::move(polis_try).error()); \
    }                                                         \
    static_assert(true, "needs a semicolon")
