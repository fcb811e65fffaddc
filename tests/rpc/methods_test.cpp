// Every method is called and its result compared with the schema that the document gives; the
// reference in docs/spec/rpc.md names the same methods, parameters and errors.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <node/rpc/openrpc.hpp>
#include <node/rpc/shape.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/rpc/inline_loop.hpp>
#include <tests/rpc/schema.hpp>

namespace polis::node::rpc::testing {
namespace {

using nlohmann::json;

std::string hex(ByteView bytes) { return to_hex_prefixed(bytes); }

class MethodsTest : public ::testing::Test {
  protected:
    MethodsTest() : document_(json::parse(openrpc_document(desk_.registry, {.version = "1"}))) {
        for (const json& method : document_["methods"]) {
            schemas_[method["name"]] = method["result"]["schema"];
        }
        const Bytes raw = node_.transfer(0, FakeNode::account(1), 5, 0);
        sent_ = ledger::txn_id(raw);
        node_.submit(raw, [](const auto&) {});
        const Address validator = node_.view.machine.members.front().validator;
        const auto key = genesis::dev_account_key(genesis::kDevSeed, 2);
        delegation_ = codec::encode(node_.signed_txn(
            key, ledger::Delegate{validator, node_.node.params.delegation_min}, 0));
        node_.submit(delegation_, [](const auto&) {});
        node_.mine(2);
        node_.listen([this](const NodeEvent& event) {
            if (const auto* block = std::get_if<BlockFinalized>(&event)) {
                desk_.waiters.on_block(*block);
            }
        });
    }

