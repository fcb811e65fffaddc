#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <core/crypto/address.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/hex.hpp>
#include <genesis/dev_keys.hpp>
#include <node/home/key_file.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct KeyOptions {
    std::string seed;
    std::string file;
    bool json = false;
};

struct DevOptions {
    std::string seed{genesis::kDevSeed};
    std::uint64_t count = 10;
    bool json = false;
};

Report describe_key(const crypto::Seed& seed) {
    const crypto::SigningKey key(seed);
    Report report;
    report.address("address", crypto::address_of(key.public_key()));
    report.bytes("public_key", key.public_key().view());
    return report;
}

Outcome create(const KeyOptions& options) {
    crypto::Seed seed = crypto::Seed::generate();
    if (!options.seed.empty()) {
        POLIS_TRY(seed, node::parse_seed(options.seed));
    }
    POLIS_TRY_VOID(node::write_key_file(options.file, seed));
    Report report = describe_key(seed);
    report.text("file", options.file);
    report.note("note", "whoever reads the file owns the coins: keep a copy and show it to nobody");
    return print(report, options.json);
}

Outcome show(const KeyOptions& options) {
    POLIS_TRY(
        const crypto::Seed seed,
        options.file.empty() ? node::parse_seed(options.seed) : node::read_key_file(options.file));
    return print(describe_key(seed), options.json);
}

Report dev_row(const DevOptions& options, std::uint64_t index) {
    const std::string name = "account " + std::to_string(index);
    const crypto::Seed seed = genesis::dev_seed(options.seed, name);
    const crypto::SigningKey key(seed);
    Report row;
    row.text("name", name);
    row.address("address", crypto::address_of(key.public_key()));
    row.bytes("seed", seed.view());
    row.json("public_key", Report::Json(to_hex_prefixed(key.public_key().view())));
    return row;
}

Outcome list_dev_keys(const DevOptions& options) {
    std::vector<Report> rows;
    rows.reserve(options.count);
    for (std::uint64_t i = 0; i < options.count; ++i) {
        rows.push_back(dev_row(options, i));
    }
    Report report;
    report.text("warning", "public key material: anybody can compute these keys");
    report.text("seed", options.seed);
    report.list("keys", std::move(rows));
    return print(report, options.json);
}

}  // namespace

void add_keys_commands(Program& program) {
    CLI::App& keys = *program.app.add_subcommand("keys", "Make and show keys");
    keys.require_subcommand(1);

    const auto made = std::make_shared<KeyOptions>();
    CLI::App& create_command =
        *keys.add_subcommand("new", "Make a key file that only you can read");
    create_command.add_option("--file", made->file, "Where to write it; must not exist")
        ->required();
    create_command.add_option("--seed", made->seed, "Use these 64 hex digits, not fresh ones");
    create_command.add_flag("--json", made->json, "Answer in JSON");
    program.on(create_command, [made] { return create(*made); });

    const auto shown = std::make_shared<KeyOptions>();
    CLI::App& show_command = *keys.add_subcommand("show", "Show the address of a key");
    CLI::Option_group& source = *show_command.add_option_group("source");
    source.add_option("--file", shown->file, "A key file");
    source.add_option("--seed", shown->seed, "64 hex digits; other users may see them in ps");
    source.require_option(1);
    show_command.add_flag("--json", shown->json, "Answer in JSON");
    program.on(show_command, [shown] { return show(*shown); });

    const auto dev = std::make_shared<DevOptions>();
    CLI::App& dev_command = *keys.add_subcommand("dev", "List the public keys of a devnet");
    dev_command.add_option("--seed", dev->seed, "Public seed")->capture_default_str();
    dev_command.add_option("--count", dev->count, "Accounts")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    dev_command.add_flag("--json", dev->json, "Answer in JSON");
    program.on(dev_command, [dev] { return list_dev_keys(*dev); });
}

}  // namespace polis::tools
