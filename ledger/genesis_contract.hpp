#pragma once

#include <cstddef>
#include <cstdint>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/params.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/journal.hpp>
#include <vm/limits.hpp>

/// Contracts that a chain begins with: spec [C28].
namespace polis::ledger {

/// What `init` of one may use.
inline constexpr Gas kGenesisContractGas{1'000'000'000};
inline constexpr std::size_t kGenesisCodeBytesMax = vm::kCodeBytesMax;

struct GenesisContract {
    Address creator;  ///< all zero: nobody
    Bytes code;
    Bytes input;   ///< for `init`
    Amount value;  ///< coins that it begins with, beside all accounts

    bool operator==(const GenesisContract&) const = default;
};

struct GenesisDeployment {
    TxnStatus status = TxnStatus::kSuccess;
    Address address;
    Bytes output;  ///< why it failed
};

/// Deploys the contract that stands at `index` in a genesis, as block 0 of `time` would. A failure
/// leaves the journal as it was.
[[nodiscard]] StoreResult<GenesisDeployment> deploy_genesis_contract(
    Journal& state,
    const Params& params,
    TimeMs time,
    const GenesisContract& contract,
    std::uint64_t index);

}  // namespace polis::ledger
