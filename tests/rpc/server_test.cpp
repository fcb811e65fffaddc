// The server as its clients see it: HTTP and WebSocket over loopback.
#include <node/rpc/server.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/modules/tasks.hpp>
#include <tests/ledger/contracts/puppet.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/support/rpc_client.hpp>

namespace polis::node::rpc::testing {
namespace {

using nlohmann::json;
using tests::HttpClient;
using tests::HttpReply;
using tests::WebSocketClient;

constexpr std::string_view kBearer = "Authorization: Bearer secret\r\n";

class ServerTest : public ::testing::Test {
  protected:
    /// @pre called once
    void start(const Limits& limits = {}, std::vector<std::string> hosts = {}) {
        server_ = std::make_unique<Server>(Server::Setup{
            .backend = &node_,
            .listen = "127.0.0.1:0",
            .admin = Server::Admin{"127.0.0.1:0", "secret"},
            .limits = limits,
            .hosts = std::move(hosts),
            .dev_seed = std::string(genesis::kDevSeed)});
        const auto ports = server_->start();
        ASSERT_TRUE(ports.has_value()) << ports.error();
        ports_ = *ports;
    }

    [[nodiscard]] HttpClient client() const { return HttpClient(ports_.rpc); }

    [[nodiscard]] HttpClient admin() const { return HttpClient(ports_.admin); }

    /// The answer to bytes as they are; status 0 if the server closed without one.
    [[nodiscard]] HttpReply answer(std::string_view bytes) const {
        HttpClient out = client();
        out.send(bytes);
        return out.read().value_or(HttpReply{});
    }

    static std::string name_of(const HttpReply& reply) {
        return reply.json()["error"]["name"].get<std::string>();
    }

