#pragma once

#include <cstdint>
#include <optional>

#include <core/types.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/state/key.hpp>

/// Keys and share arithmetic of the staking module.
namespace polis::ledger::staking {

inline StateKey validator_key(const Address& validator) {
    return StateKey(RecordKind::kValidator, {validator.view()});
}

inline StateKey list_key() { return StateKey(RecordKind::kValidatorList, {}); }

inline StateKey owner_key(const PublicKey& consensus_key) {
    return StateKey(RecordKind::kConsensusKey, {consensus_key.view()});
}

inline StateKey delegation_key(const Address& validator, const Address& delegator) {
    return StateKey(RecordKind::kDelegation, {validator.view(), delegator.view()});
}

inline StateKey unbonding_pool_key(const Address& validator, std::uint64_t era) {
    return StateKey(RecordKind::kUnbondingPool, {validator.view(), big_endian(era)});
}

inline StateKey unbonding_key(
    const Address& validator, const Address& delegator, std::uint64_t era) {
    return StateKey(RecordKind::kUnbonding, {validator.view(), delegator.view(), big_endian(era)});
}

/// Shares that `amount` buys, rounded down; 1:1 in an empty pool. Nothing beyond 64 bits or when
/// shares exist that are worth nothing.
[[nodiscard]] std::optional<std::uint64_t> shares_for(const Pool& pool, Amount amount);

/// What buying shares costs, rounded up: never more than the amount that shares_for() was asked.
/// @pre shares <= shares_for(pool, some amount)
[[nodiscard]] Amount cost_of(const Pool& pool, std::uint64_t shares);

/// What shares are worth, rounded down. @pre shares <= pool.shares
[[nodiscard]] Amount worth_of(const Pool& pool, std::uint64_t shares);

/// Shares to give up for `amount`, rounded up. Nothing if the pool holds less.
[[nodiscard]] std::optional<std::uint64_t> shares_to_redeem(const Pool& pool, Amount amount);

}  // namespace polis::ledger::staking
