#pragma once

#include <core/bytes.hpp>
#include <core/crypto/secret.hpp>

namespace polis::crypto {

/// Two keys that tell nothing about each other.
struct KeyPair256 {
    Secret32 first;
    Secret32 second;
};

/// HKDF with two outputs as Noise defines it (revision 34, section 4.3): the chaining key is the
/// salt, the info is empty.
[[nodiscard]] KeyPair256 hkdf_noise(const Secret32& chaining_key, ByteView input);

}  // namespace polis::crypto
