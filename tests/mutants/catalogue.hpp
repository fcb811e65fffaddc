#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

/// The bugs that consensus/mutants.hpp can switch on, by name.
namespace polis::mutants {

struct Entry {
    std::string_view name;
    std::string_view what;  ///< does wrong
};

/// In the order of the enumeration, without kNone.
[[nodiscard]] std::span<const Entry> all();

/// Switches one on for the rest of this process, or all off. @pre index < all().size()
void activate(std::optional<std::size_t> index);

}  // namespace polis::mutants
