// consensus_*: who decides, and what they are at.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <consensus/election.hpp>
#include <consensus/quorum.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/modules/terms.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

void write_params(JsonWriter& out, const ledger::Params& params) {
    out.begin_object("params");
    out.number("chainId", params.chain_id.value);
    out.decimal("blockGasMax", params.block_gas_max.value);
    out.decimal("gasPriceMin", params.gas_price_min.value);
    out.number("committeeSizeMax", params.committee_size_max);
    out.number("termBlocks", params.term_blocks);
    out.decimal("stakeMin", params.stake_min.value);
    out.decimal("delegationMin", params.delegation_min.value);
    out.number("unbondingBlocks", params.unbonding_blocks);
    out.number("unbondingEraBlocks", params.unbonding_era_blocks);
    out.number("jailBlocks", params.jail_blocks);
    out.number("slashDoubleSignBps", params.slash_double_sign_bps);
    out.end_object();
}

Outcome info(const Call& call) {
    const ledger::Params& params = call.node.backend.info().params;
    const std::size_t members = call.node.backend.snapshot()->machine.members.size();
    JsonWriter out;
    out.begin_object().text("election", to_string(params.election));
    out.number("termBlocks", params.term_blocks);
    out.number("committeeMax", params.committee_size_max).number("members", members);
    out.number("quorum", members == 0 ? 0 : consensus::quorum(members));
    out.number("faulty", members == 0 ? 0 : consensus::faults_max(members));
    write_params(out, params);
    out.end_object();
    return out.take();
}

/// Why the chain moves or does not, in one sentence.
std::string explanation(const ValidatorView& now, std::size_t heard) {
    const std::size_t members = now.members.size();
    const std::size_t need = members == 0 ? 0 : consensus::quorum(members);
    if (now.phase == Phase::kStopped) {
        return "this node has stopped because its store failed; see its log";
    }
    if (now.phase == Phase::kSyncing) {
        return "this node catches up: it has block " + std::to_string(now.head.height.value) +
               ", peers claim " + std::to_string(now.best_claim.value);
    }
    std::string out = std::to_string(heard) + " of " + std::to_string(members) +
                      " members heard in the last view, need " + std::to_string(need);
    if (heard < need) {
        out += ": no block can be decided until more of them are connected";
    } else if (now.view.value > 0) {
        out += ": view " + std::to_string(now.view.value) +
               ", because earlier leaders of this height were not heard in time";
    }
    return out;
}

Outcome state(const Call& call) {
    const SnapshotPtr snapshot = call.node.backend.snapshot();
    const ValidatorView& now = snapshot->machine;
    const auto heard =
        static_cast<std::size_t>(std::count(now.heard.begin(), now.heard.end(), true));
    JsonWriter out;
    out.begin_object();
    out.number("height", now.head.height.value + 1).number("view", now.view.value);
    out.number("term", now.term.value).text("phase", to_string(now.phase));
    if (now.leader) {
        out.address("leader", *now.leader);
    } else {
        out.null("leader");
    }
    out.begin_array("members");
    for (std::size_t i = 0; i < now.members.size(); ++i) {
        out.begin_object().address("address", now.members[i].validator);
        out.bytes("key", now.members[i].consensus_key.view());
        out.decimal("power", now.members[i].stake.value);
        out.flag("heard", i < now.heard.size() && now.heard[i]).end_object();
    }
    out.end_array().number("heard", heard);
    out.number("quorum", now.members.empty() ? 0 : consensus::quorum(now.members.size()));
    out.text("explanation", explanation(now, heard)).end_object();
    return out.take();
}

Result<ledger::terms::TermRecord, RpcError> term_record(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    return ask(ledger::terms::load_terms(state));
}

/// The members of a term that the state still or already knows; null for any other.
const std::vector<consensus::Member>* members_of(
    const ledger::terms::TermRecord& record, Term term) {
    if (term == record.term) {
        return &record.members;
    }
    if (term.value == record.term.value + 1) {
        return &record.next;
    }
    if (term.value + 1 == record.term.value) {
        return &record.previous;
    }
    return nullptr;
}

Outcome committee(const Call& call) {
    POLIS_TRY(const auto record, term_record(call));
    const Term term = call.params.has("term") ? Term{call.params.count("term")} : record.term;
    const auto* const members = members_of(record, term);
    if (members == nullptr) {
        return std::unexpected(rpc_error(
            ErrorName::kUnknownTerm, "the current term is " + std::to_string(record.term.value)));
    }
    JsonWriter out;
    out.begin_object().number("term", term.value).begin_array("members");
    for (const consensus::Member& member : *members) {
        write_member(out, member);
    }
    out.end_array().bytes("hash", consensus::committee_hash(*members).view()).end_object();
    return out.take();
}

Outcome term(const Call& call) {
    POLIS_TRY(const auto record, term_record(call));
    POLIS_TRY(const ledger::Head head, ask(call.node.backend.chain().head()));
    const std::uint64_t blocks = call.node.backend.info().params.term_blocks;
    JsonWriter out;
    out.begin_object().number("term", record.term.value);
    out.number("firstHeight", record.term.value * blocks + 1);
    out.number("lastHeight", (record.term.value + 1) * blocks);
    out.number("height", head.height.value).end_object();
    return out.take();
}

