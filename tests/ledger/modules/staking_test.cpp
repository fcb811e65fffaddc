// Staking, message by message: every outcome, and what each leaves behind.
// Method: the module over a journal; small eras and times, coins audited at the end of each test.
#include <ledger/modules/staking.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/account.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/state/record.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

using staking::Pool;

class Staking : public ::testing::Test {
  protected:
    void TearDown() override { world.check(); }

    TxnStatus delegate(const Address& who, const Address& to, std::uint64_t amount) {
        return world.apply(who, Delegate{to, Amount{amount}});
    }

    TxnStatus unbond(const Address& who, const Address& from, std::optional<std::uint64_t> amount) {
        return world.apply(
            who, Unbond{from, amount ? std::optional{Amount{*amount}} : std::nullopt});
    }

    TxnStatus withdraw(const Address& who, const Address& from, std::uint64_t era) {
        return world.apply(who, Withdraw{from, era});
    }

    Pool unbonding_pool(const Address& validator, std::uint64_t era) {
        const StateKey key = staking::unbonding_pool_key(validator, era);
        return must(load_record<Pool>(world.state, key)).value_or(Pool{});
    }

    /// Pays coins of `from` to the validator's pool as a block's fees.
    void donate(const Address& from, const Address& to, std::uint64_t amount) {
        ASSERT_EQ(must(bank::debit(world.state, from, Amount{amount})), TxnStatus::kSuccess);
        must(staking::reward(world.state, world.params, to, Amount{amount}));
    }

    ModuleWorld world;
    const Address alice = nobody(0xa1);
    const Address bob = nobody(0xb0);
};

TEST_F(Staking, register_stores_the_validator_and_its_key) {
    const Address& address = world.add_validator(0, 0, 250);
    const staking::Validator record = world.validator(address);
    EXPECT_EQ(record.consensus_key, actor(0).consensus_key.public_key());
    EXPECT_EQ(record.commission_bps, 250);
    EXPECT_EQ(record.pool, Pool{});
    EXPECT_FALSE(record.jailed);
    EXPECT_EQ(must(staking::owner_of(world.state, record.consensus_key)), address);
    EXPECT_EQ(record.vrf_key, registration(actor(0), world.params).vrf_key);
}

TEST_F(Staking, register_twice_is_refused) {
    const Address& address = world.add_validator(0, 0);
    RegisterValidator other = registration(actor(1), world.params);
    EXPECT_EQ(world.apply(address, other), TxnStatus::kAlreadyValidator);
}

TEST_F(Staking, register_refuses_a_consensus_key_in_use) {
    world.add_validator(0, 0);
    EXPECT_EQ(
        world.apply(actor(1).address, registration(actor(0), world.params)), TxnStatus::kKeyInUse);
}

TEST_F(Staking, register_refuses_a_possession_of_another_operator_chain_or_key) {
    EXPECT_EQ(
        world.apply(actor(1).address, registration(actor(0), world.params)),
        TxnStatus::kBadPossession);
    Params elsewhere = world.params;
    elsewhere.chain_id = ChainId{8};
    EXPECT_EQ(
        world.apply(actor(1).address, registration(actor(1), elsewhere)),
        TxnStatus::kBadPossession);
    RegisterValidator request = registration(actor(1), world.params);
    request.consensus_key = actor(2).consensus_key.public_key();
    EXPECT_EQ(world.apply(actor(1).address, request), TxnStatus::kBadPossession);
    EXPECT_EQ(must(staking::validator(world.state, actor(1).address)), std::nullopt);
}

