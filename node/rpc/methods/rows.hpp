#pragma once

#include <string_view>

#include <node/rpc/registry.hpp>

/// What methods that answer with rows share.
namespace polis::node::rpc {

/// How many rows at most. @param description, standard literals
[[nodiscard]] Param limit_param(std::string_view description, std::string_view standard);

/// Where the answer before this one ended.
[[nodiscard]] Param cursor_param();

/// A parameter `timeoutMs`.
[[nodiscard]] Param timeout_param();

/// A parameter `task`.
[[nodiscard]] Param task_param();

/// Shape Pending; tx_pending and mempool_content.
void pending_rows(const Call& call, Respond respond);

}  // namespace polis::node::rpc
