#include <node/rpc/methods/rows.hpp>

#include <node/rpc/limits.hpp>

namespace polis::node::rpc {

Param limit_param(std::string_view description, std::string_view standard) {
    return {
        .name = "limit",
        .type = ParamType::kCount,
        .description = description,
        .required = false,
        .standard = standard,
        .min = 1,
        .max = kRowsMax};
}

Param cursor_param() {
    return {
        .name = "cursor",
        .type = ParamType::kText,
        .description = "Where the call before ended.",
        .required = false,
        .max = 64};
}

Param task_param() {
    return {.name = "task", .type = ParamType::kHash, .description = "The task's id."};
}

void write_score(
    JsonWriter& out, std::string_view name, const std::optional<consensus::pole::ScoreResult>& score) {
    if (!score) {
        out.null(name);
        return;
    }
    out.begin_object(name).number("correct", score->correct).number("count", score->count);
    out.decimal("crossEntropy", score->cross_entropy);
    out.flag("valid", score->verdict == consensus::pole::Verdict::kScored).end_object();
}

void write_optional(JsonWriter& out, std::string_view name, const std::optional<Hash>& hash) {
    if (hash) {
        out.bytes(name, hash->view());
    } else {
        out.null(name);
    }
}

}  // namespace polis::node::rpc
