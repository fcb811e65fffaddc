#pragma once

#include <optional>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/secret.hpp>
#include <core/types.hpp>

namespace polis::crypto {

using X25519PublicKey = FixedBytes<struct X25519PublicKeyTag, 32>;

/// A key of X25519 (RFC 7748). Wiped at the end of its life; move-only.
class X25519Key {
  public:
    explicit X25519Key(const Seed& seed);

    [[nodiscard]] const X25519PublicKey& public_key() const { return public_key_; }

    /// The secret shared with the holder of `other`; nothing if it would be all zeros, which is so
    /// for points of low order: such a "secret" is known to everybody.
    [[nodiscard]] std::optional<Secret32> agree(const X25519PublicKey& other) const;

  private:
    Secret32 secret_;
    X25519PublicKey public_key_;
};

}  // namespace polis::crypto
