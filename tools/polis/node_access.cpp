#include <tools/polis/node_access.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <genesis/decimal.hpp>
#include <genesis/dev_keys.hpp>
#include <node/home/key_file.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/polis/json_report.hpp>

namespace polis::tools {

namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kDefaultRpcPort = 26'601;
constexpr std::string_view kDevPrefix = "dev:";
constexpr std::size_t kNameBytesMax = 64;

/// The first node of the devnet here that runs, or the first one.
std::optional<HttpAddress> devnet_address() {
    const auto found = devnet::find();
    if (!found || found->nodes.empty()) {
        return std::nullopt;
    }
    const auto running = std::ranges::find_if(found->nodes, [&](const devnet::Node& node) {
        return devnet::state_of(*found, node) == devnet::ProcessState::kRunning;
    });
    return devnet::rpc_address(running == found->nodes.end() ? found->nodes.front() : *running);
}

Fallible<crypto::SigningKey> dev_key(const std::string& name) {
    const auto index = parse_u64(std::string_view(name).substr(kDevPrefix.size()));
    if (!index) {
        return wrong_usage(
            fmt::format("'{}' is no account of a devnet; write one like dev:0", name));
    }
    const auto found = devnet::find();
    if (!found) {
        return std::unexpected(Failure(fmt::format(
            "{} is an account of a devnet and there is none here; run this where you ran `polis "
            "devnet up`, or set POLIS_DEVNET",
            name)));
    }
    if (*index >= found->manifest.accounts) {
        return wrong_usage(fmt::format(
            "the devnet here has no account {}; its accounts are dev:0 to dev:{}",
            name,
            found->manifest.accounts - 1));
    }
    return genesis::dev_account_key(found->manifest.seed, *index);
}

/// Coins that came loose, so that a person can name the era to withdraw.
void add_era(Json& answer, const Json& receipt) {
    const auto events = receipt.find("events");
    if (events == receipt.end() || !events->is_array()) {
        return;
    }
    for (const Json& event : *events) {
        const auto data = event.find("data");
        const bool unbonded = event.contains("name") && event["name"] == "staking.unbonded";
        if (unbonded && data != event.end() && data->contains("era") && data->contains("amount")) {
            answer["amount"] = data->at("amount");
            answer["era"] = data->at("era");
        }
    }
}

Fallible<SendOptions> send_options(const SigningOptions& options) {
    SendOptions out;
    out.valid_for = options.valid_for;
    if (options.gas != 0) {
        out.gas_limit = Gas{options.gas};
    }
    const auto number = [](const std::string& text,
                           std::string_view option) -> Fallible<std::optional<std::uint64_t>> {
        const auto value = parse_u64(text);
        if (!text.empty() && !value) {
            return wrong_usage(fmt::format("{} '{}' is no number; write digits", option, text));
        }
        return value;
    };
    POLIS_TRY(const auto price, number(options.gas_price, "--gas-price"));
    POLIS_TRY(const auto nonce, number(options.nonce, "--nonce"));
    out.gas_price = price ? std::optional{GasPrice{*price}} : std::nullopt;
    out.nonce = nonce ? std::optional{Nonce{*nonce}} : std::nullopt;
    return out;
}

}  // namespace

void add_node_options(CLI::App& command, NodeOptions& options) {
    command
        .add_option(
            "--rpc", options.rpc, "A node, like http://127.0.0.1:26601; default: the devnet")
        ->envname("POLIS_RPC");
    command.add_flag("--json", options.json, "Answer in JSON");
}

Fallible<RpcClient> connect(const NodeOptions& options) {
    if (options.rpc.empty()) {
        return RpcClient(devnet_address().value_or(HttpAddress{"127.0.0.1", kDefaultRpcPort}));
    }
    const auto address = parse_http_address(options.rpc);
    if (!address) {
        return wrong_usage(address.error());
    }
    return RpcClient(*address);
}

Fallible<Json> ask(RpcClient& client, std::string_view method, Json params) {
    auto answer = client.call(method, std::move(params));
    if (!answer) {
        return std::unexpected(to_failure(answer.error()));
    }
    return *std::move(answer);
}

void add_keys_option(CLI::App& command, std::string& directory) {
    command.add_option("--keys", directory, "Directory of your keys; default: ~/.polis/keys")
        ->envname("POLIS_KEYS");
}

Fallible<std::string> keys_directory(const std::string& option) {
    if (!option.empty()) {
        return option;
    }
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (home == nullptr || *home == '\0') {
        return std::unexpected(
            Failure("there is no home directory to look for keys in; name one with --keys"));
    }
    return std::string(home) + "/.polis/keys";
}

