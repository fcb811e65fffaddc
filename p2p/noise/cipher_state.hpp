#pragma once

#include <cstdint>
#include <span>

#include <core/bytes.hpp>
#include <core/crypto/chacha20_poly1305.hpp>
#include <core/crypto/secret.hpp>

namespace polis::p2p::noise {

/// The most bytes of one Noise message (Noise, section 3).
inline constexpr std::size_t kMessageBytesMax = 65'535;

/// A key and the number of the next message under it (Noise, section 5.1). Move-only, as its key.
///
/// Both ends count alike, so a message that was replayed, left out or moved does not decrypt.
class CipherState {
  public:
    explicit CipherState(crypto::Secret32 key) : key_(std::move(key)) {}

    /// Encrypts `plain` into `out`, which may begin at the same place.
    /// @pre out.size() == plain.size() + kAeadTagBytes; messages() is below 2^64 - 1
    void encrypt(std::span<std::uint8_t> out, ByteView associated, ByteView plain);

    /// False, and the number stays, if the message is not the next one of the other end.
    /// @pre out.size() + kAeadTagBytes == sealed.size(); messages() is below 2^64 - 1
    [[nodiscard]] bool decrypt(std::span<std::uint8_t> out, ByteView associated, ByteView sealed);

    /// How many went through.
    [[nodiscard]] std::uint64_t messages() const { return number_; }

  private:
    crypto::Secret32 key_;
    std::uint64_t number_ = 0;
};

}  // namespace polis::p2p::noise
