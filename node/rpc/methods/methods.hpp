#pragma once

#include <vector>

#include <node/rpc/registry.hpp>

/// One function for each namespace of docs/spec/rpc.md, in the file of its name.
namespace polis::node::rpc {

[[nodiscard]] std::vector<Method> discovery_methods();  ///< rpc.cpp
[[nodiscard]] std::vector<Method> node_methods();
[[nodiscard]] std::vector<Method> chain_methods();
[[nodiscard]] std::vector<Method> tx_methods();
[[nodiscard]] std::vector<Method> account_methods();
[[nodiscard]] std::vector<Method> mempool_methods();
[[nodiscard]] std::vector<Method> consensus_methods();
[[nodiscard]] std::vector<Method> blob_methods();
[[nodiscard]] std::vector<Method> sub_methods();
[[nodiscard]] std::vector<Method> task_methods();
[[nodiscard]] std::vector<Method> model_methods();
[[nodiscard]] std::vector<Method> dataset_methods();
[[nodiscard]] std::vector<Method> trainer_methods();
[[nodiscard]] std::vector<Method> contract_methods();
[[nodiscard]] std::vector<Method> admin_methods();
[[nodiscard]] std::vector<Method> dev_methods();

}  // namespace polis::node::rpc
