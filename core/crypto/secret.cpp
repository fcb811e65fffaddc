#include <core/crypto/secret.hpp>

#include <sodium.h>

namespace polis::crypto {

void wipe(std::span<std::uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

}  // namespace polis::crypto
