// contract_*: what was deployed and what a call would do, over JSON-RPC. Method: a contract that
// does what its input says, on a chain in memory; every answer is held against its schema.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <ledger/modules/contracts.hpp>
#include <node/rpc/openrpc.hpp>
#include <tests/ledger/contracts/puppet.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/rpc/inline_loop.hpp>
#include <tests/rpc/schema.hpp>
#include <tests/vm/wasm_builder.hpp>

namespace polis::node::rpc::testing {
namespace {

using ledger::testing::puppet_code;
using ledger::testing::Script;
using nlohmann::json;

std::string hex(ByteView bytes) { return to_hex_prefixed(bytes); }

class ContractMethodsTest : public ::testing::Test {
  protected:
    ContractMethodsTest()
        : document_(json::parse(openrpc_document(desk_.registry, {.version = "1"}))),
          contract_(deploy(puppet_code(), Script().set(1, Bytes{7, 8}), 30)) {}

    Address deploy(const Bytes& code, const Script& script, std::uint64_t value) {
        const Address out =
            ledger::contracts::contract_address(FakeNode::account(0), Nonce{nonce_});
        send(ledger::Deploy{code, script.bytes(), Amount{value}, Gas{1'000'000}});
        return out;
    }

    void send(ledger::Payload payload) {
        const auto key = genesis::dev_account_key(genesis::kDevSeed, 0);
        node_.mine_with({node_.signed_txn(key, std::move(payload), nonce_++)});
    }

