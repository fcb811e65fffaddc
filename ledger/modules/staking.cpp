#include <ledger/modules/staking.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <consensus/dpos/select.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/account.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger::staking {

namespace {

/// Leaves no record behind for an empty list: a root must not tell that there was one.
StoreResult<void> save_candidates(Journal& state, const std::vector<Address>& list) {
    return list.empty() ? state.remove(list_key()) : save_record(state, list_key(), list);
}

struct Rival {
    std::size_t place = 0;  ///< in the list
    Amount stake = Amount{UINT64_MAX};
};

/// Whom a newcomer to a full list has to outbid: least stake, of equals the highest address.
/// Reads every candidate. @pre the list is sorted and not empty
StoreResult<Rival> weakest_of(StateView& state, const std::vector<Address>& list) {
    Rival weakest;
    for (std::size_t i = 0; i < list.size(); ++i) {
        POLIS_TRY(const auto record, validator(state, list[i]));
        POLIS_ASSERT(record.has_value());
        if (record->pool.tokens <= weakest.stake) {
            weakest = {.place = i, .stake = record->pool.tokens};
        }
    }
    return weakest;
}

/// Gives a validator a place in the list unless it has one or is outbid by everybody in a full one.
StoreResult<void> enter_list(Journal& state, const Address& address, Amount stake) {
    POLIS_TRY(auto list, candidates(state));
    if (std::ranges::binary_search(list, address)) {
        return {};
    }
    if (list.size() >= kValidatorsMax) {
        POLIS_TRY(const Rival weakest, weakest_of(state, list));
        if (stake <= weakest.stake) {
            return {};
        }
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(weakest.place));
    }
    list.insert(std::ranges::lower_bound(list, address), address);
    return save_candidates(state, list);
}

/// Takes a validator off the list; no fault if it waited outside a full one.
StoreResult<void> leave_list(Journal& state, const Address& address) {
    POLIS_TRY(auto list, candidates(state));
    return std::erase(list, address) == 0 ? StoreResult<void>{} : save_candidates(state, list);
}

/// Keeps the list of candidates true to a pool that held `before` and is now `pool`. Spec [K15].
///
/// Reads the list only if the pool crosses the minimum, or grows above it: that may be a validator
/// which waits outside, and the list alone knows. Reads other validators only if such a one meets a
/// full list.
StoreResult<void> update_candidacy(
    Journal& state, const Params& params, const Address& address, Amount before, const Pool& pool) {
    if (pool.tokens < params.stake_min) {
        return before < params.stake_min ? StoreResult<void>{} : leave_list(state, address);
    }
    return pool.tokens <= before ? StoreResult<void>{} : enter_list(state, address, pool.tokens);
}

/// Stores a validator whose pool held `before`: every change of a pool goes through here, so that
/// none is forgotten in the list of candidates.
StoreResult<void> save_validator(
    Journal& state,
    const Params& params,
    const Address& address,
    Amount before,
    const Validator& record) {
    POLIS_TRY_VOID(save_record(state, validator_key(address), record));
    return update_candidacy(state, params, address, before, record.pool);
}

/// What a new validator says of itself.
struct NewKeys {
    PublicKey consensus;
    VrfPublicKey vrf;
};

/// Whether a validator with this address and these keys may be added. A key that the beacon cannot
/// use would be found out only when its holder has to prove with it.
ModuleResult check_new(StateView& state, const Address& address, const NewKeys& keys) {
    POLIS_TRY(const auto existing, validator(state, address));
    if (existing) {
        return TxnStatus::kAlreadyValidator;
    }
    POLIS_TRY(const auto owner, owner_of(state, keys.consensus));
    if (owner) {
        return TxnStatus::kKeyInUse;
    }
    return crypto::vrf_key_valid(keys.vrf) ? TxnStatus::kSuccess : TxnStatus::kBadVrfKey;
}

/// Writes the records of a new validator. @pre check_new() passed
StoreResult<void> insert_new(
    Journal& state, const Params& params, const Address& address, const Validator& record) {
    POLIS_TRY_VOID(save_record(state, owner_key(record.consensus_key), address));
    return save_validator(state, params, address, Amount{}, record);
}

