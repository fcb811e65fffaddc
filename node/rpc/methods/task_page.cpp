#include <node/rpc/methods/task_page.hpp>

#include <core/integer.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace tasks = ledger::tasks;

Result<TaskPage, RpcError> task_page(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    std::uint64_t first = 0;
    if (call.params.has("cursor")) {
        const auto place = parse_u64(call.params.text("cursor"));
        if (!place) {
            return std::unexpected(rpc_error(ErrorName::kBadCursor));
        }
        first = *place;
    }
    const std::uint64_t limit = call.params.count("limit");
    TaskPage out;
    POLIS_TRY(out.tasks, ask(tasks::list_tasks(state, first, limit)));
    POLIS_TRY(out.total, ask(tasks::task_count(state)));
    if (out.tasks.size() == limit && first + limit < out.total) {
        out.cursor = std::to_string(first + limit);
    }
    return out;
}

void write_cursor(JsonWriter& out, const std::optional<std::string>& cursor) {
    if (cursor) {
        out.text("cursor", *cursor);
    } else {
        out.null("cursor");
    }
}

}  // namespace polis::node::rpc
