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

Param timeout_param() {
    return {
        .name = "timeoutMs",
        .type = ParamType::kCount,
        .description = "Milliseconds after which the answer is the error timeout.",
        .required = false,
        .standard = "30000",
        .max = kWaitMsMax};
}

Param task_param() {
    return {.name = "task", .type = ParamType::kHash, .description = "The task's id."};
}

}  // namespace polis::node::rpc
