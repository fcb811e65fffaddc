#pragma once

#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <p2p/session.hpp>
#include <p2p/session/frame.hpp>
#include <p2p/session/greeting.hpp>

namespace polis::p2p::testing {

/// A dishonest peer: it knows the keys and says in its records what it likes.
class RawPeer {
  public:
    explicit RawPeer(const Session::Setup& setup);

    /// Goes through the handshake with a fresh session.
    /// @return what the session reported
    SessionEvents greet(Session& session, TimeMs now);

    /// The handshake is done, so there is a cipher.
    [[nodiscard]] bool ready() const { return sending_.has_value(); }

    /// A record with any plaintext, as the session expects it next.
    [[nodiscard]] Bytes record(ByteView plain);

    /// The plaintext of each record in a session's output.
    [[nodiscard]] std::vector<Bytes> read(ByteView output);

  private:
    /// The handshake messages of `output`; what is left is records.
    ByteView take_greeting(ByteView output, Bytes& answer);

    Role role_;
    Greeting greeting_;
    Bytes begin_;
    std::optional<noise::CipherState> sending_;
    std::optional<noise::CipherState> receiving_;
};

/// A frame with a head of any kind.
[[nodiscard]] Bytes frame(
    unsigned head, ByteView body, std::optional<std::uint32_t> total = std::nullopt);

}  // namespace polis::p2p::testing
