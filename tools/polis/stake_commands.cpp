#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/crypto/ecvrf.hpp>
#include <genesis/decimal.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/payload.hpp>
#include <ledger/validation.hpp>
#include <node/home/key_file.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/node_access.hpp>

namespace polis::tools {

namespace {

constexpr std::uint64_t kHundredPercent = 10'000;

struct StakeOptions {
    SigningOptions signing;
    std::string validator;
    std::string amount;
    std::uint64_t era = 0;
    std::string home;  ///< of the node whose keys are registered
    std::string commission = "10";
};

/// The validator that --validator names; the sender itself if it names none.
Fallible<Address> validator_of(const StakeOptions& options) {
    return resolve_address(
        options.validator.empty() ? options.signing.from : options.validator, options.signing.keys);
}

Outcome register_validator(const StakeOptions& options) {
    const auto commission = genesis::parse_decimal(options.commission, genesis::kPercentPlaces);
    if (!commission || *commission > kHundredPercent) {
        return wrong_usage(fmt::format(
            "--commission '{}' is no percentage; write one from 0 to 100, like 7.5",
            options.commission));
    }
    POLIS_TRY(
        const crypto::Seed consensus,
        node::read_key_file(options.home + "/validator/consensus.key"));
    POLIS_TRY(const crypto::Seed vrf, node::read_key_file(options.home + "/validator/vrf.key"));
    POLIS_TRY(const Address address, resolve_address(options.signing.from, options.signing.keys));
    POLIS_TRY(RpcClient client, connect(options.signing.node));
    POLIS_TRY(const SenderView view, sender_view(client, address));
    const crypto::SigningKey key(consensus);
    return send_and_report(
        options.signing,
        ledger::RegisterValidator{
            .consensus_key = key.public_key(),
            .vrf_key = crypto::VrfKey(vrf).public_key(),
            .commission_bps = static_cast<std::uint16_t>(*commission),
            .possession = key.sign(ledger::staking::possession_message(view.chain_id, address))});
}

Outcome delegate(const StakeOptions& options) {
    POLIS_TRY(const Amount amount, parse_amount(options.amount, "--amount"));
    POLIS_TRY(const Address validator, validator_of(options));
    return send_and_report(options.signing, ledger::Delegate{validator, amount});
}

Outcome unbond(const StakeOptions& options) {
    std::optional<Amount> amount;
    if (!options.amount.empty()) {
        POLIS_TRY(amount, parse_amount(options.amount, "--amount"));
    }
    POLIS_TRY(const Address validator, validator_of(options));
    return send_and_report(options.signing, ledger::Unbond{validator, amount});
}

Outcome withdraw(const StakeOptions& options) {
    POLIS_TRY(const Address validator, validator_of(options));
    return send_and_report(options.signing, ledger::Withdraw{validator, options.era});
}

Outcome unjail(const StakeOptions& options) {
    return send_and_report(options.signing, ledger::Unjail{});
}

Outcome show(const StakeOptions& options) {
    POLIS_TRY(const Address address, resolve_address(options.validator, options.signing.keys));
    POLIS_TRY(RpcClient client, connect(options.signing.node));
    const std::string text = crypto::to_text(address);
    POLIS_TRY(const Json account, ask(client, "account_get", {{"address", text}}));
    const auto validator = account.find("validator");
    if (validator == account.end() || validator->is_null()) {
        return std::unexpected(Failure(
            fmt::format("{} is no validator; who votes now: polis rpc consensus_committee", text)));
    }
    Json answer = {{"address", text}};
    answer["validator"] = *validator;
    return print_answer(answer, options.signing.node.json);
}

using Action = Outcome (*)(const StakeOptions& options);

struct Help {
    const char* name;
    const char* text;
};

std::pair<CLI::App*, std::shared_ptr<StakeOptions>> add_action(
    Program& program, CLI::App& group, const Help& help, Action action) {
    auto options = std::make_shared<StakeOptions>();
    CLI::App& command = *group.add_subcommand(help.name, help.text);
    add_signing_options(command, options->signing);
    program.on(command, [options, action] { return action(*options); });
    return {&command, options};
}

void add_validator(CLI::App& command, StakeOptions& options) {
    command.add_option("--validator", options.validator, "Whose stake; default: your own");
}

}  // namespace

void add_stake_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("stake", "Stand as a validator, vouch for one");
    group.require_subcommand(1);
    {
        const auto [command, options] = add_action(
            program, group, {"register", "Make yourself a validator"}, register_validator);
        command->add_option("--home", options->home, "Home of the node, which holds its keys")
            ->required();
        command->add_option("--commission", options->commission, "Your part of rewards, in percent")
            ->capture_default_str();
    }
    {
        const auto [command, options] =
            add_action(program, group, {"delegate", "Put coins behind a validator"}, delegate);
        add_validator(*command, *options);
        command->add_option("--amount", options->amount, "POLIS, like 1000.5")->required();
    }
    {
        const auto [command, options] =
            add_action(program, group, {"unbond", "Begin to take coins back"}, unbond);
        add_validator(*command, *options);
        command->add_option("--amount", options->amount, "POLIS; default: everything");
    }
    {
        const auto [command, options] =
            add_action(program, group, {"withdraw", "Collect what was unbonded"}, withdraw);
        add_validator(*command, *options);
        command->add_option("--era", options->era, "As unbond told")->required();
    }
    add_action(program, group, {"unjail", "Come back after a punishment"}, unjail);

    const auto options = std::make_shared<StakeOptions>();
    CLI::App& command = *group.add_subcommand("show", "What stands behind a validator");
    command.add_option("VALIDATOR", options->validator, "An address or a key's name")->required();
    add_keys_option(command, options->signing.keys);
    add_node_options(command, options->signing.node);
    program.on(command, [options] { return show(*options); });
}

}  // namespace polis::tools