/// Keys that nobody can make proofs for, and keys that anybody can.
TEST_F(Staking, register_refuses_a_vrf_key_that_is_not_valid) {
    const Address& address = actor(0).address;
    RegisterValidator request = registration(actor(0), world.params);
    VrfPublicKey identity;
    identity.data[0] = 1;
    VrfPublicKey not_canonical;  // y = p: another encoding of y = 0
    not_canonical.data.fill(0xff);
    not_canonical.data.front() = 0xed;
    not_canonical.data.back() = 0x7f;
    VrfPublicKey off_the_curve;
    off_the_curve.data[0] = 2;
    for (const VrfPublicKey& bad : {VrfPublicKey{}, identity, not_canonical, off_the_curve}) {
        request.vrf_key = bad;
        EXPECT_EQ(world.apply(address, request), TxnStatus::kBadVrfKey);
        EXPECT_EQ(must(staking::validator(world.state, address)), std::nullopt);
    }
    EXPECT_EQ(world.apply(address, registration(actor(0), world.params)), TxnStatus::kSuccess);
}

TEST_F(Staking, delegate_moves_coins_into_the_pool) {
    const Address& validator = world.add_validator(0, 500);
    world.mint(alice, 1'000);
    EXPECT_EQ(delegate(alice, validator, 300), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(alice), 700U);
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{800}, 800}));
    EXPECT_EQ(world.delegated(validator, alice), 300U);
    EXPECT_EQ(delegate(alice, validator, 200), TxnStatus::kSuccess);
    EXPECT_EQ(world.delegated(validator, alice), 500U);
    ASSERT_FALSE(world.events.empty());
    EXPECT_EQ(world.events.back().name, "staking.delegated");
    EXPECT_EQ(world.events.back().data, codec::encode(staking::Delegated{validator, Amount{200}}));
}

TEST_F(Staking, delegate_refusals) {
    const Address& validator = world.add_validator(0, 500);
    world.mint(alice, 100);
    EXPECT_EQ(delegate(alice, bob, 50), TxnStatus::kUnknownValidator);
    EXPECT_EQ(delegate(alice, validator, 9), TxnStatus::kBelowMinimum);
    EXPECT_EQ(delegate(alice, validator, 101), TxnStatus::kInsufficientBalance);
    EXPECT_EQ(delegate(alice, validator, UINT64_MAX), TxnStatus::kOverflow);
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{500}, 500}));
    EXPECT_EQ(delegate(alice, validator, 10), TxnStatus::kSuccess);
}