    json answer(std::string_view method, const json& params = json::object()) {
        called_.insert(std::string(method));
        const json request = {
            {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
        const auto text = desk_.ask(request.dump(), /*admin=*/true, subscriptions_);
        return text ? json::parse(*text) : json();
    }

    /// The result, which must be as the document says.
    json call(std::string_view method, const json& params = json::object()) {
        const json out = answer(method, params);
        EXPECT_TRUE(out.contains("result")) << method << ": " << out.dump();
        const json result = out.value("result", json());
        EXPECT_EQ(schema_fault(document_, schemas_.at(std::string(method)), result), "")
            << method << ": " << result.dump();
        return result;
    }

    std::string error_name(std::string_view method, const json& params) {
        const json out = answer(method, params);
        return out.contains("error") ? out["error"]["data"]["name"].get<std::string>() : out.dump();
    }

    FakeNode node_;
    Desk desk_{node_};
    json document_;
    std::map<std::string, json> schemas_;
    std::set<std::string> called_;
    std::shared_ptr<Subscriptions> subscriptions_ =
        std::make_shared<Subscriptions>(desk_.events, 2);
    Hash sent_;
    Bytes delegation_;
};

TEST_F(MethodsTest, node) {
    EXPECT_EQ(call("node_info")["chainId"], 101);
    EXPECT_EQ(call("node_health")["ready"], true);
    node_.reasons = {"no peers"};
    EXPECT_EQ(call("node_health")["reasons"], json::array({"no peers"}));
    EXPECT_EQ(call("node_syncStatus")["syncing"], false);
    EXPECT_EQ(call("node_config")["toml"], "[rpc]\n");
    node_.peer_list.emplace_back().agent = "x\xff";
    EXPECT_EQ(call("node_peers")["peers"][0]["agent"], "x\xef\xbf\xbd");
    EXPECT_EQ(call("node_buildInfo")["version"], "0.1.0");
    EXPECT_EQ(call("rpc.discover")["openrpc"], "1.2.6");
}

TEST_F(MethodsTest, chain) {
    const json head = call("chain_head");
    EXPECT_EQ(head["height"], 2);
    EXPECT_EQ(call("chain_finalized"), head);
    EXPECT_EQ(call("chain_wait", {{"height", 1}}), json({{"height", 2}}));
    const json block = call("chain_getBlock", {{"block", 1}});
    ASSERT_EQ(block["txns"].size(), 2U);
    const json full = call("chain_getBlock", {{"block", block["header"]["hash"]}, {"full", true}});
    EXPECT_EQ(full["txns"][0]["id"], block["txns"][0]);
    EXPECT_EQ(call("chain_getBlock", {{"block", 3}}), json());
    EXPECT_EQ(call("chain_getBlock", {{"block", hex(Hash{}.view())}}), json());
    EXPECT_EQ(call("chain_getHeader", {{"block", "finalized"}})["hash"], head["hash"]);
    const json receipts = call("chain_getReceipts", {{"block", 1}});
    EXPECT_EQ(receipts[0]["txn"], block["txns"][0]);
    EXPECT_EQ(call("chain_getReceipts", {{"block", 9}}), json());
    EXPECT_EQ(call("chain_getCertificate", {{"block", 1}}), json());
    EXPECT_EQ(call("chain_getGenesis")["chainId"], 101);
}

TEST_F(MethodsTest, logs_come_in_parts_with_a_cursor) {
    const auto key = genesis::dev_account_key(genesis::kDevSeed, 3);
    const Address validator = node_.view.machine.members.front().validator;
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) {
        const ledger::Delegate more{validator, node_.node.params.delegation_min};
        node_.mine_with({node_.signed_txn(key, more, nonce)});
    }
    const json all = call("chain_getLogs", {{"from", 0}});
    ASSERT_EQ(all["logs"].size(), 4U);
    EXPECT_EQ(all["cursor"], json());
    EXPECT_EQ(all["logs"][0]["name"], "staking.delegated");
    EXPECT_EQ(all["logs"][0]["data"]["validator"], crypto::to_text(validator));
    json gathered = json::array();
    json params = {{"from", 0}, {"limit", 1}, {"name", "staking.delegated"}};
    for (int calls = 0; calls < 10; ++calls) {
        const json part = call("chain_getLogs", params);
        gathered.insert(gathered.end(), part["logs"].begin(), part["logs"].end());
        if (part["cursor"].is_null()) {
            break;
        }
        params["cursor"] = part["cursor"];
    }
    EXPECT_EQ(gathered, all["logs"]);
    EXPECT_EQ(call("chain_getLogs", {{"from", 0}, {"name", "none"}})["logs"].size(), 0U);
    EXPECT_EQ(call("chain_getLogs", {{"from", 9}})["logs"].size(), 0U);
    EXPECT_EQ(error_name("chain_getLogs", {{"from", 0}, {"cursor", "1"}}), "badCursor");
}

TEST_F(MethodsTest, proofs_verify_against_the_head) {
    const std::string me = crypto::to_text(FakeNode::account(0));
    const json proof = call("chain_getProof", {{"address", me}});
    const auto decoded =
        codec::decode<ledger::StateProof>(*from_hex(proof["proof"]["raw"].get<std::string>()));
    const auto root = fixed_from_hex<Hash>(proof["head"]["stateRoot"].get<std::string>());
    const Bytes key = *from_hex(proof["key"].get<std::string>());
    const auto record = ledger::verify_proof(*root, key, *decoded);
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(hex(**record), proof["record"].get<std::string>());
    EXPECT_EQ(call("chain_getProof", {{"key", "0x02ffff"}})["record"], json());
    EXPECT_EQ(error_name("chain_getProof", json::object()), "missingParam");
    EXPECT_EQ(error_name("chain_getProof", {{"key", "0x"}}), "badHex");
}

TEST_F(MethodsTest, transactions_from_sending_to_receipt) {
    const Bytes raw = node_.transfer(0, FakeNode::account(1), 7, 1);
    EXPECT_EQ(call("tx_simulate", {{"raw", hex(raw)}})["success"], true);
    const std::string gas = call("tx_estimateGas", {{"raw", hex(raw)}})["gas"];
    EXPECT_EQ(gas, std::to_string(codec::decode<ledger::Transaction>(raw)->body.gas_limit.value));
    const json sent = call("tx_send", {{"raw", hex(raw)}});
    EXPECT_EQ(sent["standing"], "pending");
    const json id = {{"id", sent["id"]}};
    EXPECT_EQ(call("tx_status", id)["status"], "pending");
    EXPECT_EQ(call("tx_get", id)["payload"]["amount"], "7");
    EXPECT_EQ(call("tx_pending")["txns"].size(), 1U);
    EXPECT_EQ(call("tx_wait", {{"id", sent["id"]}, {"level", "pending"}})["status"], "pending");
    const std::string me = crypto::to_text(FakeNode::account(0));
    EXPECT_EQ(call("account_nonce", {{"address", me}})["pendingNonce"], 2);
    node_.mine();
    EXPECT_EQ(call("tx_wait", id)["receipt"]["status"], "success");
    EXPECT_EQ(call("tx_status", id)["height"], 3);
    EXPECT_EQ(call("tx_get", id)["place"]["index"], 0);
    EXPECT_EQ(call("tx_get", {{"id", hex(Hash{}.view())}}), json());
    EXPECT_EQ(call("tx_status", {{"id", hex(Hash{}.view())}})["status"], "unknown");
}

TEST_F(MethodsTest, refusals_of_the_ledger_keep_their_names) {
    const auto send = [this](const Bytes& raw) { return answer("tx_send", {{"raw", hex(raw)}}); };
    Bytes raw = node_.transfer(0, FakeNode::account(1), 7, 0);
    EXPECT_EQ(send(raw)["error"]["data"]["name"], "staleNonce");
    EXPECT_EQ(send(raw)["error"]["code"], 1'005);
    raw.back() ^= 1;
    EXPECT_EQ(send(raw)["error"]["data"]["name"], "badSignature");
    EXPECT_EQ(send({1, 2})["error"]["data"]["name"], "malformed");
    EXPECT_EQ(send({1, 2})["error"]["code"], 1'100);
    EXPECT_EQ(error_name("tx_simulate", {{"raw", "0x00"}}), "malformed");
    const Bytes much = node_.transfer(0, FakeNode::account(1), UINT64_MAX / 2, 1);
    EXPECT_EQ(error_name("tx_estimateGas", {{"raw", hex(much)}}), "insufficientBalance");
}

TEST_F(MethodsTest, accounts) {
    const std::string me = crypto::to_text(FakeNode::account(0));
    const json account = call("account_get", {{"address", me}});
    EXPECT_EQ(account["nonce"], 1);
    EXPECT_EQ(account["pendingNonce"], 1);
    EXPECT_FALSE(account.contains("validator"));
    EXPECT_EQ(call("account_balance", {{"address", me}})["balance"], account["balance"]);
    EXPECT_EQ(call("account_nonce", {{"address", me}})["nonce"], 1);
    const std::string operator_text = crypto::to_text(node_.view.machine.members.front().validator);
    EXPECT_TRUE(call("account_get", {{"address", operator_text}}).contains("validator"));
    node_.submit(node_.transfer(0, FakeNode::account(1), 9, 1), [](const auto&) {});
    node_.mine();
    const json first = call("account_history", {{"address", me}, {"limit", 1}});
    ASSERT_EQ(first["txns"].size(), 1U);
    EXPECT_EQ(first["txns"][0]["id"], hex(sent_.view()));
    const json rest = call("account_history", {{"address", me}, {"cursor", first["cursor"]}});
    EXPECT_EQ(rest["txns"][0]["height"], 3);
    EXPECT_EQ(rest["cursor"], json());
}

TEST_F(MethodsTest, mempool) {
    node_.submit(node_.transfer(0, FakeNode::account(1), 9, 1), [](const auto&) {});
    EXPECT_EQ(call("mempool_status")["count"], 1);
    EXPECT_EQ(call("mempool_content")["total"], 1);
}

TEST_F(MethodsTest, consensus) {
    EXPECT_EQ(call("consensus_info")["quorum"], 3);
    const json state = call("consensus_state");
    EXPECT_EQ(state["heard"], 2);
    EXPECT_NE(
        state["explanation"].get<std::string>().find(
            "2 of 4 members heard in the last view, need 3"),
        std::string::npos);
    EXPECT_EQ(call("consensus_committee")["members"].size(), 4U);
    EXPECT_EQ(call("consensus_committee", {{"term", 1}})["term"], 1);
    EXPECT_EQ(error_name("consensus_committee", {{"term", 9}}), "unknownTerm");
    EXPECT_EQ(call("consensus_term")["firstHeight"], 1);
    node_.view.alarms = {"two blocks at one height"};
    EXPECT_EQ(call("consensus_evidence")["alarms"].size(), 1U);
    EXPECT_EQ(call("consensus_elections")["active"], "dpos");
    EXPECT_EQ(call("consensus_scores")["scores"].size(), 4U);
}

TEST_F(MethodsTest, what_the_trainer_of_this_node_told) {
    node_.trainer_report.none = "only validators train";
    EXPECT_EQ(call("trainer_status")["state"], "absent");
    EXPECT_EQ(call("trainer_status")["cause"], "only validators train");
    EXPECT_EQ(call("trainer_devices")["devices"].size(), 0U);

    TrainingJob job;
    job.begin = {
        .job = 2,
        .task = Hash{{7}},
        .round = 3,
        .model = {.kind = "mlp", .hidden = {128, 64}},
        .device = "cpu",
        .begun = TimeMs{5},
        .window_ms = 1'000};
    job.points.resize(2);
    job.points[1].samples = 20;
    job.points[1].accuracy_ppm = 900'000;
    node_.jobs = {job};
    node_.trainer_report.none.clear();
    node_.trainer_report.job = job;
    node_.trainer_report.status.state = TrainerHost::State::kTraining;
    node_.trainer_report.status.deaths = 1;
    node_.trainer_report.status.last_death = "signal 9";
    node_.trainer_report.status.hello = trainer::Hello{
        .program = "1.0",
        .torch = "2.0",
        .devices = {{.name = "cuda:0", .description = "a GPU", .memory_bytes = 5}},
        .kinds = {"mlp"}};
    node_.lines = {"one", "two", "three"};
    const json status = call("trainer_status");
    EXPECT_EQ(status["attached"], true);
    EXPECT_EQ(status["state"], "training");
    EXPECT_EQ(status["lastDeath"], "signal 9");
    EXPECT_EQ(status["job"]["model"], "mlp:128,64");
    EXPECT_EQ(status["job"]["last"]["accuracyPpm"], 900'000);
    EXPECT_EQ(call("trainer_devices")["devices"][0]["name"], "cuda:0");
    EXPECT_EQ(call("trainer_logs", {{"limit", 2}})["lines"], json::array({"two", "three"}));
    EXPECT_EQ(call("task_curve", {{"task", hex(Hash{{8}}.view())}})["jobs"].size(), 0U);
    job.end = TrainingEnd::kModel;
    job.model = Hash{{1}};
    job.validation = exact::Score{.correct = 3, .cross_entropy = 1, .count = 4};
    node_.jobs = {job};
    const json curve = call("task_curve", {{"task", hex(Hash{{7}}.view())}});
    EXPECT_EQ(curve["jobs"][0]["points"].size(), 2U);
    EXPECT_EQ(curve["jobs"][0]["end"], "model");
    EXPECT_EQ(curve["jobs"][0]["validation"]["correct"], 3);
}

TEST_F(MethodsTest, blobs) {
    const json put = call("blob_put", {{"data", "0x010203"}});
    EXPECT_EQ(call("blob_get", {{"root", put["root"]}, {"offset", 1}})["data"], "0x0203");
    EXPECT_EQ(call("blob_stat", {{"root", put["root"]}})["chunks"], 1);
    EXPECT_EQ(call("blob_stat", {{"root", hex(Hash{}.view())}}), json());
    EXPECT_EQ(error_name("blob_get", {{"root", put["root"]}, {"offset", 4}}), "outOfRange");
    EXPECT_EQ(error_name("blob_get", {{"root", hex(Hash{}.view())}}), "notFound");
}

TEST_F(MethodsTest, subscriptions) {
    const json added = call("sub_subscribe", {{"topic", "heads"}});
    EXPECT_EQ(call("sub_unsubscribe", {{"subscription", added["subscription"]}}), true);
    EXPECT_EQ(error_name("sub_unsubscribe", {{"subscription", "9"}}), "notFound");
}

TEST_F(MethodsTest, operators_orders) {
    const std::string id(64, 'a');
    EXPECT_EQ(call("admin_addPeer", {{"peer", id + "@127.0.0.1:5"}}), true);
    EXPECT_EQ(node_.added.back().endpoint.port, 5);
    EXPECT_TRUE(node_.added.back().expected.has_value());
    EXPECT_EQ(error_name("admin_removePeer", {{"id", id}}), "notFound");
    EXPECT_EQ(call("admin_ban", {{"id", id}}), true);
    EXPECT_EQ(call("admin_bans")["bans"][0]["id"], "0x" + id);
    EXPECT_EQ(call("admin_unban", {{"id", id}}), true);
    EXPECT_EQ(call("admin_snapshot")["height"], 2);
    EXPECT_EQ(call("admin_stop"), true);
    EXPECT_TRUE(node_.stopped);
}

TEST_F(MethodsTest, development) {
    const json accounts = call("dev_accounts")["accounts"];
    ASSERT_EQ(accounts.size(), 10U);
    const crypto::SigningKey key(crypto::Seed(*from_hex(accounts[4]["secret"].get<std::string>())));
    EXPECT_EQ(
        crypto::to_text(crypto::address_of(key.public_key())),
        accounts[4]["address"].get<std::string>());
    EXPECT_EQ(call("dev_setTime", {{"offsetMs", -5}}), true);
    EXPECT_EQ(node_.clock_offset, -5);
    EXPECT_EQ(call("dev_faultSet", {{"latencyMs", 20}, {"cut", true}}), true);
    EXPECT_EQ(call("dev_faultList")["faults"][0]["latencyMs"], 20);
    EXPECT_EQ(call("dev_faultClear"), true);
    EXPECT_EQ(call("dev_faultList")["faults"].size(), 0U);
}

TEST_F(MethodsTest, faucets_of_one_moment_take_different_nonces) {
    json batch = json::array();
    const std::string to = crypto::to_text(FakeNode::account(1));
    for (int i = 0; i < 90; ++i) {
        batch.push_back(
            {{"jsonrpc", "2.0"}, {"id", i}, {"method", "dev_faucet"}, {"params", {to, "5"}}});
    }
    const json answers = json::parse(desk_.ask(batch.dump()).value());
    std::set<std::string> ids;
    for (const json& one : answers) {
        ASSERT_TRUE(one.contains("result")) << one.dump();
        ids.insert(one["result"]["id"].get<std::string>());
    }
    EXPECT_EQ(ids.size(), 90U);  // more than one account may have in the pool
}

TEST_F(MethodsTest, waiting_ends_with_the_block_or_in_time) {
    const Bytes raw = node_.transfer(0, FakeNode::account(1), 7, 1);
    const json wait = {
        {"jsonrpc", "2.0"},
        {"id", 1},
        {"method", "tx_wait"},
        {"params", {{"id", hex(ledger::txn_id(raw).view())}, {"timeoutMs", 500}}}};
    std::string first;
    std::string second;
    std::string mined;
    desk_.dispatcher.handle(wait.dump(), {}, [&](std::string text) { first = std::move(text); });
    desk_.dispatcher.handle(
        R"({"jsonrpc":"2.0","id":1,"method":"dev_mine","params":[1]})",
        {.admin = true, .subscriptions = nullptr},
        [&](std::string text) { mined = std::move(text); });
    desk_.loop.run();
    EXPECT_EQ(first + mined, "");
    node_.submit(raw, [](const auto&) {});
    node_.mine();
    desk_.loop.run();
    EXPECT_EQ(json::parse(first)["result"]["status"], "finalized");
    EXPECT_EQ(json::parse(mined)["result"]["height"], 3);

    json never = wait;
    never["params"]["id"] = hex(Hash{}.view());
    desk_.dispatcher.handle(never.dump(), {}, [&](std::string text) { second = std::move(text); });
    desk_.loop.run();
    desk_.loop.now += 499;
    desk_.waiters.tick();
    desk_.loop.run();
    EXPECT_EQ(second, "");
    desk_.loop.now += 1;
    desk_.waiters.tick();
    desk_.loop.run();
    EXPECT_EQ(json::parse(second)["error"]["data"]["name"], "timeout");
    EXPECT_EQ(desk_.waiters.count(), 0U);
}

// ---- the document -------------------------------------------------------------------------------

TEST_F(MethodsTest, document_has_what_openrpc_asks_for) {
    EXPECT_EQ(document_["openrpc"], "1.2.6");
    EXPECT_FALSE(document_["info"]["title"].get<std::string>().empty());
    std::set<std::string> names;
    for (const json& method : document_["methods"]) {
        EXPECT_TRUE(names.insert(method["name"]).second);
        EXPECT_FALSE(method["summary"].get<std::string>().empty());
        bool optional = false;
        for (const json& param : method["params"]) {
            EXPECT_TRUE(param["name"].is_string() && param["schema"].is_object());
            const bool required = param["required"];
            EXPECT_FALSE(optional && required) << method["name"];  // by position, too
            optional = !required;
            if (param["schema"].contains("default")) {
                EXPECT_EQ(schema_fault(document_, param["schema"], param["schema"]["default"]), "");
            }
        }
        EXPECT_TRUE(method["result"]["name"].is_string());
        EXPECT_TRUE(method["result"]["schema"].is_object());
        for (const json& error : method["errors"]) {
            EXPECT_TRUE(error["code"].is_number_integer() && error["message"].is_string());
        }
    }
    EXPECT_EQ(names.size(), desk_.registry.methods().size());
}

TEST_F(MethodsTest, document_of_a_port_has_what_may_be_called_there) {
    const auto names = [this](bool admin, bool dev) {
        std::set<std::string> out;
        const auto text =
            openrpc_document(desk_.registry, {.version = "1", .admin = admin, .dev = dev});
        const json document = json::parse(text);
        for (const json& method : document["methods"]) {
            out.insert(method["name"]);
        }
        return out;
    };
    EXPECT_FALSE(names(false, true).contains("admin_stop"));
    EXPECT_FALSE(names(false, true).contains("dev_mine"));
    EXPECT_TRUE(names(true, false).contains("admin_stop"));
    EXPECT_FALSE(names(true, false).contains("dev_mine"));
}

// ---- the reference ------------------------------------------------------------------------------

std::string reference_of(const Method& method) {
    std::string out = "| `" + std::string(method.name) + "` | ";
    std::string params;
    for (const Param& param : method.params) {
        params += (params.empty() ? "`" : ", `") + std::string(param.name);
        if (!param.standard.empty()) {
            params += " = " + std::string(param.standard);
        } else if (!param.required) {
            params += "?";
        }
        params += '`';
    }
    std::string result(method.result);
    for (std::size_t at = 0; (at = result.find('|', at)) != std::string::npos; at += 2) {
        result.replace(at, 1, "\\|");
    }
    return out + params + " | `" + result + "` |";
}

std::string reference_of(const ErrorRow& row) {
    return "| " + std::to_string(row.code) + " | `" + std::string(row.name) + "` | " +
           std::string(row.meaning) + " |";
}

TEST(RpcReference, lists_every_method_shape_and_error) {
    std::ifstream file("docs/spec/rpc.md");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto expect_line = [&text](const std::string& line) {
        EXPECT_NE(text.find("\n" + line + "\n"), std::string::npos) << line;
    };
    std::size_t methods = 0;
    const Registry registry = all_methods();
    for (const Method& method : registry.methods()) {
        expect_line(reference_of(method));
        ++methods;
    }
    for (const ErrorRow& row : error_table()) {
        expect_line(reference_of(row));
    }
    for (const NamedShape& shape : named_shapes()) {
        std::string cell(shape.shape);
        for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) {
            cell.replace(at, 1, "\\|");
        }
        expect_line("| `" + std::string(shape.name) + "` | `" + cell + "` |");
    }
    std::size_t rows = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto underscore = line.find('_');
        const bool named = underscore != std::string::npos && underscore < line.find('`', 3);
        if (line.starts_with("| `rpc.") || (line.starts_with("| `") && named)) {
            ++rows;
        }
    }
    EXPECT_EQ(rows, methods);
}

}  // namespace
}  // namespace polis::node::rpc::testing
