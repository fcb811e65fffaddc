#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <genesis/decimal.hpp>
#include <tools/devnet/faults.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/devnet_options.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

constexpr int kPpmPlaces = 4;  ///< of a percentage: 2.5 % are 25,000 of a million
constexpr std::uint64_t kMillion = 1'000'000;

struct NodeOrder {
    DevnetOptions common;
    std::size_t node = 0;
    std::string version;
};

struct LinkOrder {
    DevnetOptions common;
    std::optional<std::size_t> node;
    std::optional<std::size_t> to;
    std::uint64_t value = 0;
    std::uint64_t jitter_ms = 0;
    std::string percent;
};

Outcome report_node(const NodeOrder& order, std::string_view what) {
    Report report;
    report.number("node", order.node);
    report.text("state", what);
    return print(report, order.common.json);
}

Outcome kill_node(const NodeOrder& order) {
    POLIS_TRY(LockedDevnet held, lock_devnet(order.common));
    POLIS_TRY_VOID(devnet::kill_node(held.devnet, order.node));
    return report_node(order, "killed");
}

Outcome pause_node(const NodeOrder& order) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(order.common));
    POLIS_TRY_VOID(devnet::pause_node(devnet, order.node, /*pause=*/true));
    return report_node(order, "paused");
}

Outcome resume_node(const NodeOrder& order) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(order.common));
    POLIS_TRY_VOID(devnet::pause_node(devnet, order.node, /*pause=*/false));
    return report_node(order, "running");
}

Outcome restart_node(const NodeOrder& order) {
    POLIS_TRY(LockedDevnet held, lock_devnet(order.common));
    POLIS_TRY(const std::size_t position, devnet::position_of(held.devnet, order.node));
    POLIS_TRY_VOID(devnet::down(held.devnet, {order.node}, say_progress));
    const devnet::Begin what{.positions = {position}, .version = order.version, .detached = true};
    POLIS_TRY_VOID(devnet::begin(held.devnet, what, say_progress));
    return report_node(order, "running");
}

using NodeAction = Outcome (*)(const NodeOrder& order);

struct NodeHelp {
    const char* name;
    const char* text;
    NodeAction action;
};

void add_node_order(Program& program, CLI::App& group, const NodeHelp& help) {
    const auto order = std::make_shared<NodeOrder>();
    CLI::App& command = *group.add_subcommand(help.name, help.text);
    add_devnet_options(command, order->common);
    command.add_option("NODE", order->node, "Its number")->required();
    order->version = program.version;
    program.on(command, [order, action = help.action] { return action(*order); });
}

Outcome change(const LinkOrder& order, const devnet::FaultChange& change) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(order.common));
    POLIS_TRY(
        const std::size_t links,
        devnet::change_faults(devnet, {.from = order.node, .to = order.to}, change));
    Report report;
    report.number("links", links);
    report.note("note", "undo it: polis devnet fault clear");
    return print(report, order.common.json);
}

Outcome latency(const LinkOrder& order) {
    devnet::FaultChange what;
    what.latency_ms = order.value;
    what.jitter_ms = order.jitter_ms;
    return change(order, what);
}

Outcome loss(const LinkOrder& order) {
    const auto ppm = genesis::parse_decimal(order.percent, kPpmPlaces);
    if (!ppm || *ppm > kMillion) {
        return wrong_usage(
            fmt::format("'{}' is no percentage; write one from 0 to 100, like 2.5", order.percent));
    }
    devnet::FaultChange what;
    what.loss_ppm = static_cast<std::uint32_t>(*ppm);
    return change(order, what);
}

Outcome bandwidth(const LinkOrder& order) {
    devnet::FaultChange what;
    what.bytes_per_s = order.value;
    return change(order, what);
}

using LinkAction = Outcome (*)(const LinkOrder& order);

std::pair<CLI::App*, std::shared_ptr<LinkOrder>> add_link_order(
    Program& program,
    CLI::App& group,
    const std::pair<const char*, const char*>& help,
    LinkAction action) {
    auto order = std::make_shared<LinkOrder>();
    CLI::App& command = *group.add_subcommand(help.first, help.second);
    add_devnet_options(command, order->common);
    command.add_option("--node", order->node, "What this node sends; default: all nodes");
    command.add_option("--to", order->to, "To this node; default: to all");
    program.on(command, [order, action] { return action(*order); });
    return {&command, order};
}

