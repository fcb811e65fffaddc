#pragma once

#include <cstdint>
#include <vector>

#include <consensus/committee.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/payload.hpp>
#include <ledger/state/journal.hpp>

/// Stake: who may stand for the committee, and who vouches for them with coins.
///
/// A validator's coins lie in one pool with shares, as in a fund: rewards and slashing change what
/// a share is worth, so neither ever walks over delegators. What is unbonded moves into a pool of
/// the validator's current era, which slashing still reaches until it matures.
/// docs/spec/staking.md
namespace polis::ledger::staking {

/// Coins and the shares that divide them. Rounding always favours the pool, by less than one unit:
/// only whole shares are bought and sold, at what they cost and not at what was offered, so that
/// nobody gains by making one share dear: spec [K3].
struct Pool {
    Amount tokens;
    std::uint64_t shares = 0;

    bool operator==(const Pool&) const = default;
    static constexpr auto kFields = codec::fields(&Pool::tokens, &Pool::shares);
};

struct Validator {
    PublicKey consensus_key;
    VrfPublicKey vrf_key;
    std::uint16_t commission_bps = 0;
    Pool pool;
    bool jailed = false;
    Height jailed_until;

    bool operator==(const Validator&) const = default;
    static constexpr auto kFields = codec::fields(
        &Validator::consensus_key,
        &Validator::vrf_key,
        &Validator::commission_bps,
        &Validator::pool,
        &Validator::jailed,
        &Validator::jailed_until);
};

using consensus::Member;

// Events; the data of each is the encoding of the struct.
struct Delegated {
    Address validator;
    Amount amount;  ///< what the shares cost: at most what the transaction offered
    static constexpr auto kFields = codec::fields(&Delegated::validator, &Delegated::amount);
};

struct Unbonded {
    Address validator;
    std::uint64_t era = 0;  ///< to name in Withdraw
    Amount amount;
    static constexpr auto kFields =
        codec::fields(&Unbonded::validator, &Unbonded::era, &Unbonded::amount);
};

struct Withdrawn {
    Address validator;
    std::uint64_t era = 0;
    Amount amount;
    static constexpr auto kFields =
        codec::fields(&Withdrawn::validator, &Withdrawn::era, &Withdrawn::amount);
};

/// A validator that a genesis begins with; its stake is a delegation to itself.
struct GenesisValidator {
    Address address;  ///< of the operator
    PublicKey consensus_key;
    VrfPublicKey vrf_key;
    std::uint16_t commission_bps = 0;
    Amount stake;
};

/// Registers a validator in a genesis with stake that comes from nobody's balance; the caller
/// counts it in the supply. No possession is shown: who writes a genesis vouches for its keys.
/// @return kAlreadyValidator, kKeyInUse, kBadVrfKey, kBelowMinimum or kSuccess
/// @pre commission_bps <= kBasisPoints
[[nodiscard]] ModuleResult genesis_validator(
    Journal& state, const Params& params, const GenesisValidator& genesis);

/// What a new validator's consensus key signs to show that the registrant holds it: spec [K2].
[[nodiscard]] Bytes possession_message(ChainId chain_id, const Address& operator_address);

[[nodiscard]] ModuleResult apply(TxnContext& context, const RegisterValidator& request);
[[nodiscard]] ModuleResult apply(TxnContext& context, const Delegate& request);
[[nodiscard]] ModuleResult apply(TxnContext& context, const Unbond& request);
[[nodiscard]] ModuleResult apply(TxnContext& context, const Withdraw& request);
[[nodiscard]] ModuleResult apply(TxnContext& context, const Unjail& request);

/// Height from which what was unbonded in `era` can be withdrawn: spec [K6].
[[nodiscard]] Height matures_at(const Params& params, std::uint64_t era);
[[nodiscard]] std::uint64_t era_of(const Params& params, Height height);

/// Burns `fraction_bps` of what stands behind the validator (its pool, and what was unbonded in the
/// era of `infraction` or later and has not matured), each rounded down, and jails it.
/// Costs O(eras that have not matured). Spec [K8]. @pre infraction <= now
/// @return the burned amount; zero for an unknown validator
[[nodiscard]] StoreResult<Amount> slash(
    Journal& state,
    const Params& params,
    const Address& validator,
    Height infraction,
    Height now,
    std::uint16_t fraction_bps);

/// Pays a block's fees: to a validator its commission, the rest to its pool; to anybody else all.
/// Spec [K10].
[[nodiscard]] StoreResult<void> reward(
    Journal& state, const Params& params, const Address& proposer, Amount amount);

/// Whom a committee may be chosen from: the candidates that are not jailed and reach the minimum,
/// by address. O(candidates). Spec [K11].
[[nodiscard]] StoreResult<std::vector<Member>> contenders(StateView& state, const Params& params);

/// The at most `count` contenders with most stake, most first, ties by address, in the order of
/// consensus::dpos::select. Empty if there is none. O(candidates). Spec [K11].
[[nodiscard]] StoreResult<std::vector<Member>> top_by_stake(
    StateView& state, const Params& params, std::size_t count);

[[nodiscard]] StoreResult<std::optional<Validator>> validator(
    StateView& state, const Address& address);

/// The validators that committees are chosen from, sorted by address: those with `stake_min` in
/// their pool, jailed or not, at most kValidatorsMax. A place costs stake and not just the gas of a
/// registration, so that nobody can fill the list for little. Spec [K15].
[[nodiscard]] StoreResult<std::vector<Address>> candidates(StateView& state);

/// What the delegator would get today for all its shares.
[[nodiscard]] StoreResult<Amount> delegated(
    StateView& state, const Address& validator, const Address& delegator);

/// Which validator signs with this consensus key; nothing if none does.
[[nodiscard]] StoreResult<std::optional<Address>> owner_of(
    StateView& state, const PublicKey& consensus_key);

}  // namespace polis::ledger::staking