    FakeNode node_;
    std::unique_ptr<Server> server_;
    Server::BoundPorts ports_;
};

TEST_F(ServerTest, answers_calls_on_one_connection) {
    start();
    HttpClient http = client();
    EXPECT_EQ(http.call("chain_head")["result"]["height"], 0);
    node_.mine();
    EXPECT_EQ(http.call("chain_head")["result"]["height"], 1);
    const HttpReply none = http.post(R"({"jsonrpc":"2.0","method":"chain_head"})");
    EXPECT_EQ(none.status, 204U);
    EXPECT_EQ(http.post("{").json()["error"]["code"], -32700);
}

TEST_F(ServerTest, keeps_the_order_of_pipelined_requests) {
    start();
    HttpClient http = client();
    std::string all;
    for (int i = 0; i < 20; ++i) {
        const std::string method =
            i % 2 == 0 ? "chain_getBlock\",\"params\":[0],\"" : "chain_head\",\"";
        const std::string body =
            R"({"jsonrpc":"2.0","method":")" + method + "id\":" + std::to_string(i) + '}';
        all += "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        all += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    http.send(all);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(http.read().value().json()["id"], i);
    }
}

TEST_F(ServerTest, serves_pages) {
    start();
    HttpClient http = client();
    EXPECT_EQ(http.get("/livez").body, "ok\n");
    EXPECT_EQ(http.get("/readyz").status, 200U);
    node_.reasons = {"no peers"};
    const HttpReply ready = http.get("/readyz");
    EXPECT_EQ(ready.status, 503U);
    EXPECT_EQ(ready.json()["reasons"][0], "no peers");
    EXPECT_EQ(http.get("/metrics").body, "polis_height 1\n");
    EXPECT_NE(http.get("/").body.find("rpc.discover"), std::string::npos);
    EXPECT_EQ(http.get("/", {}, "HEAD").body, "");
    EXPECT_EQ(http.get("/livez", {}, "HEAD").status, 200U);
    EXPECT_EQ(http.get("/nothing").status, 404U);
}

TEST_F(ServerTest, refuses_methods_with_allow) {
    start();
    HttpClient http = client();
    const HttpReply removed = http.get("/", {}, "DELETE");
    EXPECT_EQ(removed.status, 405U);
    EXPECT_EQ(removed.header("Allow"), "POST, GET, HEAD");
    EXPECT_EQ(http.get("/v1/blobs").header("Allow"), "PUT");
    EXPECT_EQ(http.get("/", {}, "OPTIONS").status, 405U);
    EXPECT_EQ(http.get("/livez", {}, "POST").status, 405U);
}

TEST_F(ServerTest, wants_json_of_a_known_host_and_origin) {
    start({}, {"Node.example"});
    const auto post = [this](std::string_view headers) {
        return answer("POST / HTTP/1.1\r\n" + std::string(headers) + "Content-Length: 2\r\n\r\n{}");
    };
    const std::string json_type = "Content-Type: application/json; charset=utf-8\r\n";
    EXPECT_EQ(name_of(post("Host: localhost\r\n")), "wrongContentType");
    EXPECT_EQ(name_of(post("Host: localhost\r\nContent-Type: text/plain\r\n")), "wrongContentType");
    EXPECT_EQ(post("Host: localhost:1\r\n" + json_type).status, 200U);
    EXPECT_EQ(post("Host: node.example\r\n" + json_type).status, 200U);
    EXPECT_EQ(name_of(post("Host: evil.example\r\n" + json_type)), "hostNotAllowed");
    EXPECT_EQ(post(json_type).status, 400U);
    EXPECT_EQ(post("Host: localhost\r\nHost: localhost\r\n" + json_type).status, 400U);
    const std::string ours = "Host: localhost:7\r\n" + json_type;
    EXPECT_EQ(name_of(post(ours + "Origin: http://localhost:8\r\n")), "originNotAllowed");
    EXPECT_EQ(name_of(post(ours + "Origin: null\r\n")), "originNotAllowed");
    const HttpReply own = post(ours + "Origin: http://localhost:7\r\n");
    EXPECT_EQ(own.status, 200U);
    EXPECT_EQ(own.header("Access-Control-Allow-Origin"), "");
    const HttpReply upgrade = answer(
        "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nConnection: "
        "Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n");
    EXPECT_EQ(name_of(upgrade), "originNotAllowed");
}

TEST_F(ServerTest, refuses_lengths_told_in_two_ways) {
    start();
    const std::string begin =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    for (const std::string headers :
         {"Content-Length: 2\r\nContent-Length: 3\r\n",
          "Content-Length: 2\r\nContent-Length: 2\r\n",
          "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
          "Transfer-Encoding: gzip, chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Content-Length: -1\r\n",
          "Content-Length: 1x\r\n",
          "Content-Length: 99999999999999999999999\r\n",
          "Content-Length : 2\r\n"}) {
        HttpClient http = client();
        http.send(begin + headers + "\r\n{}");
        EXPECT_EQ(http.read().value_or(HttpReply{}).status, 400U) << headers;
        EXPECT_TRUE(http.closed()) << headers;
    }
    EXPECT_EQ(
        answer(begin + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n").status, 200U);
    EXPECT_EQ(answer("NONSENSE\r\n\r\n").status, 400U);
}

TEST_F(ServerTest, bounds_head_and_body) {
    start({.body_bytes_max = 1'000});
    const HttpReply head = answer("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n");
    EXPECT_EQ(head.status, 431U);
    HttpClient http = client();
    EXPECT_EQ(http.post(std::string(1'001, ' ')).status, 413U);
    const HttpReply chunked = answer(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" +
        std::string(1'001, ' ') + "\r\n0\r\n\r\n");
    EXPECT_EQ(chunked.status, 413U);
}

TEST_F(ServerTest, says_continue_before_a_body_only_if_it_wants_it) {
    start();
    HttpClient http = client();
    const std::string begin =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    http.send(begin + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(http.read(/*head=*/true).value().status, 100U);
    http.send("{}");
    EXPECT_EQ(http.read().value().status, 200U);
    EXPECT_EQ(
        answer(begin + "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n").status, 413U);
    EXPECT_EQ(answer(begin + "Expect: magic\r\nContent-Length: 2\r\n\r\n{}").status, 417U);
}

TEST_F(ServerTest, admin_port_wants_the_token) {
    start();
    HttpClient http = admin();
    const HttpReply refused = http.get("/livez");
    EXPECT_EQ(refused.status, 401U);
    EXPECT_EQ(refused.header("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(http.get("/livez", "Authorization: Bearer secreT\r\n").status, 401U);
    EXPECT_EQ(http.get("/livez", "Authorization: Basic secret\r\n").status, 401U);
    EXPECT_EQ(http.get("/livez", kBearer).status, 200U);
    EXPECT_EQ(http.call("admin_stop", json::object(), kBearer)["result"], true);
    EXPECT_EQ(client().call("admin_stop")["error"]["data"]["name"], "wrongPort");
}

TEST_F(ServerTest, stores_and_serves_blobs_in_parts) {
    start();
    HttpClient http = client();
    std::string content;
    for (int i = 0; i < 700'000; ++i) {
        content += static_cast<char>('a' + i % 23);
    }
    http.send(
        "PUT /v1/blobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
        std::to_string(content.size()) + "\r\n\r\n" + content);
    const HttpReply stored = http.read().value();
    ASSERT_EQ(stored.status, 201U);
    const std::string path = stored.header("Location");
    const HttpReply whole = http.get(path);
    EXPECT_EQ(whole.body, content);
    const HttpReply part = http.get(path, "Range: bytes=100-299999\r\n");
    EXPECT_EQ(part.status, 206U);
    EXPECT_EQ(part.body, content.substr(100, 299'900));
    EXPECT_EQ(part.header("Content-Range"), "bytes 100-299999/700000");
    EXPECT_EQ(http.get(path, "Range: bytes=-10\r\n").body, content.substr(699'990));
    const HttpReply beyond = http.get(path, "Range: bytes=700000-\r\n");
    EXPECT_EQ(beyond.status, 416U);
    EXPECT_EQ(beyond.header("Content-Range"), "bytes */700000");
    const HttpReply same = http.get(path, "If-None-Match: " + whole.header("ETag") + "\r\n");
    EXPECT_EQ(same.status, 304U);
    const HttpReply head = http.get(path, {}, "HEAD");
    EXPECT_EQ(head.header("Content-Length"), "700000");
    EXPECT_EQ(http.get("/v1/blobs/0x" + std::string(64, '0')).status, 404U);
    EXPECT_EQ(http.get("/v1/blobs/0x12").status, 404U);
}

TEST_F(ServerTest, a_large_blob_goes_through_in_parts) {
    start();
    HttpClient http = client();
    const std::string content = std::string(5'000'000, 'x') + "end";
    http.send(
        "PUT /v1/blobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
        std::to_string(content.size()) + "\r\n\r\n" + content);
    const HttpReply stored = http.read().value();
    ASSERT_EQ(stored.status, 201U);
    EXPECT_EQ(json::parse(stored.body)["bytes"], content.size());
    EXPECT_EQ(http.get(stored.header("Location")).body, content);
    EXPECT_LE(node_.upload_part_max, 512U << 10) << "never the whole of it";
    HttpClient chunked = client();
    chunked.send(
        "PUT /v1/blobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    const HttpReply other = chunked.read().value();
    ASSERT_EQ(other.status, 201U);
    EXPECT_EQ(http.get(other.header("Location")).body, "abcde");
}

TEST_F(ServerTest, bounds_uploads) {
    start({.blob_bytes_max = 1'000, .uploads_max = 1});
    const std::string put = "PUT /v1/blobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: ";
    EXPECT_EQ(answer(put + "1001\r\n\r\n").status, 413U);
    HttpClient first = client();
    first.send(put + "3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(first.read(/*head=*/true).value().status, 100U);
    EXPECT_EQ(answer(put + "3\r\n\r\nabc").status, 503U);
    first.send("abc");
    EXPECT_EQ(first.read().value().status, 201U);
    EXPECT_EQ(answer(put + "3\r\n\r\nabc").status, 201U);
}

TEST_F(ServerTest, sends_events_and_goes_on_from_a_cursor) {
    start();
    WebSocketClient socket(ports_.rpc);
    const json added = socket.call("sub_subscribe", {{"topic", "heads"}});
    node_.mine(2);
    const json first = socket.event();
    EXPECT_EQ(first["data"]["height"], 1);
    EXPECT_EQ(first["seq"], 0);
    EXPECT_EQ(socket.event()["data"]["height"], 2);
    EXPECT_EQ(
        socket.call(
            "sub_unsubscribe", {{"subscription", added["result"]["subscription"]}})["result"],
        true);

    WebSocketClient later(ports_.rpc);
    const json again =
        later.call("sub_subscribe", {{"topic", "heads"}, {"fromCursor", first["cursor"]}});
    EXPECT_EQ(again["result"]["cursor"], first["cursor"]);
    EXPECT_EQ(later.event()["data"]["height"], 2);
    EXPECT_EQ(
        later.call("sub_subscribe", {{"topic", "heads"}, {"fromCursor", "7-0"}})["result"].size(),
        2U);
    EXPECT_EQ(later.event()["gap"]["reason"], "restarted");
}

TEST_F(ServerTest, sends_what_the_trainer_reports) {
    start();
    WebSocketClient socket(ports_.rpc);
    ASSERT_TRUE(socket.call("sub_subscribe", {{"topic", "taskMetrics"}}).contains("result"));
    node_.emit(TaskMetric{
        .task = Hash{{7}}, .round = 3, .job = 2, .point = {.samples = 9, .accuracy_ppm = 1}});
    const json event = socket.event();
    EXPECT_EQ(event["topic"], "taskMetrics");
    EXPECT_EQ(event["data"]["round"], 3);
    EXPECT_EQ(event["data"]["point"]["samples"], 9);
}

TEST_F(ServerTest, sends_the_events_of_tasks_as_objects) {
    namespace tasks = ledger::tasks;
    start();
    WebSocketClient socket(ports_.rpc);
    static_cast<void>(socket.call("sub_subscribe", {{"topic", "taskEvents"}}));
    BlockFinalized block;
    block.head.height = Height{9};
    const consensus::pole::ScoreResult score{.correct = 448, .cross_entropy = 7, .count = 450};
    block.events = {
        {"tasks.opened", codec::encode(tasks::Opened{3, Hash{{5}}, Hash{{6}}, TimeMs{77}})},
        {"tasks.scored", codec::encode(tasks::Scored{3, Hash{{5}}, Address{{1}}, score})},
        {"tasks.settled", codec::encode(tasks::Settled{3, Hash{{5}}, {}, true, Amount{8}})},
        {"tasks.settled", Bytes{1, 2}},
        {"tasks.unheard_of", Bytes{3}}};
    node_.emit(block);
    const json opened = socket.event()["data"];
    EXPECT_EQ(opened["height"], 9);
    EXPECT_EQ(opened["name"], "tasks.opened");
    EXPECT_EQ(opened["data"]["untilMs"], 77);
    EXPECT_EQ(socket.event()["data"]["data"]["score"]["correct"], 448);
    const json settled = socket.event()["data"]["data"];
    EXPECT_TRUE(settled["winner"].is_null());
    EXPECT_EQ(settled["returned"], "8");
    EXPECT_EQ(socket.event()["data"]["data"], "0x0102") << "bytes of another form stay bytes";
    EXPECT_EQ(socket.event()["data"]["data"], "0x03");
}

TEST_F(ServerTest, sends_the_events_of_contracts) {
    using ledger::testing::Script;
    start();
    WebSocketClient socket(ports_.rpc);
    static_cast<void>(socket.call("sub_subscribe", {{"topic", "contractEvents"}}));
    const auto key = genesis::dev_account_key(genesis::kDevSeed, 0);
    const ledger::Deploy deploy{
        .code = ledger::testing::puppet_code(),
        .input = Script().emit(Bytes{7}).bytes(),
        .value = {},
        .gas = Gas{1'000'000}};
    node_.mine_with({node_.signed_txn(key, deploy, 0)});
    const json event = socket.event()["data"];
    EXPECT_EQ(event["height"], 1);
    EXPECT_EQ(event["name"], "\x03");
    EXPECT_EQ(event["data"], "0x07") << "only the contract's own event, not its deployment";
}

TEST_F(ServerTest, names_a_gap_where_events_were_dropped) {
    start({.events_kept = 3});
    WebSocketClient socket(ports_.rpc);
    const json cursor = socket.call("sub_subscribe", {{"topic", "pendingTxs"}})["result"]["cursor"];
    for (std::uint8_t i = 0; i < 10; ++i) {
        node_.emit(TxnPending{Hash{{i}}});
    }
    EXPECT_EQ(socket.call("chain_head")["result"]["height"], 0);  // the events are in the log
    WebSocketClient later(ports_.rpc);
    const json added =
        later.call("sub_subscribe", {{"topic", "pendingTxs"}, {"fromCursor", cursor}});
    ASSERT_TRUE(added.contains("result")) << added.dump();
    const json gap = later.event();
    EXPECT_EQ(gap["gap"], json({{"from", 0}, {"to", 6}, {"reason", "dropped"}}));
    EXPECT_EQ(later.event()["seq"], 7);
}

TEST_F(ServerTest, names_a_gap_where_nobody_heard_a_pending_transaction) {
    start();
    json cursor;
    {
        WebSocketClient socket(ports_.rpc);
        cursor = socket.call("sub_subscribe", {{"topic", "pendingTxs"}})["result"]["cursor"];
        node_.emit(TxnPending{Hash{{1}}});
        EXPECT_EQ(socket.event()["seq"], 0);
    }
    while (server_->counts().websockets > 0) {
        std::this_thread::yield();
    }
    node_.emit(TxnPending{Hash{{2}}});
    WebSocketClient later(ports_.rpc);
    const json added =
        later.call("sub_subscribe", {{"topic", "pendingTxs"}, {"fromCursor", cursor}});
    ASSERT_TRUE(added.contains("result")) << added.dump();
    node_.emit(TxnPending{Hash{{3}}});
    const json first = later.event();
    const bool told = first.contains("gap") || later.event().contains("gap");
    EXPECT_TRUE(told) << first.dump();
}

TEST_F(ServerTest, sends_logs_only_of_blocks_that_somebody_heard) {
    start();
    const auto key = genesis::dev_account_key(genesis::kDevSeed, 3);
    const ledger::Delegate stake{
        node_.view.machine.members.front().validator, node_.node.params.delegation_min};
    node_.mine_with({node_.signed_txn(key, stake, 0)});
    WebSocketClient socket(ports_.rpc);
    const json cursor = socket.call("sub_subscribe", {{"topic", "logs"}})["result"]["cursor"];
    node_.mine_with({node_.signed_txn(key, stake, 1)});
    const json event = socket.event();
    EXPECT_EQ(event["data"]["height"], 2);
    EXPECT_EQ(event["data"]["name"], "staking.delegated");
    EXPECT_EQ(
        event["data"]["data"]["amount"], std::to_string(node_.node.params.delegation_min.value));
}

TEST_F(ServerTest, bounds_what_one_websocket_may_have) {
    start({.body_bytes_max = 4'000, .subscriptions_max = 1});
    WebSocketClient socket(ports_.rpc);
    EXPECT_TRUE(socket.call("sub_subscribe", {{"topic", "heads"}}).contains("result"));
    EXPECT_EQ(
        socket.call("sub_subscribe", {{"topic", "heads"}})["error"]["data"]["name"],
        "tooManySubscriptions");
    socket.send("{");
    EXPECT_EQ(socket.read().value()["error"]["code"], -32700);
    socket.send(std::string(4'001, ' '));
    EXPECT_FALSE(socket.read().has_value());
}

TEST_F(ServerTest, waits_for_a_transaction_and_gives_coins) {
    start();
    HttpClient http = admin();
    const std::string to = crypto::to_text(FakeNode::account(1));
    const json sent = http.call("dev_faucet", {to, "1000"}, kBearer);
    ASSERT_TRUE(sent.contains("result")) << sent.dump();
    HttpClient waiting = client();
    const std::string body = json({{"jsonrpc", "2.0"},
                                   {"id", 1},
                                   {"method", "tx_wait"},
                                   {"params", {{"id", sent["result"]["id"]}}}})
                                 .dump();
    waiting.send(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    node_.mine();
    EXPECT_EQ(waiting.read().value().json()["result"]["receipt"]["success"], true);
}

TEST_F(ServerTest, serves_a_client_that_knows_the_document_only) {
    if (std::system("node --version > /dev/null 2>&1") != 0) {
        GTEST_SKIP() << "skipped: no program node; install nodejs";
    }
    start();
    const std::string url = "http://127.0.0.1:";
    const std::string command = "node docs/guides/client.mjs " + url + std::to_string(ports_.rpc) +
                                ' ' + url + std::to_string(ports_.admin) + " secret 2>&1";
    std::string text;
    std::atomic<bool> ended{false};
    std::thread script([&] {
        std::FILE* const pipe = popen(command.c_str(), "r");
        for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
            text += static_cast<char>(c);
        }
        EXPECT_EQ(pclose(pipe), 0);
        ended = true;
    });
    while (!ended) {
        if (node_.snapshot()->machine.mempool_count > 0) {
            node_.mine();
        }
        std::this_thread::yield();
    }
    script.join();
    EXPECT_NE(text.find("chain 101"), std::string::npos) << text;
    EXPECT_NE(text.find("success in block 1"), std::string::npos) << text;
    EXPECT_NE(text.find("1000000000000000 -> 1000001000000000"), std::string::npos) << text;
}

// ---- slow clients -------------------------------------------------------------------------------

TEST_F(ServerTest, ends_slow_heads_bodies_and_idle_connections) {
    start({.header_ms = 50, .body_ms = 50, .idle_ms = 50});
    HttpClient idle = client();
    HttpClient head = client();
    head.send("POST / HT");
    HttpClient body = client();
    body.send(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 100\r\n\r\n{");
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(head.closed());
    EXPECT_TRUE(body.closed());
    EXPECT_EQ(client().call("chain_head")["result"]["height"], 0);
}

TEST_F(ServerTest, ends_clients_that_do_not_read) {
    start({.write_ms = 50, .calls_max = 1'000});
    WebSocketClient socket(ports_.rpc);
    EXPECT_TRUE(socket.call("node_info").contains("result"));
    for (int i = 0; i < 500; ++i) {  // answers of 20 MB, more than the sockets hold
        socket.send(R"({"jsonrpc":"2.0","id":1,"method":"rpc.discover"})");
    }
    while (server_->counts().websockets == 1) {
        std::this_thread::yield();
    }
    EXPECT_EQ(client().call("chain_head")["result"]["height"], 0);
}

TEST_F(ServerTest, makes_room_by_closing_who_waited_longest) {
    start({.connections_max = 3});
    std::vector<HttpClient> all;
    for (int i = 0; i < 3; ++i) {
        all.push_back(client());
        EXPECT_TRUE(all.back().call("chain_head").contains("result"));
    }
    EXPECT_TRUE(client().call("chain_head").contains("result"));
    EXPECT_TRUE(all.front().closed());
    EXPECT_TRUE(all.back().call("chain_head").contains("result"));
}

TEST_F(ServerTest, bounds_memory_of_all_bodies_together) {
    start({.buffered_bytes_max = 10'000});
    const std::string begin =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 50000\r\n\r\n";
    EXPECT_EQ(answer(begin + std::string(20'000, ' ')).status, 503U);
    EXPECT_EQ(client().call("chain_head")["result"]["height"], 0);
}

// ---- beginning and end --------------------------------------------------------------------------

TEST_F(ServerTest, says_why_it_cannot_listen) {
    start();
    const auto why = [this](const std::string& listen) {
        Server second({.backend = &node_, .listen = listen});
        const auto ports = second.start();
        return ports ? "" : ports.error();
    };
    const std::string taken = "127.0.0.1:" + std::to_string(ports_.rpc);
    EXPECT_EQ(
        why(taken),
        "cannot listen on " + taken +
            ": Address already in use; stop the program that uses it, or set rpc.listen to another "
            "port");
    EXPECT_NE(why("localhost:1").find("as 127.0.0.1:26601"), std::string::npos);
    EXPECT_NE(why("192.0.2.1:0").find("address of this machine"), std::string::npos);
}

TEST_F(ServerTest, stops_with_calls_and_subscriptions_open) {
    start();
    HttpClient waiting = client();
    WebSocketClient socket(ports_.rpc);
    EXPECT_TRUE(socket.call("sub_subscribe", {{"topic", "heads"}}).contains("result"));
    const std::string body = R"({"jsonrpc":"2.0","id":1,"method":"tx_wait","params":["0x)" +
                             std::string(64, '1') + R"("]})";
    waiting.send(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(client().call("chain_head")["result"]["height"], 0);
    server_->stop();
    EXPECT_TRUE(waiting.closed());
    EXPECT_FALSE(socket.read().has_value());
    node_.mine();  // nobody listens any more
    server_->stop();
}

}  // namespace
}  // namespace polis::node::rpc::testing
