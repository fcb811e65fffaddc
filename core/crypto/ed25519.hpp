#pragma once

#include <array>
#include <cstdint>

#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::crypto {

/// 32 secret bytes that are wiped from memory at the end of their life. Move-only.
class Seed {
  public:
    static constexpr std::size_t kSize = 32;

    /// @pre bytes.size() == kSize
    explicit Seed(ByteView bytes);

    /// Fresh from the operating system.
    static Seed generate();

    Seed(Seed&& other) noexcept;
    Seed& operator=(Seed&& other) noexcept;
    Seed(const Seed&) = delete;
    Seed& operator=(const Seed&) = delete;
    ~Seed();

    [[nodiscard]] ByteView view() const { return ByteView{data_}; }

  private:
    std::array<std::uint8_t, kSize> data_{};
};

/// An Ed25519 signing key (RFC 8032). Wiped at the end of its life; move-only.
class SigningKey {
  public:
    explicit SigningKey(const Seed& seed);

    SigningKey(SigningKey&& other) noexcept;
    SigningKey& operator=(SigningKey&& other) noexcept;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;
    ~SigningKey();

    [[nodiscard]] const PublicKey& public_key() const { return public_key_; }

    [[nodiscard]] Signature sign(ByteView message) const;

  private:
    std::array<std::uint8_t, 64> secret_{};
    PublicKey public_key_;
};

/// The one acceptance rule for Ed25519 signatures (docs/spec/crypto.md, rules [E1] to [E5]):
/// S < L; A and R canonical and not of small order; R equals the encoding of S*B - H(R,A,M)*A
/// (cofactorless, byte for byte). Every node must apply exactly this rule or the chain splits.
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, const Signature& signature);

}  // namespace polis::crypto
