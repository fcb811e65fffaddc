// tx_*: from a signed transaction to its receipt.
#include <optional>
#include <utility>
#include <variant>

#include <core/codec/borsh.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>
#include <node/rpc/waiters.hpp>

namespace polis::node::rpc {

namespace {

const Param kRawParam{
    .name = "raw",
    .type = ParamType::kBytes,
    .description = "The encoded transaction (docs/formats/transaction.md).",
    .max = ledger::kTxnBytesMax};

const Param kIdParam{
    .name = "id", .type = ParamType::kHash, .description = "The transaction's id."};

Outcome sent_text(const Answer<TxnAnswer>& answer) {
    if (!answer) {
        return std::unexpected(rpc_error(answer.error()));
    }
    if (const auto* const refused = std::get_if<TxnAnswer::Refused>(&answer->outcome)) {
        return std::unexpected(
            std::visit([](const auto& why) { return rpc_error(why); }, refused->why));
    }
    const auto& admission = std::get<ledger::Admission>(answer->outcome);
    const bool pending = admission.standing == ledger::Standing::kPending;
    JsonWriter out;
    out.begin_object().bytes("id", answer->id.view());
    out.text("standing", pending ? "pending" : "queued");
    if (admission.replaced) {
        out.bytes("replaced", admission.replaced->view());
    }
    out.end_object();
    return out.take();
}

void send(const Call& call, Respond respond) {
    call.node.backend.submit(
        call.params.bytes("raw"), [respond = std::move(respond)](const Answer<TxnAnswer>& answer) {
            respond(sent_text(answer));
        });
}

void wait(const Call& call, Respond respond) {
    const bool pending = call.params.text("level") == "pending";
    call.node.waiters.wait_txn(
        call.params.hash("id"),
        pending ? Waiters::Level::kPending : Waiters::Level::kFinalized,
        call.params.count("timeoutMs"),
        std::move(respond));
}

/// Shape Txn of a transaction that waits; null if the pool has none.
Outcome pending_text(const Answer<std::optional<Bytes>>& answer) {
    if (!answer) {
        return std::unexpected(rpc_error(answer.error()));
    }
    const auto txn = *answer ? codec::decode<ledger::Transaction>(**answer)
                             : Result<ledger::Transaction, codec::DecodeError>();
    if (!*answer || !txn) {
        return "null";
    }
    JsonWriter out;
    write_txn(out, *txn);
    return out.take();
}

/// Looks on the chain on a worker's thread, then in the pool.
/// @param on_chain  what to answer of an executed transaction
/// @param elsewhere what to answer of one that the pool has or does not have
void find(
    const Call& call,
    Respond respond,
    Outcome (*on_chain)(const Hash& id, const ledger::StoredTxn& stored),
    Outcome (*elsewhere)(const Hash& id, const Answer<std::optional<Bytes>>& answer)) {
    Services& node = call.node;
    const Hash id = call.params.hash("id");
    const bool taken = node.loop.work([&node, id, respond, on_chain, elsewhere] {
        const auto stored = node.backend.chain().txn(id);
        if (!stored) {
            respond(std::unexpected(rpc_error(stored.error())));
        } else if (*stored) {
            respond(on_chain(id, **stored));
        } else {
            node.backend.pending_txn(
                id, [id, respond, elsewhere](const Answer<std::optional<Bytes>>& answer) {
                    respond(elsewhere(id, answer));
                });
        }
    });
    if (!taken) {
        respond(std::unexpected(rpc_error(ErrorName::kBusy)));
    }
}

Outcome whole_txn(const Hash& /*id*/, const ledger::StoredTxn& stored) {
    JsonWriter out;
    out.begin_object();
    write_txn_fields(out, stored.txn);
    out.begin_object("place").number("height", stored.place.height.value);
    out.number("index", stored.place.index).end_object().name("receipt");
    write_receipt(out, stored.receipt);
    out.end_object();
    return out.take();
}

void get(const Call& call, Respond respond) {
    find(call, std::move(respond), whole_txn, [](const Hash& /*id*/, const auto& answer) {
        return pending_text(answer);
    });
}

Outcome executed_status(const Hash& id, const ledger::StoredTxn& stored) {
    return finalized_status(id, stored.place, stored.receipt);
}

Outcome pool_status(const Hash& id, const Answer<std::optional<Bytes>>& answer) {
    if (!answer) {
        return std::unexpected(rpc_error(answer.error()));
    }
    return open_status(id, *answer ? "pending" : "unknown");
}

void status(const Call& call, Respond respond) {
    find(call, std::move(respond), executed_status, pool_status);
}

using Tried = Answer<ledger::StoreResult<TrialResult>>;

/// What a transaction would do, or why it cannot be tried.
Result<TrialResult, RpcError> result_of(const Tried& answer) {
    if (!answer) {
        return std::unexpected(rpc_error(answer.error()));
    }
    return ask(*answer);
}

/// Checks what the ledger checks before any state, except for the signature.
std::optional<RpcError> refused(const Call& call) {
    const NodeInfo& info = call.node.backend.info();
    const ledger::TxnRules rules{
        info.chain_id, info.params.block_gas_max, info.params.gas_price_min};
    const auto checked = ledger::check(call.params.bytes("raw"), rules);
    return checked ? std::nullopt : std::optional(rpc_error(checked.error()));
}

void simulate(const Call& call, Respond respond) {
    if (auto error = refused(call)) {
        respond(std::unexpected(*std::move(error)));
        return;
    }
    call.node.backend.attempt(
        {.txn = call.params.bytes("raw"), .trace = false, .seek_gas = false},
        [respond = std::move(respond)](const Tried& answer) {
            const auto result = result_of(answer);
            if (!result) {
                respond(std::unexpected(result.error()));
                return;
            }
            JsonWriter out;
            write_receipt(out, result->receipt);
            respond(out.take());
        });
}

Outcome gas_text(const Tried& answer) {
    POLIS_TRY(const TrialResult result, result_of(answer));
    if (result.receipt.status != ledger::TxnStatus::kSuccess) {
        return std::unexpected(rpc_error(result.receipt));
    }
    JsonWriter out;
    out.begin_object();
    out.decimal("gas", result.intrinsic.value + result.execution.value).end_object();
    return out.take();
}

void estimate_gas(const Call& call, Respond respond) {
    if (auto error = refused(call)) {
        respond(std::unexpected(*std::move(error)));
        return;
    }
    call.node.backend.attempt(
        {.txn = call.params.bytes("raw"), .trace = false, .seek_gas = true},
        [respond = std::move(respond)](const Tried& answer) { respond(gas_text(answer)); });
}

std::vector<Method> lookup_methods() {
    return {
        {.name = "tx_get",
         .summary = "A transaction that waits or was executed; null if this node knows none.",
         .params = {kIdParam},
         .result = "Txn|null",
         .errors = {ErrorName::kStoreFailed, ErrorName::kBusy},
         .handler = Async{get}},
        {.name = "tx_status",
         .summary = "How far a transaction has come.",
         .params = {kIdParam},
         .result = "TxnStatus",
         .errors = {ErrorName::kStoreFailed, ErrorName::kBusy},
         .handler = Async{status}},
        {.name = "tx_simulate",
         .summary =
             "What a transaction would do on the latest state. Its signature is not checked.",
         .params = {kRawParam},
         .result = "Receipt",
         .errors = {ErrorName::kStoreFailed, ErrorName::kBusy},
         .handler = Async{simulate}},
        {.name = "tx_estimateGas",
         .summary = "The gas that a transaction would use; an error if it would fail.",
         .params = {kRawParam},
         .result = "{gas: decimal}",
         .errors = {ErrorName::kStoreFailed, ErrorName::kBusy},
         .handler = Async{estimate_gas}},
        {.name = "tx_pending",
         .summary = "Transactions that wait for a block, as mempool_content.",
         .params = {limit_param("Transactions at most.", "100")},
         .result = "Pending",
         .errors = {ErrorName::kBusy},
         .handler = Async{pending_rows}}};
}

}  // namespace

std::vector<Method> tx_methods() {
    std::vector<Method> out = {
        {.name = "tx_send",
         .summary = "Hands a signed transaction to the node; answers after the mempool's check.",
         .params = {kRawParam},
         .result = "{id: hash, standing: 'pending'|'queued', replaced?: hash}",
         .errors = {ErrorName::kBusy},
         .handler = Async{send}},
        {.name = "tx_wait",
         .summary = "Answers when a transaction is final, or in the mempool.",
         .params =
             {kIdParam,
              {.name = "level",
               .type = ParamType::kChoice,
               .description = "How far it must have come.",
               .required = false,
               .standard = "\"finalized\"",
               .choices = {"finalized", "pending"}},
              timeout_param()},
         .result = "TxnStatus",
         .errors = {ErrorName::kTimeout, ErrorName::kTooManyWaiters, ErrorName::kStoreFailed},
         .handler = Async{wait}}};
    for (Method& method : lookup_methods()) {
        out.push_back(std::move(method));
    }
    return out;
}

}  // namespace polis::node::rpc
