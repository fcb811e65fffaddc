#include <chrono>
#include <memory>
#include <string>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <ledger/payload.hpp>
#include <tools/client/sender.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/node_access.hpp>

namespace polis::tools {

namespace {

struct TransferOptions {
    SigningOptions signing;
    std::string to;
    std::string amount;
};

struct TxnOptions {
    NodeOptions node;
    std::string id;
    std::uint64_t timeout_s = 60;
};

Outcome send(const TransferOptions& options) {
    POLIS_TRY(const Amount amount, parse_amount(options.amount, "--amount"));
    POLIS_TRY(const Address to, resolve_address(options.to, options.signing.keys));
    return send_and_report(options.signing, ledger::Transfer{to, amount});
}

Outcome wait(const TxnOptions& options) {
    const Hash id = *fixed_from_hex<Hash>(options.id);
    POLIS_TRY(RpcClient client, connect(options.node));
    POLIS_TRY(
        const Executed executed,
        wait_success(client, id, std::chrono::seconds(options.timeout_s), say_progress));
    const Json answer = {
        {"id", to_hex_prefixed(id.view())},
        {"status", "finalized"},
        {"height", executed.height.value},
        {"index", executed.index},
        {"receipt", executed.receipt}};
    return print_answer(answer, options.node.json);
}

Outcome show(const TxnOptions& options) {
    const std::string id = to_hex_prefixed(fixed_from_hex<Hash>(options.id)->view());
    POLIS_TRY(RpcClient client, connect(options.node));
    POLIS_TRY(const Json answer, ask(client, "tx_get", {{"id", id}}));
    if (answer.is_null()) {
        return std::unexpected(Failure(fmt::format(
            "the node at {} knows no transaction {}; was it sent to another chain?",
            client.address().text(),
            id)));
    }
    return print_answer(answer, options.node.json);
}

std::shared_ptr<TxnOptions> add_txn(CLI::App& command) {
    auto options = std::make_shared<TxnOptions>();
    command.add_option("ID", options->id, "Hash of the transaction")
        ->required()
        ->check(CLI::Validator(check_hash, ""));
    add_node_options(command, options->node);
    return options;
}

}  // namespace

void add_tx_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("tx", "Send transactions and follow them");
    group.require_subcommand(1);

    const auto transfer = std::make_shared<TransferOptions>();
    CLI::App& send_command = *group.add_subcommand("send", "Send coins");
    send_command.add_option("--to", transfer->to, "An address, a key's name, or dev:1")->required();
    send_command.add_option("--amount", transfer->amount, "POLIS, like 1.5")->required();
    add_signing_options(send_command, transfer->signing);
    program.on(send_command, [transfer] { return send(*transfer); });

    CLI::App& wait_command =
        *group.add_subcommand("wait", "Wait until a transaction is in a finalized block");
    const auto waited = add_txn(wait_command);
    wait_command.add_option("--timeout", waited->timeout_s, "Seconds")->capture_default_str();
    program.on(wait_command, [waited] { return wait(*waited); });

    CLI::App& show_command = *group.add_subcommand("show", "A transaction and what became of it");
    const auto shown = add_txn(show_command);
    program.on(show_command, [shown] { return show(*shown); });
}

}  // namespace polis::tools
