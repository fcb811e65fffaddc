// Goal: a remembered answer is the true one, and nothing is computed twice while it is in use.
#include <consensus/memo_checker.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <tests/consensus/people.hpp>

namespace polis::consensus {
namespace {

using testing::make_people;
using testing::People;

class Memo : public ::testing::Test {
  protected:
    [[nodiscard]] bool ask(MemoChecker& checker, std::uint8_t message, std::size_t signer = 0) {
        const Bytes bytes{message};
        return checker.signature_valid(
            people.keys[0].public_key(), bytes, people.keys[signer].sign(bytes));
    }

    const People people = make_people(2);
};

TEST_F(Memo, computes_each_answer_once) {
    MemoChecker checker;
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(ask(checker, 1));
        EXPECT_FALSE(ask(checker, 1, /*signer=*/1));
        EXPECT_TRUE(ask(checker, 2));
    }
    EXPECT_EQ(checker.computed(), 3U);
}

TEST_F(Memo, does_not_confuse_key_message_and_signature) {
    MemoChecker checker;
    const Bytes first{1};
    const Bytes second{2};
    const PublicKey& key = people.keys[0].public_key();
    const Signature signature = people.keys[0].sign(first);
    EXPECT_TRUE(checker.signature_valid(key, first, signature));
    EXPECT_FALSE(checker.signature_valid(key, second, signature));
    EXPECT_FALSE(checker.signature_valid(people.keys[1].public_key(), first, signature));
    EXPECT_FALSE(checker.signature_valid(key, first, people.keys[0].sign(second)));
}

TEST_F(Memo, remembers_proofs) {
    MemoChecker checker;
    PlainChecker plain;
    const Bytes input{1, 2, 3};
    const VrfProof proof = people.vrf_keys[0].prove(input);
    const VrfPublicKey& key = people.vrf_keys[0].public_key();
    const auto truth = plain.vrf_output(key, input, proof);
    ASSERT_TRUE(truth.has_value());
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(checker.vrf_output(key, input, proof), truth);
        EXPECT_FALSE(checker.vrf_output(people.vrf_keys[1].public_key(), input, proof).has_value());
    }
    EXPECT_EQ(checker.computed(), 2U);
}

TEST_F(Memo, keeps_what_is_asked_again_and_forgets_the_rest) {
    MemoChecker checker(4);
    std::size_t bytes_max = 0;
    for (std::uint8_t i = 1; i < 100; ++i) {
        EXPECT_TRUE(ask(checker, 0));
        EXPECT_TRUE(ask(checker, i));
        bytes_max = std::max(bytes_max, checker.memory_bytes());
    }
    EXPECT_EQ(checker.computed(), 100U);  // the first message only once
    EXPECT_TRUE(ask(checker, 1));
    EXPECT_EQ(checker.computed(), 101U);
    MemoChecker full(4);
    for (std::uint8_t i = 0; i < 8; ++i) {
        EXPECT_TRUE(ask(full, i));
    }
    EXPECT_EQ(bytes_max, full.memory_bytes());
}

}  // namespace
}  // namespace polis::consensus
