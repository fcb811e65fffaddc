#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <p2p/rate.hpp>
#include <p2p/session.hpp>
#include <p2p/session/frame.hpp>

namespace polis::p2p {

/// Why a peer that does this is left.
struct Fault {
    CloseReason reason = CloseReason::kBadRecord;
    std::string_view note;
};

/// Puts the messages of a peer together again, one for each channel at a time, and holds the peer
/// to its allowance.
///
/// Memory follows what has come, never what was announced.
class Inbox {
  public:
    Inbox(const Session::Limits& limits, TimeMs now);

    /// Takes a frame of a channel.
    /// @return the message that it completes, if it does
    /// @error kMessageTooLarge before anything is gathered; kFlooding; kBadRecord for a fragment
    /// that does not continue its message
    [[nodiscard]] Result<std::optional<Bytes>, Fault> take(const Frame& frame, TimeMs now);

    /// Counts a ping, which takes from the allowance of control messages.
    [[nodiscard]] Result<void, Fault> take_ping(TimeMs now);

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Lane {
        std::size_t message_bytes_max = 0;
        std::optional<TokenBucket> messages;
        std::optional<TokenBucket> bytes;
        bool open = false;  ///< a message has begun
        std::size_t total = 0;
        Bytes gathered;
    };

    [[nodiscard]] static bool within_allowance(
        Lane& lane, bool begins, std::size_t bytes, TimeMs now);

    std::array<Lane, kChannels> lanes_;
};

}  // namespace polis::p2p
