#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <node/drivers/connection.hpp>
#include <node/drivers/p2p_driver.hpp>

namespace polis::node {

/// The state behind P2pDriver. Everything but start(), stop() and post() happens on its thread.
class P2pDriver::Impl : public ConnectionOwner {
  public:
    explicit Impl(Setup setup);
    ~Impl() override;

    [[nodiscard]] Result<void, std::string> listen();
    void start();
    void stop();

    /// Runs `work` on the thread, then whatever follows from it: writes, timers.
    template <class Work>
    void post(Work work);

    void order(std::vector<NetOrder> orders);
    void penalise(PeerId peer, p2p::Offence offence, const std::string& reason);
    void perform(p2p::PeersEffects effects);
    void perform(NetMachine::Effects effects);

    [[nodiscard]] p2p::Peers& peers() { return *peers_; }

    [[nodiscard]] p2p::FaultyLinks& faults() { return faults_; }

    [[nodiscard]] TimeMs now() const { return setup_.clock->now(); }

    [[nodiscard]] const p2p::Endpoint& local() const { return local_; }

    [[nodiscard]] const P2pCounters& counters() const { return counters_; }

    // ConnectionOwner
    void on_events(Connection& connection, p2p::SessionEvents events) override;
    void on_closed(Connection& connection) override;

    std::span<std::uint8_t> read_buffer() override { return read_buffer_; }

  private:
    using ConnectionPtr = std::shared_ptr<Connection>;

    void accept();
    void on_accept(const boost::system::error_code& error, tcp::socket socket);
    void open_connection(
        p2p::ConnectionId id,
        tcp::socket socket,
        p2p::Role role,
        const std::optional<p2p::NodeId>& expected);

    void on(Connection& connection, const p2p::Established& event);
    void on(Connection& connection, p2p::Message& event);
    void on(Connection& connection, const p2p::Closed& event);

    void perform_one(const p2p::Dial& effect);
    void perform_one(const p2p::Disconnect& effect);
    void perform_one(p2p::SendControl& effect);
    void perform_one(const p2p::PeerUp& effect);
    void perform_one(const p2p::PeerDown& effect);
    void perform_one(const p2p::BookChanged& effect);

    void perform_order(SendTo& order);
    void perform_order(SendAll& order);
    void perform_order(const Penalise& order);

    void send(Connection& connection, p2p::Channel channel, Bytes bytes);
    void send_now(Connection& connection, p2p::Channel channel, Bytes bytes);
    void release_faults();
    void count_round_trips();

    void settle();
    void arm();
    void on_timer();
    [[nodiscard]] std::optional<TimeMs> next_timer() const;
    void close_all();
    [[nodiscard]] Connection* find(p2p::ConnectionId id);

    Setup setup_;
    const crypto::Seed static_seed_;
    P2pCounters counters_;

    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    asio::steady_timer accept_pause_{io_};
    asio::steady_timer timer_{io_};
    p2p::Endpoint local_;
    std::thread thread_;

    // Owned by the thread once it runs.
    std::unique_ptr<p2p::Peers> peers_;
    p2p::FaultyLinks faults_;
    std::map<p2p::ConnectionId, ConnectionPtr> connections_;
    p2p::ConnectionId next_id_ = 1;
    std::vector<std::uint8_t> read_buffer_;
    std::optional<TimeMs> armed_;
    bool settling_ = false;
    bool stopping_ = false;
};

}  // namespace polis::node
