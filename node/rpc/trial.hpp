#pragma once

#include <optional>
#include <variant>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/call_log.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/params.hpp>
#include <ledger/payload.hpp>
#include <ledger/receipt.hpp>
#include <vm/cache.hpp>

/// Transactions that clients want tried on the latest state.
namespace polis::node::rpc {

/// What an account would ask for, without signature and for nothing.
struct UnsignedTxn {
    Address sender;
    ledger::Payload payload;
};

struct Trial {
    std::variant<Bytes, UnsignedTxn> txn;  ///< encoded, its signature not looked at; or unsigned
    bool trace = false;
    bool seek_gas = false;  ///< runs it several times
};

struct TrialResult {
    ledger::Receipt receipt;
    Height height;  ///< of the block that it was tried for
    Gas intrinsic;
    Gas execution;  ///< used; if it was sought, what suffices
    std::optional<ledger::contracts::CallLog> trace;
};

/// Reads the store and runs contracts: on a worker's thread. Bounded by the gas that it asks for.
/// @error kCorrupt for bytes that are no transaction of this chain
[[nodiscard]] ledger::StoreResult<TrialResult> run_trial(
    const ledger::ChainReader& chain,
    const ledger::Params& params,
    const Trial& trial,
    vm::ProgramCache& programs);

}  // namespace polis::node::rpc
