#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <core/random.hpp>
#include <core/types.hpp>
#include <p2p/peers.hpp>
#include <p2p/peers/address.hpp>
#include <p2p/peers/bans.hpp>
#include <p2p/peers/book.hpp>
#include <p2p/peers/messages.hpp>
#include <p2p/peers/pinned.hpp>
#include <p2p/peers/saved.hpp>
#include <p2p/peers/score.hpp>

/// Private to Peers: its state.
namespace polis::p2p {

inline constexpr std::size_t kOutboundPerGroupMax = 1;
inline constexpr std::size_t kOwnEndpointsMax = 16;
/// Questions that a peer may ask in a row; one more for each refill.
inline constexpr std::uint32_t kQuestionsMax = 8;
/// Questions of ours that a peer may still answer although we no longer wait.
inline constexpr std::uint32_t kUnansweredMax = 8;

/// Times of the machine; those of a local network are short.
struct Rhythm {
    Pauses dial;
    std::uint64_t exchange_ms = 0;         ///< between our questions to one peer
    std::uint64_t answer_ms = 0;           ///< that we wait for an answer
    std::uint64_t question_refill_ms = 0;  ///< for one more question of a peer
    std::uint64_t fill_ms = 0;             ///< between looks at free outbound places
    std::uint64_t feeler_ms = 0;
    std::uint64_t stable_ms = 0;  ///< a connection that lasted so long was no failure
    std::uint64_t save_ms = 0;    ///< between writes of the book
};

[[nodiscard]] Rhythm rhythm_of(const Peers::Limits& limits);

class Peers::Impl {
  public:
    Impl(Setup setup, TimeMs now);

    [[nodiscard]] bool accepted(ConnectionId connection, const Endpoint& from, TimeMs now);
    void dialled(ConnectionId connection, const Endpoint& endpoint, TimeMs now);
    void dial_failed(const Endpoint& endpoint, TimeMs now);
    void established(ConnectionId connection, const Remote& remote, TimeMs now);
    void closed(
        ConnectionId connection, std::optional<CloseReason> why, bool misbehaved, TimeMs now);
    void helped(ConnectionId connection, TimeMs now);
    void control(ConnectionId connection, ByteView bytes, TimeMs now);
    void offended(ConnectionId connection, Offence offence, std::string_view reason, TimeMs now);
    void tick(TimeMs now);
    [[nodiscard]] std::optional<TimeMs> next_timer() const;
    void add(const Dial& peer, TimeMs now);
    void remove(const NodeId& id, TimeMs now);
    void ban(const NodeId& id, std::string_view reason, TimeMs until, TimeMs now);
    void unban(const NodeId& id);
    [[nodiscard]] std::vector<PeerView> peers() const;
    [[nodiscard]] std::vector<BanView> bans() const;
    [[nodiscard]] std::size_t known_count() const;
    [[nodiscard]] Bytes save() const;

    [[nodiscard]] bool book_dropped() const { return book_dropped_; }

    [[nodiscard]] PeersEffects take() { return std::exchange(effects_, {}); }

  private:
    enum class State : std::uint8_t { kHalfOpen, kUp, kClosing };

    /// Why we dialled.
    enum class Purpose : std::uint8_t {
        kInbound,  ///< we did not
        kPinned,
        kPlace,   ///< for one of the outbound places
        kFeeler,  ///< only to see who is there
    };

    struct Connection {
        Direction direction = Direction::kInbound;
        Purpose purpose = Purpose::kInbound;
        State state = State::kHalfOpen;
        Endpoint endpoint;               ///< of the socket
        std::optional<Endpoint> listen;  ///< where the peer takes connections
        NodeId id;
        std::uint64_t nonce = 0;
        std::string agent;
        TimeMs since;
        TimeMs helped;
        // Our questions and theirs.
        std::optional<TimeMs> asked;
        TimeMs ask_at;
        std::uint32_t unanswered = 0;
        std::uint32_t questions = kQuestionsMax;
        TimeMs questions_filled;
    };

    using Connections = std::map<ConnectionId, Connection>;

    // peers.cpp: connections
    void remember_own(const Endpoint& endpoint);
    void drop(ConnectionId connection, std::string_view reason);
    void punish(const NodeId& id, Offence offence, std::string_view reason, TimeMs now);
    void settle_duplicate(ConnectionId connection, ConnectionId other, const Remote& remote);
    [[nodiscard]] bool make_room(ConnectionId connection, TimeMs now);
    void come_up(ConnectionId connection, TimeMs now);
    void ended(const Connection& connection, std::optional<CloseReason> why, TimeMs now);
    [[nodiscard]] std::optional<ConnectionId> find_up(const NodeId& id) const;
    [[nodiscard]] bool is_pinned(const Connection& connection) const;
    [[nodiscard]] AddressGroup group(const Endpoint& endpoint) const;

    // peers/dialling.cpp
    void dial_pinned(TimeMs now);
    void fill_places(TimeMs now);
    void send_feeler(TimeMs now);
    void dial(const Dial& dial, Purpose purpose, TimeMs now);
    [[nodiscard]] std::size_t places_taken() const;
    [[nodiscard]] bool feeler_out() const;
    [[nodiscard]] bool has_connection(const PinnedPeer& peer) const;
    [[nodiscard]] std::optional<Dial> next_anchor(TimeMs now);

    /// What must not be dialled now.
    struct Occupied {
        std::set<Endpoint> endpoints;
        std::set<NodeId> ids;
        std::map<AddressGroup, std::size_t> groups;
    };

    [[nodiscard]] Occupied occupied() const;
    [[nodiscard]] bool may_dial(const BookEntry& entry, const Occupied& occupied, TimeMs now) const;
    [[nodiscard]] std::optional<TimeMs> next_pinned() const;

    // peers/exchange.cpp
    [[nodiscard]] bool asks(const Connection& connection) const;
    void ask_where_due(TimeMs now);
    void on_question(ConnectionId connection, TimeMs now);
    void on_answer(ConnectionId connection, const PeersAnswer& answer, TimeMs now);
    [[nodiscard]] PeersAnswer answer_for(ConnectionId asker);

    void changed() { dirty_ = true; }

    // Constant after construction.
    const NodeId self_;
    const Limits limits_;
    const Rhythm rhythm_;

    Random random_;
    bool book_dropped_ = false;
    Book book_;
    Bans bans_;
    Scores scores_;
    PinnedPeers pinned_;
    std::vector<Anchor> anchors_;  ///< of the last run, not dialled yet
    std::set<Endpoint> own_;       ///< addresses that led back to this node
    Connections connections_;
    std::map<Endpoint, Purpose> dials_;  ///< without a socket yet
    TimeMs now_;
    TimeMs fill_at_;
    TimeMs feeler_at_;
    TimeMs save_at_;
    bool dirty_ = false;
    PeersEffects effects_;
};

}  // namespace polis::p2p
