#include <tools/polis/many_nodes.hpp>

#include <chrono>
#include <future>
#include <utility>

#include <fmt/format.h>

#include <tools/devnet/devnet.hpp>

namespace polis::tools {

namespace {

constexpr std::chrono::milliseconds kPatience{1'000};

}  // namespace

Fallible<std::vector<NamedNode>> all_nodes(const NodeOptions& options) {
    std::vector<NamedNode> out;
    const auto devnet = options.rpc.empty() ? devnet::find() : std::nullopt;
    if (devnet) {
        for (const devnet::Node& node : devnet->nodes) {
            out.emplace_back(
                fmt::format("node {}", node.index), devnet::rpc_client(node, kPatience));
        }
    }
    if (out.empty()) {
        POLIS_TRY(RpcClient client, connect(options));
        std::string name = client.address().text();
        out.emplace_back(std::move(name), std::move(client));
    }
    return out;
}

std::vector<RpcClient::Answer> ask_all(
    std::vector<NamedNode>& nodes, std::string_view method, const Json& params) {
    std::vector<std::future<RpcClient::Answer>> asked;
    asked.reserve(nodes.size());
    for (NamedNode& node : nodes) {
        asked.push_back(std::async(std::launch::async, [&node, method, &params] {
            return node.client.call(method, params, kPatience);
        }));
    }
    std::vector<RpcClient::Answer> out;
    out.reserve(asked.size());
    for (auto& answer : asked) {
        out.push_back(answer.get());
    }
    return out;
}

}  // namespace polis::tools
