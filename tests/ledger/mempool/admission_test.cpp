// What the mempool lets in: a test for each refusal, replacement and eviction.
#include <limits>

#include <gtest/gtest.h>

#include <tests/ledger/mempool/fixture.hpp>

namespace polis::ledger::test {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Admission, pending_and_queued) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 2}), "queued");
    EXPECT_EQ(pool.put({.id = 3, .nonce = 1}), "pending");
    EXPECT_EQ(pool.pool.next_nonce(address_of(1)), Nonce{3});
    EXPECT_EQ(pool.pool.next_nonce(address_of(2)), std::nullopt);
    EXPECT_EQ(pool.pool.count(), 3U);
    EXPECT_EQ(pool.pool.bytes(), 600U);
    EXPECT_TRUE(pool.pool.contains(id_of(2)));
    EXPECT_EQ(pool.pool.get(id_of(2))->id, id_of(2));
    EXPECT_EQ(pool.pool.get(id_of(9)), nullptr);
}

TEST(Admission, known_id) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.error_of({.id = 1}), MempoolError::kAlreadyKnown);
}

TEST(Admission, too_large) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .bytes = 1'000}), "pending");
    EXPECT_EQ(pool.error_of({.id = 2, .nonce = 1, .bytes = 1'001}), MempoolError::kTooLarge);
    MempoolLimits tiny = Pool::small_limits();
    tiny.bytes_max = 500;
    Pool small(tiny);
    EXPECT_EQ(small.error_of({.id = 1, .bytes = 501}), MempoolError::kTooLarge);
}

TEST(Admission, expired) {
    Pool pool;  // height 5 is executed
    EXPECT_EQ(pool.error_of({.id = 1, .valid_until = 5}), MempoolError::kExpired);
    EXPECT_EQ(pool.put({.id = 2, .valid_until = 6}), "pending");
}

TEST(Admission, stale_nonce) {
    Pool pool;
    pool.accounts.set(1, 1'000'000, 7);
    EXPECT_EQ(pool.error_of({.id = 1, .nonce = 6}), MempoolError::kStaleNonce);
    EXPECT_EQ(pool.put({.id = 2, .nonce = 7}), "pending");
}

TEST(Admission, nonce_gap_counts_from_the_pending_ones) {
    Pool pool;
    EXPECT_EQ(pool.error_of({.id = 1, .nonce = 4}), MempoolError::kNonceTooFar);
    EXPECT_EQ(pool.error_of({.id = 1, .nonce = kMax}), MempoolError::kNonceTooFar);
    EXPECT_EQ(pool.put({.id = 1, .nonce = 3}), "queued");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 0}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .nonce = 4}), "queued");
    EXPECT_EQ(pool.error_of({.id = 4, .nonce = 5}), MempoolError::kNonceTooFar);
    EXPECT_EQ(pool.put({.id = 5, .nonce = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 6, .nonce = 5}), "queued");
}

TEST(Admission, highest_nonces_do_not_wrap) {
    Pool pool;
    pool.accounts.set(1, 1'000'000, kMax);
    EXPECT_EQ(pool.put({.id = 1, .nonce = kMax}), "pending");
    EXPECT_EQ(pool.error_of({.id = 2, .nonce = 0}), MempoolError::kStaleNonce);
}

TEST(Admission, account_that_was_never_used) {
    Pool pool;
    EXPECT_EQ(pool.error_of({.id = 1, .sender = 77}), MempoolError::kUnknownAccount);
    pool.accounts.set(77, 0, 3);  // used, but empty
    EXPECT_EQ(
        pool.error_of({.id = 1, .sender = 77, .nonce = 3}), MempoolError::kInsufficientBalance);
}

TEST(Admission, failing_store_is_undetermined) {
    Pool pool;
    pool.accounts.failing = true;
    const auto result = pool.add({.id = 1});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, StoreErrc::kIo);
    EXPECT_EQ(pool.pool.count(), 0U);
    pool.accounts.failing = false;
    EXPECT_EQ(pool.put({.id = 1}), "pending");
}

TEST(Admission, balance_covers_all_of_a_senders_transactions) {
    Pool pool;
    pool.accounts.set(1, 30'000);  // each costs 10,000 of fee and 100
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 2}), "queued");
    EXPECT_EQ(pool.error_of({.id = 3, .nonce = 1}), MempoolError::kInsufficientBalance);
    EXPECT_EQ(pool.put({.id = 4, .nonce = 1, .price = 9, .amount = 800}), "pending");
    EXPECT_EQ(
        pool.error_of({.id = 5, .nonce = 3, .price = 0, .amount = 1}),
        MempoolError::kInsufficientBalance);
}

