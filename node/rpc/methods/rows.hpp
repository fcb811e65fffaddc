#pragma once

#include <optional>
#include <string_view>

#include <consensus/pole/records.hpp>
#include <core/types.hpp>
#include <node/rpc/json/write.hpp>
#include <node/rpc/registry.hpp>

/// What methods that answer with rows share.
namespace polis::node::rpc {

/// How many rows at most. @param description, standard literals
[[nodiscard]] Param limit_param(std::string_view description, std::string_view standard);

/// Where the answer before this one ended.
[[nodiscard]] Param cursor_param();

/// A parameter `task`.
[[nodiscard]] Param task_param();

/// Shape Score, or null.
void write_score(
    JsonWriter& out,
    std::string_view name,
    const std::optional<consensus::pole::ScoreResult>& score);

/// A hash, or null.
void write_optional(JsonWriter& out, std::string_view name, const std::optional<Hash>& hash);

/// Shape Pending; tx_pending and mempool_content.
void pending_rows(const Call& call, Respond respond);

}  // namespace polis::node::rpc
