#include <node/rpc/describe.hpp>

#include <utility>
#include <variant>

#include <consensus/signers.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/payload.hpp>
#include <node/rpc/describe_contracts.hpp>
#include <node/rpc/describe_tasks.hpp>

namespace polis::node::rpc {

namespace {

/// Members of the shape Payload.
struct WritePayload {
    JsonWriter& out;

    void operator()(const ledger::Transfer& payload) const {
        out.text("type", "transfer").address("to", payload.to);
        out.decimal("amount", payload.amount.value);
    }

    void operator()(const ledger::RegisterValidator& payload) const {
        out.text("type", "registerValidator");
        out.bytes("consensusKey", payload.consensus_key.view());
        out.bytes("vrfKey", payload.vrf_key.view());
        out.number("commissionBps", payload.commission_bps);
        out.bytes("possession", payload.possession.view());
    }

    void operator()(const ledger::Delegate& payload) const {
        out.text("type", "delegate").address("validator", payload.validator);
        out.decimal("amount", payload.amount.value);
    }

    void operator()(const ledger::Unbond& payload) const {
        out.text("type", "unbond").address("validator", payload.validator);
        if (payload.amount) {
            out.decimal("amount", payload.amount->value);
        } else {
            out.null("amount");
        }
    }

    void operator()(const ledger::Withdraw& payload) const {
        out.text("type", "withdraw").address("validator", payload.validator);
        out.number("era", payload.era);
    }

    void operator()(const ledger::Unjail& /*payload*/) const { out.text("type", "unjail"); }

    void operator()(const ledger::ReportEvidence& payload) const {
        out.text("type", "reportEvidence");
        out.bytes("offender", payload.evidence.offender.view());
        const bool twice = std::holds_alternative<pbft::Equivocation>(payload.evidence.proof);
        out.text("kind", twice ? "equivocation" : "amnesia");
        out.number("height", pbft::height_of(payload.evidence).value);
    }

    void operator()(const ledger::SubmitTask& payload) const {
        out.text("type", "submitTask").text("name", payload.spec.name);
        out.bytes("tag", payload.spec.tag);
        out.decimal("reward", payload.spec.reward.value);
        out.decimal("bond", payload.spec.bond.value);
    }

    void operator()(const ledger::CommitModel& payload) const {
        out.text("type", "commitModel").bytes("task", payload.task.view());
        out.bytes("commitment", payload.commitment.view());
    }

    void operator()(const ledger::RevealModel& payload) const {
        out.text("type", "revealModel").bytes("task", payload.task.view());
        out.bytes("model", payload.model.view()).bytes("salt", payload.salt.view());
    }

    void operator()(const ledger::RevealTestKey& payload) const {
        out.text("type", "revealTestKey").bytes("task", payload.task.view());
        out.bytes("key", payload.key.view());
    }

    void operator()(const ledger::CancelTask& payload) const {
        out.text("type", "cancelTask").bytes("task", payload.task.view());
    }

    void operator()(const ledger::Deploy& payload) const {
        out.text("type", "deploy").number("codeBytes", payload.code.size());
        out.bytes("code", ledger::contracts::code_hash(payload.code).view());
        write_run(payload);
    }

    void operator()(const ledger::Call& payload) const {
        out.text("type", "call").address("contract", payload.contract);
        out.text("method", payload.method);
        write_run(payload);
    }

