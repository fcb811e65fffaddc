// A transaction that fails leaves its fee and its nonce and nothing else, however and wherever it
// fails. Method: one long script, ended in each way and at each amount of gas; states are compared
// with one where only the fee was paid. The disk's failures are nobody's fault.
#include <cstddef>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <tests/ledger/contracts/contract_fixture.hpp>

namespace polis::ledger::testing {
namespace {

class FailureTest : public ContractsTest {
  protected:
    /// Something of everything.
    [[nodiscard]] Script busy() const {
        const Bytes inner = Script()
                                .set(5, bytes_of("inner"))
                                .emit(bytes_of("inner"))
                                .transfer(nobody(8), 1)
                                .bytes();
        Script out;
        out.set(1, bytes_of("one")).remove(2).emit(bytes_of("event")).transfer(nobody(9), 3);
        out.call({.to = other, .value = 10, .input = inner}).burn(20).give_back(bytes_of("end"));
        return out;
    }

    /// The state if the call had only paid.
    StateChanges only_paid(const CheckedTxn& txn, const Receipt& receipt) {
        const Journal::Checkpoint before = world.state.checkpoint();
        Account account = must(load_account(world.state, txn.sender));
        account.balance.value -= receipt.fee.value;
        account.nonce.value += 1;
        must(save_account(world.state, txn.sender, account));
        must(staking::reward(world.state, world.params, kProposer, receipt.fee));
        StateChanges out = world.state.changes();
        world.state.rollback(before);
        return out;
    }

    /// Executes the call on the state as it is, and checks that a failure left nothing.
    Receipt attempt(const Script& script, std::uint64_t gas) {
        const CheckedTxn one = txn(1, call_of(address, script, 100, gas));
        MapView view;
        view.apply(world.state.changes());
        const BlockOutcome outcome = execute(view, block_of({one}));
        const Receipt receipt = outcome.receipts.at(0);
        if (receipt.status != TxnStatus::kSuccess) {
            EXPECT_TRUE(receipt.events.empty());
            view.apply(outcome.changes);
            MapView expected;
            expected.apply(only_paid(one, receipt));
            EXPECT_EQ(view.records(), expected.records()) << "gas " << gas;
        }
        EXPECT_LE(receipt.gas_used.value, one.intrinsic_gas.value + gas);
        if (receipt.status == TxnStatus::kOutOfGas) {
            EXPECT_EQ(receipt.gas_used.value, one.intrinsic_gas.value + gas);
        }
        return receipt;
    }

    Address address = deploy(1, 1'000, Script().set(2, bytes_of("two")));
    Address other = deploy(2, 50);
};

TEST_F(FailureTest, leaves_only_fee_and_nonce_at_every_amount_of_gas) {
    const Receipt whole = attempt(busy(), kGas);
    ASSERT_EQ(whole.status, TxnStatus::kSuccess);
    const CheckedTxn one = txn(1, call_of(address, busy(), 100, kGas));
    const std::uint64_t used = whole.gas_used.value - one.intrinsic_gas.value;
    std::size_t failures = 0;
    for (std::uint64_t gas = 0; gas < used + 50; gas += gas + 200 < used ? 53 : 1) {
        const Receipt receipt = attempt(busy(), gas);
        // Where the inner call finds too little gas, the outer one goes on with what is left.
        failures += receipt.status == TxnStatus::kOutOfGas ? 1 : 0;
        ASSERT_TRUE(
            receipt.status == TxnStatus::kOutOfGas || receipt.status == TxnStatus::kSuccess);
    }
    EXPECT_GT(failures, 300U);
    EXPECT_EQ(attempt(busy(), used).gas_used, whole.gas_used);
}

TEST_F(FailureTest, leaves_only_fee_and_nonce_in_every_way) {
    EXPECT_EQ(attempt(busy().revert("why"), kGas).status, TxnStatus::kReverted);
    const Receipt trapped = attempt(busy().trap(), kGas);
    EXPECT_EQ(trapped.status, TxnStatus::kTrapped);
    EXPECT_EQ(words(trapped), to_string(vm::Trap::kUnreachable));
    const Receipt pointer = attempt(busy().bad_pointer(), kGas);
    EXPECT_EQ(pointer.status, TxnStatus::kTrapped);
    EXPECT_EQ(words(pointer), to_string(vm::Trap::kMemoryBounds));
    EXPECT_EQ(attempt(busy().burn(UINT32_MAX), kGas).status, TxnStatus::kOutOfGas);
}

TEST_F(FailureTest, a_trap_costs_what_was_used_so_far) {
    const std::uint64_t done = attempt(busy(), kGas).gas_used.value;
    const std::uint64_t trapped = attempt(busy().trap(), kGas).gas_used.value;
    EXPECT_GT(trapped, done);
    EXPECT_LT(trapped, done + 100) << "one more step";
    EXPECT_EQ(attempt(busy().trap(), 2 * kGas / 2 + 9).gas_used.value, trapped);
}

class BrittleView final : public StateView {
  public:
    BrittleView(StateView& base, std::size_t reads) : base_(base), reads_left_(reads) {}

    StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override {
        if (reads_left_ == 0) {
            return std::unexpected(StoreError{StoreErrc::kIo, "injected"});
        }
        --reads_left_;
        return base_.get(key);
    }

    [[nodiscard]] std::size_t reads_left() const { return reads_left_; }

  private:
    StateView& base_;
    std::size_t reads_left_;
};

TEST_F(FailureTest, of_the_disk_ends_the_block_and_is_no_receipt) {
    MapView view;
    view.apply(world.state.changes());
    const CheckedBlock block = block_of(
        {txn(1, call_of(address, busy(), 100)),
         txn(2, Deploy{puppet_code(3), busy().bytes(), Amount{20}, Gas{kGas}})});
    constexpr std::size_t kEnough = 1'000;
    BrittleView counting(view, kEnough);
    execute(counting, block);
    const std::size_t reads = kEnough - counting.reads_left();
    ASSERT_GT(reads, 15U);
    for (std::size_t k = 0; k < reads; ++k) {
        BrittleView brittle(view, k);
        const auto outcome = execute_block(brittle, world.params, block, {.programs = programs});
        ASSERT_FALSE(outcome.has_value()) << k;
        ASSERT_EQ(outcome.error().code, StoreErrc::kIo);
    }
}

}  // namespace
}  // namespace polis::ledger::testing
