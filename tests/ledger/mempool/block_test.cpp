// What an executed block does to the mempool.
#include <gtest/gtest.h>

#include <tests/ledger/mempool/fixture.hpp>

namespace polis::ledger::test {
namespace {

using Removals = std::vector<Removal>;

TEST(Block, removes_what_it_holds) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1}), "pending");
    pool.accounts.set(1, 1'000'000, 1);
    EXPECT_EQ(
        pool.block(6, ids({1, 55}), {address_of(1), address_of(99)}),
        (Removals{{id_of(1), RemovalReason::kIncluded}}));
    EXPECT_EQ(pool.selected(), ids({2}));
    EXPECT_EQ(pool.pool.next_nonce(address_of(1)), Nonce{2});
    EXPECT_EQ(pool.pool.bytes(), 200U);
}

TEST(Block, knows_the_senders_of_included_ones_by_itself) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1}), "pending");
    pool.accounts.set(1, 1'000'000, 1);
    pool.block(6, ids({1}), {});
    EXPECT_EQ(pool.selected(), ids({2}));
}

TEST(Block, drops_nonces_that_others_used) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .nonce = 3}), "queued");
    pool.accounts.set(1, 1'000'000, 3);
    EXPECT_EQ(
        pool.block(6, {}, {address_of(1)}),
        (Removals{{id_of(1), RemovalReason::kStaleNonce}, {id_of(2), RemovalReason::kStaleNonce}}));
    EXPECT_EQ(pool.selected(), ids({3})) << "promoted";
    EXPECT_EQ(pool.pool.next_nonce(address_of(1)), Nonce{4});
}

TEST(Block, expires_and_closes_the_way_for_later_ones) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .valid_until = 6}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .sender = 2, .valid_until = 7}), "pending");
    EXPECT_EQ(pool.block(6, {}, {}), (Removals{{id_of(1), RemovalReason::kExpired}}));
    EXPECT_EQ(pool.selected(), ids({3}));
    EXPECT_EQ(pool.pool.next_nonce(address_of(1)), Nonce{0});
    EXPECT_EQ(pool.put({.id = 4}), "pending");
    EXPECT_EQ(pool.selected(), ids({3, 4, 2}));
    EXPECT_EQ(pool.block(7, {}, {}), (Removals{{id_of(3), RemovalReason::kExpired}}));
}

TEST(Block, an_included_one_that_also_expires_was_included) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .valid_until = 6}), "pending");
    pool.accounts.set(1, 1'000'000, 1);
    EXPECT_EQ(
        pool.block(6, ids({1}), {address_of(1)}), (Removals{{id_of(1), RemovalReason::kIncluded}}));
    EXPECT_EQ(pool.pool.count(), 0U);
    EXPECT_EQ(pool.pool.bytes(), 0U);
}

TEST(Block, a_lower_balance_costs_the_last_ones) {
    Pool pool;
    for (std::uint64_t nonce = 0; nonce < 4; ++nonce) {
        EXPECT_EQ(pool.put({.id = nonce, .nonce = nonce}), "pending");  // 10,100 each
    }
    pool.accounts.set(1, 20'200);
    EXPECT_EQ(
        pool.block(6, {}, {address_of(1)}),
        (Removals{
            {id_of(2), RemovalReason::kUnaffordable}, {id_of(3), RemovalReason::kUnaffordable}}));
    EXPECT_EQ(
        pool.error_of({.id = 9, .nonce = 2, .price = 0, .amount = 1}),
        MempoolError::kInsufficientBalance);
}

TEST(Block, behind_an_unaffordable_one_nothing_stays) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .amount = 90'000}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1, .amount = 1}), "pending");
    pool.accounts.set(1, 50'000);
    EXPECT_EQ(pool.block(6, {}, {address_of(1)}).size(), 2U);
    EXPECT_EQ(pool.pool.count(), 0U);
}

TEST(Block, a_higher_balance_is_seen) {
    Pool pool;
    pool.accounts.set(1, 10'100);
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.error_of({.id = 2, .nonce = 1}), MempoolError::kInsufficientBalance);
    pool.accounts.set(1, 20'200);
    EXPECT_TRUE(pool.block(6, {}, {address_of(1)}).empty());
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1}), "pending");
}

TEST(Block, looks_only_at_what_it_touched) {
    Pool pool;
    for (std::uint64_t sender = 1; sender < 9; ++sender) {
        EXPECT_EQ(pool.put({.id = sender, .sender = sender}), "pending");
    }
    const auto loads = pool.accounts.loads;
    pool.block(6, {}, {address_of(3), address_of(3), address_of(77)});
    EXPECT_EQ(pool.accounts.loads, loads + 1);
}

TEST(Block, a_failing_store_changes_nothing) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .sender = 2, .valid_until = 6}), "pending");
    pool.accounts.failing = true;
    const std::vector<Hash> included = ids({1});
    const BlockSummary block{.height = Height{6}, .included = included, .touched = {}};
    const auto failed = pool.pool.on_block(block, pool.accounts);
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, StoreErrc::kIo);
    EXPECT_EQ(pool.selected(), ids({1, 2}));
    pool.accounts.failing = false;
    pool.accounts.set(1, 1'000'000, 1);
    const auto done = pool.pool.on_block(block, pool.accounts);
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->size(), 2U);
    EXPECT_EQ(pool.pool.count(), 0U);
}

TEST(Block, an_executed_height_expires_newcomers) {
    Pool pool;
    pool.block(50, {}, {});
    EXPECT_EQ(pool.error_of({.id = 1, .valid_until = 50}), MempoolError::kExpired);
    EXPECT_EQ(pool.put({.id = 1, .valid_until = 51}), "pending");
}

}  // namespace
}  // namespace polis::ledger::test
