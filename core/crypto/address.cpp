#include <core/crypto/address.hpp>
#include <core/crypto/bech32m.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::crypto {

namespace {

constexpr std::string_view kPrefix = "polis";

AddressError address_error_of(bech32m::Error error) {
    switch (error) {
        case bech32m::Error::kBadCharacter:
        case bech32m::Error::kMixedCase:
            return AddressError::kBadCharacter;
        case bech32m::Error::kTooLong:
        case bech32m::Error::kTooShort:
            return AddressError::kBadLength;
        case bech32m::Error::kNoPrefix:
            return AddressError::kWrongPrefix;
        case bech32m::Error::kBadChecksum:
            return AddressError::kBadChecksum;
        case bech32m::Error::kBadPadding:
            return AddressError::kBadPadding;
    }
    return AddressError::kBadChecksum;
}

}  // namespace

Address address_of(const PublicKey& key) { return blake2b_160(kDomainAddress, key.view()); }

std::string_view to_string(AddressError error) {
    switch (error) {
        case AddressError::kBadCharacter:
            return "a character is outside the bech32m alphabet, or the case is mixed";
        case AddressError::kBadLength:
            return "not the length of an address";
        case AddressError::kWrongPrefix:
            return "an address starts with polis1";
        case AddressError::kBadChecksum:
            return "the checksum does not match: is there a typing error?";
        case AddressError::kBadPadding:
            return "the padding bits are not zero";
    }
    return "unknown address error";
}

std::string to_text(const Address& address) {
    return bech32m::encode(kPrefix, bech32m::words_of(address.view()));
}

Result<Address, AddressError> parse_address(std::string_view text) {
    const auto decoded = bech32m::decode(text);
    if (!decoded) {
        return std::unexpected(address_error_of(decoded.error()));
    }
    if (decoded->prefix != kPrefix) {
        return std::unexpected(AddressError::kWrongPrefix);
    }
    const auto bytes = bech32m::bytes_of(decoded->words);
    if (!bytes) {
        return std::unexpected(address_error_of(bytes.error()));
    }
    if (bytes->size() != Address::kSize) {
        return std::unexpected(AddressError::kBadLength);
    }
    return Address::from_view(*bytes);
}

}  // namespace polis::crypto