TEST_F(Staking, delegate_refuses_less_than_one_share) {
    const Address& validator = world.add_validator(0, 10);
    world.mint(bob, 10'000);
    donate(bob, validator, 10'000);
    world.mint(alice, 1'000);
    EXPECT_EQ(delegate(alice, validator, 1'000), TxnStatus::kBelowMinimum);
    EXPECT_EQ(world.balance(alice), 1'000U);
}

TEST_F(Staking, delegate_takes_what_the_shares_cost_and_leaves_the_rest) {
    const Address& validator = world.add_validator(0, 10);
    world.mint(bob, 1'000);
    donate(bob, validator, 1'000);  // a share is worth 101
    world.mint(alice, 1'000);
    EXPECT_EQ(delegate(alice, validator, 1'000), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(alice), 1'000U - 9 * 101);
    EXPECT_EQ(world.delegated(validator, alice), 909U);
}

TEST_F(Staking, unbond_a_part_moves_it_into_the_eras_pool) {
    const Address& validator = world.add_validator(0, 500);
    world.mint(alice, 100);
    ASSERT_EQ(delegate(alice, validator, 100), TxnStatus::kSuccess);
    world.height = Height{9};
    EXPECT_EQ(unbond(alice, validator, 30), TxnStatus::kSuccess);
    EXPECT_EQ(world.delegated(validator, alice), 70U);
    EXPECT_EQ(world.balance(alice), 0U);
    EXPECT_EQ(unbonding_pool(validator, 2), (Pool{Amount{30}, 30}));
    EXPECT_EQ(world.events.back().name, "staking.unbonded");
    EXPECT_EQ(world.events.back().data, codec::encode(staking::Unbonded{validator, 2, Amount{30}}));
}

TEST_F(Staking, unbond_all_leaves_no_delegation) {
    const Address& validator = world.add_validator(0, 500);
    world.mint(alice, 100);
    ASSERT_EQ(delegate(alice, validator, 100), TxnStatus::kSuccess);
    EXPECT_EQ(unbond(alice, validator, std::nullopt), TxnStatus::kSuccess);
    EXPECT_EQ(world.delegated(validator, alice), 0U);
    const StateKey key = staking::delegation_key(validator, alice);
    EXPECT_EQ(must(world.state.get(key)), std::nullopt);
    EXPECT_EQ(unbond(alice, validator, std::nullopt), TxnStatus::kNotDelegated);
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{500}, 500}));
}

TEST_F(Staking, unbond_refusals) {
    const Address& validator = world.add_validator(0, 500);
    world.mint(alice, 100);
    EXPECT_EQ(unbond(alice, bob, 1), TxnStatus::kUnknownValidator);
    EXPECT_EQ(unbond(alice, validator, 1), TxnStatus::kNotDelegated);
    ASSERT_EQ(delegate(alice, validator, 100), TxnStatus::kSuccess);
    EXPECT_EQ(unbond(alice, validator, 101), TxnStatus::kNotDelegated);
    EXPECT_EQ(unbond(alice, validator, 601), TxnStatus::kNotDelegated);
    EXPECT_EQ(unbond(alice, validator, UINT64_MAX), TxnStatus::kNotDelegated);
    EXPECT_EQ(world.delegated(validator, alice), 100U);
}

TEST_F(Staking, unbond_pays_what_the_redeemed_shares_are_worth) {
    const Address& validator = world.add_validator(0, 10);
    world.mint(bob, 1'000);
    donate(bob, validator, 1'000);  // a share is worth 101
    EXPECT_EQ(unbond(validator, validator, 1), TxnStatus::kSuccess);
    EXPECT_EQ(unbonding_pool(validator, 0).tokens, Amount{101});
    EXPECT_EQ(world.delegated(validator, validator), 909U);
}

TEST_F(Staking, the_last_holder_empties_the_pool) {
    const Address& validator = world.add_validator(0, 10);
    world.mint(bob, 7);
    donate(bob, validator, 7);
    EXPECT_EQ(unbond(validator, validator, std::nullopt), TxnStatus::kSuccess);
    EXPECT_EQ(world.validator(validator).pool, Pool{});
    world.mint(alice, 50);
    EXPECT_EQ(delegate(alice, validator, 50), TxnStatus::kSuccess);
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{50}, 50}));
}

TEST_F(Staking, withdraw_matures_at_exactly_one_height) {
    const Address& validator = world.add_validator(0, 500);
    world.height = Height{4};
    ASSERT_EQ(unbond(validator, validator, 30), TxnStatus::kSuccess);
    world.height = Height{7};  // the last height of the same era
    ASSERT_EQ(unbond(validator, validator, 20), TxnStatus::kSuccess);
    EXPECT_EQ(staking::matures_at(world.params, 1), Height{18});
    world.height = Height{17};
    EXPECT_EQ(withdraw(validator, validator, 1), TxnStatus::kNotMatured);
    world.height = Height{18};
    EXPECT_EQ(withdraw(validator, validator, 1), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(validator), 50U);
    EXPECT_EQ(world.events.back().name, "staking.withdrawn");
    EXPECT_EQ(
        world.events.back().data, codec::encode(staking::Withdrawn{validator, 1, Amount{50}}));
    EXPECT_EQ(withdraw(validator, validator, 1), TxnStatus::kNothingToWithdraw);
    EXPECT_EQ(must(world.state.get(staking::unbonding_pool_key(validator, 1))), std::nullopt);
}

TEST_F(Staking, withdraw_finds_nothing_elsewhere) {
    const Address& validator = world.add_validator(0, 500);
    ASSERT_EQ(unbond(validator, validator, 30), TxnStatus::kSuccess);
    world.height = Height{100};
    EXPECT_EQ(withdraw(validator, validator, 1), TxnStatus::kNothingToWithdraw);
    EXPECT_EQ(withdraw(validator, validator, UINT64_MAX), TxnStatus::kNothingToWithdraw);
    EXPECT_EQ(withdraw(alice, validator, 0), TxnStatus::kNothingToWithdraw);
    EXPECT_EQ(withdraw(validator, bob, 0), TxnStatus::kNothingToWithdraw);
}

TEST_F(Staking, maturity_saturates_at_the_end_of_64_bits) {
    EXPECT_EQ(staking::matures_at(world.params, UINT64_MAX), Height{UINT64_MAX});
    EXPECT_EQ(staking::matures_at(world.params, UINT64_MAX / 4), Height{UINT64_MAX});
    EXPECT_EQ(staking::era_of(world.params, Height{UINT64_MAX}), UINT64_MAX / 4);
}

TEST_F(Staking, withdrawers_of_one_era_share_its_pool) {
    const Address& validator = world.add_validator(0, 500);
    world.mint(alice, 200);
    ASSERT_EQ(delegate(alice, validator, 200), TxnStatus::kSuccess);
    ASSERT_EQ(unbond(alice, validator, 101), TxnStatus::kSuccess);
    ASSERT_EQ(unbond(validator, validator, 100), TxnStatus::kSuccess);
    must(staking::slash(world.state, world.params, validator, Height{}, Height{1}, 5'000));
    EXPECT_EQ(unbonding_pool(validator, 0), (Pool{Amount{101}, 201}));
    world.height = Height{14};
    EXPECT_EQ(withdraw(validator, validator, 0), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(validator), 50U);
    EXPECT_EQ(withdraw(alice, validator, 0), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(alice), 51U);
}

TEST_F(Staking, unjail_waits_for_the_end_of_the_jail_time) {
    const Address& validator = world.add_validator(0, 5'000);
    EXPECT_EQ(world.apply(alice, Unjail{}), TxnStatus::kUnknownValidator);
    EXPECT_EQ(world.apply(validator, Unjail{}), TxnStatus::kNotJailed);
    must(staking::slash(world.state, world.params, validator, Height{3}, Height{4}, 0));
    EXPECT_TRUE(world.validator(validator).jailed);
    EXPECT_EQ(world.validator(validator).jailed_until, Height{10});
    EXPECT_TRUE(must(staking::top_by_stake(world.state, world.params, 4)).empty());
    world.height = Height{9};
    EXPECT_EQ(world.apply(validator, Unjail{}), TxnStatus::kStillJailed);
    world.height = Height{10};
    EXPECT_EQ(world.apply(validator, Unjail{}), TxnStatus::kSuccess);
    EXPECT_EQ(world.apply(validator, Unjail{}), TxnStatus::kNotJailed);
    EXPECT_EQ(must(staking::top_by_stake(world.state, world.params, 4)).size(), 1U);
}

TEST_F(Staking, reward_pays_commission_to_the_operator_and_the_rest_to_the_pool) {
    const Address& validator = world.add_validator(0, 1'000, 1'250);
    world.mint(alice, 2'007);
    donate(alice, validator, 2'007);
    EXPECT_EQ(world.balance(validator), 250U);  // 12.5 %, rounded down
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{2'757}, 1'000}));
}

TEST_F(Staking, reward_at_the_ends_of_commission) {
    const Address& none = world.add_validator(0, 1'000, 0);
    const Address& all = world.add_validator(1, 1'000, kBasisPoints);
    world.mint(alice, 20);
    donate(alice, none, 10);
    donate(alice, all, 10);
    EXPECT_EQ(world.balance(none), 0U);
    EXPECT_EQ(world.validator(none).pool.tokens, Amount{1'010});
    EXPECT_EQ(world.balance(all), 10U);
    EXPECT_EQ(world.validator(all).pool.tokens, Amount{1'000});
}

TEST_F(Staking, reward_without_a_pool_goes_to_the_account) {
    const Address& empty = world.add_validator(0, 0, 100);
    const Address& burnt = world.add_validator(1, 1'000, 100);
    must(staking::slash(world.state, world.params, burnt, Height{}, Height{1}, kBasisPoints));
    world.mint(alice, 30);
    for (const Address& proposer : {empty, burnt, bob}) {
        donate(alice, proposer, 10);
        EXPECT_EQ(world.balance(proposer), 10U);
    }
}

TEST_F(Staking, top_by_stake_orders_by_stake_and_then_by_address) {
    std::vector<Address> equals;
    for (std::size_t i = 0; i < 6; ++i) {
        equals.push_back(world.add_validator(i, 2'000));
    }
    const Address& richest = world.add_validator(6, 3'000);
    const Address& at_minimum = world.add_validator(7, 1'000);
    world.add_validator(8, 999);
    std::ranges::sort(equals);
    const auto members = must(staking::top_by_stake(world.state, world.params, 100));
    ASSERT_EQ(members.size(), 8U);
    EXPECT_EQ(members.front().validator, richest);
    EXPECT_EQ(members.front().stake, Amount{3'000});
    EXPECT_EQ(members.front().consensus_key, actor(6).consensus_key.public_key());
    for (std::size_t i = 0; i < equals.size(); ++i) {
        EXPECT_EQ(members[i + 1].validator, equals[i]);
    }
    EXPECT_EQ(members.back().validator, at_minimum);
    for (std::size_t count = 0; count <= members.size(); ++count) {
        const auto top = must(staking::top_by_stake(world.state, world.params, count));
        EXPECT_EQ(top, std::vector(members.begin(), members.begin() + std::ptrdiff_t(count)));
    }
}

TEST_F(Staking, committee_hash_depends_on_every_field_and_the_order) {
    world.add_validator(0, 2'000);
    world.add_validator(1, 3'000);
    const auto members = must(staking::top_by_stake(world.state, world.params, 4));
    const Hash hash = consensus::committee_hash(members);
    EXPECT_EQ(consensus::committee_hash(members), hash);
    auto changed = members;
    changed[0].stake.value += 1;
    EXPECT_NE(consensus::committee_hash(changed), hash);
    changed = members;
    changed[1].validator.data[19] ^= 1;
    EXPECT_NE(consensus::committee_hash(changed), hash);
    changed = members;
    changed[1].consensus_key.data[0] ^= 1;
    EXPECT_NE(consensus::committee_hash(changed), hash);
    changed = members;
    changed[0].vrf_key.data[31] ^= 1;
    EXPECT_NE(consensus::committee_hash(changed), hash);
    changed = {members[1], members[0]};
    EXPECT_NE(consensus::committee_hash(changed), hash);
    EXPECT_NE(consensus::committee_hash({members[0]}), hash);
    EXPECT_NE(consensus::committee_hash({}), hash);
}

TEST_F(Staking, owner_of_knows_registered_keys_only) {
    const Address& validator = world.add_validator(0, 0);
    EXPECT_EQ(must(staking::owner_of(world.state, actor(0).consensus_key.public_key())), validator);
    EXPECT_EQ(
        must(staking::owner_of(world.state, actor(1).consensus_key.public_key())), std::nullopt);
    EXPECT_EQ(must(staking::owner_of(world.state, actor(0).key.public_key())), std::nullopt);
}

/// One share made dear by paying fees to a pool of one share must not eat later delegations.
TEST_F(Staking, a_first_depositor_gains_nothing_by_inflating_the_share) {
    constexpr std::uint64_t kDonation = 5'000'000'000;
    const Address& attacker = world.add_validator(0, 10);
    ASSERT_EQ(unbond(attacker, attacker, 9), TxnStatus::kSuccess);
    ASSERT_EQ(world.validator(attacker).pool, (Pool{Amount{1}, 1}));
    world.mint(attacker, kDonation);
    donate(attacker, attacker, kDonation);
    for (std::uint64_t i = 0; i < 4; ++i) {
        const Address victim = nobody(static_cast<std::uint8_t>(i));
        const std::uint64_t offered = kDonation + 1 + kDonation / (4 - i) - 1;
        world.mint(victim, offered);
        EXPECT_EQ(delegate(victim, attacker, offered), TxnStatus::kSuccess);
        EXPECT_GE(world.balance(victim) + world.delegated(attacker, victim) + 1, offered);
        EXPECT_LE(world.delegated(attacker, attacker), kDonation + 1);
    }
}

}  // namespace
}  // namespace polis::ledger::testing
