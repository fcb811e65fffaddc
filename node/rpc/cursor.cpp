#include <node/rpc/cursor.hpp>

#include <core/integer.hpp>

namespace polis::node::rpc {

std::optional<Cursor> parse_cursor(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto group = parse_u64(text.substr(0, dash));
    const auto item = parse_u64(text.substr(dash + 1));
    if (!group || !item) {
        return std::nullopt;
    }
    return Cursor{.group = *group, .item = *item};
}

std::string to_string(const Cursor& cursor) {
    return std::to_string(cursor.group) + '-' + std::to_string(cursor.item);
}

}  // namespace polis::node::rpc
