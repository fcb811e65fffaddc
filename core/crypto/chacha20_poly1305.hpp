#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <core/bytes.hpp>
#include <core/crypto/secret.hpp>

/// ChaCha20-Poly1305 (RFC 8439): encryption that notices every change.
namespace polis::crypto {

inline constexpr std::size_t kAeadTagBytes = 16;

using AeadNonce = std::array<std::uint8_t, 12>;

/// Encrypts `plain` into `out`, tag last. They may begin at the same place, else not overlap.
/// A nonce must never be used twice under one key.
/// @pre out.size() == plain.size() + kAeadTagBytes
void aead_seal(
    std::span<std::uint8_t> out,
    const Secret32& key,
    const AeadNonce& nonce,
    ByteView associated,
    ByteView plain);

/// Decrypts into `out`. False if anything was changed: then `out` holds nothing of use.
/// @pre sealed.size() >= kAeadTagBytes and out.size() == sealed.size() - kAeadTagBytes
[[nodiscard]] bool aead_open(
    std::span<std::uint8_t> out,
    const Secret32& key,
    const AeadNonce& nonce,
    ByteView associated,
    ByteView sealed);

}  // namespace polis::crypto
