#pragma once

#include <cstdint>
#include <functional>

#include <ledger/block.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/receipt.hpp>
#include <node/rpc/json/write.hpp>
#include <node/rpc/registry.hpp>

/// Searches among the events of receipts, within what one call may cost.
namespace polis::node::rpc {

/// Where an event stands.
struct FoundEvent {
    Height height;
    std::size_t index = 0;  ///< of its transaction
    Hash txn;
    const ledger::Event* event = nullptr;
};

/// What is looked for, and how it is shown.
struct LogFilter {
    std::function<bool(const ledger::Event&)> wanted;
    std::function<void(JsonWriter& out, const FoundEvent& found)> write;
};

/// Parameters `from`, `to`, `limit` and `cursor`, in this order.
[[nodiscard]] std::vector<Param> log_params();

/// The answer {logs: [...], cursor: text|null} to a call with log_params().
[[nodiscard]] Outcome search_logs(const Call& call, const LogFilter& filter);

}  // namespace polis::node::rpc
