// The server as its clients see it: HTTP and WebSocket over loopback.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <node/rpc/server.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/support/rpc_client.hpp>

namespace polis::node::rpc::testing {
namespace {

using nlohmann::json;
using tests::HttpClient;

TEST(Smoke, answers) {
    FakeNode node;
    Server server({.backend = &node, .listen = "127.0.0.1:0", .admin = Server::Admin{"127.0.0.1:0", "secret"}, .dev_seed = std::string(genesis::kDevSeed)});
    const auto ports = server.start();
    ASSERT_TRUE(ports.has_value()) << ports.error();
    HttpClient client(ports->rpc);
    std::puts(client.call("chain_head").dump().c_str());
    std::puts(client.call("node_info").dump().c_str());
    HttpClient admin(ports->admin);
    std::puts(admin.call("dev_accounts", json::object(), "Authorization: Bearer secret\r\n").dump().c_str());
    std::puts(client.call("tx_wiat").dump().c_str());
}

}  // namespace
}  // namespace polis::node::rpc::testing