void add_links(Program& program, CLI::App& group) {
    {
        const auto [command, order] = add_link_order(
            program, group, {"latency", "Messages arrive later; 0 ends it"}, latency);
        command->add_option("MS", order->value, "Milliseconds")->required();
        command->add_option("--jitter", order->jitter_ms, "Up to so many more");
    }
    {
        const auto [command, order] =
            add_link_order(program, group, {"loss", "Messages are lost; 0 ends it"}, loss);
        command->add_option("PERCENT", order->percent, "Like 2.5")->required();
    }
    {
        const auto [command, order] =
            add_link_order(program, group, {"bandwidth", "Links are narrow; 0 ends it"}, bandwidth);
        command->add_option("RATE", order->value, "Bytes a second, also 100kB or 2MB")
            ->required()
            ->transform(CLI::AsSizeValue(/*kb_is_1000=*/true));
    }
}

struct PartitionOrder {
    DevnetOptions common;
    std::string groups;
};

Outcome partition(const PartitionOrder& order) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(order.common));
    POLIS_TRY(const auto groups, devnet::parse_groups(order.groups));
    POLIS_TRY(const std::size_t links, devnet::partition(devnet, groups));
    Report report;
    report.number("links_cut", links);
    report.note("note", "heal it: polis devnet fault clear; what it does: polis devnet status");
    return print(report, order.common.json);
}

Outcome clear(const DevnetOptions& options) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(options));
    POLIS_TRY_VOID(devnet::clear_faults(devnet));
    Report report;
    report.flag("cleared", true);
    return print(report, options.json);
}

Outcome list(const DevnetOptions& options) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(options));
    POLIS_TRY(const std::vector<devnet::Fault> faults, devnet::list_faults(devnet));
    std::vector<Report> rows;
    for (const devnet::Fault& fault : faults) {
        Report row;
        row.number("from", fault.from);
        row.number("to", fault.to);
        row.flag("cut", fault.what.cut);
        row.number("latency_ms", fault.what.latency_ms);
        row.number("jitter_ms", fault.what.jitter_ms);
        row.text("loss_percent", genesis::to_decimal_text(fault.what.loss_ppm, kPpmPlaces));
        row.number("bytes_per_s", fault.what.bytes_per_s);
        rows.push_back(std::move(row));
    }
    Report report;
    report.list("faults", std::move(rows));
    return print(report, options.json);
}

}  // namespace

void add_devnet_fault_commands(Program& program, CLI::App& devnet) {
    CLI::App& group = *devnet.add_subcommand("fault", "Make things go wrong, and right again");
    group.require_subcommand(1);
    add_node_order(program, group, {"kill", "kill -9: no chance to tidy up", kill_node});
    add_node_order(program, group, {"pause", "Freeze the process", pause_node});
    add_node_order(program, group, {"resume", "Let it go on", resume_node});
    add_node_order(program, group, {"restart", "End it if it runs, and start it", restart_node});
    add_links(program, group);

    const auto order = std::make_shared<PartitionOrder>();
    CLI::App& partition_command = *group.add_subcommand("partition", "Cut the network into groups");
    add_devnet_options(partition_command, order->common);
    partition_command
        .add_option(
            "GROUPS", order->groups, "Like 0,1/2,3; who is not named is alone with its like")
        ->required();
    program.on(partition_command, [order] { return partition(*order); });

    const auto cleared = std::make_shared<DevnetOptions>();
    CLI::App& clear_command = *group.add_subcommand("clear", "End all faults of links");
    add_devnet_options(clear_command, *cleared);
    program.on(clear_command, [cleared] { return clear(*cleared); });

    const auto listed = std::make_shared<DevnetOptions>();
    CLI::App& list_command = *group.add_subcommand("list", "The faults of links, as nodes tell");
    add_devnet_options(list_command, *listed);
    program.on(list_command, [listed] { return list(*listed); });
}

}  // namespace polis::tools
