// chain_*: blocks and what is in them, as the store has them.
#include <algorithm>
#include <optional>
#include <utility>

#include <consensus/signers.hpp>
#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/account.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/methods/log_search.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>
#include <node/rpc/waiters.hpp>

namespace polis::node::rpc {

namespace {

constexpr std::string_view kNull = "null";

const Param kBlockParam{
    .name = "block",
    .type = ParamType::kBlock,
    .description = "Height, block hash, or \"finalized\" for the latest."};

Outcome head(const Call& call) { return call.node.heads.head(call.node.backend.chain()); }

void wait(const Call& call, Respond respond) {
    call.node.waiters.wait_height(
        Height{call.params.count("height")}, call.params.count("timeoutMs"), std::move(respond));
}

/// The block that a call names; nothing if there is none.
Result<std::optional<ledger::Block>, RpcError> named_block(const Call& call) {
    const ledger::ChainReader& chain = call.node.backend.chain();
    POLIS_TRY(const auto height, height_of(chain, call.params.block("block")));
    if (!height) {
        return std::nullopt;
    }
    return ask(chain.block(*height));
}

void write_body(JsonWriter& out, const ledger::Block& block, bool full) {
    out.begin_array("txns");
    for (const ledger::Transaction& txn : block.txns) {
        if (full) {
            write_txn(out, txn);
        } else {
            out.bytes(ledger::txn_id(codec::encode(txn)).view());
        }
    }
    out.end_array().begin_array("facts");
    for (const consensus::CertifiedFact& fact : block.facts) {
        write_fact(out, fact);
    }
    out.end_array();
}

Outcome get_block(const Call& call) {
    POLIS_TRY(const auto block, named_block(call));
    if (!block) {
        return std::string(kNull);
    }
    JsonWriter out;
    out.begin_object().begin_object("header");
    write_header_fields(out, block->header);
    out.end_object();
    write_body(out, *block, call.params.flag("full"));
    out.end_object();
    return out.take();
}

Outcome get_header(const Call& call) {
    POLIS_TRY(const auto block, named_block(call));
    if (!block) {
        return std::string(kNull);
    }
    JsonWriter out;
    out.begin_object();
    write_header_fields(out, block->header);
    out.end_object();
    return out.take();
}

Outcome get_receipts(const Call& call) {
    POLIS_TRY(const auto block, named_block(call));
    if (!block) {
        return std::string(kNull);
    }
    POLIS_TRY(const auto receipts, ask(call.node.backend.chain().receipts(block->header.height)));
    if (!receipts || receipts->size() != block->txns.size()) {
        return std::string(kNull);
    }
    JsonWriter out;
    out.begin_array();
    for (std::size_t i = 0; i < receipts->size(); ++i) {
        const Hash id = ledger::txn_id(codec::encode(block->txns[i]));
        write_receipt(out, (*receipts)[i], &id);
    }
    out.end_array();
    return out.take();
}

// ---- logs ---------------------------------------------------------------------------------------

Outcome get_logs(const Call& call) {
    const auto wanted = [&call](const ledger::Event& event) {
        return !call.params.has("name") || event.name == call.params.text("name");
    };
    const auto write = [](JsonWriter& out, const FoundEvent& found) {
        out.begin_object().number("height", found.height.value);
        out.bytes("txn", found.txn.view());
        out.number("index", found.index).text("name", found.event->name).name("data");
        write_event_data(out, *found.event);
        out.end_object();
    };
    return search_logs(call, {.wanted = wanted, .write = write});
}

// ---- proofs -------------------------------------------------------------------------------------

void write_proof(
    JsonWriter& out, const ledger::StateProof& proof, const std::optional<Bytes>& record) {
    if (record) {
        out.bytes("record", *record);
    } else {
        out.null("record");
    }
    out.begin_object("proof").begin_array("siblings");
    for (const Hash& sibling : proof.siblings) {
        out.bytes(sibling.view());
    }
    out.end_array();
    if (proof.leaf) {
        out.begin_object("leaf").bytes("path", proof.leaf->path.view());
        out.bytes("value", proof.leaf->value).end_object();
    } else {
        out.null("leaf");
    }
    out.bytes("raw", codec::encode(proof)).end_object();
}

/// A proof and the head that it belongs to. The node's state may have moved on between the two
/// readings; the proof itself tells, and another try follows.
void prove(Services& node, const ledger::StateKey& key, int tries, Respond respond) {
    node.backend.prove(
        key,
        [&node, key, tries, respond = std::move(respond)](
            const Answer<ledger::StoreResult<ledger::StateProof>>& answer) {
            if (!answer) {
                respond(std::unexpected(rpc_error(answer.error())));
                return;
            }
            if (!*answer) {
                respond(std::unexpected(rpc_error(answer->error())));
                return;
            }
            const auto head = node.backend.chain().head();
            if (!head) {
                respond(std::unexpected(rpc_error(head.error())));
                return;
            }
            const ledger::StateProof& proof = **answer;
            const auto record = verify_proof(head->state_root, key.bytes(), proof);
            if (!record) {
                tries > 0 ? prove(node, key, tries - 1, respond)
                          : respond(std::unexpected(rpc_error(ErrorName::kBusy)));
                return;
            }
            JsonWriter out;
            out.begin_object().begin_object("head");
            out.number("height", head->height.value).bytes("hash", head->block.view());
            out.bytes("stateRoot", head->state_root.view()).end_object();
            out.bytes("key", key.bytes());
            write_proof(out, proof, *record);
            out.end_object();
            respond(out.take());
        });
}

void get_proof(const Call& call, Respond respond) {
    constexpr int kTries = 5;
    const bool by_key = call.params.has("key");
    if (by_key == call.params.has("address")) {
        respond(std::unexpected(
            rpc_error(ErrorName::kMissingParam, "either address or key must be given")));
        return;
    }
    if (!by_key) {
        const auto key = ledger::account_key(call.params.address("address"));
        prove(call.node, key, kTries, std::move(respond));
        return;
    }
    const Bytes& key = call.params.bytes("key");
    if (key.empty()) {
        respond(std::unexpected(rpc_error(ErrorName::kBadHex, "parameter key: is empty")));
        return;
    }
    prove(call.node, ledger::StateKey::from_bytes(key), kTries, std::move(respond));
}

// ---- the rest -----------------------------------------------------------------------------------

Outcome get_certificate(const Call& call) {
    const ledger::ChainReader& chain = call.node.backend.chain();
    POLIS_TRY(const auto height, height_of(chain, call.params.block("block")));
    if (!height) {
        return std::string(kNull);
    }
    POLIS_TRY(const auto certificate, ask(chain.certificate(*height)));
    if (!certificate) {
        return std::string(kNull);
    }
    const pbft::Statement& statement = certificate->statement;
    JsonWriter out;
    out.begin_object().number("height", statement.height.value);
    out.number("term", statement.term.value).number("view", statement.view.value);
    out.bytes("digest", statement.digest.view()).begin_array("signers");
    for (const consensus::MemberIndex member : pbft::signers_of(*certificate)) {
        out.number(member);
    }
    out.end_array().bytes("raw", codec::encode(*certificate)).end_object();
    return out.take();
}

Outcome get_genesis(const Call& call) {
    POLIS_TRY(const Bytes source, ask(call.node.backend.chain().genesis_source()));
    const NodeInfo& info = call.node.backend.info();
    JsonWriter out;
    out.begin_object().bytes("hash", info.genesis.view());
    out.number("chainId", info.chain_id.value).text("toml", as_text(source)).end_object();
    return out.take();
}

std::vector<Method> head_methods() {
    std::vector<Method> out;
    for (const std::string_view name : {"chain_head", "chain_finalized"}) {
        out.push_back(
            {.name = name,
             .summary = "The latest block. Every block is final, so both names give the same.",
             .params = {},
             .result = "Head",
             .errors = {ErrorName::kStoreFailed},
             .handler = OnLoop{head}});
    }
    out.push_back(
        {.name = "chain_wait",
         .summary = "Answers once the chain is as high as that, with the height of its head.",
         .params =
             {{.name = "height", .type = ParamType::kCount, .description = "Of a block."},
              timeout_param()},
         .result = "{height: number}",
         .errors = {ErrorName::kTimeout, ErrorName::kTooManyWaiters, ErrorName::kStoreFailed},
         .handler = Async{wait}});
    return out;
}

std::vector<Method> search_methods() {
    std::vector<Param> log_search = log_params();
    log_search.insert(
        log_search.begin() + 2,
        {.name = "name",
         .type = ParamType::kText,
         .description = "Only events of this name, as in staking.delegated.",
         .required = false,
         .max = ledger::kEventNameBytesMax});
    return {
        {.name = "chain_getLogs",
         .summary = "Events of a range of blocks, oldest first. A cursor says where to go on, also "
                    "when nothing was found so far.",
         .params = std::move(log_search),
         .result = "{logs: [{height: number, txn: hash, index: number, name: text, data: json}], "
                   "cursor: text|null}",
         .errors = {ErrorName::kTooLarge, ErrorName::kBadCursor, ErrorName::kStoreFailed},
         .handler = OnWorker{get_logs}},
        {.name = "chain_getProof",
         .summary = "What the state holds under a key, with a proof against the head's state root.",
         .params =
             {{.name = "address",
               .type = ParamType::kAddress,
               .description = "An account; or give key.",
               .required = false},
              {.name = "key",
               .type = ParamType::kBytes,
               .description = "A record's key (docs/formats/state.md).",
               .required = false,
               .max = ledger::kStateKeyBytesMax}},
         .result = "{head: {height: number, hash: hash, stateRoot: hash}, key: hex, "
                   "record: hex|null, proof: {siblings: [hash], "
                   "leaf: {path: hash, value: hex}|null, raw: hex}}",
         .errors = {ErrorName::kMissingParam, ErrorName::kBusy, ErrorName::kStoreFailed},
         .handler = Async{get_proof}}};
}

std::vector<Method> block_methods() {
    return {
        {.name = "chain_getBlock",
         .summary = "A block with the ids of its transactions, or with all of them.",
         .params =
             {kBlockParam,
              {.name = "full",
               .type = ParamType::kFlag,
               .description = "Whole transactions in place of ids.",
               .required = false,
               .standard = "false"}},
         .result = "{header: Header, txns: [hash|Txn], facts: [Fact]}|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get_block}},
        {.name = "chain_getHeader",
         .summary = "A block's header.",
         .params = {kBlockParam},
         .result = "Header|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get_header}},
        {.name = "chain_getReceipts",
         .summary = "How the transactions of a block ended.",
         .params = {kBlockParam},
         .result = "[Receipt]|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get_receipts}}};
}

}  // namespace

std::vector<Method> chain_methods() {
    std::vector<Method> out = head_methods();
    for (auto list : {block_methods(), search_methods()}) {
        std::ranges::move(list, std::back_inserter(out));
    }
    out.push_back(
        {.name = "chain_getCertificate",
         .summary = "The votes that made a block final; block 0 has none.",
         .params = {kBlockParam},
         .result = "{height: number, term: number, view: number, digest: hash, "
                   "signers: [number], raw: hex}|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnLoop{get_certificate}});
    out.push_back(
        {.name = "chain_getGenesis",
         .summary = "The preset that the chain began with.",
         .params = {},
         .result = "{hash: hash, chainId: number, toml: text}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get_genesis}});
    return out;
}

}  // namespace polis::node::rpc