Fallible<std::string> key_path(const std::string& directory, const std::string& name) {
    const bool odd = name.empty() || name.size() > kNameBytesMax || name.starts_with('.') ||
                     name.starts_with("polis1") || name.find_first_of("/:\\ \n") != name.npos;
    if (odd) {
        return wrong_usage(fmt::format(
            "'{}' is no name for a key; use letters, digits, - and _, at most {}",
            name,
            kNameBytesMax));
    }
    return directory + '/' + name + ".key";
}

Fallible<crypto::SigningKey> signing_key(const std::string& name, const std::string& keys_option) {
    if (name.starts_with(kDevPrefix)) {
        return dev_key(name);
    }
    std::string file = name;
    if (!name.contains('/')) {
        POLIS_TRY(const std::string directory, keys_directory(keys_option));
        POLIS_TRY(file, key_path(directory, name));
        std::error_code failed;
        if (!fs::exists(file, failed)) {
            return std::unexpected(Failure(fmt::format(
                "there is no key {} in {}; make it with `polis account new {}`, or list the keys "
                "with `polis account list`",
                name,
                directory,
                name)));
        }
    }
    POLIS_TRY(const crypto::Seed seed, node::read_key_file(file));
    return crypto::SigningKey(seed);
}

Fallible<Address> resolve_address(const std::string& text, const std::string& keys_option) {
    if (const auto address = crypto::parse_address(text)) {
        return *address;
    } else if (text.starts_with("polis1")) {
        return wrong_usage(
            fmt::format("'{}' is no address: {}", text, crypto::to_string(address.error())));
    }
    POLIS_TRY(const crypto::SigningKey key, signing_key(text, keys_option));
    return crypto::address_of(key.public_key());
}

Fallible<Amount> parse_amount(const std::string& text, std::string_view option) {
    const auto units = genesis::parse_decimal(text, genesis::kAmountPlaces);
    if (!units) {
        return wrong_usage(fmt::format(
            "{} '{}' is {}; write POLIS like 1.5",
            option,
            text,
            genesis::to_string(units.error())));
    }
    return Amount{*units};
}

void add_signing_options(CLI::App& command, SigningOptions& options) {
    command.add_option("--from", options.from, "Who signs: a key's name, a key file, or dev:0")
        ->required();
    add_keys_option(command, options.keys);
    command.add_option("--gas", options.gas, "Gas limit; default: what it costs");
    command.add_option("--gas-price", options.gas_price, "10^-9 POLIS for a unit; default: least");
    command.add_option("--nonce", options.nonce, "Default: the next one");
    command.add_option("--valid-for", options.valid_for, "Blocks that it may wait")
        ->capture_default_str();
    command.add_flag("--wait", options.wait, "Until it is in a finalized block");
    command.add_option("--timeout", options.timeout_s, "Seconds for --wait")->capture_default_str();
    add_node_options(command, options.node);
}

Fallible<SignedSend> sign_and_send(
    RpcClient& client, const SigningOptions& options, ledger::Payload payload) {
    POLIS_TRY(const SendOptions sending, send_options(options));
    POLIS_TRY(const crypto::SigningKey key, signing_key(options.from, options.keys));
    const Address sender = crypto::address_of(key.public_key());
    POLIS_TRY(const SenderView view, sender_view(client, sender));
    SignedSend out;
    out.txn = make_txn(view, key, std::move(payload), sending);
    POLIS_TRY(out.sent, send_txn(client, out.txn));
    return out;
}

Outcome send_and_report(const SigningOptions& options, ledger::Payload payload) {
    POLIS_TRY(RpcClient client, connect(options.node));
    POLIS_TRY(const SignedSend done, sign_and_send(client, options, std::move(payload)));
    const Sent& sent = done.sent;
    const std::string id = to_hex_prefixed(sent.id.view());
    Json answer = {{"id", id}, {"status", "pending"}, {"standing", sent.standing}};
    if (!options.wait) {
        return print_answer(answer, options.node.json);
    }
    POLIS_TRY(
        const Executed executed,
        wait_success(client, sent.id, std::chrono::seconds(options.timeout_s), say_progress));
    answer = {
        {"id", id},
        {"status", "finalized"},
        {"height", executed.height.value},
        {"index", executed.index}};
    add_era(answer, executed.receipt);
    answer["receipt"] = executed.receipt;
    return print_answer(answer, options.node.json);
}

void say_progress(std::string_view line) { fmt::print(stderr, "polis: {}\n", line); }

}  // namespace polis::tools
