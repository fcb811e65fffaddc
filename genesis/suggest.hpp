#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace polis::genesis {

/// The candidate that `word` was probably meant to be: the one with the least edits (insert,
/// delete, replace), if these are few for its length. O(candidates * length^2).
[[nodiscard]] std::optional<std::string_view> suggest(
    std::string_view word, std::span<const std::string_view> candidates);

}  // namespace polis::genesis
