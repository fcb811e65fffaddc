#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <tools/client/rpc_params.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/devnet/members.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct RpcCommandOptions {
    NodeOptions node;
    std::string method;
    std::vector<std::string> params;
    std::string token_file;
    std::uint64_t timeout_s = 60;
};

bool needs_token(const std::string& method) {
    return method.starts_with("admin_") || method.starts_with("dev_");
}

/// Methods of operators live on a port of their own, which the devnet knows.
Fallible<RpcClient> client_for(const RpcCommandOptions& options) {
    const std::chrono::seconds timeout(options.timeout_s);
    if (!options.token_file.empty()) {
        POLIS_TRY(std::string token, devnet::read_file(options.token_file));
        token.erase(token.find_last_not_of(" \r\n") + 1);
        POLIS_TRY(const RpcClient plain, connect(options.node));
        return RpcClient(plain.address(), {.token = std::move(token), .timeout = timeout});
    }
    if (needs_token(options.method) && options.node.rpc.empty()) {
        if (const auto found = devnet::find()) {
            POLIS_TRY(const devnet::Node node, devnet::any_running(*found));
            return devnet::admin_client(*found, node);
        }
    }
    POLIS_TRY(const RpcClient plain, connect(options.node));
    return RpcClient(plain.address(), {.token = {}, .timeout = timeout});
}

Outcome call(const RpcCommandOptions& options) {
    POLIS_TRY(Json params, parse_params(options.params));
    POLIS_TRY(RpcClient client, client_for(options));
    POLIS_TRY(const Json answer, ask(client, options.method, std::move(params)));
    return print(answer.dump(2) + '\n');
}

}  // namespace

void add_rpc_command(Program& program) {
    const auto options = std::make_shared<RpcCommandOptions>();
    CLI::App& command =
        *program.app.add_subcommand("rpc", "Call any method of a node; answers in JSON");
    command.add_option("METHOD", options->method, "Like chain_head; all: polis rpc rpc.discover")
        ->required();
    command.add_option(
        "PARAMS", options->params, "JSON, or name=value for each parameter, or values in order");
    command.add_option("--token-file", options->token_file, "api.token, for admin and dev methods");
    command.add_option("--timeout", options->timeout_s, "Seconds")->capture_default_str();
    add_node_options(command, options->node);
    program.on(command, [options] { return call(*options); });
}

}  // namespace polis::tools
