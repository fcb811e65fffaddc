#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/bytes.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <tools/contract/abi.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/contract_view.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/node_access.hpp>

/// What reads contracts and changes nothing: query, trace, storage, logs.
namespace polis::tools {

namespace {

struct QueryWords {
    NodeOptions node;
    CallWords call;
    std::string caller;
    std::string keys;
    std::uint64_t gas = 0;  ///< 0: as much as the node gives
};

struct TraceWords {
    NodeOptions node;
    std::string subject;
    std::vector<std::string> rest;
    std::string value;
    std::string caller;
    std::string keys;
};

struct StorageWords {
    NodeOptions node;
    std::string address;
    std::string name;
    std::string key;
    std::string key_type = "address";
    std::string type;
    std::optional<std::uint32_t> index;
    std::string keys;
};

struct LogWords {
    NodeOptions node;
    std::string address;
    std::string name;
    std::optional<std::uint64_t> from;
    std::optional<std::uint64_t> to;
    std::uint64_t limit = 100;
};

/// Blocks that `logs` looks through when it is not told where to begin.
constexpr std::uint64_t kLogBlocks = 1'000;

// ---- query, trace -------------------------------------------------------------------------------

Fallible<void> add_caller(Json& params, const std::string& caller, const std::string& keys) {
    if (!caller.empty()) {
        POLIS_TRY(const Address address, resolve_address(caller, keys));
        params["caller"] = crypto::to_text(address);
    }
    return {};
}

/// @error what was tried did not end well
Fallible<void> expect_success(const Json& answer, const std::string& method) {
    if (answer.value("success", false)) {
        return {};
    }
    return std::unexpected(Failure(fmt::format(
        "{} would fail: {}; see where with `polis contract trace`", method, failure_text(answer))));
}

Outcome query(const QueryWords& words) {
    POLIS_TRY(RpcClient client, connect(words.node));
    AbiBook book(client);
    POLIS_TRY(const PreparedCall call, prepare_call(book, words.call, words.keys));
    Json params = call_params(words.call, call);
    POLIS_TRY_VOID(add_caller(params, words.caller, words.keys));
    if (words.gas != 0) {
        params["gas"] = std::to_string(words.gas);
    }
    POLIS_TRY(const Json tried, ask(client, "contract_call", std::move(params)));
    POLIS_TRY_VOID(expect_success(tried, words.call.method));
    Json answer;
    POLIS_TRY(answer["result"], decoded_result(call.method, tried.value("output", std::string())));
    answer["gasUsed"] = tried.value("gasUsed", Json());
    answer["height"] = tried.value("height", Json());
    const Json events = decoded_events(book, tried.value("events", Json::array()));
    if (!events.empty()) {
        answer["events"] = events;
    }
    return print_answer(answer, words.node.json);
}

/// "balance 0x..." for a key that begins with a name, as the headers of vm/sdk write it.
std::string key_text(const Bytes& key) {
    const auto end =
        std::ranges::find_if(key, [](std::uint8_t byte) { return byte < 0x20 || byte > 0x7e; });
    const std::string name(key.begin(), end);
    if (end == key.end()) {
        return name;
    }
    if (name.empty()) {
        return to_hex_prefixed(key);
    }
    const Bytes rest(end + 1, key.end());
    if (*end == 0 && rest.size() == Address::kSize) {
        return name + '[' + crypto::to_text(Address::from_view(rest)) + ']';
    }
    if (*end == 1) {
        std::uint64_t index = 0;
        for (std::size_t i = rest.size(); i > 0; --i) {
            index = (index << 8) | rest[i - 1];
        }
        return rest.empty() ? name + ".size" : fmt::format("{}[{}]", name, index);
    }
    return name + '[' + to_hex_prefixed(rest) + ']';
}

/// For people: calls indented by depth, keys as names.
Json readable_trace(const Json& trace) {
    Json out;
    Json calls = Json::array();
    for (const Json& call : trace.value("calls", Json::array())) {
        const auto depth = call.value("depth", std::uint64_t{1});
        calls.push_back(
            {{"call",
              std::string(2 * (depth - std::min<std::uint64_t>(depth, 1)), ' ') +
                  call.value("method", std::string())},
             {"contract", call.value("contract", Json())},
             {"gasUsed", call.value("gasUsed", Json())},
             {"end", call.value("end", Json())}});
    }
    out["calls"] = std::move(calls);
    out["functions"] = trace.value("functions", Json::array());
    Json storage = Json::array();
    for (Json row : trace.value("storage", Json::array())) {
        if (const auto key = from_hex(row.value("key", std::string()))) {
            row["key"] = key_text(*key);
        }
        storage.push_back(std::move(row));
    }
    out["storage"] = std::move(storage);
    return out;
}

/// The call that a transaction made, as contract_call wants it.
Fallible<Json> call_of_txn(RpcClient& client, const std::string& id) {
    const std::string name = to_hex_prefixed(fixed_from_hex<Hash>(id)->view());
    POLIS_TRY(const Json found, ask(client, "tx_get", {{"id", name}}));
    if (found.is_null()) {
        return std::unexpected(Failure(fmt::format(
            "the node at {} knows no transaction {}; was it sent to another chain?",
            client.address().text(),
            name)));
    }
    const Json payload = found.value("payload", Json::object());
    if (payload.value("type", std::string()) != "call") {
        return wrong_usage(fmt::format("{} calls no contract; trace one that does", name));
    }
    Json out = {{"caller", found.value("sender", Json())}};
    for (const char* key : {"contract", "method", "input", "value"}) {
        out[key] = payload.value(key, Json());
    }
    return out;
}

Fallible<Json> call_to_trace(RpcClient& client, AbiBook& book, const TraceWords& words) {
    if (check_hash(words.subject).empty()) {
        if (!words.rest.empty()) {
            return wrong_usage("a transaction has its method and arguments; give only its id");
        }
        return call_of_txn(client, words.subject);
    }
    const std::string fault = check_address(words.subject);
    if (!fault.empty() || words.rest.empty()) {
        return wrong_usage(
            fault.empty()
                ? "name the method to trace behind the address, then its arguments"
                : fault + "; give the id of a transaction, or ADDRESS METHOD ARGUMENT...");
    }
    CallWords call{
        .address = words.subject,
        .method = words.rest.front(),
        .arguments = {words.rest.begin() + 1, words.rest.end()},
        .input = {},
        .value = words.value};
    POLIS_TRY(const PreparedCall prepared, prepare_call(book, call, words.keys));
    Json out = call_params(call, prepared);
    POLIS_TRY_VOID(add_caller(out, words.caller, words.keys));
    return out;
}

Outcome trace(const TraceWords& words) {
    POLIS_TRY(RpcClient client, connect(words.node));
    AbiBook book(client);
    POLIS_TRY(Json params, call_to_trace(client, book, words));
    params["trace"] = true;
    POLIS_TRY(const Json tried, ask(client, "contract_call", std::move(params)));
    if (words.node.json) {
        return print_answer(tried, /*as_json=*/true);
    }
    Json answer = {
        {"ends", tried.value("success", false) ? std::string("done") : failure_text(tried)},
        {"gasUsed", tried.value("gasUsed", Json())},
        {"onStateOf", tried.value("height", Json())}};
    answer.update(readable_trace(tried.value("trace", Json::object())));
    return print_answer(answer, /*as_json=*/false);
}

// ---- storage, logs ------------------------------------------------------------------------------

/// Where vm/sdk/storage.hpp keeps what the words name.
Fallible<Bytes> storage_key(const StorageWords& words, const std::string& abi) {
    if (words.name.starts_with("0x")) {
        const auto raw = from_hex(words.name);
        return raw ? Fallible<Bytes>(*raw)
                   : wrong_usage(fmt::format("'{}' is no hexadecimal", words.name));
    }
    Bytes out = to_bytes(as_bytes(words.name));
    if (words.index) {
        out.push_back(1);
        for (unsigned shift = 0; shift < 32; shift += 8) {
            out.push_back(static_cast<std::uint8_t>(*words.index >> shift));
        }
    } else if (!words.key.empty()) {
        POLIS_TRY(contract::AbiType type, contract::parse_type(abi, words.key_type));
        const auto resolve = [&words](const std::string& word) {
            return resolve_address(word, words.keys);
        };
        POLIS_TRY(
            const Bytes key, contract::encode_value({"KEY", std::move(type)}, words.key, resolve));
        out.push_back(0);
        append(out, key);
    }
    return out;
}

Outcome storage(const StorageWords& words) {
    POLIS_TRY(RpcClient client, connect(words.node));
    const Json contract = {{"contract", words.address}};
    POLIS_TRY(const Json described, ask(client, "contract_getAbi", contract));
    if (described.is_null()) {
        return std::unexpected(
            Failure(fmt::format("there is no contract at {}; compare the address", words.address)));
    }
    const Json no_types = {{"version", 1}};
    const Json known = described.value("abi", Json());
    const std::string abi = (known.is_object() ? known : no_types).dump();
    POLIS_TRY(const Bytes key, storage_key(words, abi));
    const Json params = {{"contract", words.address}, {"key", to_hex_prefixed(key)}};
    POLIS_TRY(Json answer, ask(client, "contract_getStorage", params));
    const Json value = answer.value("value", Json());
    if (!words.type.empty() && value.is_string()) {
        POLIS_TRY(const contract::AbiType type, contract::parse_type(abi, words.type));
        const auto bytes = from_hex(value.get<std::string>());
        POLIS_TRY(answer["decoded"], contract::decode_value(type, bytes.value_or(Bytes{})));
    }
    answer["key"] = key_text(key);
    return print_answer(answer, words.node.json);
}

Outcome logs(const LogWords& words) {
    POLIS_TRY(RpcClient client, connect(words.node));
    AbiBook book(client);
    std::uint64_t from = words.from.value_or(0);
    if (!words.from) {
        POLIS_TRY(const Json head, ask(client, "chain_head"));
        const auto height = head.value("height", std::uint64_t{0});
        from = height - std::min(height, kLogBlocks);
    }
    Json params = {{"from", from}, {"limit", words.limit}};
    if (words.to) {
        params["to"] = *words.to;
    }
    if (!words.address.empty()) {
        params["contract"] = words.address;
    }
    if (!words.name.empty()) {
        params["name"] = words.name;
    }
    POLIS_TRY(Json answer, ask(client, "contract_getLogs", std::move(params)));
    for (Json& row : answer["logs"]) {
        row["data"] = book.decoded_event(row)["data"];
    }
    return print_answer(answer, words.node.json);
}

void add_caller_option(CLI::App& command, std::string& caller, std::string& keys) {
    command.add_option("--caller", caller, "Who seems to call: an address, a key's name, dev:0");
    add_keys_option(command, keys);
}

void add_storage_command(Program& program, CLI::App& group) {
    const auto words = std::make_shared<StorageWords>();
    CLI::App& command = *group.add_subcommand("storage", "What a contract keeps under a name");
    command.add_option("ADDRESS", words->address, "The contract")
        ->required()
        ->check(CLI::Validator(check_address, ""));
    command.add_option("NAME", words->name, "Of a Value, Map or List; or a key in hexadecimal")
        ->required();
    command.add_option("KEY", words->key, "Of an entry of a map");
    command.add_option("--key-type", words->key_type, "Type of KEY")->capture_default_str();
    command.add_option("--index", words->index, "Of an element of a list");
    command.add_option("--type", words->type, "Type of what is there, like u128, to decode it");
    add_keys_option(command, words->keys);
    add_node_options(command, words->node);
    program.on(command, [words] { return storage(*words); });
}

void add_logs_command(Program& program, CLI::App& group) {
    const auto words = std::make_shared<LogWords>();
    CLI::App& command = *group.add_subcommand("logs", "Events of contracts, oldest first");
    command.add_option("ADDRESS", words->address, "Only of this contract")
        ->check(CLI::Validator(check_address, ""));
    command.add_option("--name", words->name, "Only events of this name");
    command.add_option("--from", words->from, "First height; default: 1000 blocks ago");
    command.add_option("--to", words->to, "Last height");
    command.add_option("--limit", words->limit, "Events at most")->capture_default_str();
    add_node_options(command, words->node);
    program.on(command, [words] { return logs(*words); });
}

}  // namespace

void add_contract_look_commands(Program& program, CLI::App& group) {
    const auto asked = std::make_shared<QueryWords>();
    CLI::App& query_command = *group.add_subcommand(
        "query", "What a call would answer now; nothing is kept: ADDRESS METHOD ARGUMENT...");
    add_call_words(query_command, asked->call);
    add_caller_option(query_command, asked->caller, asked->keys);
    query_command.add_option("--gas", asked->gas, "At most so much; default: what the node gives");
    add_node_options(query_command, asked->node);
    program.on(query_command, [asked, &query_command]() -> Outcome {
        POLIS_TRY(asked->call.arguments, extra_words(query_command));
        return query(*asked);
    });

    const auto traced = std::make_shared<TraceWords>();
    CLI::App& trace_command = *group.add_subcommand(
        "trace", "Calls, gas by function and storage of a call, run on the latest state");
    trace_command
        .add_option("SUBJECT", traced->subject, "A transaction's id, or a contract's address")
        ->required();
    trace_command.allow_extras();  // behind an address: method and arguments
    trace_command.add_option("--value", traced->value, "POLIS that go with the call");
    add_caller_option(trace_command, traced->caller, traced->keys);
    add_node_options(trace_command, traced->node);
    program.on(trace_command, [traced, &trace_command]() -> Outcome {
        POLIS_TRY(traced->rest, extra_words(trace_command));
        return trace(*traced);
    });

    add_storage_command(program, group);
    add_logs_command(program, group);
}

}  // namespace polis::tools
