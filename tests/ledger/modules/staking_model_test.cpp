// Coins and shares under random staking: none appears or vanishes, and nobody gains by rounding.
// Method: seeded operations on a small world, every record audited after each of them.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/state/record.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::size_t kPeople = 5;
constexpr std::size_t kValidators = 3;

/// How a run draws its numbers.
struct Scale {
    std::uint64_t seed;
    std::uint64_t balance;  ///< of each person
    std::uint64_t amount_max;
    std::uint64_t stake_min;  ///< about what one holder delegates, so that lists change often
    bool slashing = true;
};

class StakingModel {
  public:
    explicit StakingModel(const Scale& scale) : scale_(scale), random_(scale.seed) {
        world.params.delegation_min = Amount{1};
        world.params.stake_min = Amount{scale.stake_min};
        for (std::size_t i = 0; i < kPeople; ++i) {
            world.mint(actor(i).address, scale.balance);
        }
        for (std::size_t i = 0; i < kValidators; ++i) {
            world.add_validator(i, 0, static_cast<std::uint16_t>(random_.below(10'001)));
        }
    }

    /// One operation of anybody; most of them succeed.
    void step() {
        const Address& who = actor(random_.below(kPeople)).address;
        const Address& validator = actor(random_.below(kValidators)).address;
        switch (random_.below(12)) {
            case 0:
            case 1:
            case 2:
                count(world.apply(who, Delegate{validator, amount()}));
                return;
            case 3:
            case 4:
                count(world.apply(who, Unbond{validator, amount()}));
                return;
            case 5:
                count(world.apply(who, Unbond{validator, std::nullopt}));
                return;
            case 6:
            case 7:
                count(world.apply(who, Withdraw{validator, past_era(who, validator)}));
                return;
            case 8:
                count(world.apply(who, Transfer{actor(random_.below(kPeople)).address, amount()}));
                return;
            case 9:
                reward(who, validator);
                return;
            case 10:
                slash(validator);
                return;
            default:
                world.height.value += random_.below(5);
                replace_burned(who);
        }
    }

    ModuleWorld world;
    std::size_t successes = 0;

  private:
    void count(TxnStatus status) { successes += status == TxnStatus::kSuccess ? 1 : 0; }

    /// As many small numbers as large ones.
    Amount amount() {
        const std::uint64_t max = random_.chance(1, 2) ? scale_.amount_max : 20;
        return Amount{random_.between(1, max)};
    }

    /// Sometimes any era of late, mostly the oldest that has something for this person.
    std::uint64_t past_era(const Address& who, const Address& validator) {
        const std::uint64_t era = staking::era_of(world.params, world.height);
        const std::uint64_t recent = era - std::min(era, random_.below(9));
        for (std::uint64_t old = 0; old < recent && random_.chance(999, 1'000); ++old) {
            if (must(world.state.get(staking::unbonding_key(validator, who, old)))) {
                return old;
            }
        }
        return recent;
    }

    void reward(const Address& payer, const Address& validator) {
        const Amount fees = amount();
        if (must(bank::debit(world.state, payer, fees)) == TxnStatus::kSuccess) {
            must(staking::reward(world.state, world.params, validator, fees));
        }
    }

    void slash(const Address& validator) {
        if (!scale_.slashing || !random_.chance(1, 4)) {
            return;
        }
        const Height infraction{world.height.value - random_.below(world.height.value + 1)};
        const auto fraction = static_cast<std::uint16_t>(
            random_.chance(1, 10) ? random_.below(kBasisPoints) : random_.below(600));
        must(staking::slash(
            world.state, world.params, validator, infraction, world.height, fraction));
    }

    void replace_burned(const Address& who) {
        world.mint(who, scale_.balance * kPeople - world.supply());
    }

    Scale scale_;
    Random random_;
};

class StakingConservation : public ::testing::TestWithParam<Scale> {};

TEST_P(StakingConservation, coins_equal_the_supply_and_shares_their_holders_after_every_step) {
    StakingModel model(GetParam());
    for (int i = 0; i < 4'000 && !::testing::Test::HasFailure(); ++i) {
        model.step();
        model.world.check();
    }
    EXPECT_GT(model.successes, 1'000U);
}

TEST_P(StakingConservation, candidates_are_exactly_those_with_the_minimum_after_every_step) {
    StakingModel model(GetParam());
    std::vector<Address> before;
    std::size_t changes = 0;
    for (int i = 0; i < 4'000 && !::testing::Test::HasFailure(); ++i) {
        model.step();
        const auto list = must(staking::candidates(model.world.state));
        EXPECT_EQ(list, model.world.eligible()) << "step " << i;
        changes += list == before ? 0U : 1U;
        before = list;
    }
    EXPECT_GT(changes, 20U);
}

INSTANTIATE_TEST_SUITE_P(
    Scales,
    StakingConservation,
    ::testing::Values(
        Scale{.seed = 1, .balance = 1'000'000, .amount_max = 50'000, .stake_min = 100'000},
        Scale{.seed = 2, .balance = 300, .amount_max = 50, .stake_min = 100},
        Scale{
            .seed = 3,
            .balance = UINT64_MAX / kPeople,
            .amount_max = UINT64_MAX / 20,
            .stake_min = UINT64_MAX / 10},
        Scale{
            .seed = 4,
            .balance = 1'000'000,
            .amount_max = 50'000,
            .stake_min = 100'000,
            .slashing = false}));

/// What somebody could have if everything were unbonded and withdrawn today.
std::uint64_t wealth(ModuleWorld& world, const Address& who) {
    std::uint64_t sum = world.balance(who);
    for (std::size_t i = 0; i < kValidators; ++i) {
        const Address& validator = actor(i).address;
        sum += world.delegated(validator, who);
        for (std::uint64_t era = 0; era <= staking::era_of(world.params, world.height); ++era) {
            const auto shares = must(load_record<std::uint64_t>(
                world.state, staking::unbonding_key(validator, who, era)));
            const auto pool = must(load_record<staking::Pool>(
                world.state, staking::unbonding_pool_key(validator, era)));
            sum += shares ? staking::worth_of(*pool, *shares).value : 0;
        }
    }
    return sum;
}

/// Pools whose shares are worth odd fractions, and nobody but the acting person moves.
TEST(StakingRounding, no_order_of_delegating_and_unbonding_gains_a_coin) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Random random(seed, "rounding");
        ModuleWorld world;
        world.params.delegation_min = Amount{1};
        for (std::size_t i = 0; i < kValidators; ++i) {
            const Address& validator = world.add_validator(i, random.between(1, 1'000));
            world.mint(validator, random.below(100'000));
            const Amount fees{world.balance(validator)};
            ASSERT_EQ(must(bank::debit(world.state, validator, fees)), TxnStatus::kSuccess);
            must(staking::reward(world.state, world.params, validator, fees));
            must(staking::slash(
                world.state,
                world.params,
                validator,
                {},
                {},
                static_cast<std::uint16_t>(random.below(9'000))));
        }
        const Address& player = actor(kValidators).address;
        world.mint(player, 1'000'000);
        std::uint64_t before = wealth(world, player);
        for (std::uint64_t i = 0; i < 100; ++i) {
            const Address& validator = actor(random.below(kValidators)).address;
            const Amount amount{random.between(1, random.chance(1, 2) ? 3'000 : 100'000)};
            if (random.chance(1, 2)) {
                world.apply(player, Delegate{validator, amount});
            } else {
                world.apply(player, Unbond{validator, amount});
            }
            const std::uint64_t after = wealth(world, player);
            ASSERT_LE(after, before) << "seed " << seed << ", step " << i;
            ASSERT_GE(after + 3, before) << "seed " << seed << ", step " << i;
            before = after;
        }
        world.check();
    }
}

/// The arithmetic alone, at sizes that messages seldom reach.
TEST(StakingRounding, buying_and_selling_shares_favours_the_pool_at_every_size) {
    Random random(5);
    const auto draw = [&random] { return random.next() >> random.below(64); };
    for (int i = 0; i < 200'000; ++i) {
        const staking::Pool pool{Amount{draw()}, draw()};
        if (pool.tokens == Amount{} || pool.shares == 0) {
            continue;
        }
        const Amount offered{draw()};
        const auto shares = staking::shares_for(pool, offered);
        if (shares && *shares > 0) {
            const Amount cost = staking::cost_of(pool, *shares);
            ASSERT_LE(cost, offered);
            ASSERT_GE(wide_mul(cost.value, pool.shares), wide_mul(*shares, pool.tokens.value));
        }
        const Amount wanted{random.below(pool.tokens.value) + 1};
        const auto given = staking::shares_to_redeem(pool, wanted);
        ASSERT_TRUE(given.has_value());
        ASSERT_LE(*given, pool.shares);
        const Amount paid = staking::worth_of(pool, *given);
        ASSERT_GE(paid, wanted);
        ASSERT_LE(wide_mul(paid.value, pool.shares), wide_mul(*given, pool.tokens.value));
    }
}

TEST(StakingRounding, the_ends_of_64_bits) {
    constexpr std::uint64_t kMax = UINT64_MAX;
    const staking::Pool full{Amount{kMax}, kMax};
    EXPECT_EQ(staking::shares_for(full, Amount{kMax}), kMax);
    EXPECT_EQ(staking::worth_of(full, kMax), Amount{kMax});
    EXPECT_EQ(staking::shares_to_redeem(full, Amount{kMax}), kMax);
    const staking::Pool dear{Amount{kMax}, 1};
    EXPECT_EQ(staking::shares_for(dear, Amount{kMax - 1}), 0U);
    EXPECT_EQ(staking::cost_of(dear, 1), Amount{kMax});
    EXPECT_EQ(staking::shares_to_redeem(dear, Amount{1}), 1U);
    const staking::Pool cheap{Amount{1}, kMax};
    EXPECT_EQ(staking::shares_for(cheap, Amount{1}), kMax);
    EXPECT_EQ(staking::shares_for(cheap, Amount{2}), std::nullopt);
    EXPECT_EQ(staking::worth_of(cheap, kMax - 1), Amount{});
    const staking::Pool burnt{Amount{}, kMax};
    EXPECT_EQ(staking::shares_for(burnt, Amount{1}), std::nullopt);
    EXPECT_EQ(staking::shares_to_redeem(burnt, Amount{1}), std::nullopt);
    EXPECT_EQ(staking::worth_of(burnt, kMax), Amount{});
    EXPECT_EQ(staking::worth_of({}, 0), Amount{});
    EXPECT_EQ(staking::shares_for({}, Amount{kMax}), kMax);
    EXPECT_EQ(staking::cost_of({}, kMax), Amount{kMax});
    EXPECT_EQ(staking::shares_to_redeem({}, Amount{1}), std::nullopt);
}

}  // namespace
}  // namespace polis::ledger::testing
