#include <string>

#include <gtest/gtest.h>

#include <tests/support/contract_world.hpp>

/// Goal: the example genesis/contracts/escrow.cpp pays exactly once and to the right one, natively
/// and in the VM.
namespace polis::tests {

namespace {

constexpr std::uint64_t kPrice = 500;

class Escrow : public ContractTest {
  public:
    const Address buyer = person("buyer");
    const Address seller = person("seller");

    /// At height 10, for 5 blocks; the buyer has twice the price.
    Address deploy() {
        world().fund(buyer, Amount{2 * kPrice});
        return world().deploy(
            buyer, "escrow", args(seller, std::uint64_t{kPrice}, std::uint64_t{5}));
    }

    Address funded() {
        const Address escrow = deploy();
        world().call(buyer, escrow, "fund", {}, {.value = Amount{kPrice}});
        return escrow;
    }

    void expect_coins(const Address& escrow, std::uint64_t of_buyer, std::uint64_t of_seller) {
        EXPECT_EQ(world().balance(buyer), Amount{of_buyer});
        EXPECT_EQ(world().balance(seller), Amount{of_seller});
        EXPECT_EQ(world().balance(escrow), Amount{2 * kPrice - of_buyer - of_seller});
    }
};

TEST_P(Escrow, holds_the_price_until_the_buyer_releases_it) {
    const Address escrow = funded();
    expect_coins(escrow, kPrice, 0);
    const Ended ended = world().call(buyer, escrow, "release");
    expect_coins(escrow, kPrice, kPrice);
    ASSERT_EQ(ended.events.size(), 1);
    EXPECT_EQ(ended.events[0], (ContractEvent{escrow, "Settled", args(seller, kPrice)}));
    EXPECT_EQ(world().reverts(buyer, escrow, "release"), "it is settled already");
    EXPECT_EQ(world().reverts(seller, escrow, "refund"), "it is settled already");
}

TEST_P(Escrow, gives_back_what_the_seller_refunds) {
    const Address escrow = funded();
    world().call(seller, escrow, "refund");
    expect_coins(escrow, 2 * kPrice, 0);
    EXPECT_EQ(world().reverts(buyer, escrow, "release"), "it is settled already");
}

TEST_P(Escrow, gives_back_after_the_deadline_and_not_before) {
    const Address escrow = funded();
    world().block.height = Height{15};
    EXPECT_EQ(world().reverts(buyer, escrow, "expire"), "the deadline has not passed");
    world().block.height = Height{16};
    EXPECT_EQ(world().reverts(seller, escrow, "expire"), "only the buyer may take the coins back");
    world().call(buyer, escrow, "expire");
    expect_coins(escrow, 2 * kPrice, 0);
    EXPECT_EQ(world().reverts(buyer, escrow, "expire"), "it is settled already");
}

TEST_P(Escrow, pays_nobody_before_it_is_funded) {
    const Address escrow = deploy();
    EXPECT_EQ(world().reverts(buyer, escrow, "release"), "it is not funded");
    EXPECT_EQ(world().reverts(seller, escrow, "refund"), "it is not funded");
}

TEST_P(Escrow, takes_the_price_once_and_only_the_price) {
    const Address escrow = deploy();
    const auto fund = [&](const Address& from, std::uint64_t amount) {
        return world().reverts(from, escrow, "fund", {}, {.value = Amount{amount}});
    };
    EXPECT_EQ(fund(buyer, kPrice - 1), "the coins are not the price");
    EXPECT_EQ(fund(buyer, kPrice + 1), "the coins are not the price");
    world().fund(seller, Amount{kPrice});
    EXPECT_EQ(fund(seller, kPrice), "only the buyer may fund it");
    world().call(buyer, escrow, "fund", {}, {.value = Amount{kPrice}});
    EXPECT_EQ(fund(buyer, kPrice), "it is funded already");
    const auto much = world().try_call(buyer, escrow, "fund", {}, {.value = Amount{kPrice + 1}});
    EXPECT_EQ(much.how, Ended::How::kRefused) << "the buyer has not so many coins";
    EXPECT_EQ(world().balance(buyer), Amount{kPrice});
}

TEST_P(Escrow, keeps_strangers_out) {
    const Address escrow = funded();
    const Address stranger = person("stranger");
    EXPECT_EQ(world().reverts(stranger, escrow, "release"), "only the buyer may release the coins");
    EXPECT_EQ(world().reverts(seller, escrow, "release"), "only the buyer may release the coins");
    EXPECT_EQ(world().reverts(buyer, escrow, "refund"), "only the seller may refund the coins");
    expect_coins(escrow, kPrice, 0);
}

TEST_P(Escrow, shows_its_terms) {
    const Address escrow = funded();
    EXPECT_EQ(
        world().call(person("anyone"), escrow, "terms").output,
        args(buyer, seller, kPrice, std::uint64_t{15}, true, false));
}

TEST_P(Escrow, refuses_terms_that_make_no_sense) {
    const auto deployed = [&](std::uint64_t price, std::uint64_t blocks) {
        return world().try_deploy(buyer, "escrow", args(seller, price, blocks), {}).message;
    };
    EXPECT_EQ(deployed(0, 5), "the price is zero");
    EXPECT_EQ(deployed(1, 0), "the deadline would be now");
    EXPECT_EQ(deployed(1, UINT64_MAX), "a sum does not fit");
}

POLIS_CONTRACT_TEST(Escrow);

}  // namespace

}  // namespace polis::tests
