// The list of candidates: who enters, who leaves, and whom a full list turns away.
// Method: the module over a journal, one coin around each bound; full lists are made by the
// genesis.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/limits.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/staking_records.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

class Candidacy : public ::testing::Test {
  protected:
    Candidacy() { world.params.delegation_min = Amount{1}; }

    void TearDown() override { world.check(); }

    std::vector<Address> list() { return must(staking::candidates(world.state)); }

    bool listed(const Address& address) { return std::ranges::binary_search(list(), address); }

    /// Somebody's fresh coins, so that the pool grows by exactly `amount` while it is 1:1.
    void grow(const Address& validator, std::uint64_t amount) {
        world.mint(alice, amount);
        ASSERT_EQ(world.apply(alice, Delegate{validator, Amount{amount}}), TxnStatus::kSuccess);
    }

    void shrink(const Address& holder, const Address& validator, std::uint64_t amount) {
        ASSERT_EQ(world.apply(holder, Unbond{validator, Amount{amount}}), TxnStatus::kSuccess);
    }

    void slash(const Address& validator, std::uint16_t fraction_bps) {
        must(staking::slash(
            world.state, world.params, validator, Height{}, Height{1}, fraction_bps));
    }

    void reward(const Address& validator, std::uint64_t fees) {
        must(bank::set_supply(world.state, Amount{world.supply() + fees}));
        must(staking::reward(world.state, world.params, validator, Amount{fees}));
    }

    /// A validator of the genesis that nobody holds the keys of: higher numbers, higher addresses.
    Address crowd_member(std::size_t number, std::uint64_t stake) {
        staking::GenesisValidator genesis;
        genesis.address.data[0] = static_cast<std::uint8_t>(number >> 8);
        genesis.address.data[1] = static_cast<std::uint8_t>(number);
        std::ranges::copy(genesis.address.view(), genesis.consensus_key.data.begin());
        genesis.vrf_key = registration(actor(0), world.params).vrf_key;
        genesis.stake = Amount{stake};
        EXPECT_EQ(
            must(staking::genesis_validator(world.state, world.params, genesis)),
            TxnStatus::kSuccess);
        must(bank::set_supply(world.state, Amount{world.supply() + stake}));
        return genesis.address;
    }

    /// A full list; all have the same stake. @return by address
    std::vector<Address> fill(std::uint64_t stake) {
        std::vector<Address> crowd;
        while (crowd.size() < kValidatorsMax) {
            crowd.push_back(crowd_member(crowd.size(), stake));
        }
        EXPECT_EQ(list(), crowd);
        return crowd;
    }

    ModuleWorld world;
    const Address alice = nobody(0xa1);
};

std::vector<Address> with(std::vector<Address> all, const Address& added) {
    all.insert(std::ranges::lower_bound(all, added), added);
    return all;
}

std::vector<Address> without(std::vector<Address> all, const Address& removed) {
    EXPECT_EQ(std::erase(all, removed), 1U);
    return all;
}

TEST_F(Candidacy, registering_takes_no_place) {
    for (std::size_t i = 0; i < 5; ++i) {
        world.add_validator(i, 0);
    }
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(must(world.state.get(staking::list_key())), std::nullopt);
}

TEST_F(Candidacy, a_delegation_to_exactly_the_minimum_enters) {
    std::vector<Address> expected;
    for (std::size_t i = 0; i < 20; ++i) {
        const Address& validator = world.add_validator(i, 999);
        EXPECT_FALSE(listed(validator));
        grow(validator, 1);
        expected.push_back(validator);
        std::ranges::sort(expected);
        EXPECT_EQ(list(), expected);
        grow(validator, 1);
        EXPECT_EQ(list(), expected);
    }
}

