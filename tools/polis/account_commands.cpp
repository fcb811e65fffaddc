#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <node/home/key_file.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

namespace fs = std::filesystem;

struct AccountOptions {
    std::string name;
    std::string keys;
    NodeOptions node;
};

Outcome create(const AccountOptions& options) {
    POLIS_TRY(const std::string directory, keys_directory(options.keys));
    POLIS_TRY(const std::string file, key_path(directory, options.name));
    std::error_code failed;
    fs::create_directories(directory, failed);
    fs::permissions(directory, fs::perms::owner_all, failed);
    if (failed) {
        return std::unexpected(Failure(
            fmt::format("cannot make {}: {}; choose another --keys", directory, failed.message())));
    }
    const crypto::Seed seed = crypto::Seed::generate();
    POLIS_TRY_VOID(node::write_key_file(file, seed));
    const crypto::SigningKey key(seed);
    Report report;
    report.text("name", options.name);
    report.address("address", crypto::address_of(key.public_key()));
    report.text("file", file);
    report.note("note", "whoever reads the file owns the coins: keep a copy and show it to nobody");
    return print(report, options.node.json);
}

Report row_of(const std::string& name, const crypto::SigningKey& key) {
    Report row;
    row.text("name", name);
    row.address("address", crypto::address_of(key.public_key()));
    return row;
}

Outcome list(const AccountOptions& options) {
    POLIS_TRY(const std::string directory, keys_directory(options.keys));
    std::vector<fs::path> files;
    std::error_code failed;
    for (fs::directory_iterator entry(directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        if (entry->path().extension() == ".key") {
            files.push_back(entry->path());
        }
    }
    std::ranges::sort(files);
    std::vector<Report> rows;
    for (const fs::path& file : files) {
        POLIS_TRY(const crypto::Seed seed, node::read_key_file(file));
        rows.push_back(row_of(file.stem().string(), crypto::SigningKey(seed)));
    }
    if (const auto found = devnet::find()) {
        for (std::size_t i = 0; i < found->manifest.accounts; ++i) {
            rows.push_back(row_of(
                fmt::format("dev:{}", i), genesis::dev_account_key(found->manifest.seed, i)));
        }
    }
    Report report;
    report.text("directory", directory);
    report.list("accounts", std::move(rows));
    return print(report, options.node.json);
}

Outcome show(const AccountOptions& options) {
    POLIS_TRY(const Address address, resolve_address(options.name, options.keys));
    POLIS_TRY(RpcClient client, connect(options.node));
    POLIS_TRY(
        const Json answer, ask(client, "account_get", {{"address", crypto::to_text(address)}}));
    return print_answer(answer, options.node.json);
}

}  // namespace

void add_account_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("account", "Your keys and what they own");
    group.require_subcommand(1);
    const auto add = [&](const char* name, const char* help) {
        auto options = std::make_shared<AccountOptions>();
        CLI::App& command = *group.add_subcommand(name, help);
        add_keys_option(command, options->keys);
        return std::pair(&command, options);
    };
    {
        const auto [command, options] = add("new", "Make a key in your directory of keys");
        command->add_option("NAME", options->name, "For you")->required();
        command->add_flag("--json", options->node.json, "Answer in JSON");
        program.on(*command, [chosen = options] { return create(*chosen); });
    }
    {
        const auto [command, options] = add("list", "Your keys, and the accounts of the devnet");
        command->add_flag("--json", options->node.json, "Answer in JSON");
        program.on(*command, [chosen = options] { return list(*chosen); });
    }
    {
        const auto [command, options] = add("show", "Balance and nonce of an account");
        command->add_option("ACCOUNT", options->name, "An address, a key's name, or dev:0")
            ->required();
        add_node_options(*command, options->node);
        program.on(*command, [chosen = options] { return show(*chosen); });
    }
}

}  // namespace polis::tools
