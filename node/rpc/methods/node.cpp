// node_*: the program itself.
#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

std::string_view direction_text(p2p::Direction direction) {
    return direction == p2p::Direction::kInbound ? "inbound" : "outbound";
}

Outcome info(const Call& call) {
    const NodeInfo& node = call.node.backend.info();
    JsonWriter out;
    out.begin_object();
    out.text("version", node.version).text("moniker", node.moniker);
    out.bytes("id", node.id.view());
    out.number("chainId", node.chain_id.value).bytes("genesis", node.genesis.view());
    out.text("election", to_string(node.params.election));
    if (node.validator) {
        out.address("validator", *node.validator);
    } else {
        out.null("validator");
    }
    out.text("p2pListen", node.p2p_listen).text("rpcListen", node.rpc_listen);
    out.text("adminListen", node.admin_listen);
    out.flag("dev", node.dev).number("startedMs", node.started.value);
    out.end_object();
    return out.take();
}

Outcome health(const Call& call) {
    const SnapshotPtr now = call.node.backend.snapshot();
    const auto reasons = call.node.backend.not_ready();
    JsonWriter out;
    out.begin_object().flag("ready", reasons.empty()).begin_array("reasons");
    for (const std::string& reason : reasons) {
        out.text(reason);
    }
    out.end_array();
    out.number("height", now->machine.head.height.value);
    out.number("headSinceMs", now->head_since.value);
    out.number("peers", now->peers).end_object();
    return out.take();
}

Outcome sync_status(const Call& call) {
    const SnapshotPtr now = call.node.backend.snapshot();
    POLIS_TRY(const Height base, ask(call.node.backend.chain().base()));
    JsonWriter out;
    out.begin_object().flag("syncing", now->machine.phase == Phase::kSyncing);
    out.number("height", now->machine.head.height.value);
    out.number("bestClaim", now->machine.best_claim.value);
    out.number("base", base.value).end_object();
    return out.take();
}

Outcome config(const Call& call) {
    JsonWriter out;
    out.begin_object().text("toml", call.node.backend.config_text()).end_object();
    return out.take();
}

Outcome peers_text(const Answer<std::vector<p2p::PeerView>>& answer) {
    if (!answer) {
        return std::unexpected(rpc_error(answer.error()));
    }
    JsonWriter out;
    out.begin_object().begin_array("peers");
    for (const p2p::PeerView& peer : *answer) {
        out.begin_object();
        out.number("connection", peer.connection).bytes("id", peer.id.view());
        out.text("endpoint", p2p::to_string(peer.endpoint));
        out.text("direction", direction_text(peer.direction));
        out.text("agent", peer.agent).number("score", peer.score);
        out.number("sinceMs", peer.since.value).flag("pinned", peer.pinned);
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

void peers(const Call& call, Respond respond) {
    call.node.backend.peers(
        [respond = std::move(respond)](const Answer<std::vector<p2p::PeerView>>& answer) {
            respond(peers_text(answer));
        });
}

Outcome build_info(const Call& call) {
    JsonWriter out;
    out.begin_object().text("version", call.node.backend.info().version);
    out.text("compiler", __VERSION__);
#ifdef NDEBUG
    out.text("buildType", "release");
#else
    out.text("buildType", "debug");
#endif
    out.end_object();
    return out.take();
}

}  // namespace

std::vector<Method> node_methods() {
    return {
        {.name = "node_info",
         .summary = "Which node this is, of which chain, and where it listens.",
         .params = {},
         .result = "{version: text, moniker: text, id: hex, chainId: number, genesis: hash, "
                   "election: text, validator: address|null, p2pListen: text, rpcListen: text, "
                   "adminListen: text, dev: flag, startedMs: number}",
         .errors = {},
         .handler = OnLoop{info}},
        {.name = "node_health",
         .summary = "Whether the node is ready, with reasons if it is not.",
         .params = {},
         .result = "{ready: flag, reasons: [text], height: number, headSinceMs: number, "
                   "peers: number}",
         .errors = {},
         .handler = OnLoop{health}},
        {.name = "node_syncStatus",
         .summary = "How far the node is behind what its peers claim.",
         .params = {},
         .result = "{syncing: flag, height: number, bestClaim: number, base: number}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnLoop{sync_status}},
        {.name = "node_config",
         .summary = "The effective configuration without secrets.",
         .params = {},
         .result = "{toml: text}",
         .errors = {},
         .handler = OnLoop{config}},
        {.name = "node_peers",
         .summary = "The connections to other nodes.",
         .params = {},
         .result = "{peers: [{connection: number, id: hex, endpoint: text, "
                   "direction: 'inbound'|'outbound', agent: text, score: number, "
                   "sinceMs: number, pinned: flag}]}",
         .errors = {ErrorName::kBusy},
         .handler = Async{peers}},
        {.name = "node_buildInfo",
         .summary = "How the program was built.",
         .params = {},
         .result = "{version: text, compiler: text, buildType: text}",
         .errors = {},
         .handler = OnLoop{build_info}}};
}

}  // namespace polis::node::rpc