TEST(Admission, a_replacement_may_not_make_later_ones_worthless) {
    Pool pool;
    pool.accounts.set(1, 30'000);
    EXPECT_EQ(pool.put({.id = 1}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1}), "pending");
    EXPECT_EQ(
        pool.error_of({.id = 3, .nonce = 0, .price = 11, .amount = 8'901}),
        MempoolError::kInsufficientBalance);
    EXPECT_EQ(pool.put({.id = 3, .nonce = 0, .price = 11, .amount = 8'900}), "pending, replaced");
}

TEST(Admission, a_cost_beyond_64_bits_is_not_covered) {
    Pool pool;
    pool.accounts.set(1, kMax);
    EXPECT_EQ(pool.error_of({.id = 1, .amount = kMax}), MempoolError::kInsufficientBalance);
    EXPECT_EQ(pool.put({.id = 1, .amount = kMax - 10'000}), "pending");
    EXPECT_EQ(
        pool.error_of({.id = 2, .nonce = 1, .amount = kMax - 10'000}),
        MempoolError::kInsufficientBalance);
}

TEST(Admission, replacement_needs_a_rise_of_a_tenth) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .price = 101}), "pending");
    EXPECT_EQ(pool.error_of({.id = 2, .price = 101}), MempoolError::kReplacementTooCheap);
    EXPECT_EQ(pool.error_of({.id = 2, .price = 111}), MempoolError::kReplacementTooCheap);
    const auto result = pool.add({.id = 2, .price = 112});
    EXPECT_EQ(describe(result), "pending, replaced");
    EXPECT_EQ((*result)->replaced, id_of(1));
    EXPECT_EQ(pool.selected(), ids({2}));
    EXPECT_FALSE(pool.pool.contains(id_of(1)));
    EXPECT_EQ(pool.pool.bytes(), 200U);
}

TEST(Admission, replacement_of_a_free_one_pays_at_least_one) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .price = 0}), "pending");
    EXPECT_EQ(pool.error_of({.id = 2, .price = 0}), MempoolError::kReplacementTooCheap);
    EXPECT_EQ(pool.put({.id = 2, .price = 1}), "pending, replaced");
    EXPECT_EQ(pool.error_of({.id = 3, .price = 1}), MempoolError::kReplacementTooCheap);
    EXPECT_EQ(pool.put({.id = 3, .price = 2}), "pending, replaced");
}

TEST(Admission, the_highest_price_cannot_be_replaced) {
    Pool pool;
    pool.accounts.set(1, kMax);
    EXPECT_EQ(pool.put({.id = 1, .price = kMax - 5, .amount = 1, .gas = 1}), "pending");
    EXPECT_EQ(
        pool.error_of({.id = 2, .price = kMax, .amount = 1, .gas = 1}),
        MempoolError::kReplacementTooCheap);
}

TEST(Admission, sender_is_full) {
    Pool pool;
    for (std::uint64_t nonce = 0; nonce < 5; ++nonce) {
        EXPECT_EQ(pool.put({.id = nonce, .nonce = nonce}), "pending");
    }
    EXPECT_EQ(pool.error_of({.id = 9, .nonce = 5}), MempoolError::kSenderFull);
    EXPECT_EQ(pool.put({.id = 9, .nonce = 4, .price = 11}), "pending, replaced");
    EXPECT_EQ(pool.put({.id = 10, .sender = 2}), "pending");
}

TEST(Eviction, only_a_better_price_gets_in) {
    Pool pool;
    for (std::uint64_t sender = 1; sender <= 8; ++sender) {
        EXPECT_EQ(pool.put({.id = sender, .sender = sender, .price = 10 + sender}), "pending");
    }
    const auto loads = pool.accounts.loads;
    EXPECT_EQ(pool.error_of({.id = 9, .sender = 9, .price = 11}), MempoolError::kPoolFull);
    EXPECT_EQ(pool.accounts.loads, loads) << "a flood of cheap ones must not read the state";
    const auto result = pool.add({.id = 9, .sender = 9, .price = 12});
    EXPECT_EQ(describe(result), "pending, evicted 1");
    EXPECT_EQ((*result)->evicted, ids({1}));
    EXPECT_EQ(pool.pool.count(), 8U);
}

TEST(Eviction, of_equals_the_latest_goes) {
    Pool pool;
    for (std::uint64_t sender = 1; sender <= 8; ++sender) {
        EXPECT_EQ(pool.put({.id = sender, .sender = sender}), "pending");
    }
    EXPECT_EQ((*pool.add({.id = 9, .sender = 9, .price = 11}))->evicted, ids({8}));
}

TEST(Eviction, takes_the_last_nonce_so_that_no_gap_opens) {
    Pool pool;
    // Sender 1: cheap first, dear last. The dear one is worth no more than the way to it.
    EXPECT_EQ(pool.put({.id = 1, .price = 5}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .nonce = 1, .price = 500}), "pending");
    EXPECT_EQ(pool.put({.id = 3, .nonce = 2, .price = 50}), "pending");
    for (std::uint64_t sender = 2; sender <= 6; ++sender) {
        EXPECT_EQ(pool.put({.id = sender + 10, .sender = sender}), "pending");
    }
    EXPECT_EQ((*pool.add({.id = 21, .sender = 7, .price = 6}))->evicted, ids({3}));
    EXPECT_EQ((*pool.add({.id = 22, .sender = 8, .price = 6}))->evicted, ids({2}));
    EXPECT_EQ((*pool.add({.id = 23, .sender = 9, .price = 6}))->evicted, ids({1}));
    EXPECT_EQ(pool.error_of({.id = 24, .sender = 1, .price = 6}), MempoolError::kPoolFull);
}

TEST(Eviction, a_dear_transaction_behind_a_cheap_one_displaces_nobody) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .price = 10}), "pending");
    for (std::uint64_t sender = 2; sender <= 8; ++sender) {
        EXPECT_EQ(pool.put({.id = sender, .sender = sender, .price = 20}), "pending");
    }
    EXPECT_EQ(pool.error_of({.id = 9, .nonce = 1, .price = 999}), MempoolError::kPoolFull);
}

