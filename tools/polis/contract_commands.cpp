#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <ledger/gas.hpp>
#include <ledger/modules/contract_records.hpp>
#include <ledger/payload.hpp>
#include <tools/contract/abi.hpp>
#include <tools/contract/build.hpp>
#include <tools/contract/wasm_file.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/contract_view.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/vm/files.hpp>
#include <vm/limits.hpp>

/// `polis contract`: from C++ to a call on a chain.
namespace polis::tools {

namespace {

namespace fs = std::filesystem;

/// The state may change between an estimate and the block, and what is not used costs nothing: a
/// quarter more than the estimate.
constexpr std::uint64_t kGasMarginDivisor = 4;

struct BuildWords {
    std::vector<std::string> sources;
    std::string folder = ".";
    std::string name;
    bool json = false;
};

struct AbiWords {
    NodeOptions node;
    std::string subject;
};

struct DeployWords {
    SigningOptions signing;
    std::string file;
    std::vector<std::string> arguments;
    std::string value;
};

struct CallCommand {
    SigningOptions signing;
    CallWords words;
};

// ---- build, abi ---------------------------------------------------------------------------------

Outcome build(const BuildWords& words) {
    contract::BuildOptions options;
    options.sources.assign(words.sources.begin(), words.sources.end());
    options.folder = words.folder;
    options.name = words.name;
    POLIS_TRY(const contract::Built built, contract::build(options));
    POLIS_TRY(const contract::Abi abi, contract::parse_abi(built.json));
    Json methods = Json::array();
    for (const contract::AbiMethod& method : abi.methods) {
        methods.push_back(signature(method));
    }
    const ledger::Deploy deploy{.code = built.code, .input = {}, .value = {}, .gas = {}};
    const Gas gas = ledger::intrinsic_gas(deploy, codec::encode(deploy).size());
    return print_answer(
        {{"contract", abi.name},
         {"wasm", built.wasm.string()},
         {"abi", built.abi.string()},
         {"codeBytes", built.code.size()},
         {"deployGas", gas.value},
         {"methods", std::move(methods)}},
        words.json);
}

/// The JSON of an interface: in a module, in a file of its own, or at an address.
Fallible<std::string> abi_text(const AbiWords& words) {
    if (crypto::parse_address(words.subject)) {
        POLIS_TRY(RpcClient client, connect(words.node));
        const Json params = {{"contract", words.subject}};
        POLIS_TRY(const Json answer, ask(client, "contract_getAbi", params));
        if (answer.is_null() || answer.value("abi", Json()).is_null()) {
            return std::unexpected(Failure(fmt::format(
                "there is no contract with an interface (ABI) at {}; compare the address",
                words.subject)));
        }
        return answer["abi"].dump();
    }
    POLIS_TRY(const Bytes bytes, vmtool::read_file(words.subject, vm::kCodeBytesMax));
    if (as_text(bytes).starts_with('{')) {
        return std::string(as_text(bytes));
    }
    const auto section = contract::custom_section(bytes, contract::kAbiSection);
    if (!section) {
        return std::unexpected(Failure(fmt::format(
            "{} has no interface (ABI); build it with `polis contract build`", words.subject)));
    }
    return std::string(as_text(*section));
}

Outcome show_abi(const AbiWords& words) {
    POLIS_TRY(const std::string text, abi_text(words));
    POLIS_TRY(const contract::Abi abi, contract::parse_abi(text));
    if (words.node.json) {
        return print(text.ends_with('\n') ? text : text + '\n');
    }
    Json methods = Json::array();
    const auto add = [&methods](const contract::AbiMethod& method, std::string_view kind) {
        methods.push_back({{"method", signature(method)}, {"kind", kind}});
    };
    if (abi.constructor) {
        add(*abi.constructor, abi.constructor->payable ? "once, payable" : "once");
    }
    for (const contract::AbiMethod& method : abi.methods) {
        add(method, method.payable ? "payable" : method.mutates ? "writes" : "reads");
    }
    Json events = Json::array();
    for (const contract::AbiEvent& event : abi.events) {
        const contract::AbiMethod fields{.name = event.name, .params = event.fields, .result = {}};
        events.push_back({{"event", signature(fields)}});
    }
    return print_answer(
        {{"name", abi.name}, {"methods", std::move(methods)}, {"events", std::move(events)}},
        /*as_json=*/false);
}

// ---- deploy, call -------------------------------------------------------------------------------

/// What a call or a deployment may use: as told, or by the node's estimate.
Fallible<Gas> execution_gas(RpcClient& client, const SigningOptions& signing, Json params) {
    if (signing.gas != 0) {
        return Gas{signing.gas};
    }
    POLIS_TRY(const Address caller, resolve_address(signing.from, signing.keys));
    params["caller"] = crypto::to_text(caller);
    POLIS_TRY(const Json answer, ask(client, "contract_estimateGas", std::move(params)));
    const auto found = answer.find("executionGas");
    const auto gas = found != answer.end() && found->is_string()
                         ? parse_u64(found->get<std::string>())
                         : std::nullopt;
    if (!gas) {
        return std::unexpected(Failure(
            "the node's estimate cannot be read; are node and program of one version? Name the gas "
            "with --gas"));
    }
    return Gas{saturating_add(*gas, *gas / kGasMarginDivisor)};
}

/// Sends and, if asked to, waits. `done` adds what is known of a success.
template <class Done>
Outcome send_and_tell(
    RpcClient& client, const SigningOptions& signing, ledger::Payload payload, Done done) {
    SigningOptions sending = signing;
    sending.gas = 0;  // the limit of the execution is in the payload
    POLIS_TRY(const SignedSend send, sign_and_send(client, sending, std::move(payload)));
    const std::string id = to_hex_prefixed(send.sent.id.view());
    Json answer = {{"id", id}};
    if (!signing.wait) {
        answer["status"] = "pending";
        answer["standing"] = send.sent.standing;
        POLIS_TRY_VOID(done(answer, send, nullptr));
        return print_answer(answer, signing.node.json);
    }
    POLIS_TRY(
        const Executed executed,
        wait_txn(client, send.sent.id, std::chrono::seconds(signing.timeout_s), say_progress));
    if (!executed.success()) {
        return std::unexpected(Failure(fmt::format(
            "the transaction is in block {} and failed: {}; look: polis tx show {}",
            executed.height.value,
            failure_text(executed.receipt),
            id)));
    }
    answer["status"] = "finalized";
    answer["height"] = executed.height.value;
    POLIS_TRY_VOID(done(answer, send, &executed.receipt));
    return print_answer(answer, signing.node.json);
}

void add_costs(Json& answer, const Json& receipt) {
    answer["gasUsed"] = receipt.value("gasUsed", Json());
    answer["fee"] = receipt.value("fee", Json());
}

/// The arguments of the constructor. @error arguments for a contract that takes none
Fallible<Bytes> constructor_input(const DeployWords& words, const contract::Abi& abi) {
    const auto resolve = [&words](const std::string& word) {
        return resolve_address(word, words.signing.keys);
    };
    const contract::AbiMethod none{.name = "init", .params = {}, .result = {}};
    return contract::encode_arguments(abi.constructor.value_or(none), words.arguments, resolve);
}

Outcome deploy(const DeployWords& words) {
    ledger::Deploy payload;
    POLIS_TRY(payload.code, vmtool::read_file(words.file, vm::kCodeBytesMax));
    const auto section = contract::custom_section(payload.code, contract::kAbiSection);
    if (!section) {
        return wrong_usage(fmt::format(
            "{} is no contract with an interface (ABI); give what `polis contract build` wrote",
            words.file));
    }
    POLIS_TRY(const contract::Abi abi, contract::parse_abi(as_text(*section)));
    POLIS_TRY(payload.input, constructor_input(words, abi));
    if (!words.value.empty()) {
        POLIS_TRY(payload.value, parse_amount(words.value, "--value"));
    }
    if (payload.value.value != 0 && !(abi.constructor && abi.constructor->payable)) {
        return wrong_usage(
            fmt::format("the constructor of {} takes no coins; leave --value out", abi.name));
    }
    POLIS_TRY(RpcClient client, connect(words.signing.node));
    POLIS_TRY(
        payload.gas,
        execution_gas(
            client,
            words.signing,
            {{"code", to_hex_prefixed(payload.code)},
             {"input", to_hex_prefixed(payload.input)},
             {"value", std::to_string(payload.value.value)}}));
    AbiBook book(client);
    return send_and_tell(
        client,
        words.signing,
        std::move(payload),
        [&](Json& answer, const SignedSend& send, const Json* receipt) -> Fallible<void> {
            const Address sender = crypto::address_of(send.txn.body.sender);
            answer["contract"] =
                crypto::to_text(ledger::contracts::contract_address(sender, send.txn.body.nonce));
            if (receipt != nullptr) {
                add_costs(answer, *receipt);
                answer["events"] = decoded_events(book, receipt->value("events", Json::array()));
            }
            return {};
        });
}

Outcome call(const CallCommand& command) {
    POLIS_TRY(RpcClient client, connect(command.signing.node));
    AbiBook book(client);
    POLIS_TRY(const PreparedCall prepared, prepare_call(book, command.words, command.signing.keys));
    ledger::Call payload{
        .contract = prepared.contract,
        .method = command.words.method,
        .input = prepared.input,
        .value = prepared.value,
        .gas = {}};
    POLIS_TRY(
        payload.gas, execution_gas(client, command.signing, call_params(command.words, prepared)));
    return send_and_tell(
        client,
        command.signing,
        std::move(payload),
        [&](Json& answer, const SignedSend& /*send*/, const Json* receipt) -> Fallible<void> {
            if (receipt != nullptr) {
                add_costs(answer, *receipt);
                POLIS_TRY(
                    answer["result"],
                    decoded_result(prepared.method, receipt->value("output", std::string())));
                answer["events"] = decoded_events(book, receipt->value("events", Json::array()));
            }
            return {};
        });
}

}  // namespace

void add_contract_commands(Program& program) {
    CLI::App& group =
        *program.app.add_subcommand("contract", "Build, deploy, call and look at contracts");
    group.require_subcommand(1);

    const auto building = std::make_shared<BuildWords>();
    CLI::App& build_command = *group.add_subcommand(
        "build", "C++ to NAME.wasm and NAME.abi.json; needs clang-19, lld-19");
    build_command.add_option("FILE", building->sources, "Sources; the first has POLIS_CONTRACT")
        ->required();
    build_command.add_option("-o,--output", building->folder, "Folder for the two files")
        ->capture_default_str();
    build_command.add_option("--name", building->name, "Default: that of the first source");
    build_command.add_flag("--json", building->json, "Answer in JSON");
    program.on(build_command, [building] { return build(*building); });

    const auto asked = std::make_shared<AbiWords>();
    CLI::App& abi_command = *group.add_subcommand("abi", "Methods and events of a contract");
    abi_command.add_option("SUBJECT", asked->subject, "NAME.wasm, NAME.abi.json, or an address")
        ->required();
    add_node_options(abi_command, asked->node);
    program.on(abi_command, [asked] { return show_abi(*asked); });

    const auto deployed = std::make_shared<DeployWords>();
    CLI::App& deploy_command =
        *group.add_subcommand("deploy", "Put a contract on the chain: FILE ARGUMENT...");
    deploy_command.add_option("FILE", deployed->file, "NAME.wasm")->required();
    deploy_command.allow_extras();  // the arguments: see extra_words()
    deploy_command.add_option("--value", deployed->value, "POLIS that it begins with");
    add_signing_options(deploy_command, deployed->signing);
    program.on(deploy_command, [deployed, &deploy_command]() -> Outcome {
        POLIS_TRY(deployed->arguments, extra_words(deploy_command));
        return deploy(*deployed);
    });

    const auto called = std::make_shared<CallCommand>();
    CLI::App& call_command =
        *group.add_subcommand("call", "Call a method by a transaction: ADDRESS METHOD ARGUMENT...");
    add_call_words(call_command, called->words);
    add_signing_options(call_command, called->signing);
    program.on(call_command, [called, &call_command]() -> Outcome {
        POLIS_TRY(called->words.arguments, extra_words(call_command));
        return call(*called);
    });

    add_contract_look_commands(program, group);
}

}  // namespace polis::tools
