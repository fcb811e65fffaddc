// Deploying and calling: what becomes of code, coins, records and receipts.
// Method: a contract that does what its input says, in blocks over a std::map, audited each time.
#include <ledger/modules/contracts.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <ledger/limits.hpp>
#include <ledger/trial.hpp>
#include <tests/ledger/contracts/contract_fixture.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/gas_schedule.hpp>
#include <vm/limits.hpp>
#include <vm/program.hpp>

namespace polis::ledger::testing {
namespace {

using vm::tests::Code;
using vm::tests::ModuleBuilder;

TEST_F(ContractsTest, a_deployment_makes_an_address_a_record_and_an_event) {
    const Address expected = contracts::contract_address(actor(1).address, Nonce{0});
    const Receipt receipt = run_one(
        txn(1, Deploy{puppet_code(), Script().give_back(bytes_of("made")).bytes(), {}, Gas{kGas}}));
    ASSERT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
    EXPECT_EQ(words(receipt), "made");
    const auto record = must(contracts::load_contract(world.state, expected));
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->code, contracts::code_hash(puppet_code()));
    EXPECT_EQ(record->creator, actor(1).address);
    EXPECT_EQ(record->height, world.height);
    EXPECT_EQ(must(contracts::load_code(world.state, *record)), puppet_code());
    ASSERT_EQ(receipt.events.size(), 1U);
    EXPECT_EQ(receipt.events[0].name, contracts::kDeployedEvent);
    const auto event = codec::decode<contracts::Deployed>(receipt.events[0].data);
    EXPECT_EQ(event, (contracts::Deployed{expected, actor(1).address, record->code}));
}

TEST_F(ContractsTest, addresses_differ_by_sender_and_nonce) {
    const Address first = deploy(1);
    const Address second = deploy(1);
    const Address other = deploy(2);
    EXPECT_NE(first, second);
    EXPECT_NE(first, other);
    EXPECT_NE(contracts::genesis_address(actor(1).address, 0), first);
}

/// A module that is `bytes` long, by a custom section.
Bytes code_of_size(std::size_t bytes) {
    const auto build = [](std::size_t filling) {
        ModuleBuilder module;
        const auto run = module.function(module.type({}), Code{});
        module.memory({.min = 1, .max = 1});
        module.export_as("run", run);
        module.custom("filling", Bytes(filling, 7));
        return module.build();
    };
    const std::size_t frame = build(bytes / 2).size() - bytes / 2;
    Bytes out = build(bytes - frame);
    for (std::size_t slack = 0; out.size() != bytes && slack < 8; ++slack) {
        out = build(bytes - frame - slack);
    }
    EXPECT_EQ(out.size(), bytes);
    return out;
}

TEST_F(ContractsTest, code_of_every_size_lies_in_pieces_and_comes_back_whole) {
    for (const std::size_t size :
         {kCodePieceBytes - 1,
          kCodePieceBytes,
          kCodePieceBytes + 1,
          3 * kCodePieceBytes + 5,
          std::size_t{vm::kCodeBytesMax}}) {
        const Bytes code = code_of_size(size);
        const Address address = contracts::contract_address(actor(1).address, Nonce{nonce(1)});
        CheckedTxn deployment;
        deployment = trial::unsigned_txn(
            world.params, actor(1).address, Nonce{nonce(1)}, Deploy{code, {}, {}, Gas{kGas}});
        const Receipt receipt = run_one(deployment);
        ASSERT_EQ(receipt.status, TxnStatus::kSuccess) << size << ": " << words(receipt);
        const auto record = must(contracts::load_contract(world.state, address));
        EXPECT_EQ(must(contracts::load_code(world.state, *record)), code);
        EXPECT_EQ(call(address, {}).status, TxnStatus::kSuccess);
    }
}

TEST_F(ContractsTest, a_missing_or_damaged_piece_is_the_stores_fault) {
    const Address address = deploy(1);
    const StateKey piece = contracts::code_key(contracts::code_hash(puppet_code()), 0);
    for (const bool missing : {true, false}) {
        must(missing ? world.state.remove(piece) : world.state.put(piece, Bytes{1, 2}));
        MapView view;
        view.apply(world.state.changes());
        const auto outcome =
            execute_block(view, world.params, block_of({txn(1, call_of(address, {}))}));
        ASSERT_FALSE(outcome.has_value());
        EXPECT_EQ(outcome.error().code, StoreErrc::kCorrupt);
    }
}

TEST_F(ContractsTest, the_constructor_runs_once_with_input_and_value) {
    const Script script = Script().set(1, bytes_of("one")).emit(bytes_of("hello"));
    const Address address = deploy(1, 500, script);
    EXPECT_EQ(world.balance(address), 500U);
    EXPECT_EQ(stored(address, 1), "one");
    Call again = call_of(address, Script().set(1, bytes_of("two")));
    again.method = "init";
    EXPECT_EQ(run_one(txn(1, again)).status, TxnStatus::kNoMethod);
    EXPECT_EQ(stored(address, 1), "one");
}

TEST_F(ContractsTest, a_failing_constructor_leaves_no_contract) {
    const Address address = contracts::contract_address(actor(1).address, Nonce{0});
    const Script script = Script().set(1, bytes_of("one")).revert("not today");
    const std::uint64_t before = world.balance(actor(1).address);
    const Receipt receipt =
        run_one(txn(1, Deploy{puppet_code(), script.bytes(), Amount{500}, Gas{kGas}}));
    EXPECT_EQ(receipt.status, TxnStatus::kReverted);
    EXPECT_EQ(words(receipt), "not today");
    EXPECT_TRUE(receipt.events.empty());
    EXPECT_FALSE(must(contracts::load_contract(world.state, address)).has_value());
    EXPECT_EQ(stored(address, 1), std::nullopt);
    EXPECT_EQ(world.balance(actor(1).address), before - receipt.fee.value);
}

TEST_F(ContractsTest, code_that_is_no_contract_is_rejected_with_a_reason) {
    ModuleBuilder with_result;
    with_result.export_as(
        "init", with_result.function(with_result.type({}, vm::tests::kI32), Code().i32(1)));
    with_result.memory({.min = 1, .max = 1});
    ModuleBuilder segment;
    segment.memory({.min = 1, .max = 1});
    segment.data(65'535, Bytes{1, 2});
    const std::vector<std::pair<Bytes, std::string>> cases = {
        {Bytes{}, ""},
        {Bytes{1, 2, 3, 4, 5, 6, 7, 8}, ""},
        {ModuleBuilder().build(), "memory"},
        {with_result.build(), "init must be a function without parameters and result"},
        {segment.build(), ""}};
    for (const auto& [code, reason] : cases) {
        const Receipt receipt = run_one(txn(1, Deploy{code, {}, {}, Gas{kGas}}));
        EXPECT_EQ(receipt.status, TxnStatus::kCodeRejected);
        EXPECT_NE(words(receipt), "");
        EXPECT_NE(words(receipt).find(reason), std::string::npos) << words(receipt);
        EXPECT_LT(receipt.gas_used.value, kGas);
    }
}

TEST_F(ContractsTest, only_exported_functions_without_parameters_and_result_are_methods) {
    const Address address = deploy(1);
    for (const std::string method : {"nothing", "", "taker", "memory", "init", "Run"}) {
        Call wrong = call_of(address, {});
        wrong.method = method;
        EXPECT_EQ(run_one(txn(1, wrong)).status, TxnStatus::kNoMethod) << method;
    }
    EXPECT_EQ(call(address, {}).status, TxnStatus::kSuccess);
    EXPECT_EQ(call(nobody(5), {}).status, TxnStatus::kNoContract);
    EXPECT_EQ(call(actor(2).address, {}).status, TxnStatus::kNoContract);
}

TEST_F(ContractsTest, storage_keeps_what_was_set_last) {
    const Address address = deploy(1);
    const Address other = deploy(1);
    call(address, Script().set(1, bytes_of("a")).set(2, bytes_of("b")).set(1, bytes_of("c")));
    EXPECT_EQ(stored(address, 1), "c");
    EXPECT_EQ(stored(address, 2), "b");
    EXPECT_EQ(stored(other, 1), std::nullopt) << "each contract has its own";
    EXPECT_EQ(words(call(address, Script().give_back_stored(1))), "c");
    EXPECT_EQ(words(call(address, Script().give_back_stored(3))), "");
    call(address, Script().remove(1).remove(9).set(2, {}));
    EXPECT_EQ(stored(address, 1), std::nullopt);
    EXPECT_EQ(stored(address, 2), "") << "an empty value is one";
}

TEST_F(ContractsTest, value_and_transfers_move_coins_exactly) {
    const Address address = deploy(1, 1'000);
    const std::uint64_t before = world.balance(actor(2).address);
    const Receipt receipt = call(
        address,
        Script().transfer(actor(2).address, 300).transfer(nobody(7), 5'000).transfer(address, 1),
        200);
    EXPECT_EQ(receipt.status, TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(address), 900U);
    EXPECT_EQ(world.balance(actor(2).address), before + 300);
    EXPECT_EQ(world.balance(nobody(7)), 0U) << "it had not so many";
    const Receipt poor = call(address, {}, kCoins);
    EXPECT_EQ(poor.status, TxnStatus::kInsufficientBalance);
}

TEST_F(ContractsTest, a_contract_sees_the_world_of_its_block) {
    const Address address = deploy(1, 70);
    CheckedBlock block = block_of({txn(2, call_of(address, Script().give_back_world(), 7))});
    block.header.beacon = Hash::from_view(Bytes(32, 0xbe));
    MapView view;
    view.apply(world.state.changes());
    const Receipt receipt = execute(view, block).receipts.at(0);
    Bytes expected = to_bytes(actor(2).address.view());
    append(expected, address.view());
    for (const std::uint64_t number :
         {std::uint64_t{7},
          std::uint64_t{77},
          block.header.height.value,
          block.header.time.value}) {
        codec::encode_to(expected, number);
    }
    append(expected, block.header.beacon.view());
    EXPECT_EQ(receipt.output, expected);
}

TEST_F(ContractsTest, events_carry_the_contract_and_stop_at_the_receipts_limit) {
    const Address address = deploy(1);
    Script script;
    for (std::size_t i = 0; i < kReceiptEventsMax; ++i) {
        script.emit(Bytes{static_cast<std::uint8_t>(i)});
    }
    const Receipt full = call(address, script);
    ASSERT_EQ(full.events.size(), kReceiptEventsMax);
    EXPECT_EQ(full.events[9].name, contracts::kContractEvent);
    EXPECT_EQ(
        codec::decode<contracts::ContractEvent>(full.events[9].data),
        (contracts::ContractEvent{address, "\x03", Bytes{9}}));
    const Receipt over = call(address, script.emit({}));
    EXPECT_EQ(over.status, TxnStatus::kTrapped);
    EXPECT_EQ(words(over), "emit: a transaction has at most 64 events");
    EXPECT_TRUE(over.events.empty());
}

TEST_F(ContractsTest, unused_gas_returns_and_the_rest_is_paid_at_the_price) {
    const Address address = deploy(1);
    const std::uint64_t before = world.balance(actor(2).address);
    const CheckedTxn one =
        checked_txn(actor(2), call_of(address, Script().burn(1'000)), {.gas_price = 3});
    const Receipt receipt = run_one(one);
    EXPECT_EQ(receipt.status, TxnStatus::kSuccess);
    EXPECT_GT(receipt.gas_used.value, one.intrinsic_gas.value + 3'000);
    EXPECT_LT(receipt.gas_used.value, one.intrinsic_gas.value + 100'000);
    EXPECT_EQ(receipt.fee.value, 3 * receipt.gas_used.value);
    EXPECT_EQ(world.balance(actor(2).address), before - receipt.fee.value);
}

TEST_F(ContractsTest, an_instance_is_paid_before_it_is_made) {
    ModuleBuilder module;
    module.memory({.min = 3, .max = 3});
    module.export_as("run", module.function(module.type({}), Code{}));
    module.data(0, Bytes(100, 1));
    const Bytes code = module.build();
    const auto program = vm::Program::compile(code, vm::Rules::contract());
    ASSERT_TRUE(program.has_value());
    const std::uint64_t gas = (*program)->instantiation_gas();
    ASSERT_GT(gas, 3 * vm::kGasSchedule.instantiate_page);
    EXPECT_EQ(run_one(txn(1, Deploy{code, {}, {}, Gas{gas - 1}})).status, TxnStatus::kOutOfGas);
    const CheckedTxn enough = txn(1, Deploy{code, {}, {}, Gas{gas}});
    const Receipt receipt = run_one(enough);
    EXPECT_EQ(receipt.status, TxnStatus::kSuccess) << words(receipt);
    EXPECT_EQ(receipt.gas_used.value, enough.intrinsic_gas.value + gas);
}

TEST_F(ContractsTest, caches_have_no_influence) {
    const Address address = deploy(1, 1'000);
    const Address other = deploy(2);
    const Script script = Script().call({.to = other, .value = 5}).set(1, bytes_of("x"));
    const CheckedBlock block = block_of(
        {txn(1, call_of(address, script)),
         txn(2, call_of(other, Script().trap())),
         txn(3, Deploy{puppet_code(1), {}, {}, Gas{kGas}})});
    MapView view;
    view.apply(world.state.changes());
    const BlockOutcome warm = execute(view, block);
    vm::ProgramCache none(0);
    const BlockOutcome cold = must(execute_block(view, world.params, block, {.programs = none}));
    EXPECT_EQ(warm.receipts, cold.receipts);
    EXPECT_EQ(warm.gas_used, cold.gas_used);
    EXPECT_EQ(codec::encode(warm.receipts_root), codec::encode(cold.receipts_root));
    ASSERT_EQ(warm.changes.size(), cold.changes.size());
    for (std::size_t i = 0; i < warm.changes.size(); ++i) {
        EXPECT_EQ(warm.changes[i].key, cold.changes[i].key);
        EXPECT_EQ(warm.changes[i].value, cold.changes[i].value);
    }
}

TEST_F(ContractsTest, the_gas_that_is_found_suffices_and_less_does_not) {
    const Address address = deploy(1);
    MapView view;
    view.apply(world.state.changes());
    Head head;
    const CheckedTxn wish = trial::unsigned_txn(
        world.params,
        actor(1).address,
        Nonce{nonce(1)},
        call_of(address, Script().set(1, bytes_of("x")).burn(500)));
    const auto sought =
        must(trial::seek_gas(view, world.params, head, wish, {.programs = programs}));
    EXPECT_EQ(sought.receipt.status, TxnStatus::kSuccess);
    const auto with = [&](std::uint64_t gas) {
        return call(address, Script().set(1, bytes_of("x")).burn(500), 0, gas).status;
    };
    EXPECT_EQ(with(sought.execution.value - 1), TxnStatus::kOutOfGas);
    EXPECT_EQ(with(sought.execution.value), TxnStatus::kSuccess);
}

}  // namespace
}  // namespace polis::ledger::testing
