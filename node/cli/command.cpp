#include <node/cli/command.hpp>

#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <node/config/key_table.hpp>
#include <node/home/identity.hpp>

namespace polis::node {

namespace {

std::vector<std::string> environment() {
    std::vector<std::string> out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        out.emplace_back(*entry);
    }
    return out;
}

}  // namespace

void add_home(CLI::App& command, HomeOptions& options) {
    command.add_option("--home", options.home, "Directory of the node")
        ->required()
        ->envname("POLIS_HOME");
}

void add_config_flags(CLI::App& command, HomeOptions& options) {
    for (const ConfigKey& key : config_keys()) {
        command
            .add_option_function<std::string>(
                "--" + key.path(),
                [path = key.path(), &options](const std::string& value) {
                    options.values.emplace_back(path, value);
                },
                std::string(key.help))
            ->expected(0, 1)  // --rpc.listen= says nowhere
            ->group("Configuration (over config.toml and the environment)")
            ->type_name(std::holds_alternative<NumberField>(key.field) ? "NUMBER" : "TEXT");
    }
}

Result<NodeConfig, std::string> load_config(const HomeOptions& options) {
    NodeConfig config;
    const std::filesystem::path file = HomeLayout{options.home}.config();
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) {
        std::ifstream in(file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        if (!in) {
            return std::unexpected(
                "cannot read " + file.string() + "; check its owner and permissions");
        }
        POLIS_TRY_VOID(apply_toml(config, text, file.string()));
    }
    POLIS_TRY_VOID(apply_environment(config, environment()));
    for (const auto& [key, value] : options.values) {
        POLIS_TRY_VOID(apply_value(config, key, value));
    }
    POLIS_TRY_VOID(check_config(config));
    return config;
}

}  // namespace polis::node
