// staking::genesis_validator: what the transactions would do, and what it refuses.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include <core/bytes.hpp>
#include <core/crypto/ecvrf.hpp>
#include <genesis/devnet.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/state/journal.hpp>

namespace polis::genesis {
namespace {

using ledger::Journal;
using ledger::TxnStatus;
using ledger::staking::GenesisValidator;

class EmptyState final : public ledger::StateView {
  public:
    [[nodiscard]] ledger::StoreResult<std::optional<SmallBytes>> get(
        const ledger::StateKey& /*key*/) override {
        return std::optional<SmallBytes>{};
    }
};

class GenesisValidators : public testing::Test {
  protected:
    GenesisValidators() : state_(empty_), params_(devnet_preset({}).params) {}

    /// A validator whose address and keys are this number.
    [[nodiscard]] GenesisValidator numbered(std::uint8_t number) const {
        GenesisValidator out;
        out.address.data.fill(number);
        out.consensus_key.data.fill(number);
        out.vrf_key = crypto::VrfKey(crypto::Seed(Bytes(32, number))).public_key();
        out.commission_bps = 100;
        out.stake = params_.stake_min;
        return out;
    }

    TxnStatus add(const GenesisValidator& validator) {
        return ledger::staking::genesis_validator(state_, params_, validator).value();
    }

    EmptyState empty_;
    Journal state_;
    ledger::Params params_;
};

TEST_F(GenesisValidators, stand_with_their_own_stake) {
    const GenesisValidator first = numbered(1);
    ASSERT_EQ(add(first), TxnStatus::kSuccess);
    const auto record = ledger::staking::validator(state_, first.address).value();
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->pool, (ledger::staking::Pool{first.stake, first.stake.value}));
    EXPECT_EQ(
        ledger::staking::delegated(state_, first.address, first.address).value(), first.stake);
    const auto top = ledger::staking::top_by_stake(state_, params_, 10).value();
    ASSERT_EQ(top.size(), 1U);
    EXPECT_EQ(top[0].validator, first.address);
    EXPECT_EQ(top[0].vrf_key, first.vrf_key);
}

TEST_F(GenesisValidators, are_refused_without_a_trace) {
    ASSERT_EQ(add(numbered(1)), TxnStatus::kSuccess);
    const auto before = state_.changes();
    EXPECT_EQ(add(numbered(1)), TxnStatus::kAlreadyValidator);
    GenesisValidator copied = numbered(2);
    copied.consensus_key = numbered(1).consensus_key;
    EXPECT_EQ(add(copied), TxnStatus::kKeyInUse);
    GenesisValidator poor = numbered(3);
    poor.stake = Amount{params_.stake_min.value - 1};
    EXPECT_EQ(add(poor), TxnStatus::kBelowMinimum);
    GenesisValidator unprovable = numbered(4);
    unprovable.vrf_key = {};
    EXPECT_EQ(add(unprovable), TxnStatus::kBadVrfKey);
    EXPECT_EQ(state_.changes().size(), before.size());
}

/// Nobody is refused for fullness; who has no more than the least waits outside.
TEST_F(GenesisValidators, fill_the_list_and_then_have_to_outbid) {
    GenesisValidator validator = numbered(0);
    for (std::size_t i = 0; i < ledger::kValidatorsMax; ++i) {
        validator.address.data[0] = static_cast<std::uint8_t>(i);
        validator.address.data[1] = static_cast<std::uint8_t>(i >> 8);
        std::copy_n(validator.address.data.begin(), 2, validator.consensus_key.data.begin());
        ASSERT_EQ(add(validator), TxnStatus::kSuccess);
    }
    const auto full = ledger::staking::candidates(state_).value();
    EXPECT_EQ(full.size(), ledger::kValidatorsMax);
    EXPECT_EQ(add(numbered(9)), TxnStatus::kSuccess);
    EXPECT_EQ(ledger::staking::candidates(state_).value(), full);
    GenesisValidator rich = numbered(10);
    rich.stake.value += 1;
    EXPECT_EQ(add(rich), TxnStatus::kSuccess);
    const auto after = ledger::staking::candidates(state_).value();
    EXPECT_EQ(after.size(), ledger::kValidatorsMax);
    EXPECT_TRUE(std::ranges::binary_search(after, rich.address));
}

}  // namespace
}  // namespace polis::genesis
