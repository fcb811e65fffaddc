#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <node/rpc/describe.hpp>
#include <node/rpc/dispatcher.hpp>
#include <node/rpc/faucet.hpp>
#include <node/rpc/server.hpp>
#include <node/rpc/services.hpp>
#include <node/rpc/subscriptions.hpp>
#include <node/rpc/waiters.hpp>

/// What the connections of a server share.
namespace polis::node::rpc {

class Connection;
class WebSocketSession;

/// The io_context of the server's thread, and its workers.
class AsioLoop final : public Loop {
  public:
    AsioLoop(std::size_t workers, std::size_t works_max);

    void post(std::function<void()> task) override;
    [[nodiscard]] bool work(std::function<void()> task) override;
    [[nodiscard]] std::uint64_t now_ms() const override;

    /// From now on nothing is taken in. Returns when the workers are idle.
    void close();

    [[nodiscard]] boost::asio::io_context& context() { return context_; }

  private:
    void run_tasks();

    boost::asio::io_context context_{1};
    std::mutex tasks_mutex_;
    std::vector<std::function<void()>> tasks_;  ///< under tasks_mutex_: posted, not begun
    std::atomic<bool> closed_{false};
    std::atomic<std::size_t> works_{0};
    const std::size_t works_max_;
    boost::asio::thread_pool workers_;  ///< last: its threads end before the rest goes
};

/// One of the two ports.
struct Door {
    bool admin = false;
    std::string token;               ///< of the admin port
    std::vector<std::string> hosts;  ///< names that requests may carry
};

/// Everything here belongs to the loop's thread, counters aside.
class Core {
  public:
    explicit Core(Server::Setup setup);

    /// Takes a new connection in, or turns the longest idle one away for it.
    void admit(boost::asio::ip::tcp::socket socket, const Door& door);

    /// Begins to take the node's events in, and to look at deadlines.
    void start();

    /// Closes every connection.
    void close_all();

    void remove(Connection& connection);
    void add(WebSocketSession& session);
    void remove(WebSocketSession& session);

    /// Looks at the connection's deadline when it is due, not before: ten thousand slow connections
    /// cost nothing while they wait.
    void schedule(const std::shared_ptr<Connection>& connection, std::uint64_t due);

    /// Counts memory that clients make us hold. False if that is too much in all.
    [[nodiscard]] bool charge(std::size_t before, std::size_t now);

    Server::Setup setup;
    const Registry registry = all_methods();
    HeadCache heads;
    EventLog events;

    std::list<std::shared_ptr<Connection>> connections;
    std::list<Connection*> idle;  ///< wait for a request, longest first
    std::size_t uploads = 0;

    std::atomic<std::size_t> connection_count{0};
    std::atomic<std::size_t> websocket_count{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> requests{0};

  private:
    void tick();
    void listen_to_node();
    void take_events();
    void on_event(const NodeEvent& event);
    void on_block(const BlockFinalized& block);
    void on_pending(const Hash& id);
    void skip_logs();
    void read_logs();
    void wake_subscribers();
    void events_lost();

    std::set<WebSocketSession*> websockets_;
    std::size_t buffered_bytes_ = 0;
    bool waking_ = false;
    std::map<std::uint64_t, std::vector<std::weak_ptr<Connection>>> due_;  ///< by tick
    std::deque<Height> logs_;  ///< blocks whose logs are to be read, the first is under way

    std::mutex arrived_mutex_;
    std::deque<NodeEvent> arrived_;  ///< guarded by arrived_mutex_; not taken in yet
    std::atomic<bool> events_lost_{false};
    std::atomic<bool> unheard_pending_{false};  ///< a pending transaction that nobody wanted

  public:
    // The loop goes before what stands above: connections end with it, and count themselves out.
    AsioLoop loop;
    Waiters waiters;
    Faucet faucet;
    Services services;
    Dispatcher dispatcher;

  private:
    boost::asio::steady_timer timer_;
};

}  // namespace polis::node::rpc
