#pragma once

#include <node/rpc/registry.hpp>

/// What tx_pending and mempool_content share.
namespace polis::node::rpc {

[[nodiscard]] Param pending_limit_param();

/// Shape Pending.
void pending_rows(const Call& call, Respond respond);

}  // namespace polis::node::rpc