TEST(Eviction, queued_ones_go_first_and_never_displace_pending_ones) {
    Pool pool;
    for (std::uint64_t sender = 1; sender <= 7; ++sender) {
        EXPECT_EQ(pool.put({.id = sender, .sender = sender}), "pending");
    }
    EXPECT_EQ(pool.put({.id = 8, .sender = 8, .nonce = 2, .price = 1'000}), "queued");
    EXPECT_EQ(
        pool.error_of({.id = 9, .sender = 9, .nonce = 1, .price = 1'000}), MempoolError::kPoolFull);
    EXPECT_EQ((*pool.add({.id = 10, .sender = 9, .price = 1}))->evicted, ids({8}));
    EXPECT_EQ(
        pool.error_of({.id = 11, .sender = 8, .nonce = 1, .price = 5'000}),
        MempoolError::kPoolFull);
}

TEST(Eviction, a_large_one_displaces_as_many_as_it_needs_or_none) {
    Pool pool;
    for (std::uint64_t sender = 1; sender <= 7; ++sender) {
        EXPECT_EQ(
            pool.put({.id = sender, .sender = sender, .price = 10 + sender, .bytes = 280}),
            "pending");
    }
    // 1,960 of 2,000 bytes are taken: 900 more need four to go, and the fourth pays 14.
    EXPECT_EQ(
        pool.error_of({.id = 9, .sender = 9, .price = 14, .bytes = 900}), MempoolError::kPoolFull);
    EXPECT_EQ(pool.pool.count(), 7U);
    EXPECT_EQ(
        (*pool.add({.id = 9, .sender = 9, .price = 15, .bytes = 900}))->evicted, ids({1, 2, 3, 4}));
    EXPECT_EQ(pool.pool.bytes(), 3U * 280 + 900);
}

TEST(Eviction, a_sender_never_displaces_itself) {
    MempoolLimits limits = Pool::small_limits();
    limits.count_max = 2;
    Pool pool(limits);
    EXPECT_EQ(pool.put({.id = 1, .nonce = 2, .price = 10}), "queued");
    EXPECT_EQ(pool.put({.id = 2, .sender = 2, .price = 50}), "pending");
    EXPECT_EQ(pool.error_of({.id = 3, .nonce = 0, .price = 40}), MempoolError::kPoolFull);
    EXPECT_EQ((*pool.add({.id = 3, .nonce = 0, .price = 60}))->evicted, ids({2}));
}

TEST(Eviction, a_larger_replacement_makes_room) {
    Pool pool;
    EXPECT_EQ(pool.put({.id = 1, .price = 10, .bytes = 900}), "pending");
    EXPECT_EQ(pool.put({.id = 2, .sender = 2, .price = 15, .bytes = 1'000}), "pending");
    EXPECT_EQ(pool.error_of({.id = 3, .price = 15, .bytes = 1'000 + 1}), MempoolError::kTooLarge);
    EXPECT_EQ(pool.put({.id = 3, .price = 15, .bytes = 1'000}), "pending, replaced");
    EXPECT_EQ(pool.put({.id = 4, .sender = 3, .price = 16, .bytes = 100}), "pending, evicted 1");
    EXPECT_FALSE(pool.pool.contains(id_of(3))) << "the later of two equals";
}

TEST(Admission, every_reason_has_a_text) {
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(MempoolError::kInsufficientBalance);
         ++i) {
        EXPECT_NE(to_string(static_cast<MempoolError>(i)), "unknown mempool error");
    }
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(RemovalReason::kUnaffordable); ++i) {
        EXPECT_NE(to_string(static_cast<RemovalReason>(i)), "unknown removal reason");
    }
    EXPECT_EQ(to_string(static_cast<MempoolError>(99)), "unknown mempool error");
}

}  // namespace
}  // namespace polis::ledger::test
