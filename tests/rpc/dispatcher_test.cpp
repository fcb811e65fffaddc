// JSON-RPC 2.0: the specification's examples, batches, and what is refused by which name.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <core/crypto/address.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/rpc/inline_loop.hpp>
#include <tests/support/vectors.hpp>

namespace polis::node::rpc::testing {
namespace {

using nlohmann::json;

Outcome subtract(const Call& call) {
    return std::to_string(
        call.params.signed_count("minuend") - call.params.signed_count("subtrahend"));
}

Outcome sum(const Call& call) {
    return std::to_string(
        call.params.signed_count("a") + call.params.signed_count("b") +
        call.params.signed_count("c"));
}

Param number(std::string_view name) {
    return {.name = name, .type = ParamType::kSigned, .description = {}};
}

Method method(std::string_view name, std::vector<Param> params, OnLoop handler) {
    return {
        .name = name,
        .summary = {},
        .params = std::move(params),
        .result = "json",
        .errors = {},
        .handler = handler};
}

/// The server of the specification's section 7.
Registry examples() {
    const auto data = [](const Call&) -> Outcome { return R"(["hello",5])"; };
    const auto nothing = [](const Call&) -> Outcome { return "null"; };
    return Registry(
        {method("subtract", {number("minuend"), number("subtrahend")}, OnLoop{subtract}),
         method("sum", {number("a"), number("b"), number("c")}, OnLoop{sum}),
         method("get_data", {}, OnLoop{data}),
         method(
             "update",
             {number("a"), number("b"), number("c"), number("d"), number("e")},
             OnLoop{nothing}),
         method("notify_hello", {number("a")}, OnLoop{nothing}),
         method("notify_sum", {number("a"), number("b"), number("c")}, OnLoop{nothing})});
}

/// Keeps of an error its code: texts and data are the server's own.
json comparable(json answer) {
    if (answer.is_array()) {
        for (json& one : answer) {
            one = comparable(one);
        }
        std::sort(answer.begin(), answer.end());
    } else if (answer.contains("error")) {
        answer["error"] = {{"code", answer["error"]["code"]}};
    }
    return answer;
}

json ask(Desk& desk, std::string_view text, bool admin = true) {
    const auto answer = desk.ask(text, admin);
    EXPECT_TRUE(answer.has_value()) << text;
    return answer && !answer->empty() ? json::parse(*answer) : json();
}

std::string error_name(Desk& desk, std::string_view text, bool admin = true) {
    const json answer = ask(desk, text, admin);
    const bool whole = answer.contains("error") && answer["error"].contains("data") &&
                       !answer["error"]["message"].get<std::string>().empty() &&
                       !answer["error"]["data"]["hint"].get<std::string>().empty();
    return whole ? answer["error"]["data"]["name"].get<std::string>() : answer.dump();
}

std::string call_text(std::string_view method, std::string_view params) {
    return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" +
           std::string(params) + '}';
}

class DispatcherTest : public ::testing::Test {
  protected:
    FakeNode node_;
    Desk desk_{node_};
};

TEST_F(DispatcherTest, answers_the_examples_of_the_specification) {
    if (!tests::have_vectors()) {
        GTEST_SKIP() << tests::no_vectors_text();
    }
    Desk desk(node_, examples());
    const auto file = tests::read_json_vectors("jsonrpc/jsonrpc2_spec_examples.json");
    int cases = 0;
    for (const auto& example : file["cases"]) {
        const std::string text = example["send"];
        const json expected = json::parse(example["expect"].dump());
        EXPECT_EQ(comparable(ask(desk, text)), comparable(expected)) << text;
        ++cases;
    }
    EXPECT_EQ(cases, 15);
}

TEST_F(DispatcherTest, names_what_no_json_is) {
    EXPECT_EQ(error_name(desk_, "{"), "notJson");
    EXPECT_EQ(error_name(desk_, "{} x"), "trailingBytes");
    EXPECT_EQ(error_name(desk_, "\"\xff\""), "badUtf8");
    EXPECT_EQ(error_name(desk_, R"("\ud800")"), "loneSurrogate");
    EXPECT_EQ(error_name(desk_, std::string(100'000, '[')), "tooDeep");
    EXPECT_EQ(error_name(desk_, R"({"id":1,"id":2})"), "duplicateKey");
    std::string many = "[0";
    for (int i = 0; i < 70'000; ++i) {
        many += ",0";
    }
    EXPECT_EQ(error_name(desk_, many + ']'), "tooManyValues");
}

TEST_F(DispatcherTest, names_what_no_request_is) {
    EXPECT_EQ(error_name(desk_, "[]"), "emptyBatch");
    EXPECT_EQ(error_name(desk_, "7"), "invalidRequest");
    EXPECT_EQ(error_name(desk_, R"({"id":1,"method":"chain_head"})"), "invalidRequest");
    EXPECT_EQ(error_name(desk_, R"({"jsonrpc":"1.0","id":1,"method":"x"})"), "invalidRequest");
    EXPECT_EQ(
        error_name(desk_, R"({"jsonrpc":"2.0","id":[],"method":"chain_head"})"), "invalidRequest");
    EXPECT_EQ(error_name(desk_, call_text("chain_head", "\"x\"")), "invalidRequest");
    EXPECT_EQ(error_name(desk_, call_text("chain_haed", "{}")), "unknownMethod");
    std::string batch = "[1";
    for (int i = 0; i < 100; ++i) {
        batch += ",1";
    }
    EXPECT_EQ(error_name(desk_, batch + ']'), "batchTooLarge");
}

TEST_F(DispatcherTest, suggests_what_was_meant) {
    const json method = ask(desk_, call_text("chain_haed", "{}"));
    EXPECT_NE(method["error"]["message"].get<std::string>().find("chain_head"), std::string::npos);
    const json param = ask(desk_, call_text("chain_getBlock", R"({"blok":1})"));
    EXPECT_NE(param["error"]["message"].get<std::string>().find("block?"), std::string::npos);
}

TEST_F(DispatcherTest, names_what_is_wrong_with_parameters) {
    const auto of = [this](std::string_view method, std::string_view params) {
        return error_name(desk_, call_text(method, params));
    };
    EXPECT_EQ(of("chain_getBlock", "{}"), "missingParam");
    EXPECT_EQ(of("chain_getBlock", R"({"block":null})"), "wrongType");
    EXPECT_EQ(of("chain_getBlock", R"({"block":1,"fully":true})"), "unknownParam");
    EXPECT_EQ(of("chain_getBlock", "[1,true,3]"), "tooManyParams");
    EXPECT_EQ(of("chain_getBlock", R"({"block":true})"), "wrongType");
    EXPECT_EQ(of("chain_getBlock", R"({"block":1.5})"), "notInteger");
    EXPECT_EQ(of("chain_getBlock", R"({"block":1e999})"), "notInteger");
    EXPECT_EQ(of("chain_getBlock", R"({"block":-1})"), "outOfRange");
    EXPECT_EQ(of("chain_getBlock", R"({"block":18446744073709551616})"), "outOfRange");
    EXPECT_EQ(of("chain_getBlock", R"({"block":"0x12"})"), "badHex");
    EXPECT_EQ(of("chain_getBlock", R"({"block":1,"full":"yes"})"), "wrongType");
    EXPECT_EQ(of("account_get", R"({"address":"polis1x"})"), "badAddress");
    EXPECT_EQ(of("account_get", R"({"address":7})"), "wrongType");
    EXPECT_EQ(of("tx_send", R"({"raw":"0x123"})"), "badHex");
    EXPECT_EQ(of("tx_send", R"({"raw":"1234"})"), "badHex");
    EXPECT_EQ(of("tx_send", "[\"0x" + std::string(660'000, '0') + "\"]"), "tooLarge");
    EXPECT_EQ(of("tx_pending", R"({"limit":0})"), "outOfRange");
    EXPECT_EQ(of("tx_pending", R"({"limit":1001})"), "outOfRange");
    EXPECT_EQ(of("tx_wait", R"({"id":"0x00","level":"x"})"), "badHex");
    EXPECT_EQ(of("sub_subscribe", R"({"topic":"news"})"), "badChoice");
    EXPECT_EQ(of("sub_subscribe", R"({"topic":"heads"})"), "needsWebSocket");
    EXPECT_EQ(of("admin_addPeer", R"({"peer":"localhost"})"), "badPeer");
    EXPECT_EQ(of("admin_ban", R"({"id":"0x12"})"), "badHex");
    EXPECT_EQ(of("dev_setTime", R"({"offsetMs":9223372036854775808})"), "outOfRange");
    const std::string me = crypto::to_text(FakeNode::account(0));
    EXPECT_EQ(of("dev_faucet", "[\"" + me + "\",\"1e9\"]"), "notInteger");
    EXPECT_EQ(of("dev_faucet", "[\"" + me + "\",\"99999999999999999999\"]"), "outOfRange");
    EXPECT_EQ(of("dev_faucet", "[\"" + me + "\",\"0\"]"), "outOfRange");
    EXPECT_EQ(of("dev_faucet", "[\"" + me + "\",5]"), "wrongType");
    EXPECT_EQ(of("account_history", R"({"address":")" + me + R"(","cursor":"x"})"), "badCursor");
}

TEST_F(DispatcherTest, says_where_operators_methods_live) {
    EXPECT_EQ(error_name(desk_, call_text("admin_stop", "{}"), /*admin=*/false), "wrongPort");
    EXPECT_EQ(error_name(desk_, call_text("dev_accounts", "{}"), /*admin=*/false), "wrongPort");
    EXPECT_FALSE(node_.stopped);
    node_.node.dev = false;
    EXPECT_EQ(error_name(desk_, call_text("dev_accounts", "{}")), "devDisabled");
}

TEST_F(DispatcherTest, echoes_ids_as_they_came) {
    for (const std::string id : {"1", "1.50", "\"a\\n\"", "null", "123456789012345678901234"}) {
        const auto answer =
            desk_.ask(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"chain_head"})");
        EXPECT_TRUE(answer->ends_with("\"id\":" + id + "}")) << *answer;
    }
}

TEST_F(DispatcherTest, answers_a_whole_batch_in_one_text) {
    std::string batch = "[";
    for (int i = 0; i < 100; ++i) {
        batch += (i == 0 ? "" : ",") + std::string(R"({"jsonrpc":"2.0","id":)") +
                 std::to_string(i) + R"(,"method":"chain_getBlock","params":[0]})";
    }
    const json answers = ask(desk_, batch + ']');
    ASSERT_EQ(answers.size(), 100U);
    EXPECT_TRUE(
        std::ranges::all_of(answers, [](const json& one) { return one.contains("result"); }));
}

TEST_F(DispatcherTest, bounds_the_answer) {
    Desk small(node_, all_methods(), {.response_bytes_max = 2'000});
    EXPECT_EQ(error_name(small, call_text("rpc.discover", "{}")), "responseTooLarge");
    EXPECT_TRUE(ask(small, call_text("chain_head", "{}")).contains("result"));
}

TEST_F(DispatcherTest, says_when_it_is_busy) {
    node_.busy = true;
    const json answer = ask(desk_, call_text("node_peers", "{}"));
    EXPECT_EQ(answer["error"]["data"]["name"], "busy");
    EXPECT_EQ(answer["error"]["data"]["retryAfterMs"], 250);
    desk_.loop.refuse_work = true;
    EXPECT_EQ(error_name(desk_, call_text("chain_getBlock", "[0]")), "busy");
}

}  // namespace
}  // namespace polis::node::rpc::testing