/// Moves `amount` of redeemed coins into the pool of the current era.
/// @return the shares of that pool; nothing if they are no full share or do not fit
StoreResult<std::optional<std::uint64_t>> enter_unbonding(
    TxnContext& context, const Address& validator, Amount amount) {
    const StateKey key = unbonding_pool_key(validator, era_of(context.params, context.height));
    POLIS_TRY(const auto stored, load_record<Pool>(context.state, key));
    Pool pool = stored.value_or(Pool{});
    const auto shares = shares_for(pool, amount);
    const auto total = shares ? checked_add(pool.shares, *shares) : std::nullopt;
    const auto tokens = checked_add(pool.tokens, amount);
    if (!total || !tokens || *shares == 0) {
        return std::optional<std::uint64_t>{};
    }
    pool = {*tokens, *total};
    POLIS_TRY_VOID(save_record(context.state, key, pool));
    return shares;
}

StoreResult<void> add_shares(Journal& state, const StateKey& key, std::uint64_t shares) {
    POLIS_TRY(const auto before, load_record<std::uint64_t>(state, key));
    const auto after = checked_add(before.value_or(0), shares);
    POLIS_ASSERT(after.has_value());  // never above the pool's own count
    return save_record(state, key, *after);
}

/// Leaves no record behind for zero shares.
StoreResult<void> set_shares(Journal& state, const StateKey& key, std::uint64_t shares) {
    return shares == 0 ? state.remove(key) : save_record(state, key, shares);
}

/// The first era whose coins have not matured at `now`.
std::uint64_t oldest_open_era(const Params& params, Height now) {
    return era_of(params, Height{now.value - std::min(now.value, params.unbonding_blocks)});
}

/// Takes a fraction of a pool's coins, rounded down. @return what was taken
Amount cut(Pool& pool, std::uint16_t fraction_bps) {
    const auto taken = mul_div_floor(pool.tokens.value, fraction_bps, kBasisPoints);
    POLIS_ASSERT(taken.has_value());
    pool.tokens.value -= *taken;
    return Amount{*taken};
}

}  // namespace

ModuleResult genesis_validator(
    Journal& state, const Params& params, const GenesisValidator& genesis) {
    POLIS_ASSERT_OP(genesis.commission_bps, <=, kBasisPoints);
    const NewKeys keys{.consensus = genesis.consensus_key, .vrf = genesis.vrf_key};
    POLIS_TRY(const TxnStatus allowed, check_new(state, genesis.address, keys));
    if (allowed != TxnStatus::kSuccess) {
        return allowed;
    }
    if (genesis.stake < params.stake_min || genesis.stake == Amount{}) {
        return TxnStatus::kBelowMinimum;
    }
    Validator record;
    record.consensus_key = genesis.consensus_key;
    record.vrf_key = genesis.vrf_key;
    record.commission_bps = genesis.commission_bps;
    record.pool = {.tokens = genesis.stake, .shares = genesis.stake.value};
    POLIS_TRY_VOID(insert_new(state, params, genesis.address, record));
    POLIS_TRY_VOID(
        add_shares(state, delegation_key(genesis.address, genesis.address), genesis.stake.value));
    return TxnStatus::kSuccess;
}

Bytes possession_message(ChainId chain_id, const Address& operator_address) {
    Bytes message;
    codec::encode_to(message, chain_id);
    codec::encode_to(message, operator_address);
    return to_bytes(crypto::blake2b_256(crypto::kDomainPossession, message).view());
}

