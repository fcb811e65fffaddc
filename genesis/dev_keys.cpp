#include <genesis/dev_keys.hpp>

#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::genesis {

namespace {

crypto::Seed seed_of(std::string_view seed, std::string_view role, std::size_t index) {
    return dev_seed(seed, std::string(role) + ' ' + std::to_string(index));
}

crypto::Seed validator_seed(std::string_view seed, std::size_t index, std::string_view purpose) {
    return dev_seed(seed, "validator " + std::to_string(index) + ' ' + std::string(purpose));
}

}  // namespace

crypto::Seed dev_seed(std::string_view seed, std::string_view name) {
    Bytes message;
    codec::encode_to(message, std::string(seed));
    codec::encode_to(message, std::string(name));
    return crypto::Seed(crypto::blake2b_256(crypto::kDomainDevKey, message).view());
}

crypto::SigningKey dev_account_key(std::string_view seed, std::size_t index) {
    return crypto::SigningKey(seed_of(seed, "account", index));
}

crypto::SigningKey dev_operator_key(std::string_view seed, std::size_t index) {
    return crypto::SigningKey(validator_seed(seed, index, "operator"));
}

crypto::SigningKey dev_consensus_key(std::string_view seed, std::size_t index) {
    return crypto::SigningKey(validator_seed(seed, index, "consensus"));
}

crypto::VrfKey dev_vrf_key(std::string_view seed, std::size_t index) {
    return crypto::VrfKey(validator_seed(seed, index, "vrf"));
}

}  // namespace polis::genesis
