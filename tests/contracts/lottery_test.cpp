#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <core/crypto/hash.hpp>
#include <tests/support/contract_world.hpp>

/// Goal: in the example genesis/contracts/lottery.cpp nobody chooses the number, silence costs the
/// deposit and no coin is lost, natively and in the VM.
namespace polis::tests {

namespace {

constexpr std::uint64_t kTicket = 10;
constexpr std::uint64_t kDeposit = 100;
constexpr std::uint64_t kBegin = 10;  // height; joining until 13, revealing until 16

Hash secret_of(const Address& player) { return crypto::sha3_256(player.view()); }

Hash commitment_of(const Address& player) {
    return crypto::sha3_256(args(secret_of(player), player));
}

class Lottery : public ContractTest {
  public:
    const Address alice = person("alice");
    const Address bob = person("bob");
    const Address carol = person("carol");

    Address deploy() {
        for (const Address& player : {alice, bob, carol}) {
            world().fund(player, Amount{1'000});
        }
        return world().deploy(
            alice, "lottery", args(kTicket, kDeposit, std::uint64_t{3}, std::uint64_t{3}));
    }

    void join(const Address& lottery, const Address& player) {
        world().call(
            player,
            lottery,
            "join",
            args(commitment_of(player)),
            {.value = Amount{kTicket + kDeposit}});
    }

    void reveal(const Address& lottery, const Address& player) {
        world().call(player, lottery, "reveal", args(secret_of(player)));
    }

    void at(std::uint64_t height) { world().block.height = Height{height}; }

    std::uint64_t coins(const Address& of) { return world().balance(of).value; }
};

TEST_P(Lottery, pays_all_tickets_to_one_who_revealed) {
    const Address lottery = deploy();
    for (const Address& player : {alice, bob, carol}) {
        join(lottery, player);
        EXPECT_EQ(coins(player), 1'000 - kTicket - kDeposit);
    }
    at(kBegin + 4);
    for (const Address& player : {alice, bob, carol}) {
        reveal(lottery, player);
        EXPECT_EQ(coins(player), 1'000 - kTicket) << "the deposit is back";
    }
    at(kBegin + 7);
    const Ended ended = world().call(person("anyone"), lottery, "draw");
    const auto winner = ContractWorld::decoded<std::optional<Address>>(ended.output);
    ASSERT_TRUE(winner.has_value());
    EXPECT_EQ(coins(*winner), 1'000 + 2 * kTicket);
    EXPECT_EQ(coins(lottery), 0);
    ASSERT_EQ(ended.events.size(), 1);
    EXPECT_EQ(
        ended.events[0],
        (ContractEvent{lottery, "Drawn", args(winner, 3 * kTicket, std::uint64_t{0})}));
    EXPECT_EQ(world().reverts(bob, lottery, "draw"), "it is drawn already");
}

TEST_P(Lottery, draws_by_the_hash_of_all_secrets) {
    const Address lottery = deploy();
    const std::array players = {carol, alice, bob};
    for (const Address& player : players) {
        join(lottery, player);
    }
    at(kBegin + 5);
    Hash mixed;
    for (const Address& player : players) {
        reveal(lottery, player);
        mixed = crypto::sha3_256(args(mixed, secret_of(player)));
    }
    std::uint64_t number = 0;
    for (std::size_t i = 8; i > 0; --i) {
        number = (number << 8) | mixed.data[i - 1];
    }
    at(kBegin + 7);
    const Ended ended = world().call(alice, lottery, "draw");
    EXPECT_EQ(ended.output, args(std::optional{players[number % players.size()]}));
}

TEST_P(Lottery, takes_the_deposit_of_who_stays_silent) {
    const Address lottery = deploy();
    for (const Address& player : {alice, bob, carol}) {
        join(lottery, player);
    }
    at(kBegin + 4);
    reveal(lottery, bob);
    at(kBegin + 7);
    EXPECT_EQ(
        world().reverts(carol, lottery, "reveal", args(secret_of(carol))),
        "it is too late to reveal");
    const Ended ended = world().call(bob, lottery, "draw");
    EXPECT_EQ(ended.output, args(std::optional{bob})) << "the only one who revealed";
    EXPECT_EQ(coins(bob), 1'000 + 2 * kTicket + 2 * kDeposit);
    EXPECT_EQ(coins(alice), 1'000 - kTicket - kDeposit);
    EXPECT_EQ(coins(lottery), 0);
}

TEST_P(Lottery, without_any_secret_has_no_winner) {
    const Address lottery = deploy();
    join(lottery, alice);
    at(kBegin + 7);
    const Ended ended = world().call(alice, lottery, "draw");
    EXPECT_EQ(ended.output, args(std::optional<Address>{}));
    EXPECT_EQ(coins(lottery), kTicket + kDeposit);
}

TEST_P(Lottery, binds_to_the_commitment_and_the_player) {
    const Address lottery = deploy();
    join(lottery, alice);
    world().call(
        bob, lottery, "join", args(commitment_of(alice)), {.value = Amount{kTicket + kDeposit}});
    at(kBegin + 4);
    const std::string wrong = "the secret is not the one of the commitment";
    EXPECT_EQ(world().reverts(alice, lottery, "reveal", args(Hash{})), wrong);
    EXPECT_EQ(world().reverts(bob, lottery, "reveal", args(secret_of(alice))), wrong)
        << "a copied commitment is of no use";
    reveal(lottery, alice);
    EXPECT_EQ(
        world().reverts(alice, lottery, "reveal", args(secret_of(alice))),
        "this player has revealed already");
    EXPECT_EQ(
        world().reverts(carol, lottery, "reveal", args(secret_of(carol))),
        "this player has not joined");
}

TEST_P(Lottery, keeps_its_phases_apart) {
    const Address lottery = deploy();
    const auto join_with = [&](std::uint64_t coins) {
        return world().reverts(
            alice, lottery, "join", args(commitment_of(alice)), {.value = Amount{coins}});
    };
    EXPECT_EQ(join_with(kTicket), "the coins are not ticket and deposit");
    join(lottery, alice);
    EXPECT_EQ(join_with(kTicket + kDeposit), "this player has joined already");
    at(kBegin + 3);
    EXPECT_EQ(
        world().reverts(alice, lottery, "reveal", args(secret_of(alice))),
        "others may still join; do not reveal yet");
    join(lottery, bob);
    at(kBegin + 4);
    EXPECT_EQ(
        world().reverts(
            carol,
            lottery,
            "join",
            args(commitment_of(carol)),
            {.value = Amount{kTicket + kDeposit}}),
        "it is too late to join");
    at(kBegin + 6);
    EXPECT_EQ(world().reverts(alice, lottery, "draw"), "others may still reveal");
    reveal(lottery, bob);
    at(kBegin + 7);
    world().call(alice, lottery, "draw");
}

POLIS_CONTRACT_TEST(Lottery);

}  // namespace

}  // namespace polis::tests
