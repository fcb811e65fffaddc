#pragma once

#include <ledger/call_log.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/receipt.hpp>
#include <node/rpc/json/write.hpp>

/// Contracts as JSON.
namespace polis::node::rpc {

/// The data of a contract's event, and of its deployment, as an object. False, and nothing is
/// written, for another name or bytes that are none of that event.
[[nodiscard]] bool write_contract_event(JsonWriter& out, const ledger::Event& event);

/// Shape Trace.
void write_trace(JsonWriter& out, const ledger::contracts::CallLog& trace);

/// Members of a contract's event: contract, name, data.
void write_contract_data(JsonWriter& out, const ledger::contracts::ContractEvent& event);

}  // namespace polis::node::rpc
