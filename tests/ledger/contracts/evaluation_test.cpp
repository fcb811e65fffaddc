// Jobs that contracts give to the validators: requests, answers as facts, calls that bring them.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/pole/records.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/contract_gas.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/evaluations.hpp>
#include <ledger/modules/task_queries.hpp>
#include <tests/ledger/contracts/contract_fixture.hpp>

namespace polis::ledger::testing {
namespace {

using evaluations::Job;
using evaluations::ScoreJob;

Job some_job(std::uint8_t number = 1) {
    Hash model;
    model.data.fill(number);
    Hash data;
    data.data.fill(0xdd);
    return ScoreJob{
        .model = model,
        .data = data,
        .input = {.channels = 4, .height = 1, .width = 1},
        .classes = 3,
        .model_bytes_max = 10'000,
        .multiply_adds_max = 5'000'000,
        .seed = std::nullopt};
}

consensus::Fact answer_to(const Hash& id, const Bytes& result = {1, 2, 3}) {
    return {.kind = consensus::FactKind::kEvaluation, .subject = id, .result = result};
}

class EvaluationTest : public ContractsTest {
  protected:
    Address puppet = deploy(1, 1'000);

    Hash request(const Job& job = some_job(), std::uint64_t gas = 1'000'000) {
        const Receipt receipt = call(puppet, Script().request(codec::encode(job), gas));
        EXPECT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
        return receipt.output.size() == Hash::kSize ? Hash::from_view(receipt.output) : Hash{};
    }

    /// A block without transactions, with these facts. @return its events
    std::vector<Event> facts_block(const std::vector<consensus::Fact>& facts) {
        CheckedBlock block = block_of({});
        for (const consensus::Fact& fact : facts) {
            block.facts.push_back({.term = {}, .fact = fact, .signers = {}, .signatures = {}});
        }
        MapView before;
        before.apply(world.state.changes());
        BlockOutcome outcome = execute(before, block);
        keep(outcome.changes);
        world.check();
        return outcome.events;
    }

    static evaluations::Answered told(const Event& event) {
        EXPECT_EQ(event.name, evaluations::kAnsweredEvent);
        return codec::decode<evaluations::Answered>(event.data).value();
    }

    /// What the contract got last.
    std::optional<evaluations::Answer> got() {
        const auto kept = stored(puppet, kPuppetAnswer);
        return kept ? std::optional{codec::decode<evaluations::Answer>(as_bytes(*kept)).value()}
                    : std::nullopt;
    }
};

TEST_F(EvaluationTest, an_answer_comes_as_a_call_in_a_later_block) {
    const Hash id = request();
    const auto open = must(evaluations::load_request(world.state, id));
    ASSERT_TRUE(open.has_value());
    EXPECT_EQ(open->contract, puppet);
    EXPECT_EQ(open->job, some_job());
    EXPECT_TRUE(facts_block({}).empty()) << "nobody has attested anything";
    EXPECT_FALSE(got().has_value());
    const auto events = facts_block({answer_to(id)});
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(told(events[0]).request, id);
    EXPECT_EQ(told(events[0]).status, static_cast<std::uint8_t>(TxnStatus::kSuccess));
    ASSERT_TRUE(got().has_value());
    EXPECT_EQ(got()->request, id);
    EXPECT_EQ(got()->result, Bytes({1, 2, 3}));
    EXPECT_EQ(stored(puppet, kPuppetCaller), std::string(20, '\0'))
        << "nobody else has this address";
    EXPECT_FALSE(must(evaluations::load_request(world.state, id)).has_value());
    EXPECT_TRUE(facts_block({answer_to(id)}).empty()) << "once";
}

TEST_F(EvaluationTest, members_are_told_what_to_work_out) {
    EXPECT_TRUE(must(tasks::wanted(world.state)).scores.empty());
    const Hash id = request(some_job(7));
    const auto wanted = must(tasks::wanted(world.state)).scores;
    ASSERT_EQ(wanted.size(), 1U);
    EXPECT_EQ(wanted[0].kind, consensus::FactKind::kEvaluation);
    EXPECT_EQ(wanted[0].subject, id);
    EXPECT_EQ(wanted[0].multiply_adds_all_max, 5'000'000U);
    EXPECT_FALSE(wanted[0].is_mapped);
    const auto blobs = must(tasks::blobs_in_use(world.state));
    EXPECT_NE(std::ranges::find(blobs, wanted[0].model), blobs.end());
    EXPECT_NE(std::ranges::find(blobs, wanted[0].data), blobs.end());
    facts_block({answer_to(id)});
    EXPECT_TRUE(must(tasks::wanted(world.state)).scores.empty());
}

TEST_F(EvaluationTest, a_request_pays_for_its_work_and_for_its_call) {
    const auto used = [&](const Job& job, std::uint64_t gas) {
        return call(puppet, Script().request(codec::encode(job), gas)).gas_used.value;
    };
    ScoreJob large = std::get<ScoreJob>(some_job());
    const std::uint64_t plain = used(large, 0);
    EXPECT_GE(plain, kContractGas.evaluation);
    large.multiply_adds_max += 1'000 * kContractGas.multiply_adds;
    EXPECT_EQ(used(large, 0), plain + 1'000);
    EXPECT_EQ(used(large, 500), plain + 1'000 + 500);
}

TEST_F(EvaluationTest, a_call_that_fails_changes_nothing_and_the_chain_goes_on) {
    const Hash poor = request(some_job(1), 10);
    const Hash good = request(some_job(2));
    const auto events = facts_block({answer_to(poor), answer_to(good, {9})});
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(told(events[0]).status, static_cast<std::uint8_t>(TxnStatus::kOutOfGas));
    EXPECT_EQ(told(events[1]).status, static_cast<std::uint8_t>(TxnStatus::kSuccess));
    EXPECT_EQ(got()->request, good);
}

TEST_F(EvaluationTest, a_request_without_an_answer_is_given_up) {
    world.params.term_blocks = 1'000'000;  // this world has no term to end
    const Hash id = request();
    world.height.value += kEvaluationBlocksMax - 1;
    EXPECT_TRUE(facts_block({}).empty());
    world.height.value += 1;
    const auto events = facts_block({});
    ASSERT_EQ(events.size(), 1U);
    EXPECT_FALSE(told(events[0]).has_answer);
    ASSERT_TRUE(got().has_value());
    EXPECT_EQ(got()->request, id);
    EXPECT_FALSE(got()->result.has_value());
}

TEST_F(EvaluationTest, few_answers_come_a_block_in_the_order_of_requests) {
    std::vector<consensus::Fact> facts;
    std::vector<Hash> ids;
    for (std::uint8_t i = 0; i < kCallbacksPerBlockMax + 2; ++i) {
        ids.push_back(request(some_job(i)));
        facts.insert(facts.begin(), answer_to(ids.back()));
    }
    EXPECT_EQ(facts_block(facts).size(), kCallbacksPerBlockMax);
    EXPECT_EQ(got()->request, ids[kCallbacksPerBlockMax - 1]);
    EXPECT_EQ(facts_block({}).size(), 2U);
    EXPECT_EQ(got()->request, ids.back());
}

TEST_F(EvaluationTest, no_more_requests_wait_than_the_limit) {
    for (std::size_t i = 0; i < kEvaluationsOpenMax; ++i) {
        request(some_job(static_cast<std::uint8_t>(i)));
    }
    const Receipt receipt = call(puppet, Script().request(codec::encode(some_job())));
    EXPECT_EQ(receipt.status, TxnStatus::kTrapped);
    EXPECT_NE(words(receipt).find("64 requests wait"), std::string::npos) << words(receipt);
    EXPECT_EQ(must(evaluations::open_requests(world.state)).size(), kEvaluationsOpenMax);
}

TEST_F(EvaluationTest, what_is_no_job_ends_the_run_by_name) {
    const auto refused = [&](const Bytes& job, std::uint64_t gas = 0) {
        const Receipt receipt = call(puppet, Script().request(job, gas));
        EXPECT_EQ(receipt.status, TxnStatus::kTrapped);
        return words(receipt);
    };
    EXPECT_NE(refused({9}).find("no job"), std::string::npos);
    Bytes longer = codec::encode(some_job());
    longer.push_back(0);
    EXPECT_NE(refused(longer).find("no job"), std::string::npos);
    ScoreJob heavy = std::get<ScoreJob>(some_job());
    heavy.multiply_adds_max = kEvaluationMultiplyAddsMax + 1;
    EXPECT_NE(refused(codec::encode(Job{heavy})).find("multiply-adds"), std::string::npos);
    EXPECT_NE(
        refused(codec::encode(some_job()), kCallbackGasMax + 1).find("gas for a call"),
        std::string::npos);
    EXPECT_TRUE(must(evaluations::open_requests(world.state)).empty());
}

TEST_F(EvaluationTest, a_failing_transaction_takes_its_request_back) {
    const Receipt receipt =
        call(puppet, Script().request(codec::encode(some_job())).revert("after all"));
    EXPECT_EQ(receipt.status, TxnStatus::kReverted);
    EXPECT_TRUE(must(evaluations::open_requests(world.state)).empty());
}

}  // namespace
}  // namespace polis::ledger::testing
