#pragma once

#include <cstddef>
#include <optional>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <p2p/noise/handshake.hpp>
#include <p2p/session.hpp>
#include <p2p/session/introduction.hpp>

namespace polis::p2p {

/// The first three messages of a session: the Noise handshake, and who both ends are.
class Greeting {
  public:
    /// Uses role, identity, hello, expected and the seeds.
    explicit Greeting(const Session::Setup& setup);

    /// Bytes that the next message of the other end may have.
    [[nodiscard]] std::size_t message_bytes_min() const;
    [[nodiscard]] std::size_t message_bytes_max() const;

    /// The initiator's first message, with its length.
    [[nodiscard]] Bytes begin();

    /// Takes a message in and appends the answer to `out`, with its length; also when it ends in an
    /// error, if the other end may know why.
    /// @return the other end, when it has proved who it is
    [[nodiscard]] Result<std::optional<Remote>, Closed> take(ByteView message, Bytes& out);

    /// Both ends have keys to go on with, even if one does not want to.
    [[nodiscard]] bool done() const { return noise_.done(); }

    /// @pre done()
    [[nodiscard]] noise::Ciphers split() { return noise_.split(); }

  private:
    [[nodiscard]] Result<void, Closed> write(ByteView payload, Bytes& out);
    [[nodiscard]] Result<void, Closed> answer_first(Bytes& out);
    [[nodiscard]] Result<Remote, Refusal> check_second(const Hash& bound, ByteView payload) const;
    [[nodiscard]] Result<Remote, Closed> answer_second(
        const Hash& bound, ByteView payload, Bytes& out);
    [[nodiscard]] Result<Remote, Closed> take_third(const Hash& bound, ByteView payload) const;
    [[nodiscard]] Introduction introduction() const;
    [[nodiscard]] Result<Remote, Refusal> check(
        const Introduction& introduction, const Hash& bound) const;

    // Constant after construction.
    const Role role_;
    const crypto::SigningKey& identity_;
    const Hello hello_;
    const std::optional<NodeId> expected_;

    noise::Handshake noise_;
};

}  // namespace polis::p2p
