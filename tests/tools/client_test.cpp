// Goal: whatever a server answers, the client gives the answer or one error that names the cause
// and the cure. Method: a server on a loopback port that says what the test wants.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <core/hex.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/transaction.hpp>
#include <tests/tools/fake_server.hpp>
#include <tools/client/http_client.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/client/rpc_params.hpp>
#include <tools/client/sender.hpp>

namespace polis::tools {

namespace {

using std::chrono::milliseconds;
using testing::body_of;
using testing::FakeServer;
using ::testing::HasSubstr;
using testing::http_ok;

/// Answers call number id with the result.
std::string result_of(const Json& request, const Json& result) {
    const Json answer = {{"jsonrpc", "2.0"}, {"id", request.at("id")}, {"result", result}};
    return http_ok(answer.dump());
}

ClientError error_of(const FakeServer& server, milliseconds timeout = milliseconds{5'000}) {
    RpcClient client(server.address(), {.token = {}, .timeout = timeout});
    const auto answer = client.call("chain_head");
    EXPECT_FALSE(answer);
    return answer ? ClientError{} : answer.error();
}

TEST(HttpAddress, reads_what_people_write) {
    EXPECT_EQ(parse_http_address("http://127.0.0.1:26601"), (HttpAddress{"127.0.0.1", 26'601}));
    EXPECT_EQ(parse_http_address("localhost:1/"), (HttpAddress{"localhost", 1}));
    EXPECT_EQ(parse_http_address("http://[::1]:80"), (HttpAddress{"::1", 80}));
    EXPECT_EQ(parse_http_address("[::1]:80")->text(), "[::1]:80");
    for (const char* wrong :
         {"",
          "x",
          "127.0.0.1",
          ":1",
          "x:0",
          "x:65536",
          "x:-1",
          "https://x:1",
          "http://x:1/path",
          "a b:1",
          "x\r\nHost: y:1",
          "user@x:1"}) {
        const auto address = parse_http_address(wrong);
        ASSERT_FALSE(address) << wrong;
        EXPECT_THAT(address.error(), HasSubstr("write one like http://"));
    }
}

TEST(RpcClient, calls_and_keeps_the_connection) {
    const FakeServer server([](const std::string& request) {
        EXPECT_THAT(request, HasSubstr("Authorization: Bearer secret\r\n"));
        const Json call = *parse_json(body_of(request));
        return result_of(call, {{"method", call["method"]}, {"params", call["params"]}});
    });
    RpcClient client(server.address(), {.token = "secret", .timeout = milliseconds{5'000}});
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.call("chain_getBlock", {{"block", i}});
        ASSERT_TRUE(answer) << describe(answer.error());
        EXPECT_EQ((*answer)["method"], "chain_getBlock");
        EXPECT_EQ((*answer)["params"]["block"], i);
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST(RpcClient, replaces_a_connection_that_was_closed_meanwhile) {
    const FakeServer server(
        [](const std::string& request) { return result_of(*parse_json(body_of(request)), true); },
        /*keep=*/false);
    RpcClient client(server.address());
    EXPECT_TRUE(client.call("a"));
    EXPECT_TRUE(client.call("b"));
    EXPECT_EQ(server.connections(), 2);
}

TEST(RpcClient, sorts_the_answers_of_a_batch) {
    const FakeServer server([](const std::string& request) {
        Json answers = Json::array();
        const Json calls = *parse_json(body_of(request));
        for (const Json& call : calls) {
            Json answer = {{"jsonrpc", "2.0"}, {"id", call["id"]}};
            if (call["method"] == "bad") {
                answer["error"] = {{"code", -32'601}, {"message", "no method bad"}};
            } else {
                answer["result"] = call["method"];
            }
            answers.insert(answers.begin(), answer);
        }
        answers.erase(0);  // the last call gets no answer
        return http_ok(answers.dump());
    });
    RpcClient client(server.address());
    const std::vector<RpcCall> calls = {{"one"}, {"bad"}, {"three"}, {"lost"}};
    const auto answers = client.batch(calls);
    ASSERT_TRUE(answers);
    ASSERT_EQ(answers->size(), 4);
    EXPECT_EQ(*(*answers)[0], "one");
    EXPECT_EQ((*answers)[1].error().code, -32'601);
    EXPECT_EQ(*(*answers)[2], "three");
    EXPECT_EQ((*answers)[3].error().kind, ClientErrorKind::kBadAnswer);
}

TEST(RpcClient, passes_on_what_the_node_says) {
    const FakeServer server([](const std::string&) {
        return http_ok(R"({"jsonrpc":"2.0","id":1,"error":{"code":1003,"message":"nonce too low",)"
                       R"("data":{"name":"nonceTooLow","hint":"use 7","retryAfterMs":20}}})");
    });
    const ClientError error = error_of(server);
    EXPECT_EQ(error.kind, ClientErrorKind::kRefused);
    EXPECT_EQ(error.code, 1'003);
    EXPECT_EQ(error.name, "nonceTooLow");
    EXPECT_EQ(error.retry_after_ms, 20);
    EXPECT_EQ(describe(error), "nonce too low; use 7");
}

TEST(RpcClient, says_that_nobody_listens) {
    HttpAddress address;
    {
        const FakeServer server([](const std::string&) { return std::string(); });
        address = server.address();
    }
    RpcClient client(address);
    const auto answer = client.call("chain_head");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ClientErrorKind::kCannotConnect);
    EXPECT_THAT(describe(answer.error()), HasSubstr("no node answers at " + address.text()));
    EXPECT_THAT(describe(answer.error()), HasSubstr("polis devnet up"));
}

TEST(RpcClient, waits_no_longer_than_it_may) {
    const FakeServer server([](const std::string&) { return "HTTP/1.1 200 OK\r\n"; });
    const ClientError error = error_of(server, milliseconds{30});
    EXPECT_EQ(error.kind, ClientErrorKind::kTimeout);
    EXPECT_EQ(to_failure(error).kind, FailureKind::kTimeout);
}

TEST(RpcClient, names_answers_that_are_none) {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"result":)" + std::string(100, '[') +
                             std::string(100, ']') + "}";
    const std::vector<std::pair<std::string, ClientErrorKind>> cases = {
        {"", ClientErrorKind::kLost},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", ClientErrorKind::kBadAnswer},
        {http_ok("hello"), ClientErrorKind::kBadAnswer},
        {http_ok("7"), ClientErrorKind::kBadAnswer},
        {http_ok("{}"), ClientErrorKind::kBadAnswer},
        {http_ok(R"({"jsonrpc":"2.0","id":2,"result":1})"), ClientErrorKind::kBadAnswer},
        {http_ok(body), ClientErrorKind::kBadAnswer},
        {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", ClientErrorKind::kBadAnswer},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", ClientErrorKind::kBadAnswer},
        {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'y') + "\r\n\r\n",
         ClientErrorKind::kBadAnswer}};
    for (const auto& [bytes, kind] : cases) {
        const std::string& answer = bytes;
        const FakeServer server([&answer](const std::string&) { return answer; });
        const ClientError error = error_of(server);
        EXPECT_EQ(error.kind, kind) << bytes.substr(0, 60) << " -> " << error.message;
        EXPECT_FALSE(error.hint.empty());
    }
}

TEST(RpcClient, reads_an_answer_in_chunks) {
    const FakeServer server([](const std::string&) {
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "1b\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"re\r\nb\r\nsult\":true}\r\n0\r\n\r\n";
    });
    RpcClient client(server.address());
    const auto answer = client.call("x");
    ASSERT_TRUE(answer) << describe(answer.error());
    EXPECT_EQ(*answer, true);
}

TEST(RpcParams, come_as_json_by_name_or_in_order) {
    const auto parse = [](const std::vector<std::string>& words) {
        const auto params = parse_params(words);
        return params ? params->dump() : "error: " + params.error().message;
    };
    EXPECT_EQ(parse({}), "{}");
    EXPECT_EQ(parse({R"({"block": 3})"}), R"({"block":3})");
    EXPECT_EQ(parse({"[1, 2]"}), "[1,2]");
    EXPECT_EQ(
        parse({"block=3", "full=true", "name=finalized", "raw=0x00"}),
        R"({"block":3,"full":true,"name":"finalized","raw":"0x00"})");
    EXPECT_EQ(parse({"3", "finalized", "polis1x"}), R"([3,"finalized","polis1x"])");
    EXPECT_EQ(parse({"id@1.2.3.4:5"}), R"(["id@1.2.3.4:5"])");
    EXPECT_THAT(parse({"{"}), HasSubstr("no JSON"));
    EXPECT_THAT(parse({"a=1", "a=2"}), HasSubstr("twice"));
    EXPECT_THAT(parse({"a=1", "2"}), HasSubstr("name all or none"));
}

/// A node that knows one account and takes one transaction.
struct FakeNode {
    int waits = 0;  ///< how often tx_wait shall say that it is not there yet
    std::string raw;

    Json answer(const Json& call) {
        const std::string method = call["method"];
        Json out = {{"jsonrpc", "2.0"}, {"id", call["id"]}};
        if (method == "node_info") {
            out["result"] = {{"chainId", 101}};
        } else if (method == "chain_head") {
            out["result"] = {{"height", 50}};
        } else if (method == "consensus_info") {
            out["result"] = {{"params", {{"gasPriceMin", "3"}}}};
        } else if (method == "account_nonce") {
            out["result"] = {{"nonce", 6}, {"pendingNonce", 7}};
        } else if (method == "tx_send") {
            raw = call["params"]["raw"];
            out["result"] = {{"id", "0x"}, {"standing", "ready"}};
        } else if (waits-- > 0) {
            out["error"] = {{"code", 1}, {"message", "not yet"}, {"data", {{"name", "timeout"}}}};
        } else {
            out["result"] = {
                {"height", 51},
                {"index", 2},
                {"receipt", {{"status", "insufficient balance"}, {"success", false}}}};
        }
        return out;
    }
};

FakeServer::Answer answers_of(FakeNode& node) {
    return [&node](const std::string& request) {
        const Json calls = *parse_json(body_of(request));
        if (!calls.is_array()) {
            return http_ok(node.answer(calls).dump());
        }
        Json all = Json::array();
        for (const Json& call : calls) {
            all.push_back(node.answer(call));
        }
        return http_ok(all.dump());
    };
}

TEST(Sender, signs_what_the_chain_takes) {
    FakeNode node;
    const FakeServer server(answers_of(node));
    RpcClient client(server.address());
    const auto key = genesis::dev_account_key("seed", 0);
    const ledger::Transfer transfer{Address{}, Amount{5}};
    const auto sent = send_payload(client, key, transfer, {});
    ASSERT_TRUE(sent) << sent.error().message;
    const Bytes raw = *from_hex(node.raw);
    const auto checked = ledger::check(
        raw,
        {.chain_id = ChainId{101}, .block_gas_max = Gas{100'000}, .gas_price_min = GasPrice{3}});
    ASSERT_TRUE(checked) << to_string(checked.error());
    EXPECT_TRUE(ledger::signature_valid(checked->txn));
    EXPECT_EQ(checked->txn.body.nonce, Nonce{7});
    EXPECT_EQ(checked->txn.body.gas_limit, checked->intrinsic_gas);
    EXPECT_EQ(checked->txn.body.valid_until, Height{50 + kValidForBlocks});
    EXPECT_EQ(checked->id, sent->id);
    EXPECT_EQ(sent->standing, "ready");
}

TEST(Sender, waits_in_slices_and_tells_failure_from_timeout) {
    FakeNode node;
    node.waits = 2;
    const FakeServer server(answers_of(node));
    RpcClient client(server.address());
    int said = 0;
    const auto executed =
        wait_txn(client, Hash{}, milliseconds{60'000}, [&](std::string_view) { ++said; });
    ASSERT_TRUE(executed) << executed.error().message;
    EXPECT_EQ(said, 2);
    EXPECT_EQ(executed->height, Height{51});
    EXPECT_FALSE(executed->success());
    const auto failed = wait_success(client, Hash{}, milliseconds{60'000}, [](auto) {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, FailureKind::kFailed);
    EXPECT_THAT(failed.error().message, HasSubstr("insufficient balance"));
    node.waits = 1'000;
    const auto late = wait_txn(client, Hash{}, milliseconds{1}, [](auto) {});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, FailureKind::kTimeout);
}

}  // namespace

}  // namespace polis::tools
