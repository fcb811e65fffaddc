#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace polis::node::rpc {

struct ReplyHead {
    unsigned status = 200;
    std::string_view type;     ///< of the body
    std::string_view headers;  ///< further ones, each with its line end
    std::uint64_t length = 0;  ///< of the body
    bool keep_alive = true;
};

/// The head of an answer, with the empty line behind it.
[[nodiscard]] std::string head_text(const ReplyHead& head);

}  // namespace polis::node::rpc
