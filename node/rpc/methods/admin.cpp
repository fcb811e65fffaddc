// admin_*: the operator's orders. Admin port only.
#include <utility>

#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

const Param kPeerIdParam{
    .name = "id", .type = ParamType::kNodeId, .description = "The node's identity key."};

/// True, or that the node knows no such thing.
Reply<Answer<bool>> yes_or(Respond respond, std::string_view otherwise) {
    return [respond = std::move(respond), otherwise](const Answer<bool>& answer) {
        if (!answer) {
            respond(std::unexpected(rpc_error(answer.error())));
        } else if (!*answer) {
            respond(std::unexpected(rpc_error(ErrorName::kNotFound, std::string(otherwise))));
        } else {
            respond("true");
        }
    };
}

void add_peer(const Call& call, Respond respond) {
    call.node.backend.add_peer(
        call.params.peer("peer"), yes_or(std::move(respond), "the peer was not added"));
}

void remove_peer(const Call& call, Respond respond) {
    call.node.backend.remove_peer(
        call.params.node_id("id"), yes_or(std::move(respond), "no peer of that id"));
}

void ban(const Call& call, Respond respond) {
    call.node.backend.ban_peer(
        call.params.node_id("id"), yes_or(std::move(respond), "the peer was not banned"));
}

void unban(const Call& call, Respond respond) {
    call.node.backend.unban_peer(
        call.params.node_id("id"), yes_or(std::move(respond), "no ban of that id"));
}

void bans(const Call& call, Respond respond) {
    call.node.backend.bans(
        [respond = std::move(respond)](const Answer<std::vector<p2p::BanView>>& answer) {
            if (!answer) {
                respond(std::unexpected(rpc_error(answer.error())));
                return;
            }
            JsonWriter out;
            out.begin_object().begin_array("bans");
            for (const p2p::BanView& ban : *answer) {
                out.begin_object().bytes("id", ban.id.view());
                out.number("untilMs", ban.until.value).text("reason", ban.reason).end_object();
            }
            out.end_array().end_object();
            respond(out.take());
        });
}

void snapshot(const Call& call, Respond respond) {
    call.node.backend.take_snapshot(
        [respond = std::move(respond)](const Answer<ledger::StoreResult<Height>>& answer) {
            if (!answer) {
                respond(std::unexpected(rpc_error(answer.error())));
                return;
            }
            if (!*answer) {
                respond(std::unexpected(rpc_error(answer->error())));
                return;
            }
            JsonWriter out;
            out.begin_object().number("height", (*answer)->value).end_object();
            respond(out.take());
        });
}

Outcome keep_task_key(const Call& call) {
    const auto kept =
        call.node.backend.keep_task_key(call.params.hash("task"), call.params.hash("key"));
    if (!kept) {
        return std::unexpected(rpc_error(ErrorName::kTaskFailed, kept.error()));
    }
    return "true";
}

Outcome stop(const Call& call) {
    call.node.backend.stop();
    return "true";
}

Method peer_order(
    std::string_view name, std::string_view summary, void (*run)(const Call&, Respond)) {
    return {
        .name = name,
        .side = Side::kAdmin,
        .summary = summary,
        .params = {kPeerIdParam},
        .result = "true",
        .errors = {ErrorName::kNotFound, ErrorName::kBusy},
        .handler = Async{run}};
}

}  // namespace

std::vector<Method> admin_methods() {
    return {
        {.name = "admin_addPeer",
         .side = Side::kAdmin,
         .summary = "Keeps a connection to this node from now on.",
         .params =
             {{.name = "peer",
               .type = ParamType::kPeer,
               .description = "ip:port, or id@ip:port to insist on an identity."}},
         .result = "true",
         .errors = {ErrorName::kBadPeer, ErrorName::kNotFound, ErrorName::kBusy},
         .handler = Async{add_peer}},
        peer_order("admin_removePeer", "Forgets a peer and ends its connection.", remove_peer),
        peer_order("admin_ban", "Ends a peer's connection and refuses it for a while.", ban),
        peer_order("admin_unban", "Takes a ban back.", unban),
        {.name = "admin_bans",
         .side = Side::kAdmin,
         .summary = "The nodes that are refused.",
         .params = {},
         .result = "{bans: [{id: hex, untilMs: number, reason: text}]}",
         .errors = {ErrorName::kBusy},
         .handler = Async{bans}},
        {.name = "admin_snapshot",
         .side = Side::kAdmin,
         .summary = "Writes a snapshot of the state for new nodes.",
         .params = {},
         .result = "{height: number}",
         .errors = {ErrorName::kStoreFailed, ErrorName::kBusy},
         .handler = Async{snapshot}},
        {.name = "admin_keepTaskKey",
         .side = Side::kAdmin,
         .summary = "Leaves the key of a test set with this node, which reveals it on time.",
         .params =
             {{.name = "task", .type = ParamType::kHash, .description = "The task's id."},
              {.name = "key",
               .type = ParamType::kHash,
               .description = "32 bytes; their hash is part of the task."}},
         .result = "true",
         .errors = {ErrorName::kTaskFailed},
         .handler = OnWorker{keep_task_key}},
        {.name = "admin_stop",
         .side = Side::kAdmin,
         .summary = "Ends the node cleanly.",
         .params = {},
         .result = "true",
         .errors = {},
         .handler = OnLoop{stop}}};
}

}  // namespace polis::node::rpc
