#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>

namespace polis::ledger {

/// How the committee is ranked in each term; every chain has one. Append only.
enum class ElectionKind : std::uint8_t {
    kDpos = 0,  ///< by stake
    kPole = 1,  ///< by the better model
    kPoc = 2,   ///< by the better schedule
};

std::string_view to_string(ElectionKind kind);

/// Numbers that a genesis chooses. They live in the state, so every proof of state covers them.
struct Params {
    ChainId chain_id;
    Gas block_gas_max;
    GasPrice gas_price_min;
    std::uint32_t committee_size_max = 0;    ///< T, who votes: 1 to 200
    std::uint64_t term_blocks = 0;           ///< heights with one ranking
    Amount stake_min;                        ///< a validator needs this much to stand
    Amount delegation_min;                   ///< one delegation adds at least this much
    std::uint64_t unbonding_blocks = 0;      ///< between the end of an era and withdrawal
    std::uint64_t unbonding_era_blocks = 0;  ///< unbondings are pooled by eras of this length
    std::uint64_t jail_blocks = 0;
    std::uint16_t slash_double_sign_bps = 0;  ///< part of the stake, in 1/100 %
    ElectionKind election = ElectionKind::kDpos;

    bool operator==(const Params&) const = default;
    static constexpr auto kFields = codec::fields(
        &Params::chain_id,
        &Params::block_gas_max,
        &Params::gas_price_min,
        &Params::committee_size_max,
        &Params::term_blocks,
        &Params::stake_min,
        &Params::delegation_min,
        &Params::unbonding_blocks,
        &Params::unbonding_era_blocks,
        &Params::jail_blocks,
        &Params::slash_double_sign_bps,
        &Params::election);
};

/// Why no chain can run with these numbers, for a person; nothing if one can. Spec [K14].
[[nodiscard]] std::optional<std::string_view> params_error(const Params& params);

/// @return nothing in a state that no genesis made
[[nodiscard]] StoreResult<std::optional<Params>> load_params(StateView& state);
[[nodiscard]] StoreResult<void> save_params(Journal& state, const Params& params);

}  // namespace polis::ledger

template <>
inline constexpr auto polis::codec::kEnumLast<polis::ledger::ElectionKind> =
    polis::ledger::ElectionKind::kPoc;