    void write_run(const auto& payload) const {
        out.bytes("input", payload.input).decimal("value", payload.value.value);
        out.decimal("gas", payload.gas.value);
    }
};

void write_data(JsonWriter& out, const ledger::staking::Delegated& event) {
    out.address("validator", event.validator).decimal("amount", event.amount.value);
}

/// Unbonded and Withdrawn.
void write_data(JsonWriter& out, const auto& event)
    requires requires { event.era; }
{
    out.address("validator", event.validator).number("era", event.era);
    out.decimal("amount", event.amount.value);
}

void write_data(JsonWriter& out, const ledger::evidence::Punished& event) {
    out.number("height", event.height.value).address("validator", event.validator);
    out.decimal("burned", event.burned.value);
}

/// False if the bytes are none of this event.
template <class Data>
bool write_as(JsonWriter& out, ByteView bytes) {
    const auto data = codec::decode<Data>(bytes);
    if (!data) {
        return false;
    }
    out.begin_object();
    write_data(out, *data);
    out.end_object();
    return true;
}

bool write_known(JsonWriter& out, const ledger::Event& event) {
    if (event.name == "staking.delegated") {
        return write_as<ledger::staking::Delegated>(out, event.data);
    }
    if (event.name == "staking.unbonded") {
        return write_as<ledger::staking::Unbonded>(out, event.data);
    }
    if (event.name == "staking.withdrawn") {
        return write_as<ledger::staking::Withdrawn>(out, event.data);
    }
    if (event.name == "evidence.punished") {
        return write_as<ledger::evidence::Punished>(out, event.data);
    }
    return write_contract_event(out, event) || write_task_event(out, event);
}

}  // namespace

void write_head(JsonWriter& out, const BlockFinalized& block, std::uint64_t term_blocks) {
    const ledger::Head& head = block.head;
    out.begin_object();
    out.number("height", head.height.value);
    out.bytes("hash", head.block.view());
    out.number("timeMs", head.time.value);
    out.bytes("stateRoot", head.state_root.view());
    out.bytes("receiptsRoot", head.receipts_root.view());
    out.decimal("gasUsed", head.gas_used.value);
    out.number("txns", block.txns.size());
    out.address("proposer", block.proposer);
    out.number("view", block.view.value);
    out.number("term", consensus::term_of(head.height, term_blocks).value);
    out.end_object();
}

void write_header_fields(JsonWriter& out, const ledger::Header& header) {
    out.number("height", header.height.value);
    out.bytes("hash", ledger::block_hash(header).view());
    out.number("version", header.version);
    out.number("chainId", header.chain_id.value);
    out.number("view", header.view.value);
    out.number("term", header.term.value);
    out.number("timeMs", header.time.value);
    out.bytes("parent", header.parent.view());
    out.bytes("parentCertificate", header.parent_certificate.view());
    out.bytes("txnRoot", header.txn_root.view());
    out.bytes("factsRoot", header.facts_root.view());
    out.bytes("beacon", header.beacon.view());
    out.bytes("beaconProof", header.beacon_proof.view());
    out.bytes("parentStateRoot", header.parent_state_root.view());
    out.bytes("parentReceiptsRoot", header.parent_receipts_root.view());
    out.decimal("parentGasUsed", header.parent_gas_used.value);
    out.bytes("committee", header.committee.view());
    out.bytes("nextCommittee", header.next_committee.view());
    out.address("proposer", header.proposer);
    out.bytes("raw", codec::encode(header));
}

void write_event_data(JsonWriter& out, const ledger::Event& event) {
    if (!write_known(out, event)) {
        out.bytes(event.data);
    }
}

void write_event(JsonWriter& out, const ledger::Event& event) {
    out.begin_object().text("name", event.name).name("data");
    write_event_data(out, event);
    out.end_object();
}

void write_receipt(JsonWriter& out, const ledger::Receipt& receipt, const Hash* txn) {
    out.begin_object();
    if (txn != nullptr) {
        out.bytes("txn", txn->view());
    }
    out.text("status", short_name(receipt.status));
    out.flag("success", receipt.status == ledger::TxnStatus::kSuccess);
    out.decimal("gasUsed", receipt.gas_used.value);
    out.decimal("fee", receipt.fee.value);
    out.begin_array("events");
    for (const ledger::Event& event : receipt.events) {
        write_event(out, event);
    }
    out.end_array().bytes("output", receipt.output).end_object();
}

void write_txn_fields(JsonWriter& out, const ledger::Transaction& txn) {
    const Bytes encoded = codec::encode(txn);
    const ledger::TxnBody& body = txn.body;
    out.bytes("id", ledger::txn_id(encoded).view());
    out.address("sender", crypto::address_of(body.sender));
    out.number("nonce", body.nonce.value);
    out.begin_object("payload");
    std::visit(WritePayload{out}, body.payload);
    out.end_object();
    out.decimal("gasLimit", body.gas_limit.value);
    out.decimal("gasPrice", body.gas_price.value);
    out.number("validUntil", body.valid_until.value);
    out.bytes("signature", txn.signature.view());
    out.bytes("raw", encoded);
}

void write_txn(JsonWriter& out, const ledger::Transaction& txn) {
    out.begin_object();
    write_txn_fields(out, txn);
    out.end_object();
}

void write_fact(JsonWriter& out, const consensus::CertifiedFact& fact) {
    out.begin_object();
    out.text("kind", to_string(fact.fact.kind));
    out.bytes("subject", fact.fact.subject.view());
    out.bytes("result", fact.fact.result);
    out.number("term", fact.term.value);
    out.begin_array("signers");
    for (const consensus::MemberIndex member : consensus::signers_of(fact.signers)) {
        out.number(member);
    }
    out.end_array().end_object();
}

void write_member(JsonWriter& out, const consensus::Member& member) {
    out.begin_object();
    out.address("address", member.validator);
    out.bytes("consensusKey", member.consensus_key.view());
    out.bytes("vrfKey", member.vrf_key.view());
    out.decimal("power", member.stake.value);
    out.end_object();
}

std::string finalized_status(
    const Hash& id, const ledger::rows::TxnPlace& place, const ledger::Receipt& receipt) {
    JsonWriter out;
    out.begin_object().bytes("id", id.view()).text("status", "finalized");
    out.number("height", place.height.value).number("index", place.index);
    out.name("receipt");
    write_receipt(out, receipt);
    out.end_object();
    return out.take();
}

std::string open_status(const Hash& id, std::string_view status) {
    JsonWriter out;
    out.begin_object().bytes("id", id.view()).text("status", status).end_object();
    return out.take();
}

void write_point(JsonWriter& out, const TrainingPoint& point) {
    out.begin_object().number("elapsedMs", point.elapsed_ms).number("epoch", point.epoch);
    out.number("samples", point.samples).number("lossMicro", point.loss_micro);
    out.number("accuracyPpm", point.accuracy_ppm);
    out.number("samplesPerS", point.samples_per_s).end_object();
}

Result<std::optional<Height>, RpcError> height_of(
    const ledger::ChainReader& chain, const BlockRef& block) {
    if (const auto* const height = std::get_if<Height>(&block)) {
        return *height;
    }
    if (const auto* const hash = std::get_if<Hash>(&block)) {
        return ask(chain.height_of(*hash));
    }
    POLIS_TRY(const ledger::Head head, ask(chain.head()));
    return head.height;
}

Outcome HeadCache::head(const ledger::ChainReader& chain) {
    POLIS_TRY(const ledger::Head head, ask(chain.head()));
    if (!text_.empty() && head.block == block_) {
        return text_;
    }
    POLIS_TRY(const auto block, ask(chain.block(head.height)));
    if (!block) {
        return std::unexpected(rpc_error(ErrorName::kInternal, "the head has no block"));
    }
    BlockFinalized end{
        .head = head,
        .view = block->header.view,
        .proposer = block->header.proposer,
        .txns = std::vector<Hash>(block->txns.size()),
        .events = {}};
    put(end);
    return text_;
}

void HeadCache::put(const BlockFinalized& block) {
    JsonWriter out;
    write_head(out, block, term_blocks_);
    block_ = block.head.block;
    text_ = out.take();
}

}  // namespace polis::node::rpc
