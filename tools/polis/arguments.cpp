#include <tools/polis/arguments.hpp>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>

namespace polis::tools {

void add_home(CLI::App& command, HomeOptions& options) {
    command.add_option("--home", options.home, "Directory of the chain")
        ->required()
        ->envname("POLIS_HOME");
    command.add_flag("--json", options.json, "Answer in JSON");
}

std::string check_address(const std::string& text) {
    const auto address = crypto::parse_address(text);
    return address
               ? std::string{}
               : "'" + text + "' is no address: " + std::string(crypto::to_string(address.error()));
}

std::string check_hash(const std::string& text) {
    return fixed_from_hex<Hash>(text) ? std::string{}
                                      : "'" + text + "' is no hash: write 64 hexadecimal digits";
}

std::string check_height(const std::string& text) {
    return text == "head" || parse_u64(text)
               ? std::string{}
               : "'" + text + "' is no height: write a number or head";
}

}  // namespace polis::tools
