#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <p2p/rate.hpp>

/// One connection between two nodes: bytes in, bytes out. Noise_XX_25519_ChaChaPoly_SHA256 with the
/// node's Ed25519 identity bound to the static key, then messages in records, dearest class first.
/// No socket, clock or thread. Spec: docs/spec/p2p.md; bytes: docs/formats/p2p.md.
namespace polis::p2p {

/// What a message is about. Each class has its own bounded queue; a lower value goes first, and a
/// long message of a later class never holds up one of an earlier class. The value is on the wire.
enum class Channel : std::uint8_t {
    kControl = 0,    ///< ping, peer exchange, goodbye: small and rare
    kConsensus = 1,  ///< proposals, votes, facts
    kBlocks = 2,     ///< sync and block bodies
    kTxns = 3,       ///< transactions
    kBlobs = 4,      ///< datasets, models
};

inline constexpr std::size_t kChannels = 5;

/// A node's name: its Ed25519 identity key.
using NodeId = PublicKey;

inline constexpr std::size_t kAgentBytesMax = 64;

/// What both sides show in the handshake, encrypted and signed by the identity.
struct Hello {
    std::uint16_t version = 1;  ///< of the protocol
    ChainId chain_id;
    Hash genesis;
    std::uint16_t listen_port = 0;  ///< where the node takes connections; 0: nowhere
    std::uint64_t nonce = 0;        ///< of this run of the program: tells a node its own address
    std::string agent;              ///< "polisd/0.1.0": printable ASCII, at most kAgentBytesMax

    bool operator==(const Hello&) const = default;
    static constexpr auto kFields = codec::fields(
        &Hello::version,
        &Hello::chain_id,
        &Hello::genesis,
        &Hello::listen_port,
        &Hello::nonce,
        codec::bounded(&Hello::agent, kAgentBytesMax));
};

/// Whom we speak to, proved by the handshake.
struct Remote {
    NodeId id;
    Hello hello;
};

/// Why a connection ends. The value is on the wire: it is what a goodbye says.
enum class CloseReason : std::uint8_t {
    kBadHandshake,      ///< not Noise, a failed tag, a low-order point, a bad identity signature
    kWrongChain,        ///< another chain id
    kWrongGenesis,      ///< the same chain id over another genesis
    kWrongVersion,      ///< no protocol version in common
    kWrongNode,         ///< not the identity that we dialled
    kSelf,              ///< our own identity, key or connection
    kHandshakeTooSlow,  ///< not done within Limits::handshake_ms
    kBadRecord,         ///< a record that does not decrypt, or a frame that breaks the rules
    kMessageTooLarge,   ///< over the channel's limit: refused before it is gathered
    kTooSlow,           ///< does not read: a queue of ours is full, or nothing left for too long
    kSilent,            ///< nothing came for Limits::silent_ms, not even the answer to a ping
    kFlooding,          ///< over its allowance again and again
    kNoncesUsedUp,      ///< Limits::records_max records: a new connection has new keys
    kLeft,              ///< no fault: shutting down, or no room or no use for the connection
};

[[nodiscard]] std::string_view to_string(CloseReason reason);

/// One line for people: what is wrong and what to do about it.
[[nodiscard]] std::string explain(CloseReason reason);

// ---- what receive() and tick() answer -----------------------------------------------------------

struct Established {
    Remote remote;
};

struct Message {
    Channel channel = Channel::kControl;
    Bytes bytes;
};

/// The connection must be closed after what take_output() still has. Nothing follows it.
struct Closed {
    CloseReason reason = CloseReason::kBadRecord;

    /// The peer that the handshake proved did what no honest one does. Never set for bytes that
    /// anybody on the way could have sent: so nobody is blamed for what others inject.
    bool misbehaved = false;
    bool by_peer = false;  ///< the peer ended it and said why
    std::string note;      ///< what exactly was wrong, or the peer's words (printable ASCII)
};

/// The most bytes that a goodbye says.
inline constexpr std::size_t kNoteBytesMax = 128;

using SessionEvent = std::variant<Established, Message, Closed>;
using SessionEvents = std::vector<SessionEvent>;

// ---- the machine --------------------------------------------------------------------------------

enum class Role : std::uint8_t { kInitiator, kResponder };

class Session {
  public:
    /// A flood is what is over the allowance of this long.
    static constexpr std::uint64_t kBurstMs = 10'000;

