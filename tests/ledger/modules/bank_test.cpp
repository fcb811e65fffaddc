// Coins: no sum wraps, no operation makes or loses one.
// Method: the module over a journal, with the numbers at both ends of 64 bits.
#include <ledger/modules/bank.hpp>

#include <gtest/gtest.h>

#include <ledger/account.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::uint64_t kMax = UINT64_MAX;

TEST(Bank, debit_takes_exactly_what_is_there) {
    ModuleWorld world;
    world.mint(nobody(1), 100);
    EXPECT_EQ(
        must(bank::debit(world.state, nobody(1), Amount{101})), TxnStatus::kInsufficientBalance);
    EXPECT_EQ(world.balance(nobody(1)), 100U);
    EXPECT_EQ(must(bank::debit(world.state, nobody(1), Amount{100})), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(nobody(1)), 0U);
    EXPECT_EQ(
        must(bank::debit(world.state, nobody(2), Amount{1})), TxnStatus::kInsufficientBalance);
}

TEST(Bank, credit_refuses_to_wrap) {
    ModuleWorld world;
    EXPECT_EQ(must(bank::credit(world.state, nobody(1), Amount{kMax})), TxnStatus::kSuccess);
    EXPECT_EQ(must(bank::credit(world.state, nobody(1), Amount{1})), TxnStatus::kOverflow);
    EXPECT_EQ(world.balance(nobody(1)), kMax);
    EXPECT_EQ(must(bank::credit(world.state, nobody(1), Amount{})), TxnStatus::kSuccess);
}

TEST(Bank, an_emptied_account_leaves_no_record) {
    ModuleWorld world;
    EXPECT_EQ(must(bank::credit(world.state, nobody(1), Amount{5})), TxnStatus::kSuccess);
    EXPECT_EQ(must(bank::debit(world.state, nobody(1), Amount{5})), TxnStatus::kSuccess);
    EXPECT_TRUE(world.state.changes().empty());
    EXPECT_EQ(must(bank::credit(world.state, nobody(1), Amount{})), TxnStatus::kSuccess);
    EXPECT_TRUE(world.state.changes().empty());
}

TEST(Bank, an_emptied_account_keeps_its_nonce) {
    ModuleWorld world;
    must(save_account(world.state, nobody(1), {.balance = Amount{5}, .nonce = Nonce{3}}));
    EXPECT_EQ(must(bank::debit(world.state, nobody(1), Amount{5})), TxnStatus::kSuccess);
    EXPECT_EQ(must(load_account(world.state, nobody(1))).nonce, Nonce{3});
}

TEST(Bank, transfer_moves_coins) {
    ModuleWorld world;
    world.mint(nobody(1), 100);
    EXPECT_EQ(world.apply(nobody(1), Transfer{nobody(2), Amount{40}}), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(nobody(1)), 60U);
    EXPECT_EQ(world.balance(nobody(2)), 40U);
    EXPECT_EQ(
        world.apply(nobody(1), Transfer{nobody(2), Amount{61}}), TxnStatus::kInsufficientBalance);
    EXPECT_TRUE(world.events.empty());
    world.check();
}

TEST(Bank, transfer_to_oneself_makes_and_loses_nothing) {
    ModuleWorld world;
    world.mint(nobody(1), kMax);
    for (const std::uint64_t amount : {std::uint64_t{1}, std::uint64_t{77}, kMax}) {
        EXPECT_EQ(world.apply(nobody(1), Transfer{nobody(1), Amount{amount}}), TxnStatus::kSuccess);
        EXPECT_EQ(world.balance(nobody(1)), kMax);
    }
    world.check();
}

TEST(Bank, transfer_to_oneself_needs_the_coins) {
    ModuleWorld world;
    world.mint(nobody(1), 10);
    EXPECT_EQ(
        world.apply(nobody(1), Transfer{nobody(1), Amount{11}}), TxnStatus::kInsufficientBalance);
    EXPECT_EQ(world.balance(nobody(1)), 10U);
}

/// Reliability, incident 1: an output sum that wraps makes coins.
TEST(Bank, a_transfer_that_would_wrap_the_recipient_is_refused) {
    ModuleWorld world;
    must(save_account(world.state, nobody(1), {.balance = Amount{kMax}, .nonce = {}}));
    must(save_account(world.state, nobody(2), {.balance = Amount{1}, .nonce = {}}));
    EXPECT_EQ(world.apply(nobody(1), Transfer{nobody(2), Amount{kMax}}), TxnStatus::kOverflow);
    EXPECT_EQ(world.balance(nobody(1)), kMax);
    EXPECT_EQ(world.balance(nobody(2)), 1U);
}

TEST(Bank, burn_lowers_the_supply_down_to_nothing) {
    ModuleWorld world;
    EXPECT_EQ(world.supply(), 0U);
    must(bank::set_supply(world.state, Amount{kMax}));
    must(bank::burn(world.state, Amount{kMax - 1}));
    EXPECT_EQ(world.supply(), 1U);
    must(bank::burn(world.state, Amount{1}));
    EXPECT_EQ(world.supply(), 0U);
    must(bank::burn(world.state, Amount{}));
    EXPECT_DEATH(static_cast<void>(bank::burn(world.state, Amount{1})), "assertion failed");
}

}  // namespace
}  // namespace polis::ledger::testing
