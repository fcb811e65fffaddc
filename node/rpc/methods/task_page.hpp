#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <core/result.hpp>
#include <ledger/modules/task_queries.hpp>
#include <node/rpc/json/write.hpp>
#include <node/rpc/registry.hpp>

namespace polis::node::rpc {

/// A page of the tasks that the chain knows, as a call's `limit` and `cursor` say.
struct TaskPage {
    std::vector<ledger::tasks::NamedTask> tasks;
    std::size_t total = 0;
    std::optional<std::string> cursor;  ///< of the next page
};

/// @error kBadCursor, kStoreFailed
[[nodiscard]] Result<TaskPage, RpcError> task_page(const Call& call);

/// The member `cursor`.
void write_cursor(JsonWriter& out, const std::optional<std::string>& cursor);

}  // namespace polis::node::rpc
