#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <core/bytes.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <p2p/peers.hpp>

/// Many Peers machines over simulated sockets and one simulated clock.
namespace polis::p2p::testing {

[[nodiscard]] NodeId id_of(std::uint32_t number);

/// 127.0.0.1 with port 20000 + number.
[[nodiscard]] Endpoint local_endpoint(std::uint32_t number);

/// A routable address in a /16 of its own.
[[nodiscard]] Endpoint public_endpoint(std::uint32_t number);

/// An address of one /16.
[[nodiscard]] Endpoint ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

[[nodiscard]] Remote remote_of(const NodeId& id, std::uint16_t listen_port, std::uint64_t run = 1);

/// All effects of one kind.
template <class Effect>
std::vector<Effect> all_of(const PeersEffects& effects) {
    std::vector<Effect> out;
    for (const PeersEffect& effect : effects) {
        if (const auto* found = std::get_if<Effect>(&effect)) {
            out.push_back(*found);
        }
    }
    return out;
}

class World {
  public:
    struct Options {
        std::uint64_t seed = 1;
        std::uint64_t latency_ms = 5;
        std::uint64_t jitter_ms = 5;
    };

    explicit World(const Options& options) : options_(options), random_(options.seed, "world") {}

    struct Node {
        Endpoint listen;
        Peers::Setup setup;
        std::unique_ptr<Peers> peers;  ///< nothing: not running
        std::uint64_t run = 0;
        std::set<ConnectionId> up;
    };

    /// Not running yet. @return its number
    std::size_t add(const Endpoint& listen, Peers::Setup setup);
    void start(std::size_t node);

    /// The process ends: its sockets close. @return what it had saved
    Bytes stop(std::size_t node);

    void run_until(TimeMs time);

    [[nodiscard]] TimeMs now() const { return now_; }

    [[nodiscard]] Node& node(std::size_t index) { return nodes_[index]; }

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }

    /// Numbers of the nodes to which this one has a connection that is up.
    [[nodiscard]] std::set<std::size_t> neighbours(std::size_t node) const;

    /// Running nodes that a walk over connections reaches from `from`.
    [[nodiscard]] std::set<std::size_t> reachable(std::size_t from) const;

    [[nodiscard]] std::size_t dials() const { return dials_; }

    void perform(std::size_t node, PeersEffects effects);

  private:
    struct End {
        std::size_t node = 0;
        std::uint64_t run = 0;
        ConnectionId id = 0;
    };

    struct Wire {
        End dialler;
        End other;
        bool open = true;
    };

    struct Event {
        TimeMs at;
        std::uint64_t sequence = 0;
        std::function<void()> action;

        bool operator>(const Event& right) const {
            return std::pair(at, sequence) > std::pair(right.at, right.sequence);
        }
    };

    void later(std::function<void()> action);
    void later(std::uint64_t ms, std::function<void()> action);
    void dial(std::size_t node, const Dial& dial);
    void connect(std::size_t from, std::size_t to, const Dial& dial);
    void establish(std::size_t wire, bool dialler);
    void close(std::size_t wire, bool by_dialler);
    [[nodiscard]] bool alive(const End& end) const;
    [[nodiscard]] std::optional<std::size_t> wire_of(std::size_t node, ConnectionId id) const;

    const Options options_;
    Random random_;
    TimeMs now_{1'000'000};
    std::vector<Node> nodes_;
    std::vector<Wire> wires_;
    std::map<std::pair<std::size_t, ConnectionId>, std::size_t> wire_by_end_;
    std::map<std::pair<std::size_t, bool>, TimeMs> busy_until_;  ///< keeps the order on a wire
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::uint64_t sequence_ = 0;
    std::size_t dials_ = 0;
    ConnectionId next_id_ = 1;
};

}  // namespace polis::p2p::testing
