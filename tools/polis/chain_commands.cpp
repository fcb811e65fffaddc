#include <memory>
#include <string>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <core/integer.hpp>
#include <core/types.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/node_access.hpp>

namespace polis::tools {

namespace {

struct BlockOptions {
    NodeOptions node;
    std::string block = "finalized";
    bool full = false;
};

std::string check_block(const std::string& text) {
    const bool fine = text == "finalized" || parse_u64(text) || fixed_from_hex<Hash>(text);
    return fine ? std::string{} : "'" + text + "' is no block: write a height, a hash or finalized";
}

/// A height is a number for the node, a hash has its prefix.
Json block_name(const std::string& text) {
    if (const auto height = parse_u64(text)) {
        return *height;
    }
    const auto hash = fixed_from_hex<Hash>(text);
    return hash ? to_hex_prefixed(hash->view()) : text;
}

Outcome head(const NodeOptions& options) {
    POLIS_TRY(RpcClient client, connect(options));
    POLIS_TRY(const Json answer, ask(client, "chain_head"));
    return print_answer(answer, options.json);
}

Outcome block(const BlockOptions& options) {
    POLIS_TRY(RpcClient client, connect(options.node));
    POLIS_TRY(
        const Json answer,
        ask(client,
            "chain_getBlock",
            {{"block", block_name(options.block)}, {"full", options.full}}));
    if (answer.is_null()) {
        return std::unexpected(Failure(fmt::format(
            "the node at {} has no block {}; its head: polis chain head",
            client.address().text(),
            options.block)));
    }
    return print_answer(answer, options.node.json);
}

}  // namespace

void add_chain_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("chain", "Blocks of a running node");
    group.require_subcommand(1);

    const auto node = std::make_shared<NodeOptions>();
    CLI::App& head_command = *group.add_subcommand("head", "The newest block");
    add_node_options(head_command, *node);
    program.on(head_command, [node] { return head(*node); });

    const auto options = std::make_shared<BlockOptions>();
    CLI::App& block_command = *group.add_subcommand("block", "A block with its transactions");
    block_command.add_option("BLOCK", options->block, "A height, a hash, or finalized")
        ->check(CLI::Validator(check_block, ""))
        ->capture_default_str();
    block_command.add_flag("--full", options->full, "Whole transactions, not only their ids");
    add_node_options(block_command, options->node);
    program.on(block_command, [options] { return block(*options); });
}

}  // namespace polis::tools
