#include <string>

#include <gtest/gtest.h>

#include <tests/support/contract_world.hpp>

/// Goal: the example genesis/contracts/token.cpp keeps its promises, natively and in the VM.
/// Method: each test runs on both backends; what is encoded here is by the core's own codec.
namespace polis::tests {

namespace {

using namespace std::string_literals;

class Token : public ContractTest {
  public:
    const Address alice = person("alice");
    const Address bob = person("bob");
    const Address carol = person("carol");

    Address deploy(u128 supply) { return world().deploy(alice, "token", args("Gold"s, supply)); }

    u128 balance(const Address& token, const Address& of) {
        return world().query<u128>(token, "balance_of", args(of));
    }
};

TEST_P(Token, gives_all_units_to_its_creator) {
    const Address token = deploy(1'000);
    EXPECT_EQ(world().query<std::string>(token, "name"), "Gold");
    EXPECT_EQ(world().query<u128>(token, "total_supply"), u128{1'000});
    EXPECT_EQ(balance(token, alice), u128{1'000});
    EXPECT_EQ(balance(token, bob), u128{0});
}

TEST_P(Token, moves_units_and_says_so) {
    const u128 supply = u128{5} << 100;
    const Address token = deploy(supply);
    const u128 part = (u128{1} << 99) + 7;
    const Ended ended = world().call(alice, token, "transfer", args(bob, part));
    EXPECT_TRUE(ContractWorld::decoded<bool>(ended.output));
    EXPECT_EQ(balance(token, alice), supply - part);
    EXPECT_EQ(balance(token, bob), part);
    ASSERT_EQ(ended.events.size(), 1);
    EXPECT_EQ(ended.events[0], (ContractEvent{token, "Transferred", args(alice, bob, part)}));
}

TEST_P(Token, to_oneself_changes_nothing) {
    const Address token = deploy(10);
    world().call(alice, token, "transfer", args(alice, u128{10}));
    EXPECT_EQ(balance(token, alice), u128{10});
}

TEST_P(Token, refuses_more_than_there_is) {
    const Address token = deploy(10);
    EXPECT_EQ(
        world().reverts(alice, token, "transfer", args(bob, u128{11})), "the balance is too small");
    EXPECT_EQ(
        world().reverts(bob, token, "transfer", args(alice, u128{1})), "the balance is too small");
    EXPECT_EQ(balance(token, alice), u128{10});
    EXPECT_EQ(balance(token, bob), u128{0});
}

TEST_P(Token, spends_only_what_is_allowed) {
    const Address token = deploy(100);
    const auto spend = args(alice, carol, u128{6});
    EXPECT_EQ(
        world().reverts(bob, token, "transfer_from", spend), "the owner has not allowed so much");
    const Ended approved = world().call(alice, token, "approve", args(bob, u128{10}));
    ASSERT_EQ(approved.events.size(), 1);
    EXPECT_EQ(approved.events[0].name, "Approved");
    world().call(bob, token, "transfer_from", spend);
    EXPECT_EQ(balance(token, carol), u128{6});
    EXPECT_EQ(world().query<u128>(token, "allowance", args(alice, bob)), u128{4});
    EXPECT_EQ(
        world().reverts(bob, token, "transfer_from", spend), "the owner has not allowed so much");
    world().call(alice, token, "approve", args(bob, u128{200}));
    EXPECT_EQ(
        world().reverts(bob, token, "transfer_from", args(alice, carol, u128{95})),
        "the balance is too small");
    EXPECT_EQ(world().query<u128>(token, "allowance", args(alice, bob)), u128{200});
}

TEST_P(Token, says_which_argument_is_wrong) {
    const Address token = deploy(10);
    EXPECT_EQ(world().reverts(alice, token, "transfer", args(bob)), "amount: truncated");
    EXPECT_EQ(world().reverts(alice, token, "transfer", Bytes(19)), "to: truncated");
    EXPECT_EQ(
        world().reverts(alice, token, "transfer", args(bob, u128{1}, true)),
        "arguments: trailing bytes");
    const Ended nameless = world().try_deploy(alice, "token", args(""s, u128{1}), {});
    EXPECT_EQ(nameless.message, "a token needs a name");
    const Ended odd = world().try_deploy(alice, "token", args("\xc0\x80"s, u128{1}), {});
    EXPECT_EQ(odd.message, "name: string is not UTF-8");
    EXPECT_FALSE(nameless.is_done() || odd.is_done());
}

TEST_P(Token, takes_no_coins_and_has_one_constructor) {
    world().fund(alice, Amount{5});
    const Address token = deploy(10);
    EXPECT_EQ(
        world().reverts(alice, token, "transfer", args(bob, u128{1}), {.value = Amount{1}}),
        "this method takes no coins");
    EXPECT_EQ(world().balance(alice), Amount{5});
    const auto again = world().try_call(bob, token, "init", args("Mine"s, u128{1}), {});
    EXPECT_EQ(again.how, Ended::How::kRefused);
    EXPECT_EQ(world().query<std::string>(token, "name"), "Gold");
    EXPECT_EQ(world().try_call(bob, token, "mint", {}, {}).how, Ended::How::kRefused);
}

TEST_P(Token, stores_under_names_that_tools_can_read) {
    const Address token = deploy(10);
    EXPECT_EQ(world().storage(token, as_bytes("supply")), args(u128{10}));
    Bytes key = to_bytes(as_bytes("balance"));
    key.push_back(0);
    append(key, alice.view());
    EXPECT_EQ(world().storage(token, key), args(u128{10}));
    EXPECT_EQ(world().storage(token, as_bytes("nothing")), std::nullopt);
}

POLIS_CONTRACT_TEST(Token);

}  // namespace

}  // namespace polis::tests
