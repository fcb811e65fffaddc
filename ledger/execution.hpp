#pragma once

#include <cstddef>
#include <vector>

#include <core/types.hpp>
#include <ledger/params.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/view.hpp>
#include <ledger/validation.hpp>
#include <vm/cache.hpp>

namespace polis::ledger {

namespace contracts {

class Tracer;

}  // namespace contracts

/// Translated code that an executor keeps, unless it says otherwise. A node's own choice.
inline constexpr std::size_t kProgramCacheBytes = std::size_t{64} << 20;

/// What an execution works with, without influence on its outcome.
struct ExecutionTools {
    vm::ProgramCache& programs;           ///< of one thread
    contracts::Tracer* tracer = nullptr;  ///< sees what contracts do
};

/// All that a block does, before any of it is kept.
struct BlockOutcome {
    StateChanges changes;
    std::vector<Receipt> receipts;
    /// What happened after the transactions. Nobody stores or signs them: whoever executes the
    /// block again gets them again, and records tell the outcome.
    std::vector<Event> events;
    Hash receipts_root;
    Gas gas_used;
};

/// Executes a block on the state of its parent: a pure function of the two.
///
/// A transaction never makes a block invalid here. One that cannot pay or comes out of turn is
/// skipped; one that fails pays its fee and uses its nonce, and everything else it did is undone.
/// After the transactions come fees, facts, the election's records, tasks and, at the end of a
/// term, the next one. @pre the parameters' election is one of this program
/// @error only what the view answers; kCorrupt at the end of a term if it holds no term record.
/// Source: spec [X1] to [X7], [X10].
[[nodiscard]] StoreResult<BlockOutcome> execute_block(
    StateView& parent_state,
    const Params& params,
    const CheckedBlock& block,
    const ExecutionTools& tools);

/// The same, with no code translated before.
[[nodiscard]] StoreResult<BlockOutcome> execute_block(
    StateView& parent_state, const Params& params, const CheckedBlock& block);

}  // namespace polis::ledger
