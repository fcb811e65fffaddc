#include <tests/p2p/session/setups.hpp>

#include <array>
#include <map>
#include <memory>

namespace polis::p2p::testing {

crypto::Seed seed_of(std::uint8_t number) {
    // X25519 ignores the lowest bits of the first byte, so the others differ too.
    std::array<std::uint8_t, crypto::Seed::kSize> bytes{};
    bytes.fill(number);
    return crypto::Seed(bytes);
}

const crypto::SigningKey& identity_of(std::uint8_t number) {
    static std::map<std::uint8_t, std::unique_ptr<crypto::SigningKey>> keys;
    auto& key = keys[number];
    if (!key) {
        key = std::make_unique<crypto::SigningKey>(seed_of(number));
    }
    return *key;
}

Hello hello_of(std::uint8_t number) {
    Hello out;
    out.chain_id = ChainId{7};
    out.genesis.data.fill(0x67);
    out.listen_port = static_cast<std::uint16_t>(26'600 + number);
    out.nonce = 0x1000U + number;
    out.agent = "polisd/0.1.0";
    return out;
}

Session::Setup setup_of(Role role, std::uint8_t number) {
    return {
        .role = role,
        .identity = &identity_of(number),
        .hello = hello_of(number),
        .expected = std::nullopt,
        .static_seed = seed_of(static_cast<std::uint8_t>(100 + number)),
        .ephemeral_seed = seed_of(static_cast<std::uint8_t>(200 + number)),
        .limits = {}};
}

}  // namespace polis::p2p::testing
