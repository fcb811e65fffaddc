#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <tests/support/contract_world.hpp>

/// Goal: the example genesis/contracts/grader.cpp keeps the scores that the chain brings and no
/// others, natively and in the VM. tests/functional/models_test.py has a real model scored.
namespace polis::tests {

namespace {

struct Score {
    std::uint8_t verdict = 0;
    std::uint64_t correct = 0;
    std::uint64_t cross_entropy = 0;
    std::uint64_t count = 0;

    bool operator==(const Score&) const = default;
    static constexpr auto kFields =
        codec::fields(&Score::verdict, &Score::correct, &Score::cross_entropy, &Score::count);
};

class Grader : public ContractTest {
  public:
    const Address alice = person("alice");
    const Address chain{};  ///< the address of nobody, which brings answers
    Address grader;

    void SetUp() override {
        ContractTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        world().fund(alice, Amount{1'000});
        grader = world().deploy(alice, "grader", {});
    }

    static Hash filled(std::uint8_t byte) {
        Hash out;
        out.data.fill(byte);
        return out;
    }
};

TEST_P(Grader, keeps_what_the_chain_brings) {
    const Score score{.verdict = 0, .correct = 90, .cross_entropy = 1'234, .count = 100};
    const std::optional<Bytes> answer = codec::encode(score);
    const Ended ended = world().call(chain, grader, "graded", args(filled(7), answer));
    ASSERT_EQ(ended.events.size(), 1U);
    EXPECT_EQ(ended.events[0].name, "Graded");
    EXPECT_EQ(
        world().query<std::optional<Score>>(grader, "score_of", args(filled(7))),
        std::optional{score});
}

TEST_P(Grader, notes_that_nobody_answered) {
    const Ended ended =
        world().call(chain, grader, "graded", args(filled(7), std::optional<Bytes>{}));
    EXPECT_EQ(ended.events.size(), 1U);
    EXPECT_EQ(
        world().query<std::optional<Score>>(grader, "score_of", args(filled(7))), std::nullopt);
}

TEST_P(Grader, believes_nobody_else) {
    EXPECT_EQ(
        world().reverts(alice, grader, "graded", args(filled(7), std::optional<Bytes>{})),
        "only the chain brings answers");
}

TEST_P(Grader, asks_the_validators) {
    const Ended ended = world().call(
        alice, grader, "ask", args(filled(1), filled(2), std::uint32_t{28}, std::uint32_t{10}));
    EXPECT_EQ(ended.output.size(), Hash::kSize);
    ASSERT_EQ(ended.events.size(), 1U);
    EXPECT_EQ(ended.events[0].name, "Asked");
}

POLIS_CONTRACT_TEST(Grader);

}  // namespace

}  // namespace polis::tests
