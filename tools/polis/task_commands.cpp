#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <ledger/payload.hpp>
#include <tools/client/sender.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/devnet/members.hpp>
#include <tools/learning/offer.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/task_look.hpp>

namespace polis::tools {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAdminPatience{30'000};
constexpr milliseconds kLookPause{500};
constexpr milliseconds kTurnPatience{120'000};

struct SubmitOptions {
    SigningOptions signing;
    std::string file;
    std::string tag;
    std::string admin;
    std::string token_file;
};

struct TaskOptions {
    NodeOptions node;
    std::string id;
};

Fallible<std::string> read_text(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) {
        return std::unexpected(Failure("cannot read " + file + "; check the path"));
    }
    return text;
}

/// The operator's port of the node that keeps the key: of the options, or of the devnet here.
Fallible<RpcClient> admin_of(const SubmitOptions& options) {
    if (!options.admin.empty()) {
        POLIS_TRY(const HttpAddress address, parse_http_address(options.admin));
        POLIS_TRY(std::string token, read_text(options.token_file));
        token.erase(token.find_last_not_of("\n\r ") + 1);
        return RpcClient(address, {.token = token, .timeout = kAdminPatience});
    }
    const auto devnet = devnet::find();
    if (!devnet) {
        return wrong_usage(
            "there is no devnet here; name the operator's port of your node with --admin and "
            "--token-file: it keeps the key of the test set");
    }
    POLIS_TRY(const devnet::Node node, devnet::any_running(*devnet));
    return devnet::admin_client(*devnet, node);
}

/// The state of a task as the node tells it. @error the node knows none
Fallible<Json> task_of(RpcClient& client, const std::string& id) {
    POLIS_TRY(Json task, ask(client, "task_get", {{"task", id}}));
    if (task.is_null()) {
        return std::unexpected(
            Failure(fmt::format("the node at {} knows no task {}", client.address().text(), id)));
    }
    return task;
}

/// Follows a task until it is closed. @return its leaderboard
Fallible<Json> follow(RpcClient& client, const std::string& id, milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string said;
    while (std::chrono::steady_clock::now() < deadline) {
        POLIS_TRY(const Json task, task_of(client, id));
        std::string now = task.value("state", "");
        if (now == "open") {
            POLIS_TRY(const Json round, ask(client, "task_round"));
            if (round.is_object() && round.value("task", "") == id) {
                now = fmt::format(
                    "round {} {}, {} trainers",
                    round.value("number", 0),
                    round.value("phase", ""),
                    round["entries"].size());
            }
        }
        if (now != said) {
            say_progress(now);
            said = now;
        }
        if (now == "settled") {
            return ask(client, "task_leaderboard", {{"task", id}});
        }
        if (now == "cancelled" || now == "expired" || now == "displaced") {
            return std::unexpected(Failure("the task was " + now + " and its coins returned"));
        }
        std::this_thread::sleep_for(kLookPause);
    }
    return timed_out("the task is not settled yet; go on with: polis task leaderboard " + id);
}

/// Blobs spread and the task's turn comes before its windows begin.
milliseconds patience_of(const SubmitOptions& options, const learning::TaskFile& file) {
    if (options.signing.timeout_s > 0) {
        return std::chrono::seconds(options.signing.timeout_s);
    }
    return milliseconds(file.window_ms + file.reveal_ms + file.scoring_ms) + kTurnPatience;
}

Outcome submit(const SubmitOptions& options) {
    POLIS_TRY(const std::string text, read_text(options.file));
    POLIS_TRY(const learning::TaskFile file, learning::parse_task_file(text, options.file));
    POLIS_TRY(
        const crypto::SigningKey key, signing_key(options.signing.from, options.signing.keys));
    POLIS_TRY(RpcClient client, connect(options.signing.node));
    POLIS_TRY(RpcClient admin, admin_of(options));
    POLIS_TRY(
        const learning::Offered offered,
        learning::offer(
            {client, admin, key},
            file,
            options.tag.empty() ? file.name : options.tag,
            say_progress));
    const milliseconds patience = patience_of(options, file);
    POLIS_TRY(const Executed done, wait_success(client, offered.sent.id, patience, say_progress));
    Json answer = {
        {"task", offered.task},
        {"txn", to_hex_prefixed(offered.sent.id.view())},
        {"height", done.height.value},
        {"trainingSamples", offered.training_samples},
        {"testSamples", offered.test_samples}};
    if (options.signing.wait) {
        POLIS_TRY(answer["result"], follow(client, offered.task, patience));
        return print_answer(
            options.signing.node.json ? answer : answer["result"], options.signing.node.json);
    }
    return print_answer(answer, options.signing.node.json);
}

Outcome list(const NodeOptions& options) {
    POLIS_TRY(RpcClient client, connect(options));
    POLIS_TRY(const Json answer, ask(client, "task_list"));
    return print_answer(answer, options.json);
}

Outcome show(const TaskOptions& options) {
    POLIS_TRY(RpcClient client, connect(options.node));
    POLIS_TRY(const Json task, task_of(client, options.id));
    return print_answer(task, options.node.json);
}

Outcome leaderboard(const TaskOptions& options) {
    POLIS_TRY(RpcClient client, connect(options.node));
    POLIS_TRY_VOID(task_of(client, options.id));
    POLIS_TRY(const Json result, ask(client, "task_leaderboard", {{"task", options.id}}));
    if (result.is_null()) {
        return std::unexpected(
            Failure("the task is not settled yet: polis task show " + options.id));
    }
    return print_answer(result, options.node.json);
}

struct CancelOptions {
    SigningOptions signing;
    std::string id;
};

void add_submit(Program& program, CLI::App& group) {
    const auto options = std::make_shared<SubmitOptions>();
    CLI::App& command = *group.add_subcommand("submit", "Offer a learning task to the validators");
    command.add_option("FILE", options->file, "task.toml")->required();
    command.add_option("--tag", options->tag, "Your own name for it; the same again is refused");
    command.add_option("--admin", options->admin, "Operator's port of the node that keeps the key");
    command.add_option("--token-file", options->token_file, "The operator's token, with --admin");
    options->signing.timeout_s = 0;
    add_signing_options(command, options->signing);
    command.get_option("--wait")->description("Until its round is settled");
    command.get_option("--timeout")->default_str("as long as its windows, and two minutes");
    program.on(command, [options] { return submit(*options); });
}

void add_one(
    Program& program,
    CLI::App& group,
    std::pair<const char*, const char*> help,
    Outcome (*run)(const TaskOptions&)) {
    const auto options = std::make_shared<TaskOptions>();
    CLI::App& command = *group.add_subcommand(help.first, help.second);
    command.add_option("ID", options->id, "The task's id")
        ->required()
        ->check(CLI::Validator(check_hash, ""));
    add_node_options(command, options->node);
    program.on(command, [options, run] { return run(*options); });
}

}  // namespace

void add_task_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("task", "Learning tasks and their rounds");
    group.require_subcommand(1);
    add_submit(program, group);

    const auto listed = std::make_shared<NodeOptions>();
    CLI::App& list_command = *group.add_subcommand("list", "The tasks that the chain knows");
    add_node_options(list_command, *listed);
    program.on(list_command, [listed] { return list(*listed); });

    add_one(program, group, {"show", "A task and where it stands"}, show);
    add_one(program, group, {"leaderboard", "How a task's round ended"}, leaderboard);

    add_task_look_commands(program, group);

    const auto cancelled = std::make_shared<CancelOptions>();
    CLI::App& cancel_command =
        *group.add_subcommand("cancel", "Take a task back before a round opens for it");
    cancel_command.add_option("ID", cancelled->id, "The task's id")
        ->required()
        ->check(CLI::Validator(check_hash, ""));
    add_signing_options(cancel_command, cancelled->signing);
    program.on(cancel_command, [cancelled] {
        return send_and_report(
            cancelled->signing, ledger::CancelTask{*fixed_from_hex<Hash>(cancelled->id)});
    });
}

}  // namespace polis::tools
