#pragma once

#include <optional>
#include <string_view>

#include <core/bytes.hpp>
#include <core/crypto/secret.hpp>
#include <core/types.hpp>
#include <p2p/noise/cipher_state.hpp>

namespace polis::p2p::noise {

/// The two keys that a handshake ends with.
struct Ciphers {
    CipherState initiator;  ///< of what the initiator sends
    CipherState responder;
};

/// What both ends of a handshake know so far: a key, and a hash of all that was said
/// (Noise, section 5.2).
class SymmetricState {
  public:
    explicit SymmetricState(std::string_view protocol_name);

    void mix_key(ByteView input);
    void mix_hash(ByteView data);

    /// Appends `plain`, encrypted as soon as there is a key.
    void encrypt_and_hash(Bytes& out, ByteView plain);

    /// Appends what was encrypted; false if it was changed or is too short.
    [[nodiscard]] bool decrypt_and_hash(Bytes& out, ByteView sealed);

    /// The same for both ends and no other two: to bind signatures to this handshake.
    [[nodiscard]] const Hash& hash() const { return hash_; }

    /// Bytes that encrypt_and_hash() adds.
    [[nodiscard]] std::size_t overhead() const { return cipher_ ? crypto::kAeadTagBytes : 0; }

    /// Ends the handshake; the object is spent.
    [[nodiscard]] Ciphers split();

  private:
    crypto::Secret32 chaining_key_;
    Hash hash_;
    std::optional<CipherState> cipher_;
};

}  // namespace polis::p2p::noise
