#pragma once

#include <cstdint>

#include <core/integer.hpp>
#include <core/types.hpp>
#include <ledger/chain.hpp>

namespace polis::tools {

/// Where all coins of a state are.
struct SupplyAudit {
    u128 balances = 0;
    u128 staked = 0;
    u128 unbonding = 0;
    u128 escrowed = 0;  ///< held for learning tasks
    Amount recorded;    ///< what the supply record says
    std::uint64_t accounts = 0;
    std::uint64_t validators = 0;
    std::uint64_t unbonding_pools = 0;

    [[nodiscard]] u128 sum() const { return balances + staked + unbonding + escrowed; }

    [[nodiscard]] bool adds_up() const { return sum() == recorded.value; }
};

/// Adds up every record that holds coins, one by one. O(records).
/// @error kCorrupt for a record that does not decode or is of an unknown kind
[[nodiscard]] ledger::StoreResult<SupplyAudit> audit_supply(ledger::Chain& chain);

}  // namespace polis::tools
