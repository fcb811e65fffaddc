// Slashing: how much is burned, out of which pools, and what is left to do afterwards.
// Method: the staking module over a journal with eras of 4 heights that mature after 10 more.
#include <cstddef>
#include <optional>

#include <gtest/gtest.h>

#include <ledger/limits.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/state/record.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

using staking::Pool;

class Slash : public ::testing::Test {
  protected:
    void TearDown() override { world.check(); }

    std::uint64_t slash(
        const Address& validator,
        std::uint64_t infraction,
        std::uint64_t now,
        std::uint16_t fraction_bps) {
        return must(staking::slash(
                        world.state,
                        world.params,
                        validator,
                        Height{infraction},
                        Height{now},
                        fraction_bps))
            .value;
    }

    /// Unbonds 100 coins of a validator in each of the eras 0 to `eras` - 1.
    void unbond_in_eras(const Address& validator, std::uint64_t eras) {
        for (std::uint64_t era = 0; era < eras; ++era) {
            world.height = Height{era * world.params.unbonding_era_blocks};
            ASSERT_EQ(world.apply(validator, Unbond{validator, Amount{100}}), TxnStatus::kSuccess);
        }
    }

    std::uint64_t unbonding(const Address& validator, std::uint64_t era) {
        const StateKey key = staking::unbonding_pool_key(validator, era);
        return must(load_record<Pool>(world.state, key)).value_or(Pool{}).tokens.value;
    }

    ModuleWorld world;
};

TEST_F(Slash, burns_a_fraction_of_the_pool_rounded_down) {
    const Address& validator = world.add_validator(0, 1'999);
    const std::uint64_t supply = world.supply();
    EXPECT_EQ(slash(validator, 0, 0, 500), 99U);  // 99.95
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{1'900}, 1'999}));
    EXPECT_EQ(world.supply(), supply - 99);
}

TEST_F(Slash, of_nothing_jails_and_burns_nothing) {
    const Address& validator = world.add_validator(0, 2'000);
    EXPECT_EQ(slash(validator, 0, 5, 0), 0U);
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{2'000}, 2'000}));
    EXPECT_TRUE(world.validator(validator).jailed);
    EXPECT_EQ(world.validator(validator).jailed_until, Height{11});
}

TEST_F(Slash, of_somebody_unknown_does_nothing) {
    EXPECT_EQ(slash(nobody(1), 0, 5, kBasisPoints), 0U);
    EXPECT_TRUE(world.state.changes().empty());
}

