#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <p2p/endpoint.hpp>
#include <p2p/session.hpp>

/// Whom this node knows, dials, keeps and shuns: address book, peer exchange, scores and bans as
/// one machine without sockets. Spec: docs/spec/peers.md.
namespace polis::p2p {

/// The driver's name for a connection; node::PeerId is the same number.
using ConnectionId = std::uint32_t;

enum class Direction : std::uint8_t { kInbound, kOutbound };

/// What a peer did wrong; each has points and a budget (docs/spec/peers.md).
enum class Offence : std::uint8_t {
    kBrokeProtocol,  ///< bytes that no honest node sends: banned at once
    kInvalidData,    ///< an invalid transaction, block or vote
    kUseless,        ///< again and again nothing of use
    kFlooding,       ///< more than its allowance
};

// ---- effects ------------------------------------------------------------------------------------

/// Connect, handshake, and tell dialled() or established().
struct Dial {
    Endpoint endpoint;
    std::optional<NodeId> expected;
};

/// Say goodbye and close; closed() follows as always. If the peer took part, PeerDown comes first.
struct Disconnect {
    ConnectionId connection = 0;
    std::string reason;
};

/// Send on Channel::kControl.
struct SendControl {
    ConnectionId connection = 0;
    Bytes bytes;
};

/// The peer takes part from now on: tell the validator.
struct PeerUp {
    ConnectionId connection = 0;
    NodeId id;
    Endpoint endpoint;
    Direction direction = Direction::kInbound;
};

/// A peer that took part is gone.
struct PeerDown {
    ConnectionId connection = 0;
};

/// The book has changed: write save() to disk soon.
struct BookChanged {};

using PeersEffect = std::variant<Dial, Disconnect, SendControl, PeerUp, PeerDown, BookChanged>;
using PeersEffects = std::vector<PeersEffect>;

/// For people.
struct PeerView {
    ConnectionId connection = 0;
    NodeId id;
    Endpoint endpoint;
    Direction direction = Direction::kInbound;
    std::string agent;
    std::uint32_t score = 0;  ///< points of offences that have not faded
    TimeMs since;
    bool pinned = false;  ///< configured or added by an operator: always dialled, never evicted
};

struct BanView {
    NodeId id;
    TimeMs until;
    std::string reason;
};

// ---- the machine --------------------------------------------------------------------------------

class Peers {
  public:
    struct Limits {
        std::size_t outbound_max = 16;
        std::size_t inbound_max = 64;
        std::size_t half_open_max = 64;         ///< inbound before their handshake is done
        std::size_t half_open_address_max = 8;  ///< of one address group
        std::size_t address_max = 16;           ///< connections of one address group
        std::uint64_t dial_retry_ms = 1'000;    ///< first pause after a failed dial; doubles
        std::uint64_t dial_retry_ms_max = 60'000;
        std::uint64_t exchange_ms = 30'000;  ///< between questions to one peer
        std::uint64_t ban_ms = 3'600'000;
        /// Take in and pass on loopback and private addresses, do not group them: for devnets.
        bool local_network = false;
    };

    struct Setup {
        NodeId self;
        std::uint64_t nonce = 0;  ///< of Hello
        std::vector<Dial> boot;   ///< pinned peers
        Bytes book;               ///< what save() gave; empty: none. A damaged one is dropped
        std::uint64_t random_seed = 0;
        Limits limits;
    };

    Peers(Setup setup, TimeMs now);
    ~Peers();

    /// False: close it at once, before any cryptography. True: it counts as half open.
    [[nodiscard]] bool accepted(ConnectionId connection, const Endpoint& from, TimeMs now);

    // A connection that this machine does not know, or has told the driver to close, changes
    // nothing: the driver may still be working off earlier events.

    /// A dial got a socket; its handshake begins.
    void dialled(ConnectionId connection, const Endpoint& endpoint, TimeMs now);

    /// A dial got no socket.
    [[nodiscard]] PeersEffects dial_failed(const Endpoint& endpoint, TimeMs now);

    /// The handshake is done. Duplicates of a peer, banned ones and those for whom there is no room
    /// are disconnected; both ends keep the same one of two crossing connections.
    [[nodiscard]] PeersEffects established(
        ConnectionId connection, const Remote& remote, TimeMs now);

    /// Every connection ends here once, also refused and half-open ones.
    [[nodiscard]] PeersEffects closed(
        ConnectionId connection, std::optional<CloseReason> why, bool misbehaved, TimeMs now);

    /// The peer brought something that this node did not have: such peers are kept when places are
    /// short.
    void helped(ConnectionId connection, TimeMs now);

    /// A message on Channel::kControl.
    [[nodiscard]] PeersEffects control(ConnectionId connection, ByteView bytes, TimeMs now);

    [[nodiscard]] PeersEffects offended(
        ConnectionId connection, Offence offence, std::string_view reason, TimeMs now);

    [[nodiscard]] PeersEffects tick(TimeMs now);
    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    // Operator's orders.
    [[nodiscard]] PeersEffects add(const Dial& peer, TimeMs now);
    [[nodiscard]] PeersEffects remove(const NodeId& id, TimeMs now);
    [[nodiscard]] PeersEffects ban(
        const NodeId& id, std::string_view reason, std::uint64_t ban_ms, TimeMs now);
    void unban(const NodeId& id);

    [[nodiscard]] std::vector<PeerView> peers() const;
    [[nodiscard]] std::vector<BanView> bans() const;
    [[nodiscard]] std::size_t known_count() const;

    /// True if Setup::book was damaged or of another version, so that this run began without.
    [[nodiscard]] bool book_dropped() const;

    /// The book, anchors and bans as bytes.
    [[nodiscard]] Bytes save() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::p2p