/// Reports in the latest blocks, newest first. @return the height where the search ended
Result<Height, RpcError> write_reports(
    JsonWriter& out, const ledger::ChainReader& chain, std::uint64_t limit) {
    POLIS_TRY(const ledger::Head head, ask(chain.head()));
    POLIS_TRY(const Height base, ask(chain.base()));
    Height height = head.height;
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < kEvidenceScanBlocks && height > base && found < limit; ++i) {
        POLIS_TRY(const auto block, ask(chain.block(height)));
        if (!block) {
            break;
        }
        for (const ledger::Transaction& txn : block->txns) {
            const auto* const report = std::get_if<ledger::ReportEvidence>(&txn.body.payload);
            if (report != nullptr && found++ < limit) {
                out.begin_object().number("height", height.value);
                out.bytes("txn", ledger::txn_id(codec::encode(txn)).view());
                out.bytes("offender", report->evidence.offender.view()).end_object();
            }
        }
        --height.value;
    }
    return Height{height.value + 1};
}

Outcome evidence(const Call& call) {
    const SnapshotPtr now = call.node.backend.snapshot();
    JsonWriter out;
    out.begin_object().begin_array("alarms");
    for (const std::string& alarm : now->alarms) {
        out.text(alarm);
    }
    out.end_array().begin_array("reports");
    POLIS_TRY(
        const Height searched,
        write_reports(out, call.node.backend.chain(), call.params.count("limit")));
    out.end_array().number("searchedFrom", searched.value).end_object();
    return out.take();
}

Outcome elections(const Call& call) {
    JsonWriter out;
    out.begin_object().text("active", to_string(call.node.backend.info().params.election));
    out.begin_array("known");
    for (const std::string_view name : consensus::election_names()) {
        out.text(name);
    }
    out.end_array().end_object();
    return out.take();
}

/// The order in which the term's members propose, and what put each in its place.
Outcome scores(const Call& call) {
    POLIS_TRY(const auto record, term_record(call));
    JsonWriter out;
    out.begin_object().text("election", to_string(call.node.backend.info().params.election));
    out.number("term", record.term.value).begin_array("scores");
    for (std::size_t rank = 0; rank < record.ranking.order.size(); ++rank) {
        const consensus::Member& member = record.members[record.ranking.order[rank]];
        out.begin_object().number("rank", rank).address("address", member.validator);
        out.decimal("score", member.stake.value).end_object();
    }
    out.end_array().end_object();
    return out.take();
}

std::vector<Method> term_methods() {
    return {
        {.name = "consensus_committee",
         .summary = "Who votes in a term: the current one, the one before or after it.",
         .params =
             {{.name = "term",
               .type = ParamType::kCount,
               .description = "Without it the term of the next block.",
               .required = false}},
         .result = "{term: number, members: [Member], hash: hash}",
         .errors = {ErrorName::kUnknownTerm, ErrorName::kStoreFailed},
         .handler = OnLoop{committee}},
        {.name = "consensus_term",
         .summary = "The term of the next block and its heights.",
         .params = {},
         .result = "{term: number, firstHeight: number, lastHeight: number, height: number}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnLoop{term}},
        {.name = "consensus_evidence",
         .summary = "What is wrong, and the misbehaviour that the latest blocks report.",
         .params =
             {{.name = "limit",
               .type = ParamType::kCount,
               .description = "Reports at most.",
               .required = false,
               .standard = "50",
               .min = 1,
               .max = kRowsMax}},
         .result = "{alarms: [text], reports: [{height: number, txn: hash, offender: hex}], "
                   "searchedFrom: number}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{evidence}}};
}

}  // namespace

std::vector<Method> consensus_methods() {
    std::vector<Method> out = {
        {.name = "consensus_info",
         .summary = "The rules of agreement: election, committee, quorum, parameters.",
         .params = {},
         .result = "{election: text, termBlocks: number, committeeMax: number, members: number, "
                   "quorum: number, faulty: number, params: {chainId: number, "
                   "blockGasMax: decimal, gasPriceMin: decimal, committeeSizeMax: number, "
                   "termBlocks: number, stakeMin: decimal, delegationMin: decimal, "
                   "unbondingBlocks: number, unbondingEraBlocks: number, jailBlocks: number, "
                   "slashDoubleSignBps: number}}",
         .errors = {},
         .handler = OnLoop{info}},
        {.name = "consensus_state",
         .summary = "The height being decided, who leads and who was heard, and why it may stall.",
         .params = {},
         .result = "{height: number, view: number, term: number, phase: text, "
                   "leader: address|null, members: [{address: address, key: hex, "
                   "power: decimal, heard: flag}], heard: number, quorum: number, "
                   "explanation: text}",
         .errors = {},
         .handler = OnLoop{state}}};
    for (Method& method : term_methods()) {
        out.push_back(std::move(method));
    }
    out.push_back(
        {.name = "consensus_elections",
         .summary = "The chain's election and those that this program has.",
         .params = {},
         .result = "{active: text, known: [text]}",
         .errors = {},
         .handler = OnLoop{elections}});
    out.push_back(
        {.name = "consensus_scores",
         .summary = "In which order the term's members propose, and by what score.",
         .params = {},
         .result = "{election: text, term: number, "
                   "scores: [{rank: number, address: address, score: decimal}]}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnLoop{scores}});
    return out;
}

}  // namespace polis::node::rpc
