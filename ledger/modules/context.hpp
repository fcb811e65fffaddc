#pragma once

#include <string>
#include <utility>
#include <vector>

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/params.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/journal.hpp>

namespace polis::vm {

class ProgramCache;

}  // namespace polis::vm

namespace polis::ledger {

namespace contracts {

class Tracer;

}  // namespace contracts

/// What a module sees of the transaction that it executes.
struct TxnContext {
    Journal& state;
    const Params& params;
    Height height;  ///< of the block that holds the transaction
    Address sender;
    std::vector<Event>& events;
    vm::ProgramCache& programs;  ///< spares work; without influence on any result
    TimeMs time = {};            ///< of the same block
    Nonce nonce = {};            ///< of the transaction
    Hash beacon = {};            ///< of the block
    contracts::Tracer* tracer = nullptr;

    // What contracts leave, also if they fail.
    Gas gas_used = {};  ///< beyond the intrinsic gas
    Bytes output = {};

    template <class Data>
    void emit(std::string name, const Data& data) {
        events.push_back({std::move(name), codec::encode(data)});
    }
};

/// How the payload ended, or what the store beneath answered: the latter is never the sender's
/// fault.
using ModuleResult = StoreResult<TxnStatus>;

}  // namespace polis::ledger
