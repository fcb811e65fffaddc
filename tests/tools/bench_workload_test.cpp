// Workloads make payloads that a chain takes.
#include <cstddef>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/modules/task_records.hpp>
#include <ledger/task_spec.hpp>
#include <tests/tools/fake_server.hpp>
#include <tools/bench/workload.hpp>
#include <tools/bench/zipf.hpp>
#include <tools/load/drive.hpp>

namespace polis::tools::bench {
namespace {

TEST(Zipf, picks_in_proportion_to_one_by_rank) {
    constexpr std::size_t kCount = 50;
    constexpr std::size_t kPicks = 200'000;
    double sum = 0;
    for (std::size_t i = 1; i <= kCount; ++i) {
        sum += 1.0 / static_cast<double>(i);
    }
    const Zipf zipf(kCount);
    Random random(1, "zipf");
    std::vector<std::size_t> counts(kCount);
    for (std::size_t i = 0; i < kPicks; ++i) {
        ++counts.at(zipf.pick(random));
    }
    for (std::size_t i = 0; i < kCount; ++i) {
        const double wanted = kPicks / sum / static_cast<double>(i + 1);
        EXPECT_NEAR(static_cast<double>(counts[i]), wanted, wanted / 5) << i;
    }
}

TEST(Workloads, have_names_of_their_own_and_can_be_made) {
    std::set<std::string_view> names;
    for (const WorkloadKind& kind : workload_kinds()) {
        EXPECT_TRUE(names.insert(kind.name).second);
        EXPECT_FALSE(kind.about.empty());
        EXPECT_TRUE(make_workload(kind.name));
    }
    const auto none = make_workload("transfers");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, FailureKind::kUsage);
    EXPECT_NE(none.error().message.find("transfer-zipf"), std::string::npos);
}

TEST(Workloads, transfers_pay_accounts_of_the_load) {
    const LoadAccounts accounts = LoadAccounts::of_devnet("seed", 20);
    for (const char* const name : {"transfer", "transfer-hot", "transfer-zipf"}) {
        const auto workload = make_workload(name);
        ASSERT_TRUE(workload);
        Random random(1, name);
        std::set<Address> paid;
        for (std::size_t i = 0; i < 500; ++i) {
            const ledger::Payload payload = (*workload)->next(i % 20, accounts, random);
            ASSERT_TRUE(std::holds_alternative<ledger::Transfer>(payload));
            paid.insert(std::get<ledger::Transfer>(payload).to);
        }
        EXPECT_EQ(paid.size(), std::string_view(name) == "transfer-hot" ? 1U : 20U);
    }
}

TEST(Workloads, tasks_are_valid_and_taken_back_by_turns) {
    const LoadAccounts accounts = LoadAccounts::of_devnet("seed", 3);
    const auto workload = make_workload("task");
    ASSERT_TRUE(workload);
    Random random(1, "task");
    for (int turn = 0; turn < 3; ++turn) {
        const ledger::Payload offer = (*workload)->next(0, accounts, random);
        const auto* const submitted = std::get_if<ledger::SubmitTask>(&offer);
        ASSERT_NE(submitted, nullptr);
        EXPECT_EQ(ledger::spec_error(submitted->spec), std::nullopt);
        const ledger::Payload end = (*workload)->next(0, accounts, random);
        const auto* const cancelled = std::get_if<ledger::CancelTask>(&end);
        ASSERT_NE(cancelled, nullptr);
        EXPECT_EQ(
            cancelled->task, ledger::tasks::task_id(accounts.address(0), submitted->spec.tag));
    }
}

TEST(LoadAccounts, sign_in_turn_with_rising_nonces) {
    LoadAccounts accounts = LoadAccounts::of_devnet("seed", 3);
    const std::vector<ledger::Payload> payloads(
        7, ledger::Transfer{.to = accounts.address(0), .amount = Amount{1}});
    const SenderView chain{
        .chain_id = ChainId{1}, .head = Height{9}, .gas_price_min = GasPrice{1}, .nonce = {}};
    const auto txns = accounts.sign(chain, payloads);
    ASSERT_EQ(txns.size(), 7U);
    for (std::size_t i = 0; i < txns.size(); ++i) {
        const auto again = signed_txn(accounts.key(i % 3), Nonce{i / 3}, chain, payloads[i]);
        EXPECT_EQ(txns[i].encoded, again.encoded);
        EXPECT_EQ(txns[i].id, again.id);
    }
}

/// Answers every call with the same result.
std::string answered(const std::string& request, const Json& result) {
    const Json asked = Json::parse(testing::body_of(request));
    const auto one = [&](const Json& call) {
        return Json{{"jsonrpc", "2.0"}, {"id", call["id"]}, {"result", result}};
    };
    if (!asked.is_array()) {
        return testing::http_ok(one(asked).dump());
    }
    Json out = Json::array();
    for (const Json& call : asked) {
        out.push_back(one(call));
    }
    return testing::http_ok(out.dump());
}

TEST(LoadAccounts, take_no_nonce_from_an_answer_that_has_none) {
    for (const Json& nonce : {Json("7"), Json(-1), Json(nullptr)}) {
        testing::FakeServer server([&](const std::string& request) {
            return answered(request, Json{{"pendingNonce", nonce}});
        });
        RpcClient client(server.address());
        const auto read = LoadAccounts::of_devnet("seed", 3).read_nonces(client);
        ASSERT_FALSE(read.has_value()) << nonce;
        EXPECT_NE(read.error().message.find("account_nonce"), std::string::npos);
    }
    testing::FakeServer server(
        [](const std::string& request) { return answered(request, Json{{"pendingNonce", 7}}); });
    RpcClient client(server.address());
    LoadAccounts accounts = LoadAccounts::of_devnet("seed", 3);
    ASSERT_TRUE(accounts.read_nonces(client).has_value());
    EXPECT_EQ(accounts.take_nonce(2), Nonce{7});
}

TEST(Drive, begins_at_no_height_that_a_node_did_not_name) {
    testing::FakeServer server(
        [](const std::string& request) { return answered(request, Json::object()); });
    const auto driven = drive({.nodes = {server.address()}}, {});
    ASSERT_FALSE(driven.has_value());
    EXPECT_NE(driven.error().message.find("chain_head"), std::string::npos);
}

}  // namespace
}  // namespace polis::tools::bench