ModuleResult apply(TxnContext& context, const RegisterValidator& request) {
    Journal& state = context.state;
    const NewKeys keys{.consensus = request.consensus_key, .vrf = request.vrf_key};
    POLIS_TRY(const TxnStatus allowed, check_new(state, context.sender, keys));
    if (allowed != TxnStatus::kSuccess) {
        return allowed;
    }
    const Bytes message = possession_message(context.params.chain_id, context.sender);
    if (!crypto::verify(request.consensus_key, message, request.possession)) {
        return TxnStatus::kBadPossession;
    }
    Validator record;
    record.consensus_key = request.consensus_key;
    record.vrf_key = request.vrf_key;
    record.commission_bps = request.commission_bps;
    POLIS_TRY_VOID(insert_new(state, context.params, context.sender, record));
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const Delegate& request) {
    Journal& state = context.state;
    POLIS_TRY(auto record, validator(state, request.validator));
    if (!record) {
        return TxnStatus::kUnknownValidator;
    }
    if (request.amount < context.params.delegation_min) {
        return TxnStatus::kBelowMinimum;
    }
    Pool& pool = record->pool;
    if (pool.shares > 0 && pool.tokens == Amount{}) {
        return TxnStatus::kPoolEmpty;
    }
    const auto shares = shares_for(pool, request.amount);
    const auto total = shares ? checked_add(pool.shares, *shares) : std::nullopt;
    if (!total) {
        return TxnStatus::kOverflow;
    }
    if (*shares == 0) {
        return TxnStatus::kBelowMinimum;
    }
    const Amount cost = cost_of(pool, *shares);
    const auto tokens = checked_add(pool.tokens, cost);
    if (!tokens) {
        return TxnStatus::kOverflow;
    }
    POLIS_TRY(const TxnStatus taken, bank::debit(state, context.sender, cost));
    if (taken != TxnStatus::kSuccess) {
        return taken;
    }
    const Amount before = std::exchange(pool, {*tokens, *total}).tokens;
    POLIS_TRY_VOID(save_validator(state, context.params, request.validator, before, *record));
    POLIS_TRY_VOID(add_shares(state, delegation_key(request.validator, context.sender), *shares));
    context.emit("staking.delegated", Delegated{request.validator, cost});
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const Unbond& request) {
    Journal& state = context.state;
    POLIS_TRY(auto record, validator(state, request.validator));
    if (!record) {
        return TxnStatus::kUnknownValidator;
    }
    const StateKey key = delegation_key(request.validator, context.sender);
    POLIS_TRY(const auto held, load_record<std::uint64_t>(state, key));
    if (!held) {
        return TxnStatus::kNotDelegated;
    }
    Pool& pool = record->pool;
    const auto shares = request.amount ? shares_to_redeem(pool, *request.amount) : held;
    if (!shares || *shares > *held) {
        return TxnStatus::kNotDelegated;
    }
    const Amount amount = worth_of(pool, *shares);
    if (amount == Amount{}) {
        return TxnStatus::kPoolEmpty;
    }
    POLIS_TRY(const auto entered, enter_unbonding(context, request.validator, amount));
    if (!entered) {
        return TxnStatus::kOverflow;
    }
    const Amount before = pool.tokens;
    pool = {Amount{before.value - amount.value}, pool.shares - *shares};
    const std::uint64_t era = era_of(context.params, context.height);
    POLIS_TRY_VOID(save_validator(state, context.params, request.validator, before, *record));
    POLIS_TRY_VOID(set_shares(state, key, *held - *shares));
    POLIS_TRY_VOID(
        add_shares(state, unbonding_key(request.validator, context.sender, era), *entered));
    context.emit("staking.unbonded", Unbonded{request.validator, era, amount});
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const Withdraw& request) {
    Journal& state = context.state;
    const StateKey key = unbonding_key(request.validator, context.sender, request.era);
    POLIS_TRY(const auto shares, load_record<std::uint64_t>(state, key));
    if (!shares) {
        return TxnStatus::kNothingToWithdraw;
    }
    if (context.height < matures_at(context.params, request.era)) {
        return TxnStatus::kNotMatured;
    }
    const StateKey pool_key = unbonding_pool_key(request.validator, request.era);
    POLIS_TRY(auto pool, load_record<Pool>(state, pool_key));
    POLIS_ASSERT(pool.has_value());
    const Amount amount = worth_of(*pool, *shares);
    pool->tokens.value -= amount.value;
    pool->shares -= *shares;
    POLIS_TRY_VOID(
        pool->shares == 0 ? state.remove(pool_key) : save_record(state, pool_key, *pool));
    POLIS_TRY_VOID(state.remove(key));
    context.emit("staking.withdrawn", Withdrawn{request.validator, request.era, amount});
    return bank::credit(state, context.sender, amount);
}

ModuleResult apply(TxnContext& context, const Unjail& /*request*/) {
    POLIS_TRY(auto record, validator(context.state, context.sender));
    if (!record) {
        return TxnStatus::kUnknownValidator;
    }
    if (!record->jailed) {
        return TxnStatus::kNotJailed;
    }
    if (context.height < record->jailed_until) {
        return TxnStatus::kStillJailed;
    }
    record->jailed = false;
    POLIS_TRY_VOID(save_record(context.state, validator_key(context.sender), *record));
    return TxnStatus::kSuccess;
}

