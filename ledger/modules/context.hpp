#pragma once

#include <string>
#include <utility>
#include <vector>

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/params.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/journal.hpp>

namespace polis::ledger {

/// What a module sees of the transaction that it executes.
struct TxnContext {
    Journal& state;
    const Params& params;
    Height height;  ///< of the block that holds the transaction
    Address sender;
    std::vector<Event>& events;
    TimeMs time = {};  ///< of the same block

    template <class Data>
    void emit(std::string name, const Data& data) {
        events.push_back({std::move(name), codec::encode(data)});
    }
};

/// How the payload ended, or what the store beneath answered: the latter is never the sender's
/// fault.
using ModuleResult = StoreResult<TxnStatus>;

}  // namespace polis::ledger
