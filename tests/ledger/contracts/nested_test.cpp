// Contracts that call contracts: what an inner failure undoes, what the caller hears of it, depth,
// gas and coins on the way, and contracts that call themselves.
#include <string>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <ledger/call_log.hpp>
#include <tests/ledger/contracts/contract_fixture.hpp>
#include <vm/host.hpp>
#include <vm/limits.hpp>

namespace polis::ledger::testing {
namespace {

constexpr auto kDone = static_cast<std::uint8_t>(vm::CallEnd::kDone);
constexpr auto kReverted = static_cast<std::uint8_t>(vm::CallEnd::kReverted);
constexpr auto kTrapped = static_cast<std::uint8_t>(vm::CallEnd::kTrapped);
constexpr auto kRefused = static_cast<std::uint8_t>(vm::CallEnd::kRefused);

class NestedTest : public ContractsTest {
  protected:
    Address outer = deploy(1, 1'000);
    Address inner = deploy(2, 100);
};

TEST_F(NestedTest, a_call_sees_its_caller_its_value_and_answers) {
    const Script script =
        Script()
            .call({.to = inner, .value = 7, .input = Script().give_back_world().bytes()})
            .expect_call(kDone)
            .give_back_returned();
    const Receipt receipt = call(outer, script);
    ASSERT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
    Bytes expected = to_bytes(outer.view());
    append(expected, inner.view());
    codec::encode_to(expected, std::uint64_t{7});
    codec::encode_to(expected, std::uint64_t{107});
    EXPECT_EQ(Bytes(receipt.output.begin(), receipt.output.begin() + 56), expected);
    EXPECT_EQ(world.balance(outer), 993U);
    EXPECT_EQ(world.balance(inner), 107U);
}

TEST_F(NestedTest, a_failing_call_undoes_only_what_it_did) {
    const auto fails = [](Script script) {
        return script.set(1, bytes_of("inner")).emit(bytes_of("inner")).transfer(nobody(9), 50);
    };

    struct Case {
        Script input;
        std::uint8_t end;
        std::string returned;
    };

    for (const Case& one :
         {Case{fails({}).revert("no"), kReverted, "no"},
          Case{fails({}).trap(), kTrapped, std::string(to_string(vm::Trap::kUnreachable))},
          Case{
              fails({}).bad_pointer(),
              kTrapped,
              std::string(to_string(vm::Trap::kMemoryBounds))}}) {
        const Receipt receipt = call(
            outer,
            Script()
                .set(1, bytes_of("before"))
                .emit(bytes_of("before"))
                .call({.to = inner, .value = 60, .input = one.input.bytes()})
                .expect_call(one.end)
                .give_back_returned()
                .emit(bytes_of("after")));
        ASSERT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
        EXPECT_EQ(words(receipt), one.returned);
        EXPECT_EQ(receipt.events.size(), 2U);
        EXPECT_EQ(stored(outer, 1), "before");
        EXPECT_EQ(stored(inner, 1), std::nullopt);
        EXPECT_EQ(world.balance(inner), 100U);
        EXPECT_EQ(world.balance(nobody(9)), 0U);
    }
}

TEST_F(NestedTest, a_done_call_is_undone_with_its_caller) {
    const Receipt receipt = call(
        outer,
        Script()
            .call({.to = inner, .value = 60, .input = Script().set(1, bytes_of("x")).bytes()})
            .expect_call(kDone)
            .revert("all of it"));
    EXPECT_EQ(receipt.status, TxnStatus::kReverted);
    EXPECT_EQ(stored(inner, 1), std::nullopt);
    EXPECT_EQ(world.balance(inner), 100U);
}

TEST_F(NestedTest, calls_of_nothing_or_without_coins_are_refused) {
    const Script script = Script()
                              .call({.to = nobody(3)})
                              .expect_call(kRefused)
                              .call({.to = actor(1).address})
                              .expect_call(kRefused)
                              .call({.to = inner, .value = 1'001})
                              .expect_call(kRefused)
                              .set(1, bytes_of("went on"));
    EXPECT_EQ(call(outer, script).status, TxnStatus::kSuccess);
    EXPECT_EQ(stored(outer, 1), "went on");
    EXPECT_EQ(world.balance(inner), 100U);
}

TEST_F(NestedTest, a_limit_on_gas_holds_for_the_callee_alone) {
    const Script endless = Script().set(1, bytes_of("x")).burn(UINT32_MAX);
    const Receipt receipt = call(
        outer,
        Script()
            .call({.to = inner, .gas = 60'000, .input = endless.bytes()})
            .expect_call(kTrapped)
            .set(1, bytes_of("went on")));
    ASSERT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
    EXPECT_EQ(stored(outer, 1), "went on");
    EXPECT_EQ(stored(inner, 1), std::nullopt);
    EXPECT_GT(receipt.gas_used.value, 60'000U) << "all that it was given";
    EXPECT_LT(receipt.gas_used.value, 150'000U);
}

/// A script that calls `to` with a script that calls it again, `depth` times.
Script tower(const Address& to, std::uint32_t depth, std::uint8_t innermost_end) {
    Script script = Script().set(9, bytes_of("bottom"));
    for (std::uint32_t i = 0; i < depth; ++i) {
        const std::uint8_t end = i == 0 ? innermost_end : kDone;
        script = Script().call({.to = to, .input = script.bytes()}).expect_call(end);
    }
    return script;
}

TEST_F(NestedTest, eight_contracts_may_be_open_and_not_nine) {
    EXPECT_EQ(
        call(outer, tower(outer, vm::kContractDepthMax, kRefused)).status, TxnStatus::kSuccess);
    EXPECT_EQ(stored(outer, 9), std::nullopt);
    EXPECT_EQ(
        call(outer, tower(outer, vm::kContractDepthMax - 1, kDone)).status, TxnStatus::kSuccess);
    EXPECT_EQ(stored(outer, 9), "bottom");
}

TEST_F(NestedTest, a_contract_that_calls_itself_shares_storage_and_nothing_else) {
    const Bytes again = Script().give_back_stored(1).set(1, bytes_of("second")).remove(2).bytes();
    const Receipt receipt = call(
        outer,
        Script()
            .set(1, bytes_of("first"))
            .set(2, bytes_of("gone"))
            .call({.to = outer, .value = 400, .input = again})
            .expect_call(kDone)
            .give_back_returned());
    ASSERT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
    EXPECT_EQ(words(receipt), "first");
    EXPECT_EQ(stored(outer, 1), "second");
    EXPECT_EQ(stored(outer, 2), std::nullopt);
    EXPECT_EQ(world.balance(outer), 1'000U);
}

TEST_F(NestedTest, code_at_hand_is_loaded_once_in_a_transaction) {
    const auto gas = [this](std::size_t calls) {
        Script script;
        for (std::size_t i = 0; i < calls; ++i) {
            script.call({.to = inner}).expect_call(kDone);
        }
        return call(outer, script).gas_used.value;
    };
    const std::uint64_t none = gas(0);
    const std::uint64_t first = gas(1) - none;
    const std::uint64_t third = gas(3) - gas(2);
    EXPECT_LT(third, first + 200) << "outer and inner have the same code";
    EXPECT_GT(third + 200, first);
    const Address stranger = contracts::contract_address(actor(3).address, Nonce{nonce(3)});
    run_one(txn(3, Deploy{puppet_code(7), {}, {}, Gas{kGas}}));
    const auto of_stranger = [&](std::size_t calls) {
        Script script;
        for (std::size_t i = 0; i < calls; ++i) {
            script.call({.to = stranger}).expect_call(kDone);
        }
        return call(outer, script).gas_used.value;
    };
    const std::uint64_t load = 4 * puppet_code(7).size();
    const std::uint64_t one = of_stranger(1) - none;
    const std::uint64_t another = of_stranger(2) - none - one;
    EXPECT_GE(one, another + load);
    EXPECT_LT(one, another + load + 3'000);
}

TEST_F(NestedTest, a_trace_tells_calls_storage_and_gas) {
    const Bytes input = Script().set(4, bytes_of("four")).burn(100).bytes();
    const CheckedTxn one =
        txn(1,
            call_of(
                outer,
                Script()
                    .set(4, bytes_of("x"))
                    .call({.to = inner, .value = 3, .input = input})
                    .remove(4)));
    MapView view;
    view.apply(world.state.changes());
    contracts::CallLog log;
    const BlockOutcome traced = must(
        execute_block(view, world.params, block_of({one}), {.programs = programs, .tracer = &log}));
    const BlockOutcome plain = execute(view, block_of({one}));
    EXPECT_EQ(traced.receipts, plain.receipts) << "whoever looks changes nothing";
    ASSERT_EQ(log.calls().size(), 2U);
    EXPECT_EQ(log.calls()[0].depth, 1U);
    EXPECT_EQ(log.calls()[1].depth, 2U);
    EXPECT_EQ(log.calls()[1].caller, outer);
    EXPECT_EQ(log.calls()[1].contract, inner);
    EXPECT_EQ(log.calls()[1].method, "run");
    EXPECT_EQ(log.calls()[1].value, Amount{3});
    ASSERT_EQ(log.storage().size(), 3U);
    EXPECT_EQ(log.storage()[1].contract, inner);
    EXPECT_EQ(log.storage()[1].after, 4U);
    EXPECT_EQ(log.storage()[2].touch, contracts::Touch::kRemove);
    EXPECT_EQ(log.storage()[2].before, 1U);
    std::uint64_t sum = 0;
    for (const auto& row : log.functions()) {
        sum += row.gas;
    }
    const std::uint64_t used = plain.receipts[0].gas_used.value - one.intrinsic_gas.value;
    EXPECT_EQ(log.calls()[0].gas_used, used);
    EXPECT_EQ(sum, used) << "every unit of gas has one function";
    EXPECT_EQ(log.dropped(), 0U);
}

}  // namespace
}  // namespace polis::ledger::testing