    struct Limits {
        std::uint64_t handshake_ms = 5'000;
        std::uint64_t ping_ms = 10'000;    ///< between pings
        std::uint64_t silent_ms = 25'000;  ///< of silence before the end
        std::uint64_t stuck_ms = 20'000;   ///< without a byte taken by a socket while some wait
        /// Longest message, and bytes that may wait to be sent, by channel.
        std::array<std::size_t, kChannels> message_bytes_max = {
            std::size_t{64} << 10,
            std::size_t{20} << 20,
            std::size_t{20} << 20,
            std::size_t{1} << 20,
            std::size_t{1} << 20};
        std::array<std::size_t, kChannels> queue_bytes_max = {
            std::size_t{256} << 10,
            std::size_t{48} << 20,
            std::size_t{48} << 20,
            std::size_t{8} << 20,
            std::size_t{4} << 20};
        /// What the peer may send on each channel in the long run; kBurstMs of it at once. What
        /// comes on kBlocks and kBlobs was asked for, so only messages are counted there.
        std::array<Allowance, kChannels> allowances = {
            Allowance{.messages_per_s = 200, .bytes_per_s = std::uint64_t{1} << 20},
            Allowance{.messages_per_s = 50'000, .bytes_per_s = std::uint64_t{128} << 20},
            Allowance{.messages_per_s = 20'000, .bytes_per_s = 0},
            Allowance{.messages_per_s = 100'000, .bytes_per_s = std::uint64_t{128} << 20},
            Allowance{.messages_per_s = 20'000, .bytes_per_s = 0}};
        std::uint64_t records_max = std::uint64_t{1} << 40;  ///< in each direction
    };

    struct Setup {
        Role role = Role::kInitiator;
        const crypto::SigningKey* identity = nullptr;  ///< outlives the session
        Hello hello;
        std::optional<NodeId> expected;  ///< whom we dialled; nothing: whoever answers
        crypto::Seed static_seed;        ///< of the X25519 static key: the same for a run
        crypto::Seed ephemeral_seed;     ///< fresh for every session
        Limits limits;
    };

    Session(Setup setup, TimeMs now);
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    /// Takes in bytes of the socket, in any portions. Never asserts on what a peer can choose.
    [[nodiscard]] SessionEvents receive(ByteView bytes, TimeMs now);

    /// Deadlines: handshake, ping, silence, stuck output.
    [[nodiscard]] SessionEvents tick(TimeMs now);
    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    /// Queues a message. False if its queue is full: transactions and blobs may be dropped by the
    /// caller, for the other channels the peer reads too slowly to be of use.
    /// @pre established; the message has at most message_bytes_max bytes
    [[nodiscard]] bool send(Channel channel, Bytes message);

    /// Ends the session from this side: what waits is dropped, and take_output() has a goodbye with
    /// the reason if the handshake is done. No event follows. Nothing happens if it has ended.
    /// @param note  of printable ASCII; cut to kNoteBytesMax
    void close(CloseReason reason, std::string_view note);

    /// The next bytes for the socket, at most about `bytes_max`, dearest channel first; empty if
    /// nothing waits. What is taken is encrypted and counts as sent.
    [[nodiscard]] Bytes take_output(std::size_t bytes_max, TimeMs now);

    [[nodiscard]] bool has_output() const;
    [[nodiscard]] bool established() const;      ///< and not closed
    [[nodiscard]] const Remote& remote() const;  ///< @pre Established was reported
    [[nodiscard]] std::size_t queued_bytes(Channel channel) const;
    [[nodiscard]] std::size_t memory_bytes() const;

    /// Of the latest ping; nothing before the first answer.
    [[nodiscard]] std::optional<std::uint64_t> round_trip_ms() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::p2p
