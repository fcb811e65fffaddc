#include <p2p/noise/handshake.hpp>

#include <optional>
#include <utility>

#include <core/check.hpp>

namespace polis::p2p::noise {

namespace {

constexpr std::size_t kKeyBytes = crypto::X25519PublicKey::kSize;
constexpr std::size_t kSealedKeyBytes = kKeyBytes + crypto::kAeadTagBytes;

}  // namespace

std::string_view to_string(HandshakeError error) {
    switch (error) {
        case HandshakeError::kTooShort:
            return "a handshake message is too short";
        case HandshakeError::kBadTag:
            return "a handshake message does not decrypt";
        case HandshakeError::kLowOrderPoint:
            return "a key of low order";
        case HandshakeError::kReflected:
            return "our own key came back";
    }
    return "unknown handshake error";
}

Handshake::Handshake(Setup setup)
    : side_(setup.side),
      static_key_(std::move(setup.static_key)),
      ephemeral_key_(std::move(setup.ephemeral_key)),
      symmetric_(kProtocolName) {
    symmetric_.mix_hash(setup.prologue);
}

bool Handshake::our_turn() const {
    return !done() && (step_ % 2 == 0) == (side_ == Side::kInitiator);
}

std::size_t Handshake::overhead() const {
    switch (step_) {
        case 0:
            return kKeyBytes;
        case 1:
            return kKeyBytes + kSealedKeyBytes + crypto::kAeadTagBytes;
        default:
            return kSealedKeyBytes + crypto::kAeadTagBytes;
    }
}

Result<void, HandshakeError> Handshake::mix_secret(Key initiator, Key responder) {
    const bool initiates = side_ == Side::kInitiator;
    const Key own = initiates ? initiator : responder;
    const Key remote = initiates ? responder : initiator;
    const crypto::X25519Key& own_key = own == Key::kStatic ? static_key_ : ephemeral_key_;
    const std::optional<crypto::Secret32> secret =
        own_key.agree(remote == Key::kStatic ? remote_static_ : remote_ephemeral_);
    if (!secret) {
        return std::unexpected(HandshakeError::kLowOrderPoint);
    }
    symmetric_.mix_key(secret->view());
    return {};
}

void Handshake::write_ephemeral(Bytes& out) {
    append(out, ephemeral_key_.public_key().view());
    symmetric_.mix_hash(ephemeral_key_.public_key().view());
}

Result<void, HandshakeError> Handshake::read_ephemeral(ByteView& message) {
    remote_ephemeral_ = crypto::X25519PublicKey::from_view(message.first(kKeyBytes));
    if (remote_ephemeral_ == ephemeral_key_.public_key()) {
        return std::unexpected(HandshakeError::kReflected);
    }
    symmetric_.mix_hash(remote_ephemeral_.view());
    message = message.subspan(kKeyBytes);
    return {};
}

Result<void, HandshakeError> Handshake::read_static(ByteView& message) {
    Bytes key;
    if (!symmetric_.decrypt_and_hash(key, message.first(kSealedKeyBytes))) {
        return std::unexpected(HandshakeError::kBadTag);
    }
    remote_static_ = crypto::X25519PublicKey::from_view(key);
    if (remote_static_ == static_key_.public_key()) {
        return std::unexpected(HandshakeError::kReflected);
    }
    message = message.subspan(kSealedKeyBytes);
    return {};
}

Result<Bytes, HandshakeError> Handshake::write(ByteView payload) {
    POLIS_ASSERT(our_turn());
    POLIS_ASSERT_OP(payload.size() + overhead(), <=, kMessageBytesMax);
    Bytes out;
    out.reserve(payload.size() + overhead());
    switch (step_) {
        case 0:
            write_ephemeral(out);
            break;
        case 1:
            write_ephemeral(out);
            POLIS_TRY_VOID(mix_secret(Key::kEphemeral, Key::kEphemeral));
            symmetric_.encrypt_and_hash(out, static_key_.public_key().view());
            POLIS_TRY_VOID(mix_secret(Key::kEphemeral, Key::kStatic));
            break;
        default:
            symmetric_.encrypt_and_hash(out, static_key_.public_key().view());
            POLIS_TRY_VOID(mix_secret(Key::kStatic, Key::kEphemeral));
            break;
    }
    symmetric_.encrypt_and_hash(out, payload);
    ++step_;
    return out;
}

Result<Bytes, HandshakeError> Handshake::read(ByteView message) {
    POLIS_ASSERT(!our_turn() && !done());
    if (message.size() < overhead()) {
        return std::unexpected(HandshakeError::kTooShort);
    }
    switch (step_) {
        case 0:
            POLIS_TRY_VOID(read_ephemeral(message));
            break;
        case 1:
            POLIS_TRY_VOID(read_ephemeral(message));
            POLIS_TRY_VOID(mix_secret(Key::kEphemeral, Key::kEphemeral));
            POLIS_TRY_VOID(read_static(message));
            POLIS_TRY_VOID(mix_secret(Key::kEphemeral, Key::kStatic));
            break;
        default:
            POLIS_TRY_VOID(read_static(message));
            POLIS_TRY_VOID(mix_secret(Key::kStatic, Key::kEphemeral));
            break;
    }
    Bytes payload;
    if (!symmetric_.decrypt_and_hash(payload, message)) {
        return std::unexpected(HandshakeError::kBadTag);
    }
    ++step_;
    return payload;
}

Ciphers Handshake::split() {
    POLIS_ASSERT(done());
    return symmetric_.split();
}

}  // namespace polis::p2p::noise
