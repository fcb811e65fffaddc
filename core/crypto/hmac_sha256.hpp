#pragma once

#include <initializer_list>

#include <core/bytes.hpp>
#include <core/crypto/secret.hpp>

namespace polis::crypto {

/// HMAC-SHA256 (RFC 2104) of the pieces, one after the other, under a key of any length.
[[nodiscard]] Secret32 hmac_sha256(ByteView key, std::initializer_list<ByteView> pieces);

}  // namespace polis::crypto
