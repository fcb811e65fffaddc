// contract_*: what was deployed, what it stores, and what a call of it would do.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <core/codec/borsh.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/contracts.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/describe_contracts.hpp>
#include <node/rpc/methods/log_search.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>
#include <node/rpc/trial.hpp>
#include <vm/program.hpp>

namespace polis::node::rpc {

namespace {

namespace contracts = ledger::contracts;

constexpr std::string_view kNull = "null";
constexpr std::string_view kAbiSection = "polis.abi";

const Param kContractParam{
    .name = "contract", .type = ParamType::kAddress, .description = "The contract's address."};

Result<std::optional<contracts::Contract>, RpcError> named_contract(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    return ask(contracts::load_contract(state, call.params.address("contract")));
}

Result<Bytes, RpcError> code_of(const Call& call, const contracts::Contract& contract) {
    ledger::LatestState state(call.node.backend.chain());
    return ask(contracts::load_code(state, contract));
}

/// The methods of the code, sorted; the constructor is none.
std::vector<std::string_view> methods_of(const vm::Module& module) {
    std::vector<std::string_view> out;
    for (const vm::Export& exported : module.exports) {
        if (exported.name != contracts::kConstructor &&
            contracts::find_method(module, exported.name)) {
            out.emplace_back(exported.name);
        }
    }
    std::ranges::sort(out);
    return out;
}

Result<std::shared_ptr<const vm::Program>, RpcError> program_of(
    const Call& call, const contracts::Contract& contract) {
    POLIS_TRY(const Bytes code, code_of(call, contract));
    auto program = vm::Program::compile(code, vm::Rules::contract());
    if (!program) {
        return std::unexpected(rpc_error(ErrorName::kStoreFailed, program.error().message()));
    }
    return *std::move(program);
}

Outcome get(const Call& call) {
    POLIS_TRY(const auto contract, named_contract(call));
    if (!contract) {
        return std::string(kNull);
    }
    const Address& address = call.params.address("contract");
    ledger::LatestState state(call.node.backend.chain());
    POLIS_TRY(const ledger::Account account, ask(load_account(state, address)));
    POLIS_TRY(const auto program, program_of(call, *contract));
    JsonWriter out;
    out.begin_object().address("contract", address).bytes("code", contract->code.view());
    out.number("codeBytes", contract->code_bytes).address("creator", contract->creator);
    out.number("height", contract->height.value).decimal("balance", account.balance.value);
    out.begin_array("methods");
    for (const std::string_view method : methods_of(program->module())) {
        out.text(method);
    }
    out.end_array().end_object();
    return out.take();
}

Outcome get_code(const Call& call) {
    POLIS_TRY(const auto contract, named_contract(call));
    if (!contract) {
        return std::string(kNull);
    }
    POLIS_TRY(const Bytes code, code_of(call, *contract));
    JsonWriter out;
    out.begin_object().bytes("code", contract->code.view()).bytes("wasm", code).end_object();
    return out.take();
}

/// The section is the deployer's own text, so only what is JSON goes on.
Outcome get_abi(const Call& call) {
    POLIS_TRY(const auto contract, named_contract(call));
    if (!contract) {
        return std::string(kNull);
    }
    POLIS_TRY(const auto program, program_of(call, *contract));
    const auto section = program->module().custom_section(kAbiSection);
    JsonWriter out;
    out.begin_object().bytes("code", contract->code.view());
    if (section && parse_json(as_text(*section), {})) {
        out.raw("abi", as_text(*section));
    } else {
        out.null("abi");
    }
    out.end_object();
    return out.take();
}

Outcome get_storage(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    const Address& address = call.params.address("contract");
    const Bytes& key = call.params.bytes("key");
    POLIS_TRY(const auto value, ask(contracts::load_storage(state, address, key)));
    JsonWriter out;
    out.begin_object();
    if (value) {
        out.bytes("value", value->view());
    } else {
        out.null("value");
    }
    out.bytes("stateKey", contracts::storage_key(address, key).bytes()).end_object();
    return out.take();
}

// ---- trials -------------------------------------------------------------------------------------

/// What a call's parameters ask for, with at most the gas that this node gives.
Result<UnsignedTxn, RpcError> wish_of(const Call& call) {
    const Params& params = call.params;
    UnsignedTxn out;
    if (params.has("caller")) {
        out.sender = params.address("caller");
    }
    const std::uint64_t gas_max = call.node.limits.call_gas_max;
    const Gas gas{params.has("gas") ? params.count("gas") : gas_max};
    if (gas.value > gas_max) {
        return std::unexpected(rpc_error(
            ErrorName::kTooLarge,
            "gas " + std::to_string(gas.value) + ": this node gives calls at most " +
                std::to_string(gas_max) + " (rpc.call_gas_max)"));
    }
    const Amount value{params.count("value")};
    if (params.has("contract") && params.has("method")) {
        out.payload = ledger::Call{
            .contract = params.address("contract"),
            .method = params.text("method"),
            .input = params.bytes("input"),
            .value = value,
            .gas = gas};
        return out;
    }
    return std::unexpected(
        rpc_error(ErrorName::kMissingParam, "either contract and method or code must be given"));
}

/// The same, or a deployment if there is code.
Result<UnsignedTxn, RpcError> any_wish_of(const Call& call) {
    const Params& params = call.params;
    if (!params.has("code")) {
        return wish_of(call);
    }
    UnsignedTxn out;
    if (params.has("caller")) {
        out.sender = params.address("caller");
    }
    out.payload = ledger::Deploy{
        .code = params.bytes("code"),
        .input = params.bytes("input"),
        .value = Amount{params.count("value")},
        .gas = Gas{call.node.limits.call_gas_max}};
    return out;
}

using Tried = Answer<ledger::StoreResult<TrialResult>>;

Result<TrialResult, RpcError> result_of(const Tried& answer) {
    if (!answer) {
        return std::unexpected(rpc_error(answer.error()));
    }
    return ask(*answer);
}

Outcome run_text(const Tried& answer) {
    POLIS_TRY(const TrialResult result, result_of(answer));
    const ledger::Receipt& receipt = result.receipt;
    JsonWriter out;
    out.begin_object().text("status", short_name(receipt.status));
    out.flag("success", receipt.status == ledger::TxnStatus::kSuccess);
    out.bytes("output", receipt.output).decimal("gasUsed", result.execution.value);
    out.number("height", result.height.value).begin_array("events");
    for (const ledger::Event& event : receipt.events) {
        write_event(out, event);
    }
    out.end_array();
    if (result.trace) {
        out.name("trace");
        write_trace(out, *result.trace);
    }
    out.end_object();
    return out.take();
}

void call_contract(const Call& call, Respond respond) {
    auto wish = wish_of(call);
    if (!wish) {
        respond(std::unexpected(wish.error()));
        return;
    }
    const bool trace = call.params.flag("trace");
    call.node.backend.attempt(
        {.txn = *std::move(wish), .trace = trace, .seek_gas = false},
        [respond = std::move(respond)](const Tried& answer) { respond(run_text(answer)); });
}

Outcome gas_text(const Tried& answer) {
    POLIS_TRY(const TrialResult result, result_of(answer));
    if (result.receipt.status != ledger::TxnStatus::kSuccess) {
        return std::unexpected(rpc_error(result.receipt));
    }
    JsonWriter out;
    out.begin_object();
    out.decimal("gas", result.intrinsic.value + result.execution.value);
    out.decimal("executionGas", result.execution.value).end_object();
    return out.take();
}

void estimate_gas(const Call& call, Respond respond) {
    auto wish = any_wish_of(call);
    if (!wish) {
        respond(std::unexpected(wish.error()));
        return;
    }
    call.node.backend.attempt(
        {.txn = *std::move(wish), .trace = false, .seek_gas = true},
        [respond = std::move(respond)](const Tried& answer) { respond(gas_text(answer)); });
}

// ---- events -------------------------------------------------------------------------------------

bool is_wanted(const Params& params, const ledger::Event& event) {
    if (event.name != contracts::kContractEvent) {
        return false;
    }
    const auto data = codec::decode<contracts::ContractEvent>(event.data);
    return data && (!params.has("contract") || data->contract == params.address("contract")) &&
           (!params.has("name") || data->name == params.text("name"));
}

Outcome get_logs(const Call& call) {
    const auto wanted = [&call](const ledger::Event& event) {
        return is_wanted(call.params, event);
    };
    const auto write = [](JsonWriter& out, const FoundEvent& found) {
        const auto data = codec::decode<contracts::ContractEvent>(found.event->data);
        out.begin_object().number("height", found.height.value);
        out.bytes("txn", found.txn.view()).number("index", found.index);
        write_contract_data(out, data.value_or(contracts::ContractEvent{}));
        out.end_object();
    };
    return search_logs(call, {.wanted = wanted, .write = write});
}

// ---- the table ----------------------------------------------------------------------------------

/// What a call brings, besides whom it calls.
std::vector<Param> call_params() {
    return {
        {.name = "input",
         .type = ParamType::kBytes,
         .description = "Arguments, encoded (docs/formats/borsh.md).",
         .required = false,
         .standard = "\"0x\"",
         .max = ledger::kContractInputBytesMax},
        {.name = "caller",
         .type = ParamType::kAddress,
         .description = "Who calls; without it the address of zeros.",
         .required = false},
        {.name = "value",
         .type = ParamType::kAmount,
         .description = "Coins that come with the call, from the caller.",
         .required = false,
         .standard = "\"0\""}};
}

Param method_param(bool required) {
    return {
        .name = "method",
        .type = ParamType::kText,
        .description = "The name of the exported function.",
        .required = required,
        .max = vm::kNameBytesMax};
}

std::vector<Method> record_methods() {
    return {
        {.name = "contract_get",
         .summary = "What stands at an address; null if it is no contract.",
         .params = {kContractParam},
         .result = "{contract: address, code: hash, codeBytes: number, creator: address, "
                   "height: number, balance: decimal, methods: [text]}|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get}},
        {.name = "contract_getCode",
         .summary = "The module that was deployed.",
         .params = {kContractParam},
         .result = "{code: hash, wasm: hex}|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get_code}},
        {.name = "contract_getAbi",
         .summary = "The interface that its author put into the module, as it stands there; abi is "
                    "null if there is none, or no JSON.",
         .params = {kContractParam},
         .result = "{code: hash, abi: json}|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get_abi}},
        {.name = "contract_getStorage",
         .summary = "What a contract stores under a key; stateKey is its name for chain_getProof.",
         .params =
             {kContractParam,
              {.name = "key",
               .type = ParamType::kBytes,
               .description = "As the contract writes it.",
               .max = ledger::kStorageKeyBytesMax}},
         .result = "{value: hex|null, stateKey: hex}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get_storage}}};
}

Method call_method() {
    std::vector<Param> params = {kContractParam, method_param(/*required=*/true)};
    std::ranges::move(call_params(), std::back_inserter(params));
    params.push_back(
        {.name = "gas",
         .type = ParamType::kAmount,
         .description = "At most this much; without it what the node gives (rpc.call_gas_max).",
         .required = false});
    params.push_back(
        {.name = "trace",
         .type = ParamType::kFlag,
         .description = "Also what was called, gas by function, and storage touched.",
         .required = false,
         .standard = "false"});
    return {
        .name = "contract_call",
        .summary = "What a call would do and answer on the latest state; nothing of it is kept.",
        .params = std::move(params),
        .result =
            "{status: text, success: flag, output: hex, gasUsed: decimal, height: number, "
            "events: [Event], trace?: Trace}",
        .errors = {ErrorName::kTooLarge, ErrorName::kStoreFailed, ErrorName::kBusy},
        .handler = Async{call_contract}};
}

Method estimate_method() {
    std::vector<Param> params = {
        {.name = "contract",
         .type = ParamType::kAddress,
         .description = "Whom to call; or give code.",
         .required = false},
        method_param(/*required=*/false),
        {.name = "code",
         .type = ParamType::kBytes,
         .description = "What to deploy; or give contract and method.",
         .required = false,
         .max = vm::kCodeBytesMax}};
    std::ranges::move(call_params(), std::back_inserter(params));
    params.push_back(
        {.name = "gas",
         .type = ParamType::kAmount,
         .description = "Of a call: at most this much.",
         .required = false});
    return {
        .name = "contract_estimateGas",
        .summary =
            "Gas with which a call or a deployment succeeds: of the whole transaction, and "
            "what of it is for execution; an error if it would fail.",
        .params = std::move(params),
        .result = "{gas: decimal, executionGas: decimal}",
        .errors =
            {ErrorName::kMissingParam,
             ErrorName::kTooLarge,
             ErrorName::kStoreFailed,
             ErrorName::kBusy},
        .handler = Async{estimate_gas}};
}

Method logs_method() {
    std::vector<Param> params = log_params();
    params.insert(
        params.begin() + 2,
        {{.name = "contract",
          .type = ParamType::kAddress,
          .description = "Only events of this contract.",
          .required = false},
         {.name = "name",
          .type = ParamType::kText,
          .description = "Only events that contracts call so.",
          .required = false,
          .max = ledger::kContractEventNameBytesMax}});
    return {
        .name = "contract_getLogs",
        .summary = "Events of contracts, oldest first, found as chain_getLogs finds them.",
        .params = std::move(params),
        .result =
            "{logs: [{height: number, txn: hash, index: number, contract: address, "
            "name: text, data: hex}], cursor: text|null}",
        .errors = {ErrorName::kTooLarge, ErrorName::kBadCursor, ErrorName::kStoreFailed},
        .handler = OnWorker{get_logs}};
}

}  // namespace

std::vector<Method> contract_methods() {
    std::vector<Method> out = record_methods();
    out.push_back(call_method());
    out.push_back(estimate_method());
    out.push_back(logs_method());
    return out;
}

}  // namespace polis::node::rpc
