#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <node/app/app.hpp>
#include <node/app/restore_stage.hpp>
#include <node/cli/command.hpp>
#include <node/runtime/ending.hpp>

namespace polis::node {

namespace {

struct RunOptions : HomeOptions {
    bool ends_with_parent = false;
};

/// One line for the program that started this one; everything else goes to standard error.
void print_ready(const App& app) {
    const App::Addresses& at = app.addresses();
    const nlohmann::ordered_json line{
        {"event", "ready"},
        {"p2p", at.p2p},
        {"rpc", at.rpc},
        {"admin", at.admin},
        {"id", app.node_id()},
        {"pid", ::getpid()}};
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
}

Outcome run(const RunOptions& options) {
    if (options.ends_with_parent) {
        POLIS_TRY_VOID(exit_with_parent());
    }
    Ending ending;
    POLIS_TRY(NodeConfig config, load_config(options));
    App::Setup setup{
        .home = {options.home},
        .config = std::move(config),
        .version = POLIS_VERSION,
        .ending = &ending};
    if (begins_with_snapshot(setup)) {
        POLIS_TRY_VOID(restore_from_peers(setup));
        if (ending.due()) {
            return kExitOk;
        }
    }
    POLIS_TRY(const std::unique_ptr<App> app, App::open(std::move(setup)));
    POLIS_TRY_VOID(app->start());
    print_ready(*app);
    ending.wait();
    app->stop();
    if (ending.exit_code() != kExitOk) {
        return std::unexpected(ending.why());
    }
    return kExitOk;
}

}  // namespace

void add_run_command(Program& program) {
    const auto options = std::make_shared<RunOptions>();
    CLI::App& command = *program.app.add_subcommand("run", "Run the node of a home");
    add_home(command, *options);
    command.add_flag(
        "--exit-with-parent", options->ends_with_parent, "End when the starting process ends");
    add_config_flags(command, *options);
    program.on(command, [options] { return run(*options); });
}

}  // namespace polis::node
