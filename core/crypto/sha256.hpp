#pragma once

#include <initializer_list>

#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::crypto {

/// SHA-256 (FIPS 180-4) of the pieces, one after the other. For Noise only: the protocol's own
/// hashes are in hash.hpp and have a domain tag.
[[nodiscard]] Hash sha256(std::initializer_list<ByteView> pieces);

}  // namespace polis::crypto
