// rpc.discover
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/openrpc.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

Outcome discover(const Call& call) {
    const NodeInfo& info = call.node.backend.info();
    return openrpc_document(
        call.node.registry, {.version = info.version, .admin = call.admin, .dev = info.dev});
}

}  // namespace

std::vector<Method> discovery_methods() {
    return {
        {.name = "rpc.discover",
         .summary = "This document: every method that may be called on this port.",
         .params = {},
         .result = "json",
         .errors = {},
         .handler = OnWorker{discover}}};
}

}  // namespace polis::node::rpc
