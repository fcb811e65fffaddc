#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tools/client/rpc_client.hpp>
#include <tools/polis/node_access.hpp>

/// Commands that ask several nodes the same thing.
namespace polis::tools {

struct NamedNode {
    std::string name;  ///< for people: "node 0", or the address
    RpcClient client;
};

/// The node of --rpc alone; else all nodes of the devnet in this directory; else the default port.
[[nodiscard]] Fallible<std::vector<NamedNode>> all_nodes(const NodeOptions& options);

/// Asks all of them at once; a node that does not answer costs at most a second.
/// @return an answer a node, in their order
[[nodiscard]] std::vector<RpcClient::Answer> ask_all(
    std::vector<NamedNode>& nodes, std::string_view method, const Json& params = Json::object());

}  // namespace polis::tools
