// How many reads a node answers: the dispatcher alone, and over 32 connections of loopback.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <sys/resource.h>

#include <core/crypto/address.hpp>
#include <node/rpc/server.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/rpc/inline_loop.hpp>
#include <tests/support/rpc_client.hpp>

namespace polis::node::rpc::testing {
namespace {

namespace asio = boost::asio;

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

/// Latency of one client's calls beside so many others that sent half a head, half a body, or read
/// nothing of an answer.
void beside_slow_clients(benchmark::State& state) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    FakeNode node;
    Limits limits;
    limits.header_ms = limits.body_ms = limits.idle_ms = 600'000;
    Server server({.backend = &node, .listen = "127.0.0.1:0", .limits = limits});
    const auto ports = server.start();
    const std::string post =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    const std::array<std::string, 3> slow = {
        "POST / HTTP/1.1\r\nHo",
        post + "Content-Length: 1000\r\n\r\n{",
        post + "Content-Length: 52\r\n\r\n" +
            R"({"jsonrpc":"2.0","id":1,"method":"rpc.discover"}    )"};
    asio::io_context context;
    std::deque<asio::ip::tcp::socket> slow_clients;
    for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i) {
        auto& socket = slow_clients.emplace_back(context);
        socket.connect({asio::ip::address_v4::loopback(), ports->rpc});
        asio::write(socket, asio::buffer(slow[i % slow.size()]));
    }
    tests::HttpClient client(ports->rpc);
    std::vector<double> micros;
    for (auto _ : state) {
        const auto begin = std::chrono::steady_clock::now();
        benchmark::DoNotOptimize(client.post(head_request()));
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - begin;
        micros.push_back(took.count());
    }
    std::ranges::sort(micros);
    state.counters["p50_us"] = micros[micros.size() / 2];
    state.counters["p99_us"] = micros[micros.size() * 99 / 100];
    state.counters["connections"] = static_cast<double>(server.counts().connections);
}

BENCHMARK(beside_slow_clients)->Arg(0)->Arg(9'500)->Iterations(5'000)->UseRealTime();
BENCHMARK_CAPTURE(dispatch, chain_head, head_request());
BENCHMARK_CAPTURE(dispatch, account_get, account_request());
BENCHMARK_CAPTURE(loopback, chain_head, head_request())->UseRealTime();
BENCHMARK_CAPTURE(loopback, account_get, account_request())->UseRealTime();

}  // namespace
}  // namespace polis::node::rpc::testing
