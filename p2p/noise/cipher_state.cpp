#include <p2p/noise/cipher_state.hpp>

#include <limits>

#include <core/check.hpp>

namespace polis::p2p::noise {

namespace {

/// Noise keeps the last number for itself.
constexpr std::uint64_t kNumberMax = std::numeric_limits<std::uint64_t>::max() - 1;

/// Four zero bytes and the number, little-endian (Noise, section 12.3).
crypto::AeadNonce nonce_of(std::uint64_t number) {
    crypto::AeadNonce out{};
    for (std::size_t i = 0; i < sizeof(number); ++i) {
        out[4 + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return out;
}

}  // namespace

void CipherState::encrypt(std::span<std::uint8_t> out, ByteView associated, ByteView plain) {
    POLIS_ASSERT_OP(number_, <=, kNumberMax);
    crypto::aead_seal(out, key_, nonce_of(number_), associated, plain);
    ++number_;
}

bool CipherState::decrypt(std::span<std::uint8_t> out, ByteView associated, ByteView sealed) {
    POLIS_ASSERT_OP(number_, <=, kNumberMax);
    if (!crypto::aead_open(out, key_, nonce_of(number_), associated, sealed)) {
        return false;
    }
    ++number_;
    return true;
}

}  // namespace polis::p2p::noise
