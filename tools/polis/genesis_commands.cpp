#include <memory>
#include <string>
#include <vector>

#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <node/home/home.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct FileOptions {
    std::string file;
    std::string home;
    std::string program;  ///< as it was called
    bool json = false;
};

Outcome failed(const genesis::PresetError& error) { return std::unexpected(describe(error)); }

Report describe_genesis(const genesis::GenesisPreset& preset, const genesis::Genesis& genesis) {
    Report report;
    if (!preset.name.empty()) {
        report.text("name", preset.name);
    }
    report.number("chain_id", preset.params.chain_id.value);
    report.time("time", preset.time);
    report.text("election", to_string(preset.params.election));
    report.number("accounts", preset.accounts.size());
    report.number("validators", preset.validators.size());
    report.number("committee", genesis.committee.size());
    report.amount("supply", genesis.supply);
    report.bytes("state_root", genesis.state_root.view());
    report.bytes("genesis_hash", genesis.hash.view());
    return report;
}

Outcome check(const FileOptions& options) {
    const auto text = genesis::read_preset(options.file);
    if (!text) {
        return failed(text.error());
    }
    const auto preset = genesis::parse_preset(*text, options.file);
    if (!preset) {
        return failed(preset.error());
    }
    const auto genesis = genesis::build(*preset, *text);
    if (!genesis) {
        return failed(genesis.error());
    }
    return print(describe_genesis(*preset, *genesis), options.json);
}

Outcome build(const FileOptions& options) {
    const auto text = genesis::read_preset(options.file);
    if (!text) {
        return failed(text.error());
    }
    POLIS_TRY(const auto chain, node::create_home(options.home, *text, options.file));
    Report report;
    report.text("home", options.home);
    report.number("chain_id", chain->params().chain_id.value);
    report.bytes("genesis_hash", chain->genesis().view());
    report.bytes("block", chain->head().block.view());
    report.bytes("state_root", chain->head().state_root.view());
    report.note("next", options.program + " ledger info --home " + options.home);
    return print(report, options.json);
}

void add_check(Program& program, CLI::App& group) {
    const auto options = std::make_shared<FileOptions>();
    CLI::App& command = *group.add_subcommand("check", "Say what is wrong with a preset, if so");
    command.add_option("FILE", options->file, "Preset in TOML")->required();
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options] { return check(*options); });
}

void add_build(Program& program, CLI::App& group) {
    const auto options = std::make_shared<FileOptions>();
    CLI::App& command = *group.add_subcommand("build", "Create a chain with block 0 from a preset");
    command.add_option("FILE", options->file, "Preset in TOML")->required();
    command.add_option("--home", options->home, "Directory of the new chain")
        ->required()
        ->envname("POLIS_HOME");
    command.add_flag("--json", options->json, "Answer in JSON");
    options->program = program.invoked_as;
    program.on(command, [options] { return build(*options); });
}

void add_devnet(Program& program, CLI::App& group) {
    const auto options = std::make_shared<genesis::DevnetOptions>();
    CLI::App& command = *group.add_subcommand("devnet", "Print a preset with public keys");
    command.add_option("--validators", options->validators, "Number of validators")
        ->check(CLI::Range(1, 1'024))
        ->capture_default_str();
    command.add_option("--accounts", options->accounts, "Number of funded accounts")
        ->check(CLI::Range(0, 100'000))
        ->capture_default_str();
    command.add_option("--seed", options->seed, "Public seed of all keys")->capture_default_str();
    command.add_option("--name", options->name, "For people")->capture_default_str();
    command.add_option("--chain-id", options->chain_id.value, "Number of the chain")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{INT64_MAX}))
        ->capture_default_str();
    const auto election = std::make_shared<std::string>("dpos");
    command.add_option("--election", *election, "dpos, pole or poc")
        ->check(CLI::IsMember({"dpos", "pole", "poc"}))
        ->capture_default_str();
    program.on(command, [options, election] {
        options->election = *genesis::parse_election(*election);
        return print(genesis::devnet_toml(*options));
    });
}

}  // namespace

void add_genesis_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("genesis", "Begin a chain");
    group.require_subcommand(1);
    add_check(program, group);
    add_build(program, group);
    add_devnet(program, group);
}

}  // namespace polis::tools
