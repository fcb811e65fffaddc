#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/account.hpp>
#include <ledger/execution.hpp>
#include <ledger/gas.hpp>
#include <ledger/modules/contracts.hpp>
#include <tests/ledger/contracts/puppet.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {

/// People with coins, blocks of contracts' transactions over a std::map, and the whole state
/// audited after each.
class ContractsTest : public ::testing::Test {
  protected:
    static constexpr std::uint64_t kCoins = 1'000'000'000'000;
    static constexpr std::uint64_t kGas = 5'000'000;

    ContractsTest() {
        world.height = Height{1};
        for (std::size_t i = 1; i <= 4; ++i) {
            world.mint(actor(i).address, kCoins);
        }
    }

    CheckedTxn txn(std::size_t sender, Payload payload) {
        return checked_txn(actor(sender), std::move(payload), {.nonce = nonce(sender)});
    }

    BlockOutcome execute(StateView& view, const CheckedBlock& block) {
        return must(execute_block(view, world.params, block, {.programs = programs}));
    }

    CheckedBlock block_of(std::vector<CheckedTxn> txns) const {
        Head head;
        head.height = Height{world.height.value - 1};
        head.time = TimeMs{5'000};
        return block_on(head, std::move(txns), kProposer);
    }

    BlockOutcome run(std::vector<CheckedTxn> txns) {
        MapView before;
        before.apply(world.state.changes());
        BlockOutcome outcome = execute(before, block_of(std::move(txns)));
        keep(outcome.changes);
        world.check();
        return outcome;
    }

    void keep(const StateChanges& changes) {
        for (const StateChange& change : changes) {
            must(
                change.value ? world.state.put(change.key, *change.value)
                             : world.state.remove(change.key));
        }
    }

    Receipt run_one(const CheckedTxn& one) { return run({one}).receipts.at(0); }

    /// A puppet of this sender. @pre the deployment succeeds
    Address deploy(std::size_t sender, std::uint64_t value = 0, const Script& script = {}) {
        const Address address =
            contracts::contract_address(actor(sender).address, Nonce{nonce(sender)});
        const Receipt receipt =
            run_one(txn(sender, Deploy{puppet_code(), script.bytes(), Amount{value}, Gas{kGas}}));
        EXPECT_EQ(receipt.status, TxnStatus::kSuccess) << as_text(receipt.output);
        return address;
    }

    static Call call_of(
        const Address& to,
        const Script& script,
        std::uint64_t value = 0,
        std::uint64_t gas = kGas) {
        return {
            .contract = to,
            .method = "run",
            .input = script.bytes(),
            .value = Amount{value},
            .gas = Gas{gas}};
    }

    Receipt call(
        const Address& to,
        const Script& script,
        std::uint64_t value = 0,
        std::uint64_t gas = kGas) {
        return run_one(txn(1, call_of(to, script, value, gas)));
    }

    std::uint64_t nonce(std::size_t index) {
        return must(load_account(world.state, actor(index).address)).nonce.value;
    }

    std::optional<std::string> stored(const Address& contract, std::uint8_t key) {
        const auto value = must(contracts::load_storage(world.state, contract, Bytes{key}));
        return value ? std::optional{std::string(as_text(value->view()))} : std::nullopt;
    }

    static const Address kProposer;
    ModuleWorld world;
    vm::ProgramCache programs{kProgramCacheBytes};
};

inline const Address ContractsTest::kProposer = nobody(0xee);

inline std::string words(const Receipt& receipt) { return std::string(as_text(receipt.output)); }

inline Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

}  // namespace polis::ledger::testing
