// Floods: the pool stays within its limits, its memory stays flat, and honest transactions that
// pay survive. Work is counted (look-ups, evictions), never timed.
#include <gtest/gtest.h>
#include <malloc.h>

#include <core/random.hpp>
#include <tests/ledger/mempool/fixture.hpp>

namespace polis::ledger::test {
namespace {

constexpr std::uint64_t kHonest = 1'000'000;

MempoolLimits flood_limits() {
    MempoolLimits limits;
    limits.count_max = 5'000;
    limits.bytes_max = 1'200'000;
    return limits;
}

std::size_t heap_bytes() { return mallinfo2().uordblks; }

/// Ten senders who pay well, ten transactions each.
void add_honest(Pool& pool) {
    for (std::uint64_t i = 0; i < 100; ++i) {
        pool.accounts.set(kHonest + i / 10, 10'000'000'000);
        ASSERT_EQ(
            pool.put(
                {.id = kHonest + i, .sender = kHonest + i / 10, .nonce = i % 10, .price = 500}),
            "pending");
    }
}

void expect_honest(const Pool& pool) {
    for (std::uint64_t i = 0; i < 100; ++i) {
        EXPECT_TRUE(pool.pool.contains(id_of(kHonest + i)));
    }
    BlockSpace space = Pool::roomy();
    space.count_max = 100;
    for (const Hash& id : pool.selected(space)) {
        EXPECT_EQ(pool.pool.get(id)->txn.body.gas_price, GasPrice{500});
    }
}

TEST(Spam, one_sender_holds_no_more_than_its_share) {
    Pool pool(flood_limits());
    add_honest(pool);
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        (void)pool.add({.id = i, .nonce = i % 200, .price = 1 + i / 200});
    }
    EXPECT_EQ(pool.pool.count(), 100U + 64);
    expect_honest(pool);
    EXPECT_EQ(pool.accounts.loads, 11U) << "a known sender costs no look at the state";
}

TEST(Spam, many_senders_with_a_low_price_displace_nobody) {
    Pool pool(flood_limits());
    add_honest(pool);
    std::size_t heap_when_full = 0;
    for (std::uint64_t i = 0; i < 60'000; ++i) {
        const std::uint64_t sender = 10 + i / 4;
        if (i % 4 == 0) {
            pool.accounts.accounts.clear();  // keep the fake state out of the measured heap
            pool.accounts.set(sender, 100'000'000);
        }
        const auto result =
            pool.add({.id = i, .sender = sender, .nonce = i % 4, .price = 1 + i / 1'000});
        ASSERT_TRUE(result.has_value());
        if (*result) {
            ASSERT_LE((*result)->evicted.size(), 2U);
        }
        ASSERT_LE(pool.pool.count(), flood_limits().count_max);
        ASSERT_LE(pool.pool.bytes(), flood_limits().bytes_max);
        if (i == 10'000) {
            heap_when_full = heap_bytes();
        }
    }
    EXPECT_EQ(pool.pool.count(), flood_limits().count_max);
    if (heap_when_full > 0) {  // not measured under sanitizers
        EXPECT_LE(heap_bytes(), heap_when_full + heap_when_full / 20);
    }
    expect_honest(pool);
}

TEST(Spam, gaps_and_shields_displace_nobody) {
    Pool pool(flood_limits());
    add_honest(pool);
    for (std::uint64_t sender = 10; sender < 2'010; ++sender) {
        pool.accounts.set(sender, 1'000'000'000'000);
        for (std::uint64_t nonce = 0; nonce < 8; ++nonce) {
            // A worthless first one, or none at all, and dear ones behind it.
            const bool first = nonce == 0;
            if (!first || sender % 2 == 0) {
                (void)pool.add(
                    {.id = sender * 10 + nonce,
                     .sender = sender,
                     .nonce = nonce,
                     .price = first ? 1U : 1'000'000U,
                     .bytes = 100});
            }
        }
    }
    EXPECT_EQ(pool.pool.count(), flood_limits().count_max);
    expect_honest(pool);
    // What pays at all still gets in.
    pool.accounts.set(5'000, 1'000'000'000);
    EXPECT_EQ(pool.put({.id = 9, .sender = 5'000, .price = 2}), "pending, evicted 1");
}

TEST(Spam, large_ones_evict_in_proportion_to_their_size) {
    Pool pool(flood_limits());
    for (std::uint64_t sender = 10; sender < 6'010; ++sender) {
        pool.accounts.set(sender, 1'000'000'000);
        (void)pool.add({.id = sender, .sender = sender, .bytes = 240});
    }
    ASSERT_EQ(pool.pool.count(), 5'000U);
    for (std::uint64_t i = 0; i < 18; ++i) {
        pool.accounts.set(10'000 + i, 1'000'000'000);
        const auto result =
            pool.add({.id = 10'000 + i, .sender = 10'000 + i, .price = 11, .bytes = 64 * 1024});
        ASSERT_TRUE(result.has_value() && result->has_value());
        EXPECT_LE((*result)->evicted.size(), 64U * 1024 / 240 + 1);
    }
    EXPECT_EQ(pool.error_of({.id = 1, .price = 11, .bytes = 64 * 1024}), MempoolError::kPoolFull);
    EXPECT_LE(pool.pool.bytes(), flood_limits().bytes_max);
}

TEST(Spam, replacing_for_ever_keeps_paying_more) {
    Pool pool(flood_limits());
    pool.accounts.set(1, 2'000'000'000'000'000'000);
    std::uint64_t taken = 0;
    std::uint64_t price = 1;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
        price += price / 100 + 1;
        if (pool.put({.id = i, .price = price}) == "pending, replaced") {
            ++taken;
        }
        if (price > 1'000'000'000'000) {
            price = 1;
        }
    }
    EXPECT_EQ(pool.pool.count(), 1U);
    EXPECT_LE(taken, 300U);  // log(10^12) / log(1.1), and the small steps at the start
}

TEST(Spam, a_block_that_empties_the_pool) {
    Pool pool(flood_limits());
    std::vector<Hash> included;
    std::vector<Address> touched;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
        const std::uint64_t sender = 10 + i / 50;
        pool.accounts.set(sender, 1'000'000'000);
        ASSERT_EQ(pool.put({.id = i, .sender = sender, .nonce = i % 50}), "pending");
        included.push_back(id_of(i));
        touched.push_back(address_of(sender));
    }
    for (std::uint64_t sender = 10; sender < 110; ++sender) {
        pool.accounts.set(sender, 1'000'000'000, 50);
    }
    EXPECT_EQ(pool.block(6, included, touched).size(), 5'000U);
    EXPECT_EQ(pool.pool.count(), 0U);
    EXPECT_EQ(pool.pool.bytes(), 0U);
    EXPECT_TRUE(pool.selected().empty());
}

}  // namespace
}  // namespace polis::ledger::test
