#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <core/bytes.hpp>
#include <core/crypto/x25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <p2p/noise/symmetric_state.hpp>

/// Noise_XX_25519_ChaChaPoly_SHA256 (The Noise Protocol Framework, revision 34), and nothing else
/// of Noise: one pattern, no pre-shared keys, no rekeying.
///
///     -> e
///     <- e, ee, s, es
///     -> s, se
namespace polis::p2p::noise {

inline constexpr std::string_view kProtocolName = "Noise_XX_25519_ChaChaPoly_SHA256";

enum class Side : std::uint8_t { kInitiator, kResponder };

enum class HandshakeError : std::uint8_t {
    kTooShort,       ///< not even room for the keys
    kBadTag,         ///< not encrypted by the other end of this handshake
    kLowOrderPoint,  ///< a key that gives a secret which everybody knows
    kReflected,      ///< our own ephemeral or static key came back
};

[[nodiscard]] std::string_view to_string(HandshakeError error);

class Handshake {
  public:
    struct Setup {
        Side side = Side::kInitiator;
        crypto::X25519Key static_key;
        crypto::X25519Key ephemeral_key;  ///< fresh: never used for another handshake
        ByteView prologue;                ///< must be the same at both ends
    };

    explicit Handshake(Setup setup);

    /// The next message, with a payload; encrypted in all but the first message.
    /// @pre it is our turn
    /// @error kLowOrderPoint of the key that was read before
    [[nodiscard]] Result<Bytes, HandshakeError> write(ByteView payload);

    /// The payload of the next message. After an error the handshake is over.
    /// @pre it is the other end's turn
    [[nodiscard]] Result<Bytes, HandshakeError> read(ByteView message);

    [[nodiscard]] bool our_turn() const;

    [[nodiscard]] bool started() const { return step_ > 0; }

    /// All three messages went through.
    [[nodiscard]] bool done() const { return step_ == kSteps; }

    /// Bytes of the next message beside its payload.
    [[nodiscard]] std::size_t overhead() const;

    /// Of everything that was said until now: channel binding.
    [[nodiscard]] const Hash& hash() const { return symmetric_.hash(); }

    [[nodiscard]] const crypto::X25519PublicKey& own_static() const {
        return static_key_.public_key();
    }

    /// @pre the message with it was read
    [[nodiscard]] const crypto::X25519PublicKey& remote_static() const { return remote_static_; }

    /// @pre done()
    [[nodiscard]] Ciphers split();

  private:
    static constexpr unsigned kSteps = 3;

    enum class Key : std::uint8_t { kStatic, kEphemeral };

    /// Mixes in the secret of the initiator's and the responder's key of these kinds.
    [[nodiscard]] Result<void, HandshakeError> mix_secret(Key initiator, Key responder);
    [[nodiscard]] Result<void, HandshakeError> read_ephemeral(ByteView& message);
    [[nodiscard]] Result<void, HandshakeError> read_static(ByteView& message);
    void write_ephemeral(Bytes& out);

    // Constant after construction.
    const Side side_;
    const crypto::X25519Key static_key_;
    const crypto::X25519Key ephemeral_key_;

    SymmetricState symmetric_;
    crypto::X25519PublicKey remote_static_;
    crypto::X25519PublicKey remote_ephemeral_;
    unsigned step_ = 0;
};

}  // namespace polis::p2p::noise
