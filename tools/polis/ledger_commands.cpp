#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/ledger_command_groups.hpp>
#include <tools/polis/ledger_queries.hpp>
#include <tools/polis/ledger_verify_command.hpp>

namespace polis::tools {

namespace {

using Query = Outcome (*)(const QueryOptions& options);
using HomeQuery = Outcome (*)(const HomeOptions& options);

/// What a command takes: the name of its argument for the help, and the argument's check.
struct Subject {
    const char* name;
    const char* meaning;
    std::string (*check)(const std::string& text);
};

constexpr Subject kHeight{"HEIGHT", "A number or head", check_height};
constexpr Subject kTxnId{"ID", "Hash of the transaction", check_hash};
constexpr Subject kAddress{"ADDRESS", "polis1...", check_address};

struct Help {
    const char* name;
    const char* text;
};

void add_home_query(Program& program, CLI::App& group, const Help& help, HomeQuery query) {
    const auto options = std::make_shared<HomeOptions>();
    CLI::App& command = *group.add_subcommand(help.name, help.text);
    add_home(command, *options);
    program.on(command, [options, query] { return query(*options); });
}

std::shared_ptr<QueryOptions> add_query(
    Program& program, CLI::App& group, const Help& help, const Subject& subject, Query query) {
    const auto options = std::make_shared<QueryOptions>();
    CLI::App& command = *group.add_subcommand(help.name, help.text);
    command.add_option(subject.name, options->subject, subject.meaning)
        ->required()
        ->check(CLI::Validator(subject.check, ""));
    add_home(command, *options);
    program.on(command, [options, query] { return query(*options); });
    return options;
}

void add_last(CLI::App& group, const char* name, const std::shared_ptr<QueryOptions>& options) {
    group.get_subcommand(name)
        ->add_option("--last", options->last, "Transactions to show")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
}

void add_queries(Program& program, CLI::App& group) {
    add_home_query(program, group, {"info", "Head, parameters and size"}, ledger_info);
    add_home_query(program, group, {"supply", "Add up all coins and compare"}, ledger_supply);
    add_last(
        group,
        "block",
        add_query(program, group, {"block", "A block with its header"}, kHeight, ledger_block));
    add_query(program, group, {"txn", "A transaction and its receipt"}, kTxnId, ledger_txn);
    add_last(
        group,
        "account",
        add_query(
            program,
            group,
            {"account", "Balance, nonce and last transactions"},
            kAddress,
            ledger_account));
    add_query(
        program, group, {"proof", "Prove what an address has, as JSON"}, kAddress, ledger_proof);
}

void add_proof_check(Program& program, CLI::App& group) {
    const auto options = std::make_shared<ProofCheckOptions>();
    CLI::App& command = *group.add_subcommand("proof-check", "Check a proof without any chain");
    command.add_option("FILE", options->file, "A file, or - for standard input")->required();
    command.add_option("--root", options->root, "The state root that you trust")
        ->check(CLI::Validator(check_hash, ""));
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options] { return ledger_proof_check(*options); });
}

void add_verify(Program& program, CLI::App& group) {
    const auto options = std::make_shared<VerifyOptions>();
    options->threads = std::max(1U, std::thread::hardware_concurrency());
    CLI::App& command =
        *group.add_subcommand("verify", "Execute the chain again and compare every root and row");
    add_home(command, *options);
    command.add_option("--threads", options->threads, "Threads that check signatures")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    program.on(command, [options] { return ledger_verify(*options); });
}

}  // namespace

void add_ledger_commands(Program& program) {
    CLI::App& group =
        *program.app.add_subcommand("ledger", "Look into a stored chain, check it, measure it");
    group.require_subcommand(1);
    add_queries(program, group);
    add_proof_check(program, group);
    add_verify(program, group);
    add_ledger_archive(program, group);
    add_ledger_demo(program, group);
    add_ledger_bench(program, group);
}

}  // namespace polis::tools
