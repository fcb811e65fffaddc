#pragma once

#include <cstdint>
#include <string_view>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>

namespace polis::tools::learning {

/// Fetches a blob from a node in portions, and checks its root.
/// @param what names it in errors. @param bytes_max a larger one is refused before it is fetched
/// @error the node has it no longer, it is too large, or what came has another root
[[nodiscard]] Fallible<Bytes> fetch_blob(
    RpcClient& client, const Hash& root, std::string_view what, std::uint64_t bytes_max);

}  // namespace polis::tools::learning
