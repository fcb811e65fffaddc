#include <tools/polis/describe_txn.hpp>

#include <optional>
#include <utility>
#include <variant>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/decimal.hpp>
#include <ledger/modules/contract_records.hpp>
#include <ledger/payload.hpp>

namespace polis::tools {

namespace {

/// What every payload has or has not.
struct PayloadSummary {
    std::string_view kind;
    std::optional<Address> counterparty;  ///< recipient or validator
    std::optional<Amount> amount;
};

struct Summarize {
    PayloadSummary operator()(const ledger::Transfer& payload) const {
        return {"transfer", payload.to, payload.amount};
    }

    PayloadSummary operator()(const ledger::RegisterValidator& /*payload*/) const {
        return {"register_validator", std::nullopt, std::nullopt};
    }

    PayloadSummary operator()(const ledger::Delegate& payload) const {
        return {"delegate", payload.validator, payload.amount};
    }

    PayloadSummary operator()(const ledger::Unbond& payload) const {
        return {"unbond", payload.validator, payload.amount};
    }

    PayloadSummary operator()(const ledger::Withdraw& payload) const {
        return {"withdraw", payload.validator, std::nullopt};
    }

    PayloadSummary operator()(const ledger::Unjail& /*payload*/) const {
        return {"unjail", std::nullopt, std::nullopt};
    }

    PayloadSummary operator()(const ledger::ReportEvidence& /*payload*/) const {
        return {"report_evidence", std::nullopt, std::nullopt};
    }

    PayloadSummary operator()(const ledger::SubmitTask& payload) const {
        return {"submit_task", std::nullopt, payload.spec.reward};
    }

    PayloadSummary operator()(const ledger::CommitModel& /*payload*/) const {
        return {"commit_model", std::nullopt, std::nullopt};
    }

    PayloadSummary operator()(const ledger::RevealModel& /*payload*/) const {
        return {"reveal_model", std::nullopt, std::nullopt};
    }

    PayloadSummary operator()(const ledger::RevealTestKey& /*payload*/) const {
        return {"reveal_test_key", std::nullopt, std::nullopt};
    }

    PayloadSummary operator()(const ledger::CancelTask& /*payload*/) const {
        return {"cancel_task", std::nullopt, std::nullopt};
    }

    PayloadSummary operator()(const ledger::Deploy& payload) const {
        return {"deploy", std::nullopt, payload.value};
    }

    PayloadSummary operator()(const ledger::Call& payload) const {
        return {"call", payload.contract, payload.value};
    }
};

/// Fields that only one kind has.
struct AddDetails {
    Report& report;

    void operator()(const ledger::RegisterValidator& payload) const {
        report.bytes("consensus_key", payload.consensus_key.view());
        report.bytes("vrf_key", payload.vrf_key.view());
        report.text(
            "commission_percent",
            genesis::to_decimal_text(payload.commission_bps, genesis::kPercentPlaces));
    }

    void operator()(const ledger::Unbond& payload) const {
        if (!payload.amount) {
            report.flag("everything", true);
        }
    }

    void operator()(const ledger::Withdraw& payload) const { report.number("era", payload.era); }

    void operator()(const ledger::ReportEvidence& payload) const {
        report.bytes("offender", payload.evidence.offender.view());
        report.number("offence_height", height_of(payload.evidence).value);
    }

    void operator()(const ledger::SubmitTask& payload) const {
        report.text("name", payload.spec.name);
        report.bytes("tag", payload.spec.tag);
        report.amount("bond", payload.spec.bond);
    }

    void operator()(const ledger::CommitModel& payload) const {
        report.bytes("task", payload.task.view());
        report.bytes("commitment", payload.commitment.view());
    }

    void operator()(const ledger::RevealModel& payload) const {
        report.bytes("task", payload.task.view());
        report.bytes("model", payload.model.view());
    }

    void operator()(const ledger::RevealTestKey& payload) const {
        report.bytes("task", payload.task.view());
        report.bytes("key", payload.key.view());
    }

