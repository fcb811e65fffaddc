#pragma once

#include <cstdint>
#include <string>

#include <core/types.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/task_spec.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>

/// What a node tells of tasks and rounds, as the chain's own types.
namespace polis::tools::learning {

/// A task as far as anybody needs it who looks at its round.
struct TaskRecord {
    Hash id;
    std::string state;
    std::uint64_t round = 0;  ///< 0 before one opens
    ledger::TaskSpec spec;    ///< without its tag
};

/// A revealed model as the node tells it.
struct ModelRecord {
    Hash task;
    std::uint64_t round = 0;
    std::uint64_t rank = 0;
    Address trainer;
    Hash root;
    bool present = false;  ///< the node has its bytes
    Hash seed;
    Hash beacon;
    Hash data;  ///< the blob that decided
    exact::Shape input;
};

/// @error the node knows none of that id
[[nodiscard]] Fallible<TaskRecord> get_task(RpcClient& client, const Hash& id);

/// How a task's round ended, without the beacon. @error it is not settled, and where it stands
[[nodiscard]] Fallible<ledger::tasks::RoundResult> get_result(
    RpcClient& client, const TaskRecord& task);

/// @error the task is unknown or not settled, or the rank has no model
[[nodiscard]] Fallible<ModelRecord> get_model(
    RpcClient& client, const Hash& task, std::uint64_t rank);

/// Ids of all settled tasks that the node remembers, newest first.
[[nodiscard]] Fallible<std::vector<Hash>> settled_tasks(RpcClient& client);

/// call(), its error as one of a command.
[[nodiscard]] Fallible<Json> ask_node(RpcClient& client, std::string_view method, Json params);

}  // namespace polis::tools::learning
