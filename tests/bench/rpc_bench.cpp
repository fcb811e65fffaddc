// How many reads a node answers: the dispatcher alone, and over 32 connections of loopback.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include <core/crypto/address.hpp>
#include <node/rpc/server.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/rpc/inline_loop.hpp>
#include <tests/support/rpc_client.hpp>

namespace polis::node::rpc::testing {
namespace {

constexpr int kConnections = 32;
constexpr int kClientThreads = 2;

std::string head_request() { return R"({"jsonrpc":"2.0","id":1,"method":"chain_head"})"; }

std::string account_request() {
    return R"({"jsonrpc":"2.0","id":1,"method":"account_get","params":[")" +
           crypto::to_text(FakeNode::account(0)) + "\"]}";
}

void dispatch(benchmark::State& state, const std::string& request) {
    FakeNode node;
    Desk desk(node);
    for (auto _ : state) {
        benchmark::DoNotOptimize(desk.ask(request));
    }
    state.SetItemsProcessed(state.iterations());
}

/// Every connection has one request under way all the time.
void loopback(benchmark::State& state, const std::string& body) {
    FakeNode node;
    Server server({.backend = &node, .listen = "127.0.0.1:0"});
    const auto ports = server.start();
    const std::string request =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> answers{0};
    const auto work = [&] {
        std::vector<tests::HttpClient> clients;
        for (int i = 0; i < kConnections / kClientThreads; ++i) {
            clients.emplace_back(ports->rpc);
            clients.back().send(request);
        }
        while (!stop) {
            for (tests::HttpClient& client : clients) {
                answers += client.read() ? 1 : 0;
                client.send(request);
            }
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < kClientThreads; ++i) {
        threads.emplace_back(work);
    }
    for (auto _ : state) {
        const std::uint64_t end = answers + 1'000;
        while (answers < end) {  // the clients do the work
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
    }
    stop = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    state.SetItemsProcessed(state.iterations() * 1'000);
}

BENCHMARK_CAPTURE(dispatch, chain_head, head_request());
BENCHMARK_CAPTURE(dispatch, account_get, account_request());
BENCHMARK_CAPTURE(loopback, chain_head, head_request())->UseRealTime();
BENCHMARK_CAPTURE(loopback, account_get, account_request())->UseRealTime();

}  // namespace
}  // namespace polis::node::rpc::testing
