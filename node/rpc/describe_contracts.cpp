#include <node/rpc/describe_contracts.hpp>

#include <optional>

#include <core/codec/borsh.hpp>

namespace polis::node::rpc {

namespace {

namespace contracts = ledger::contracts;

void write_size(JsonWriter& out, std::string_view name, const std::optional<std::size_t>& size) {
    if (size) {
        out.number(name, *size);
    } else {
        out.null(name);
    }
}

void write_call(JsonWriter& out, const contracts::CallLog::CallRow& row) {
    out.begin_object().number("depth", row.depth).address("caller", row.caller);
    out.address("contract", row.contract).text("method", row.method);
    out.decimal("value", row.value.value).decimal("gasLimit", row.gas_max);
    out.decimal("gasUsed", row.gas_used).text("end", to_string(row.ending));
    out.number("outputBytes", row.output_bytes).end_object();
}

}  // namespace

void write_contract_data(JsonWriter& out, const contracts::ContractEvent& event) {
    out.address("contract", event.contract).text("name", event.name).bytes("data", event.data);
}

bool write_contract_event(JsonWriter& out, const ledger::Event& event) {
    if (event.name == contracts::kContractEvent) {
        const auto data = codec::decode<contracts::ContractEvent>(event.data);
        if (data) {
            out.begin_object();
            write_contract_data(out, *data);
            out.end_object();
        }
        return data.has_value();
    }
    if (event.name == contracts::kDeployedEvent) {
        const auto data = codec::decode<contracts::Deployed>(event.data);
        if (data) {
            out.begin_object().address("contract", data->contract);
            out.address("creator", data->creator).bytes("code", data->code.view()).end_object();
        }
        return data.has_value();
    }
    return false;
}

void write_trace(JsonWriter& out, const contracts::CallLog& trace) {
    out.begin_object().begin_array("calls");
    for (const auto& row : trace.calls()) {
        write_call(out, row);
    }
    out.end_array().begin_array("functions");
    for (const auto& row : trace.functions()) {
        out.begin_object().address("contract", row.contract).text("name", row.name);
        out.number("calls", row.calls).decimal("gas", row.gas).end_object();
    }
    out.end_array().begin_array("storage");
    for (const auto& row : trace.storage()) {
        out.begin_object().address("contract", row.contract).bytes("key", row.key);
        out.text("kind", to_string(row.touch));
        write_size(out, "before", row.before);
        write_size(out, "after", row.after);
        out.end_object();
    }
    out.end_array().number("dropped", trace.dropped()).end_object();
}

}  // namespace polis::node::rpc
