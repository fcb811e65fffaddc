#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <core/result.hpp>
#include <core/types.hpp>

namespace polis::crypto {

/// BLAKE2b-160 of the public key.
[[nodiscard]] Address address_of(const PublicKey& key);

enum class AddressError : std::uint8_t {
    kBadCharacter,  ///< not in the bech32 alphabet, or mixed case
    kBadLength,     ///< not the length of an address
    kWrongPrefix,   ///< bech32m, but of something else than an address
    kBadChecksum,   ///< a typing error: the checksum does not match
    kBadPadding,    ///< non-zero padding bits
};

std::string_view to_string(AddressError error);

/// bech32m (BIP 350) with the prefix "polis": polis1...
[[nodiscard]] std::string to_text(const Address& address);
[[nodiscard]] Result<Address, AddressError> parse_address(std::string_view text);

}  // namespace polis::crypto
