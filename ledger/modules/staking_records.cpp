#include <ledger/modules/staking_records.hpp>

#include <core/check.hpp>
#include <core/integer.hpp>

namespace polis::ledger::staking {

std::optional<std::uint64_t> shares_for(const Pool& pool, Amount amount) {
    if (pool.shares == 0) {
        return amount.value;
    }
    return mul_div_floor(amount.value, pool.shares, pool.tokens.value);
}

Amount cost_of(const Pool& pool, std::uint64_t shares) {
    if (pool.shares == 0) {
        return Amount{shares};
    }
    const auto cost = mul_div_ceil(shares, pool.tokens.value, pool.shares);
    POLIS_ASSERT(cost.has_value());  // at most the amount that bought the shares
    return Amount{*cost};
}

Amount worth_of(const Pool& pool, std::uint64_t shares) {
    if (pool.shares == 0) {
        return Amount{};
    }
    POLIS_ASSERT_OP(shares, <=, pool.shares);
    const auto worth = mul_div_floor(shares, pool.tokens.value, pool.shares);
    POLIS_ASSERT(worth.has_value());  // at most pool.tokens
    return Amount{*worth};
}

std::optional<std::uint64_t> shares_to_redeem(const Pool& pool, Amount amount) {
    if (amount > pool.tokens) {
        return std::nullopt;
    }
    return mul_div_ceil(amount.value, pool.shares, pool.tokens.value);
}

}  // namespace polis::ledger::staking
