// mempool_*: what waits for a block.
#include <utility>

#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

Outcome status(const Call& call) {
    const SnapshotPtr now = call.node.backend.snapshot();
    const ledger::MempoolLimits& limits = call.node.backend.info().mempool;
    JsonWriter out;
    out.begin_object();
    out.number("count", now->machine.mempool_count);
    out.number("bytes", now->machine.mempool_bytes);
    out.number("countMax", limits.count_max).number("bytesMax", limits.bytes_max);
    out.end_object();
    return out.take();
}

}  // namespace

void pending_rows(const Call& call, Respond respond) {
    const std::size_t total = call.node.backend.snapshot()->machine.mempool_count;
    call.node.backend.mempool(
        call.params.count("limit"),
        [total, respond = std::move(respond)](const Answer<std::vector<MempoolRow>>& answer) {
            if (!answer) {
                respond(std::unexpected(rpc_error(answer.error())));
                return;
            }
            JsonWriter out;
            out.begin_object().begin_array("txns");
            for (const MempoolRow& row : *answer) {
                out.begin_object().bytes("id", row.id.view()).address("sender", row.sender);
                out.number("nonce", row.nonce.value).decimal("gasPrice", row.gas_price.value);
                out.number("bytes", row.bytes).end_object();
            }
            out.end_array().number("total", std::max(total, answer->size())).end_object();
            respond(out.take());
        });
}

std::vector<Method> mempool_methods() {
    return {
        {.name = "mempool_status",
         .summary = "How full the mempool is.",
         .params = {},
         .result = "{count: number, bytes: number, countMax: number, bytesMax: number}",
         .errors = {},
         .handler = OnLoop{status}},
        {.name = "mempool_content",
         .summary = "Transactions that wait for a block.",
         .params = {limit_param("Transactions at most.", "100")},
         .result = "Pending",
         .errors = {ErrorName::kBusy},
         .handler = Async{pending_rows}}};
}

}  // namespace polis::node::rpc
