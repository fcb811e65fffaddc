// What the mempool offers to a block: best price first, nonces in order, limits held.
#include <gtest/gtest.h>

#include <tests/ledger/mempool/fixture.hpp>

namespace polis::ledger::test {
namespace {

TEST(Select, best_price_first_then_arrival) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 5, .sender = 5, .price = 10}), "pending");
    EXPECT_EQ(pool.put({.id = 4, .sender = 4, .price = 20}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .sender = 3, .price = 10}), "pending");
    EXPECT_EQ(pool.selected(), ids({4, 5, 3}));
    EXPECT_EQ(pool.selected(), ids({4, 5, 3})) << "selecting removes nothing";
}

TEST(Select, nonce_order_within_a_sender) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1, .price = 100}), "queued");
    EXPECT_EQ(pool.put({.id = 1, .nonce = 0, .price = 10}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .nonce = 3, .price = 500}), "queued");
    EXPECT_EQ(pool.put({.id = 4, .sender = 2, .price = 50}), "pending");
    EXPECT_EQ(pool.selected(), ids({4, 1, 2}));
}

TEST(Select, limits) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .price = 50, .gas = 5'000}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1, .price = 60, .gas = 1'000}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .sender = 2, .price = 40, .gas = 2'000, .bytes = 400}), "pending");
    EXPECT_EQ(pool.put({.id = 4, .sender = 3, .price = 30, .gas = 1'000}), "pending");
    BlockSpace space = Pool::roomy();
    space.count_max = 2;
    EXPECT_EQ(pool.selected(space), ids({1, 2}));
    space.count_max = 0;
    EXPECT_TRUE(pool.selected(space).empty());
    space = Pool::roomy();
    space.gas_max = Gas{4'999};  // the first does not fit, nor may its successor go alone
    EXPECT_EQ(pool.selected(space), ids({3, 4}));
    space.gas_max = Gas{8'000};
    EXPECT_EQ(pool.selected(space), ids({1, 2, 3}));
    space = Pool::roomy();
    space.bytes_max = 600;
    EXPECT_EQ(pool.selected(space), ids({1, 2, 4}));
    space.bytes_max = 0;
    EXPECT_TRUE(pool.selected(space).empty());
}

TEST(Select, passes_over_what_expires_before_the_block) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .valid_until = 7}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .sender = 2, .price = 1, .valid_until = 8}), "pending");
    BlockSpace space = Pool::roomy();
    space.height = Height{7};
    EXPECT_EQ(pool.selected(space), ids({1, 2, 3}));
    space.height = Height{8};
    EXPECT_EQ(pool.selected(space), ids({3}));
}

TEST(Select, continues_behind_what_waits_for_execution) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .price = 50}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1, .price = 60}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .sender = 2, .price = 40}), "pending");
    BlockSpace space = Pool::roomy();
    space.count_max = 1;
    const auto next = pool.pool.select(space, {id_of(1)});
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next.front()->id, id_of(2));
    const auto rest = pool.pool.select(space, {id_of(1), id_of(2)});
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest.front()->id, id_of(3));
}

}  // namespace
}  // namespace polis::ledger::test
