// Token buckets.
#include <p2p/rate.hpp>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis::p2p {
namespace {

TEST(TokenBucket, starts_full_and_fills_at_its_rate) {
    TokenBucket bucket(10, 2'000, TimeMs{500});
    EXPECT_FALSE(bucket.take(21, TimeMs{500}));
    EXPECT_TRUE(bucket.take(20, TimeMs{500}));
    EXPECT_FALSE(bucket.take(1, TimeMs{599}));
    EXPECT_TRUE(bucket.take(1, TimeMs{600}));
    EXPECT_FALSE(bucket.take(1, TimeMs{600}));
    EXPECT_TRUE(bucket.take(20, TimeMs{1'000'000}));
    EXPECT_FALSE(bucket.take(1, TimeMs{1'000'000})) << "no more than a burst is saved up";
}

TEST(TokenBucket, a_clock_that_goes_back_adds_nothing) {
    TokenBucket bucket(1'000, 1'000, TimeMs{5'000});
    EXPECT_TRUE(bucket.take(1'000, TimeMs{5'000}));
    EXPECT_FALSE(bucket.take(1, TimeMs{1}));
    EXPECT_FALSE(bucket.take(1, TimeMs{5'000}));
    EXPECT_TRUE(bucket.take(1, TimeMs{5'001}));
}

TEST(TokenBucket, an_amount_beyond_all_numbers_is_refused) {
    TokenBucket bucket(1'000, 1'000, TimeMs{});
    EXPECT_FALSE(bucket.take(UINT64_MAX, TimeMs{}));
    EXPECT_TRUE(bucket.take(1'000, TimeMs{}));
}

/// However it is used, no more than the burst and the rate comes out.
TEST(TokenBucket, never_gives_more_than_burst_and_rate) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Random random(seed, "rate");
        const std::uint64_t rate = random.between(1, 5'000);
        const std::uint64_t burst_ms = random.between(1'000, 10'000);
        TokenBucket bucket(rate, burst_ms, TimeMs{});
        std::uint64_t taken = 0;
        std::uint64_t now = 0;
        for (std::size_t i = 0; i < 2'000; ++i) {
            now += random.below(20);
            const std::uint64_t amount = random.below(rate);
            taken += bucket.take(amount, TimeMs{now}) ? amount : 0;
            ASSERT_LE(taken * 1'000, rate * (burst_ms + now));
        }
        EXPECT_GT(taken * 1'000, rate * now / 2);
    }
}

}  // namespace
}  // namespace polis::p2p