    json answer(std::string_view method, const json& params) {
        const json request = {
            {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
        const auto text = desk_.ask(request.dump(), /*admin=*/false, nullptr);
        return text ? json::parse(*text) : json();
    }

    /// The result, which must be as the document says.
    json call(std::string_view method, const json& params) {
        const json out = answer(method, params);
        EXPECT_TRUE(out.contains("result")) << method << ": " << out.dump();
        const json result = out.value("result", json());
        for (const json& known : document_["methods"]) {
            if (known["name"] == method) {
                EXPECT_EQ(schema_fault(document_, known["result"]["schema"], result), "")
                    << method << ": " << result.dump();
            }
        }
        return result;
    }

    json error(std::string_view method, const json& params) {
        return answer(method, params).value("error", json());
    }

    [[nodiscard]] json here() const { return {{"contract", crypto::to_text(contract_)}}; }

    [[nodiscard]] json run(const Script& script) const {
        return {
            {"contract", crypto::to_text(contract_)},
            {"method", "run"},
            {"input", hex(script.bytes())}};
    }

    FakeNode node_;
    Desk desk_{node_};
    std::uint64_t nonce_ = 0;
    json document_;
    Address contract_;
};

TEST_F(ContractMethodsTest, tell_what_was_deployed) {
    const json found = call("contract_get", here());
    EXPECT_EQ(found["creator"], crypto::to_text(FakeNode::account(0)));
    EXPECT_EQ(found["height"], 1);
    EXPECT_EQ(found["balance"], "30");
    EXPECT_EQ(found["codeBytes"], puppet_code().size());
    EXPECT_EQ(found["methods"], json::array({"answered", "run"}));
    const json code = call("contract_getCode", here());
    EXPECT_EQ(code["wasm"], hex(puppet_code()));
    EXPECT_EQ(code["code"], found["code"]);
    EXPECT_EQ(call("contract_getAbi", here())["abi"], json());
    const json nobody = {{"contract", crypto::to_text(FakeNode::account(3))}};
    for (const std::string method : {"contract_get", "contract_getCode", "contract_getAbi"}) {
        EXPECT_EQ(call(method, nobody), json()) << method;
    }
}

TEST_F(ContractMethodsTest, serve_an_interface_only_if_it_is_json) {
    const auto with_abi = [this](std::string_view abi) {
        vm::tests::ModuleBuilder module;
        module.memory({.min = 1, .max = 1});
        module.custom("polis.abi", as_bytes(abi));
        const Address address = deploy(module.build(), {}, 0);
        return call("contract_getAbi", {{"contract", crypto::to_text(address)}})["abi"];
    };
    EXPECT_EQ(
        with_abi(R"({"name":"token","version":1})"), json({{"name", "token"}, {"version", 1}}));
    EXPECT_EQ(with_abi(R"({"name":"token"},"fee":{})"), json());
    EXPECT_EQ(with_abi(""), json());
}

TEST_F(ContractMethodsTest, tell_what_is_stored) {
    json params = here();
    params["key"] = "0x01";
    const json found = call("contract_getStorage", params);
    EXPECT_EQ(found["value"], "0x0708");
    const Bytes key = *from_hex(found["stateKey"].get<std::string>());
    EXPECT_EQ(call("chain_getProof", {{"key", hex(key)}})["record"], "0x0708");
    params["key"] = "0x02";
    EXPECT_EQ(call("contract_getStorage", params)["value"], json());
}

TEST_F(ContractMethodsTest, try_calls_and_keep_nothing) {
    const json done =
        call("contract_call", run(Script().give_back_stored(1).set(1, Bytes{9}).emit(Bytes{5})));
    EXPECT_EQ(done["status"], "success");
    EXPECT_EQ(done["output"], "0x0708");
    EXPECT_EQ(done["height"], 2);
    EXPECT_EQ(done["events"][0]["data"]["contract"], crypto::to_text(contract_));
    EXPECT_FALSE(done.contains("trace"));
    EXPECT_EQ(call("contract_call", run(Script().give_back_stored(1)))["output"], "0x0708");
    const json reverted = call("contract_call", run(Script().revert("no")));
    EXPECT_EQ(reverted["status"], "reverted");
    EXPECT_EQ(reverted["success"], false);
    EXPECT_EQ(reverted["output"], hex(as_bytes("no")));
    json other = run({});
    other["method"] = "walk";
    EXPECT_EQ(call("contract_call", other)["status"], "noMethod");
    json rich = run({});
    rich["caller"] = crypto::to_text(FakeNode::account(1));
    rich["value"] = "5";
    EXPECT_EQ(call("contract_call", rich)["status"], "success");
    rich.erase("caller");
    EXPECT_EQ(call("contract_call", rich)["status"], "insufficientBalance");
}

TEST_F(ContractMethodsTest, give_calls_so_much_gas_and_no_more) {
    json params = run(Script().burn(UINT32_MAX));
    params["gas"] = "50000";
    const json out = call("contract_call", params);
    EXPECT_EQ(out["status"], "outOfGas");
    EXPECT_EQ(out["gasUsed"], "50000");
    params["gas"] = "100000001";
    EXPECT_EQ(error("contract_call", params)["data"]["name"], "tooLarge");
}

TEST_F(ContractMethodsTest, trace_calls_functions_and_storage) {
    json params = run(Script().set(1, Bytes{1}).call({.to = contract_}).remove(1));
    params["trace"] = true;
    const json trace = call("contract_call", params)["trace"];
    ASSERT_EQ(trace["calls"].size(), 2U);
    EXPECT_EQ(trace["calls"][1]["depth"], 2);
    EXPECT_EQ(trace["calls"][1]["end"], "done");
    ASSERT_EQ(trace["storage"].size(), 2U);
    EXPECT_EQ(trace["storage"][0]["kind"], "write");
    EXPECT_EQ(trace["storage"][0]["before"], 2);
    EXPECT_EQ(trace["storage"][1]["after"], json());
    bool names_run = false;
    for (const json& row : trace["functions"]) {
        names_run = names_run || row["name"] == "run";
    }
    EXPECT_TRUE(names_run) << trace["functions"].dump();
}

TEST_F(ContractMethodsTest, estimate_what_a_transaction_then_needs) {
    const Script script = Script().set(1, Bytes{1, 2, 3}).burn(1'000);
    const json found = call("contract_estimateGas", run(script));
    const auto gas = std::stoull(found["executionGas"].get<std::string>());
    send(ledger::Call{contract_, "run", script.bytes(), {}, Gas{gas}});
    EXPECT_EQ(call("chain_getReceipts", {{"block", 2}})[0]["status"], "success");
    EXPECT_EQ(call("chain_getReceipts", {{"block", 2}})[0]["gasUsed"], found["gas"]);
    send(ledger::Call{contract_, "run", script.bytes(), {}, Gas{gas - 1}});
    EXPECT_EQ(call("chain_getReceipts", {{"block", 3}})[0]["status"], "outOfGas");
    const json deploy = call("contract_estimateGas", {{"code", hex(puppet_code())}});
    EXPECT_GT(std::stoull(deploy["gas"].get<std::string>()), 30 * puppet_code().size());
    EXPECT_EQ(error("contract_estimateGas", json::object())["data"]["name"], "missingParam");
    const json rejected = error("contract_estimateGas", {{"code", "0x00"}});
    EXPECT_EQ(rejected["data"]["name"], "codeRejected");
    EXPECT_NE(rejected["message"], "the code is no valid contract") << "with the reason";
    EXPECT_EQ(
        error("contract_estimateGas", run(Script().revert("no")))["message"],
        "the contract reverted: no");
}

TEST_F(ContractMethodsTest, find_events_by_contract_and_name) {
    const Address other = deploy(puppet_code(2), Script().emit(Bytes{1}), 0);
    for (std::uint8_t i = 0; i < 3; ++i) {
        send(ledger::Call{contract_, "run", Script().emit(Bytes{i}).bytes(), {}, Gas{1'000'000}});
    }
    const auto logs = [this](json more) {
        more["from"] = 0;
        return call("contract_getLogs", more)["logs"];
    };
    EXPECT_EQ(logs({}).size(), 4U);
    EXPECT_EQ(logs(here()).size(), 3U);
    const json of_other = logs({{"contract", crypto::to_text(other)}});
    ASSERT_EQ(of_other.size(), 1U);
    EXPECT_EQ(of_other[0]["data"], "0x01");
    EXPECT_EQ(of_other[0]["height"], 2);
    EXPECT_EQ(logs({{"name", "\x03"}}).size(), 4U);
    EXPECT_EQ(logs({{"name", "other"}}).size(), 0U);
    json page = here();
    page["from"] = 0;
    page["limit"] = 2;
    const json first = call("contract_getLogs", page);
    EXPECT_EQ(first["logs"].size(), 2U);
    page["cursor"] = first["cursor"];
    EXPECT_EQ(call("contract_getLogs", page)["logs"][0]["data"], "0x02");
}

TEST_F(ContractMethodsTest, show_their_transactions) {
    send(ledger::Call{
        contract_, "run", Script().give_back(Bytes{4}).bytes(), Amount{2}, Gas{1'000'000}});
    const json deploy =
        call("chain_getBlock", {{"block", 1}, {"full", true}})["txns"][0]["payload"];
    EXPECT_EQ(deploy["type"], "deploy");
    EXPECT_EQ(deploy["codeBytes"], puppet_code().size());
    const json sent = call("chain_getBlock", {{"block", 2}, {"full", true}})["txns"][0]["payload"];
    EXPECT_EQ(sent["type"], "call");
    EXPECT_EQ(sent["method"], "run");
    EXPECT_EQ(sent["value"], "2");
    const json receipts = call("chain_getReceipts", {{"block", 2}});
    EXPECT_EQ(receipts[0]["output"], "0x04");
    const json deployed = call("chain_getLogs", {{"from", 0}, {"name", "contract.deployed"}});
    EXPECT_EQ(deployed["logs"][0]["data"]["contract"], crypto::to_text(contract_));
}

}  // namespace
}  // namespace polis::node::rpc::testing