    void operator()(const ledger::CancelTask& payload) const {
        report.bytes("task", payload.task.view());
    }

    void operator()(const ledger::Deploy& payload) const {
        report.number("code_bytes", payload.code.size());
        report.bytes("code", ledger::contracts::code_hash(payload.code).view());
        report.bytes("input", payload.input);
        report.number("execution_gas", payload.gas.value);
    }

    void operator()(const ledger::Call& payload) const {
        report.text("method", payload.method);
        report.bytes("input", payload.input);
        report.number("execution_gas", payload.gas.value);
    }

    void operator()(const auto& /*payload*/) const {}
};

void add_counterparty(Report& report, const std::optional<Address>& address) {
    if (address) {
        report.address("to", *address);
    } else {
        report.text("to", "-");
    }
}

std::vector<Report> events_of(const ledger::Receipt& receipt) {
    std::vector<Report> rows;
    for (const ledger::Event& event : receipt.events) {
        Report row;
        row.text("name", event.name);
        row.bytes("data", event.data);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

Report txn_row(
    const ledger::rows::TxnPlace& place,
    const ledger::Transaction& txn,
    const ledger::Receipt& receipt) {
    const PayloadSummary payload = std::visit(Summarize{}, txn.body.payload);
    Report row;
    row.number("height", place.height.value);
    row.number("index", place.index);
    row.text("kind", payload.kind);
    row.address("from", crypto::address_of(txn.body.sender));
    add_counterparty(row, payload.counterparty);
    if (payload.amount) {
        row.amount("amount", *payload.amount);
    } else {
        row.text("amount", "-");
    }
    row.text("status", to_string(receipt.status));
    row.bytes("id", ledger::txn_id(codec::encode(txn)).view());
    return row;
}

Report describe_txn(const ledger::StoredTxn& stored, const Hash& id) {
    const ledger::TxnBody& body = stored.txn.body;
    const PayloadSummary payload = std::visit(Summarize{}, body.payload);
    Report report;
    report.bytes("id", id.view());
    report.number("height", stored.place.height.value);
    report.number("index", stored.place.index);
    report.text("status", to_string(stored.receipt.status));
    report.text("kind", payload.kind);
    report.address("from", crypto::address_of(body.sender));
    if (payload.counterparty) {
        report.address("to", *payload.counterparty);
    }
    if (payload.amount) {
        report.amount("amount", *payload.amount);
    }
    std::visit(AddDetails{report}, body.payload);
    report.amount("fee", stored.receipt.fee);
    report.number("gas_used", stored.receipt.gas_used.value);
    report.number("gas_limit", body.gas_limit.value);
    report.number("gas_price", body.gas_price.value);
    report.number("nonce", body.nonce.value);
    report.number("valid_until", body.valid_until.value);
    report.bytes("public_key", body.sender.view());
    report.bytes("signature", stored.txn.signature.view());
    if (!stored.receipt.output.empty()) {
        report.bytes("output", stored.receipt.output);
    }
    report.list("events", events_of(stored.receipt));
    return report;
}

void describe_header(Report& report, const ledger::Header& header) {
    report.number("height", header.height.value);
    report.bytes("hash", block_hash(header).view());
    report.time("time", header.time);
    report.address("proposer", header.proposer);
    report.number("chain_id", header.chain_id.value);
    report.number("view", header.view.value);
    report.number("term", header.term.value);
    report.bytes("parent", header.parent.view());
    report.bytes("txn_root", header.txn_root.view());
    report.bytes("facts_root", header.facts_root.view());
    report.bytes("parent_state_root", header.parent_state_root.view());
    report.bytes("parent_receipts_root", header.parent_receipts_root.view());
    report.number("parent_gas_used", header.parent_gas_used.value);
    report.bytes("parent_certificate", header.parent_certificate.view());
    report.bytes("committee", header.committee.view());
    report.bytes("next_committee", header.next_committee.view());
    report.bytes("beacon", header.beacon.view());
}

}  // namespace polis::tools
