#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/x25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <p2p/session.hpp>

namespace polis::codec {

template <>
inline constexpr auto kEnumLast<p2p::Role> = p2p::Role::kResponder;
template <>
inline constexpr auto kEnumLast<p2p::CloseReason> = p2p::CloseReason::kLeft;

}  // namespace polis::codec

/// How the ends of a handshake introduce themselves: the payloads of its second and third message.
namespace polis::p2p {

/// The most bytes of such a payload, of any version.
inline constexpr std::size_t kIntroductionBytesMax = 1'024;

/// The first field of every version is Hello::version, so that others can be told apart.
inline constexpr std::size_t kIntroductionBytesMin = 2;

/// Payload of the responder's message.
struct Introduction {
    Hello hello;
    PublicKey identity;
    Signature proof;  ///< by the identity, of IdentityStatement

    static constexpr auto kFields =
        codec::fields(&Introduction::hello, &Introduction::identity, &Introduction::proof);
};

/// Payload of the initiator's message.
struct Answer {
    Introduction introduction;
    std::optional<CloseReason> refused;  ///< why the initiator goes no further

    static constexpr auto kFields = codec::fields(&Answer::introduction, &Answer::refused);
};

/// What an identity signs: it cannot be used in another handshake, for another X25519 key, by the
/// other side or with another Hello.
struct IdentityStatement {
    Role role = Role::kInitiator;  ///< of the signer
    crypto::X25519PublicKey static_key;
    Hash handshake;  ///< hash of all messages before this one
    Hello hello;

    static constexpr auto kFields = codec::fields(
        &IdentityStatement::role,
        &IdentityStatement::static_key,
        &IdentityStatement::handshake,
        &IdentityStatement::hello);
};

[[nodiscard]] Introduction introduce(
    const crypto::SigningKey& identity, const IdentityStatement& statement);

/// What one end demands of the other.
struct Expectation {
    const Hello& own;
    const PublicKey& own_identity;
    const std::optional<NodeId>& identity;
};

struct Refusal {
    CloseReason reason = CloseReason::kBadHandshake;
    std::string_view note;
    bool may_answer = true;  ///< the other end may learn who we are, and the reason
};

/// True for text that is safe in a log: printable ASCII.
[[nodiscard]] bool is_printable(std::string_view text);

/// Reads Introduction or Answer.
/// @error kWrongVersion, before the rest is read; kBadHandshake
template <class T>
[[nodiscard]] Result<T, Refusal> read_introduction(ByteView payload, std::uint16_t own_version);

/// Holds an introduction against what its end should have signed, and against what we want.
[[nodiscard]] Result<Remote, Refusal> check_introduction(
    const Introduction& introduction,
    const IdentityStatement& statement,
    const Expectation& expectation);

extern template Result<Introduction, Refusal> read_introduction<Introduction>(
    ByteView payload, std::uint16_t own_version);
extern template Result<Answer, Refusal> read_introduction<Answer>(
    ByteView payload, std::uint16_t own_version);

}  // namespace polis::p2p
