#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <node/drivers/in_flight.hpp>
#include <node/runtime/clock.hpp>
#include <p2p/peers.hpp>
#include <p2p/session.hpp>

/// One socket with its session. Only the sources of the p2p driver include this: it needs Asio.
namespace polis::node {

namespace asio = boost::asio;
using boost::asio::ip::tcp;

class Connection;

/// Whom a connection reports to, on the net thread.
class ConnectionOwner {
  public:
    virtual ~ConnectionOwner() = default;
    virtual void on_events(Connection& connection, p2p::SessionEvents events) = 0;

    /// The socket is closed. Called once, as the last thing.
    virtual void on_closed(Connection& connection) = 0;

    /// Space to read into, shared by all connections.
    virtual std::span<std::uint8_t> read_buffer() = 0;
};

/// Lives until its last pending operation is done; the owner forgets it in on_closed().
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    /// Why it ends, for Peers.
    struct End {
        std::optional<p2p::CloseReason> reason;
        bool misbehaved = false;
    };

    /// Bytes handed to other threads above which nothing more is read.
    static constexpr std::size_t kInFlightBytesMax = std::size_t{8} << 20;

    Connection(
        p2p::ConnectionId id,
        tcp::socket socket,
        p2p::Session session,
        ConnectionOwner& owner,
        Clock& clock);

    void start();

    /// False if its queue is full; what comes after the end is lost.
    [[nodiscard]] bool send(p2p::Channel channel, Bytes message) {
        return !session_.established() || session_.send(channel, std::move(message));
    }

    /// Gives the socket what the session has, unless a write is under way.
    void flush();

    void tick(TimeMs now);

    /// The next flush() says goodbye and closes, or the time for that is over. The first end
    /// counts.
    void finish(End end, std::string_view note);

    /// Closes without writing any more.
    void abort(End end);

    [[nodiscard]] p2p::ConnectionId id() const { return id_; }

    [[nodiscard]] const p2p::Session& session() const { return session_; }

    [[nodiscard]] bool finishing() const { return end_.has_value(); }

    [[nodiscard]] bool wants_flush() const { return end_ || session_.has_output(); }

    [[nodiscard]] End end() const { return end_.value_or(End{}); }

    [[nodiscard]] InFlight hold(std::size_t bytes) { return {flow_, bytes}; }

    [[nodiscard]] std::size_t in_flight_bytes() const { return flow_->bytes.load(); }

    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    bool up = false;  ///< takes part: between Peers' PeerUp and PeerDown

  private:
    static constexpr std::size_t kWriteBytesMax = std::size_t{256} << 10;
    static constexpr int kReadsMax = 4;  ///< before others have their turn
    static constexpr std::uint64_t kFinishMs = 1'000;

    void read_more();
    void on_readable();
    bool read_once();
    void on_written(const boost::system::error_code& error);
    void close_now();

    const p2p::ConnectionId id_;
    tcp::socket socket_;
    p2p::Session session_;
    ConnectionOwner& owner_;
    Clock& clock_;
    std::shared_ptr<Flow> flow_;
    Bytes writing_;  ///< empty: no write is under way
    std::optional<End> end_;
    std::optional<TimeMs> finish_by_;
    bool reading_ = false;
    bool closed_ = false;
};

}  // namespace polis::node