TEST_F(Slash, again_extends_the_jail_time) {
    const Address& validator = world.add_validator(0, 2'000);
    slash(validator, 0, 5, 100);
    slash(validator, 0, 7, 100);
    EXPECT_EQ(world.validator(validator).jailed_until, Height{13});
    EXPECT_EQ(world.validator(validator).pool.tokens, Amount{1'961});  // 2000 - 20 - 19
}

TEST_F(Slash, jail_time_saturates) {
    const Address& validator = world.add_validator(0, 2'000);
    slash(validator, UINT64_MAX - 2, UINT64_MAX - 1, 100);
    EXPECT_EQ(world.validator(validator).jailed_until, Height{UINT64_MAX});
}

TEST_F(Slash, reaches_the_era_of_the_infraction_and_later_ones) {
    const Address& validator = world.add_validator(0, 10'000);
    unbond_in_eras(validator, 3);
    EXPECT_EQ(slash(validator, 7, 11, 1'000), 970U + 2 * 10);  // of 9700, and of eras 1 and 2
    EXPECT_EQ(unbonding(validator, 0), 100U);
    EXPECT_EQ(unbonding(validator, 1), 90U);
    EXPECT_EQ(unbonding(validator, 2), 90U);
}

/// For every pair of heights: an era is cut exactly if it is not before the infraction's and could
/// not have been withdrawn yet.
TEST_F(Slash, reaches_exactly_the_eras_that_have_not_matured) {
    const Address& validator = world.add_validator(0, 10'000);
    constexpr std::uint64_t kEras = 8;
    unbond_in_eras(validator, kEras);
    for (std::uint64_t now = (kEras - 1) * 4; now < 60; ++now) {
        for (std::uint64_t infraction = 0; infraction <= now; ++infraction) {
            const Journal::Checkpoint before = world.state.checkpoint();
            slash(validator, infraction, now, 1'000);
            for (std::uint64_t era = 0; era < kEras; ++era) {
                const bool reached = era >= staking::era_of(world.params, Height{infraction}) &&
                                     Height{now} < staking::matures_at(world.params, era);
                ASSERT_EQ(unbonding(validator, era), reached ? 90U : 100U)
                    << "era " << era << ", infraction " << infraction << ", now " << now;
            }
            world.state.rollback(before);
        }
    }
}

TEST_F(Slash, of_everything_closes_the_validator_to_new_delegations) {
    const Address& validator = world.add_validator(0, 2'000);
    ASSERT_EQ(world.apply(validator, Unbond{validator, Amount{500}}), TxnStatus::kSuccess);
    EXPECT_EQ(slash(validator, 0, 1, kBasisPoints), 2'000U);
    EXPECT_EQ(world.supply(), 0U);
    world.mint(nobody(1), 5'000);
    EXPECT_EQ(world.apply(nobody(1), Delegate{validator, Amount{5'000}}), TxnStatus::kPoolEmpty);
    EXPECT_EQ(world.apply(validator, Unbond{validator, std::nullopt}), TxnStatus::kPoolEmpty);
    EXPECT_EQ(world.apply(validator, Unbond{validator, Amount{1}}), TxnStatus::kNotDelegated);
    EXPECT_EQ(world.delegated(validator, validator), 0U);
    world.height = Height{7};
    EXPECT_EQ(world.apply(validator, Unjail{}), TxnStatus::kSuccess);
    EXPECT_TRUE(must(staking::top_by_stake(world.state, world.params, 4)).empty());
    world.height = Height{14};
    EXPECT_EQ(world.apply(validator, Withdraw{validator, 0}), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(validator), 0U);
}

TEST_F(Slash, leaves_pools_that_are_worth_less_than_their_shares_usable) {
    const Address& validator = world.add_validator(0, 1'000'000);
    slash(validator, 0, 0, 9'999);
    EXPECT_EQ(world.validator(validator).pool, (Pool{Amount{100}, 1'000'000}));
    world.mint(nobody(1), 50);
    EXPECT_EQ(world.apply(nobody(1), Delegate{validator, Amount{50}}), TxnStatus::kSuccess);
    EXPECT_EQ(world.delegated(validator, nobody(1)), 50U);
    EXPECT_EQ(world.apply(nobody(1), Unbond{validator, Amount{20}}), TxnStatus::kSuccess);
    EXPECT_EQ(world.delegated(validator, nobody(1)), 30U);
    EXPECT_EQ(world.delegated(validator, validator), 100U);
}

/// After hard slashing one coin may buy more shares than 64 bits hold: refused, not wrapped.
TEST_F(Slash, share_counts_beyond_64_bits_are_refused) {
    const Address& validator = world.add_validator(0, UINT64_MAX / 2);
    for (int i = 0; i < 5; ++i) {
        slash(validator, 0, 0, 9'999);
    }
    const Pool pool = world.validator(validator).pool;
    ASSERT_LT(pool.tokens, Amount{10});
    ASSERT_GT(pool.tokens, Amount{});
    world.mint(nobody(1), 1'000);
    EXPECT_EQ(world.apply(nobody(1), Delegate{validator, Amount{1'000}}), TxnStatus::kOverflow);
    EXPECT_EQ(world.balance(nobody(1)), 1'000U);
}

TEST_F(Slash, an_era_slashed_to_nothing_takes_no_more_coins) {
    const Address& validator = world.add_validator(0, 2'000);
    ASSERT_EQ(world.apply(validator, Unbond{validator, Amount{500}}), TxnStatus::kSuccess);
    must(save_record(world.state, staking::unbonding_pool_key(validator, 0), Pool{Amount{}, 500}));
    EXPECT_EQ(world.apply(validator, Unbond{validator, Amount{500}}), TxnStatus::kOverflow);
    must(save_record(
        world.state, staking::unbonding_pool_key(validator, 0), Pool{Amount{500}, 500}));
}

}  // namespace
}  // namespace polis::ledger::testing
