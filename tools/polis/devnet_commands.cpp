#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <node/home/home.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/members.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/devnet_options.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAccountsShown = 10;

struct UpCommand {
    DevnetOptions common;
    devnet::ManifestFlags flags;
    std::string polisd;
    std::string wait = "ready";
    std::uint64_t timeout_s = 60;
    bool ephemeral = false;
    std::string version;
    std::string program;
};

std::vector<Report> node_rows(const devnet::Devnet& devnet) {
    std::vector<Report> rows;
    for (const devnet::Node& node : devnet.nodes) {
        Report row;
        row.number("node", node.index);
        row.text("rpc", "http://" + devnet::rpc_address(node).text());
        row.text("admin", fmt::format("http://127.0.0.1:{}", node.admin_port));
        row.text("p2p", fmt::format("127.0.0.1:{}", node.p2p_port));
        row.number("pid", static_cast<std::uint64_t>(node.process.pid));
        row.json("id", Report::Json(node.id));
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Report> account_rows(const devnet::Devnet& devnet) {
    std::vector<Report> rows;
    for (std::size_t i = 0; i < std::min(kAccountsShown, devnet.manifest.accounts); ++i) {
        const auto key = genesis::dev_account_key(devnet.manifest.seed, i);
        Report row;
        row.text("name", fmt::format("dev:{}", i));
        row.address("address", crypto::address_of(key.public_key()));
        rows.push_back(std::move(row));
    }
    return rows;
}

Report describe(const devnet::Devnet& devnet, const UpCommand& command, std::uint64_t took_ms) {
    Report report;
    report.text("home", devnet.home.string());
    report.text("election", devnet.manifest.election);
    report.number("took_ms", took_ms);
    report.text(
        "warning",
        "public key material: anybody can compute the keys of these accounts and validators");
    report.note("look", command.program + " devnet status");
    report.note("send", command.program + " tx send --from dev:0 --to dev:1 --amount 1.5 --wait");
    report.list("nodes", node_rows(devnet));
    report.list("accounts", account_rows(devnet));
    return report;
}

/// Until Ctrl-C or a kind kill.
void wait_for_the_end_of_the_command() {
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    int caught = 0;
    sigwait(&signals, &caught);
}

Outcome up(const UpCommand& command) {
    const auto begin = std::chrono::steady_clock::now();
    devnet::UpOptions options;
    options.home = devnet::home_of(command.common.home);
    if (command.ephemeral) {
        POLIS_TRY(options.home, node::fresh_directory("devnet"));
    }
    options.flags = command.flags;
    options.polisd = command.polisd;
    options.version = command.version;
    options.wait = *devnet::parse_wait(command.wait);
    options.wait.timeout = std::chrono::seconds(command.timeout_s);
    options.detached = !command.ephemeral;
    auto made = devnet::up(options, say_progress);
    std::error_code ignored;
    if (!made) {
        if (command.ephemeral) {
            fs::remove_all(options.home, ignored);
        }
        return std::unexpected(made.error());
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    POLIS_TRY_VOID(print(
        describe(*made, command, static_cast<std::uint64_t>(took.count())), command.common.json));
    if (command.ephemeral) {
        say_progress("Ctrl-C ends the devnet and removes it");
        wait_for_the_end_of_the_command();
        POLIS_TRY_VOID(devnet::down(*made, {}, say_progress));
        fs::remove_all(options.home, ignored);
    }
    return {};
}

Outcome down(const DevnetOptions& options) {
    POLIS_TRY(LockedDevnet held, lock_devnet(options));
    POLIS_TRY(const std::size_t ended, devnet::down(held.devnet, {}, say_progress));
    Report report;
    report.number("ended", ended);
    report.text("home", held.devnet.home.string());
    report.note("note", "the chain stays: `polis devnet up` goes on at the same height");
    return print(report, options.json);
}

std::string check_wait(const std::string& text) {
    return devnet::parse_wait(text) ? std::string{} : "'" + text + "': write ready or finalized:3";
}

void add_manifest_flags(CLI::App& command, devnet::ManifestFlags& flags) {
    command.add_option("--nodes", flags.nodes, "Validators [4]")
        ->check(CLI::Range(std::size_t{1}, devnet::kNodesMax));
    command.add_option("--election", flags.election, "dpos, pole or poc [dpos]")
        ->check(CLI::IsMember({"dpos", "pole", "poc"}));
    command.add_option("--seed", flags.seed, "Public seed of all keys [polis-devnet]");
    command.add_option("--accounts", flags.accounts, "Funded accounts [10]")
        ->check(CLI::Range(std::size_t{0}, devnet::kAccountsMax));
    command.add_option("--block-interval", flags.block_interval_ms, "Of idle blocks, in ms [500]")
        ->check(CLI::Range(devnet::kBlockIntervalMsMin, devnet::kBlockIntervalMsMax));
    command
        .add_option(
            "--base-port", flags.base_port, "First port of node 0 [26600, or the next free block]")
        ->check(CLI::Range(int{devnet::kBasePortMin}, 65'000));
}

void add_up(Program& program, CLI::App& group) {
    const auto options = std::make_shared<UpCommand>();
    CLI::App& command = *group.add_subcommand("up", "Make a devnet, or start what does not run");
    add_devnet_options(command, options->common);
    add_manifest_flags(command, options->flags);
    command.add_option("--wait", options->wait, "Until when: ready, or finalized:HEIGHT")
        ->check(CLI::Validator(check_wait, ""))
        ->capture_default_str();
    command.add_option("--timeout", options->timeout_s, "Seconds for --wait")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    command.add_flag("--ephemeral", options->ephemeral, "Here until Ctrl-C, then gone");
    command.add_option("--polisd", options->polisd, "The node program; default: beside this one");
    options->version = program.version;
    options->program = program.invoked_as;
    program.on(command, [options] { return up(*options); });
}

struct AddNodeCommand {
    DevnetOptions common;
    devnet::AddOptions add;
    std::uint64_t timeout_s = 60;
};

Outcome add_node(AddNodeCommand& options) {
    POLIS_TRY(LockedDevnet held, lock_devnet(options.common));
    options.add.wait.timeout = std::chrono::seconds(options.timeout_s);
    POLIS_TRY(const std::size_t index, devnet::add_node(held.devnet, options.add, say_progress));
    const devnet::Node& node = held.devnet.nodes.back();
    Report report;
    report.number("node", index);
    report.flag("validator", options.add.validator);
    report.text("rpc", "http://" + devnet::rpc_address(node).text());
    if (options.add.validator) {
        report.note("note", "it votes from the term after the next one on");
    }
    return print(report, options.common.json);
}

void add_members(Program& program, CLI::App& group) {
    const auto added = std::make_shared<AddNodeCommand>();
    CLI::App& add_command = *group.add_subcommand("add-node", "One more node, which syncs");
    add_devnet_options(add_command, added->common);
    add_command.add_flag("--validator", added->add.validator, "Register it, with stake");
    add_command.add_flag(
        "--from-snapshot", added->add.from_snapshot, "Begin with a copy of the state, not block 1");
    add_command.add_option("--timeout", added->timeout_s, "Seconds to catch up")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    added->add.version = program.version;
    program.on(add_command, [added] { return add_node(*added); });

    const auto removed = std::make_shared<std::pair<DevnetOptions, std::size_t>>();
    CLI::App& remove_command =
        *group.add_subcommand("rm-node", "End a node that was added, and remove its home");
    add_devnet_options(remove_command, removed->first);
    remove_command.add_option("NODE", removed->second, "Its number")->required();
    program.on(remove_command, [removed]() -> Outcome {
        POLIS_TRY(LockedDevnet held, lock_devnet(removed->first));
        POLIS_TRY_VOID(devnet::remove_node(held.devnet, removed->second, say_progress));
        Report report;
        report.number("removed", removed->second);
        return print(report, removed->first.json);
    });
}

}  // namespace

void add_devnet_options(CLI::App& command, DevnetOptions& options) {
    command.add_option("--home", options.home, "Directory of the devnet; default: ./devnet")
        ->envname("POLIS_DEVNET");
    command.add_flag("--json", options.json, "Answer in JSON");
}

Fallible<devnet::Devnet> load_devnet(const DevnetOptions& options) {
    return devnet::load(devnet::home_of(options.home));
}

Fallible<LockedDevnet> lock_devnet(const DevnetOptions& options) {
    POLIS_TRY_VOID(load_devnet(options));
    POLIS_TRY(FileDescriptor held, devnet::lock(devnet::home_of(options.home)));
    POLIS_TRY(devnet::Devnet devnet, load_devnet(options));
    return LockedDevnet{std::move(devnet), std::move(held)};
}

void add_devnet_commands(Program& program) {
    CLI::App& group =
        *program.app.add_subcommand("devnet", "A network of real nodes on this machine");
    group.require_subcommand(1);
    add_up(program, group);

    const auto options = std::make_shared<DevnetOptions>();
    CLI::App& down_command = *group.add_subcommand("down", "End all nodes; the chain stays");
    add_devnet_options(down_command, *options);
    program.on(down_command, [options] { return down(*options); });

    add_devnet_load_command(program, group);
    add_devnet_look_commands(program, group);
    add_members(program, group);
    add_devnet_fault_commands(program, group);
    add_devnet_keep_commands(program, group);
}

}  // namespace polis::tools