TEST_F(Candidacy, an_unbonding_to_one_below_the_minimum_leaves) {
    const Address& stays = world.add_validator(0, 1'000);
    const Address& goes = world.add_validator(1, 1'001);
    shrink(goes, goes, 1);
    EXPECT_TRUE(listed(goes));
    shrink(goes, goes, 1);
    EXPECT_EQ(list(), std::vector{stays});
    shrink(goes, goes, 1);
    EXPECT_EQ(list(), std::vector{stays});
    grow(goes, 2);
    EXPECT_TRUE(listed(goes));
}

TEST_F(Candidacy, the_last_to_leave_leaves_no_record) {
    const Address& validator = world.add_validator(0, 1'000);
    EXPECT_NE(must(world.state.get(staking::list_key())), std::nullopt);
    ASSERT_EQ(world.apply(validator, Unbond{validator, std::nullopt}), TxnStatus::kSuccess);
    EXPECT_EQ(must(world.state.get(staking::list_key())), std::nullopt);
}

TEST_F(Candidacy, a_slashing_below_the_minimum_leaves) {
    const Address& validator = world.add_validator(0, 2'000);
    slash(validator, 5'000);
    EXPECT_TRUE(listed(validator));  // jailed, with exactly the minimum
    EXPECT_TRUE(must(staking::top_by_stake(world.state, world.params, 4)).empty());
    slash(validator, 10);
    EXPECT_EQ(world.validator(validator).pool.tokens, Amount{999});
    EXPECT_FALSE(listed(validator));
}

TEST_F(Candidacy, a_reward_to_exactly_the_minimum_enters) {
    const Address& validator = world.add_validator(0, 998, 5'000);
    reward(validator, 2);
    EXPECT_FALSE(listed(validator));
    reward(validator, 1);  // the commission of one unit is nothing
    EXPECT_TRUE(listed(validator));
    const Address& greedy = world.add_validator(1, 999, kBasisPoints);
    const Address& poor = world.add_validator(2, 0);
    reward(greedy, 5'000);
    reward(poor, 5'000);  // no pool: all of it goes to the account
    EXPECT_EQ(list(), std::vector{validator});
}

TEST_F(Candidacy, a_full_list_yields_to_strictly_more_stake) {
    const auto crowd = fill(2'000);
    const Address& first = world.add_validator(0, 2'000);
    EXPECT_EQ(list(), crowd);
    grow(first, 1);
    const auto once = with(without(crowd, crowd.back()), first);
    EXPECT_EQ(list(), once);
    const Address& second = world.add_validator(1, 2'001);
    const auto twice = with(without(once, crowd[kValidatorsMax - 2]), second);
    EXPECT_EQ(list(), twice);
    grow(second, 500);  // a candidate that grows replaces nobody
    EXPECT_EQ(list(), twice);
}

TEST_F(Candidacy, a_reward_replaces_in_a_full_list) {
    const auto crowd = fill(2'000);
    const Address& newcomer = world.add_validator(0, 1'999);
    reward(newcomer, 1);
    EXPECT_EQ(list(), crowd);
    reward(newcomer, 1);
    EXPECT_EQ(list(), with(without(crowd, crowd.back()), newcomer));
}

TEST_F(Candidacy, the_least_stake_goes_before_the_highest_address) {
    const auto crowd = fill(2'000);
    slash(crowd[100], 2'000);  // 1,600, and jailed
    slash(crowd[500], 2'500);  // 1,500
    slash(crowd[300], 2'500);
    const Address& newcomer = world.add_validator(0, 1'500);
    EXPECT_EQ(list(), crowd);
    grow(newcomer, 1);
    EXPECT_EQ(list(), with(without(crowd, crowd[500]), newcomer));
}

TEST_F(Candidacy, who_is_outside_is_tried_again_when_its_pool_grows) {
    const auto crowd = fill(2'000);
    const Address& turned_away = world.add_validator(0, 1'500);
    const Address& replacing = world.add_validator(1, 2'500);
    const Address& replaced = crowd.back();
    slash(crowd[0], 9'000);
    slash(crowd[1], 9'000);
    const auto room =
        with(without(without(without(crowd, crowd[0]), crowd[1]), replaced), replacing);
    EXPECT_EQ(list(), room);
    grow(turned_away, 1);
    EXPECT_EQ(list(), with(room, turned_away));
    reward(replaced, 1);
    EXPECT_EQ(list(), with(with(room, turned_away), replaced));
}

TEST_F(Candidacy, leaving_changes_nothing_for_who_is_outside) {
    const auto crowd = fill(2'000);
    const Address& outside = world.add_validator(0, 1'500);
    shrink(outside, outside, 100);
    EXPECT_EQ(list(), crowd);
    slash(outside, 5'000);
    EXPECT_EQ(world.validator(outside).pool.tokens, Amount{700});
    EXPECT_EQ(list(), crowd);
}

/// More strangers than the list has places, each for gas and a little stake.
TEST_F(Candidacy, cheap_registrations_keep_nobody_out) {
    for (std::size_t i = 0; i <= kValidatorsMax; ++i) {
        world.add_validator(i, i % 2 == 0 ? 0 : 1);
    }
    EXPECT_TRUE(list().empty());
    const Address& honest = world.add_validator(kValidatorsMax + 1, 1'000);
    EXPECT_EQ(list(), std::vector{honest});
    const auto members = must(staking::top_by_stake(world.state, world.params, 4));
    ASSERT_EQ(members.size(), 1U);
    EXPECT_EQ(members[0].validator, honest);
}

/// Counts what is read from beneath a journal.
class CountingView final : public StateView {
  public:
    explicit CountingView(StateView& beneath) : beneath_(beneath) {}

    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override {
        lists += key.kind() == RecordKind::kValidatorList ? 1U : 0U;
        validators += key.kind() == RecordKind::kValidator ? 1U : 0U;
        return beneath_.get(key);
    }

    std::size_t lists = 0;
    std::size_t validators = 0;

  private:
    StateView& beneath_;
};

TEST_F(Candidacy, other_validators_are_read_only_for_a_newcomer_to_a_full_list) {
    const auto crowd = fill(2'000);
    const Address& outside = world.add_validator(0, 1'500);
    const Address& small = world.add_validator(1, 500);
    world.mint(alice, 1'000);

    struct Reads {
        std::size_t lists;
        std::size_t validators;
    };

    const auto expect = [this](const Reads& reads, const Address& sender, const auto& payload) {
        CountingView view(world.state);
        Journal journal(view);
        TxnContext context{
            journal, world.params, world.height, sender, world.events, world.programs};
        EXPECT_EQ(must(staking::apply(context, payload)), TxnStatus::kSuccess);
        EXPECT_EQ(view.lists, reads.lists);
        EXPECT_EQ(view.validators, reads.validators);
    };
    expect({.lists = 0, .validators = 1}, alice, Delegate{small, Amount{499}});
    expect({.lists = 1, .validators = 1}, alice, Delegate{crowd[7], Amount{10}});
    expect({.lists = 0, .validators = 1}, outside, Unbond{outside, Amount{500}});
    expect({.lists = 1, .validators = 1}, outside, Unbond{outside, Amount{501}});
    expect({.lists = 1, .validators = 1 + kValidatorsMax}, alice, Delegate{outside, Amount{10}});
}

}  // namespace
}  // namespace polis::ledger::testing