std::uint64_t era_of(const Params& params, Height height) {
    return height.value / params.unbonding_era_blocks;
}

Height matures_at(const Params& params, std::uint64_t era) {
    const std::uint64_t era_end =
        saturating_mul(saturating_add(era, std::uint64_t{1}), params.unbonding_era_blocks);
    return Height{saturating_add(era_end, params.unbonding_blocks)};
}

StoreResult<Amount> slash(
    Journal& state,
    const Params& params,
    const Address& address,
    Height infraction,
    Height now,
    std::uint16_t fraction_bps) {
    POLIS_ASSERT_OP(fraction_bps, <=, kBasisPoints);
    POLIS_TRY(auto record, validator(state, address));
    if (!record) {
        return Amount{};
    }
    const Amount before = record->pool.tokens;
    Amount burned = cut(record->pool, fraction_bps);
    record->jailed = true;
    record->jailed_until = Height{saturating_add(now.value, params.jail_blocks)};
    POLIS_TRY_VOID(save_validator(state, params, address, before, *record));
    const std::uint64_t first = std::max(era_of(params, infraction), oldest_open_era(params, now));
    for (std::uint64_t era = first; era <= era_of(params, now); ++era) {
        const StateKey key = unbonding_pool_key(address, era);
        POLIS_TRY(auto pool, load_record<Pool>(state, key));
        if (pool) {
            burned.value += cut(*pool, fraction_bps).value;
            POLIS_TRY_VOID(save_record(state, key, *pool));
        }
    }
    POLIS_TRY_VOID(bank::burn(state, burned));
    return burned;
}

StoreResult<void> reward(
    Journal& state, const Params& params, const Address& proposer, Amount amount) {
    POLIS_TRY(auto record, validator(state, proposer));
    Amount to_operator = amount;
    if (record && record->pool.shares > 0 && record->pool.tokens != Amount{}) {
        const auto commission = mul_div_floor(amount.value, record->commission_bps, kBasisPoints);
        POLIS_ASSERT(commission.has_value());
        to_operator = Amount{*commission};
        const Amount before = record->pool.tokens;
        record->pool.tokens.value += amount.value - *commission;  // within the supply
        POLIS_TRY_VOID(save_validator(state, params, proposer, before, *record));
    }
    POLIS_TRY(const TxnStatus credited, bank::credit(state, proposer, to_operator));
    POLIS_ASSERT(credited == TxnStatus::kSuccess);  // fees come out of the same supply
    return {};
}

StoreResult<std::vector<Member>> contenders(StateView& state, const Params& params) {
    POLIS_TRY(const auto list, candidates(state));
    std::vector<Member> members;
    for (const Address& address : list) {
        POLIS_TRY(const auto record, validator(state, address));
        if (record && !record->jailed && record->pool.tokens >= params.stake_min) {
            members.push_back(
                {address, record->consensus_key, record->vrf_key, record->pool.tokens});
        }
    }
    return members;
}

StoreResult<std::vector<Member>> top_by_stake(
    StateView& state, const Params& params, std::size_t count) {
    POLIS_TRY(auto members, contenders(state, params));
    return consensus::dpos::select(std::move(members), count, /*incumbent=*/{});
}

StoreResult<std::optional<Validator>> validator(StateView& state, const Address& address) {
    return load_record<Validator>(state, validator_key(address));
}

StoreResult<std::vector<Address>> candidates(StateView& state) {
    POLIS_TRY(auto list, load_record<std::vector<Address>>(state, list_key()));
    return std::move(list).value_or(std::vector<Address>{});
}

StoreResult<Amount> delegated(
    StateView& state, const Address& validator_address, const Address& delegator) {
    POLIS_TRY(const auto record, validator(state, validator_address));
    POLIS_TRY(
        const auto shares,
        load_record<std::uint64_t>(state, delegation_key(validator_address, delegator)));
    return record && shares ? worth_of(record->pool, *shares) : Amount{};
}

StoreResult<std::optional<Address>> owner_of(StateView& state, const PublicKey& consensus_key) {
    return load_record<Address>(state, owner_key(consensus_key));
}

}  // namespace polis::ledger::staking
