#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace polis::node::rpc {

/// Where a list in pages goes on: "GROUP-ITEM", for example a block and an event within it.
struct Cursor {
    std::uint64_t group = 0;
    std::uint64_t item = 0;  ///< within the group, counted from 0
};

[[nodiscard]] std::optional<Cursor> parse_cursor(std::string_view text);

[[nodiscard]] std::string to_string(const Cursor& cursor);

}  // namespace polis::node::rpc
