#pragma once

#include <string>

#include <node/rpc/registry.hpp>

namespace polis::node::rpc {

struct DocumentOptions {
    std::string version;  ///< of the program
    bool admin = true;    ///< with the methods of the admin port
    bool dev = true;      ///< and those for development
};

/// The OpenRPC document (1.2.6) of a registry.
[[nodiscard]] std::string openrpc_document(
    const Registry& registry, const DocumentOptions& options);

}  // namespace polis::node::rpc
