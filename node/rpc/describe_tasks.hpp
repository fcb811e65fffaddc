#pragma once

#include <optional>
#include <string_view>

#include <consensus/pole/records.hpp>
#include <ledger/receipt.hpp>
#include <node/rpc/json/write.hpp>

/// Learning tasks as JSON.
namespace polis::node::rpc {

[[nodiscard]] std::string_view phase_name(consensus::pole::Phase phase);

/// A member of the shape Score, or null.
void write_score(
    JsonWriter& out,
    std::string_view name,
    const std::optional<consensus::pole::ScoreResult>& score);

/// A member that is a hash or null.
void write_optional(JsonWriter& out, std::string_view name, const std::optional<Hash>& hash);

/// The data of an event of tasks as an object. False, and nothing is written, for another name or
/// bytes that are none of that event.
[[nodiscard]] bool write_task_event(JsonWriter& out, const ledger::Event& event);

}  // namespace polis::node::rpc
