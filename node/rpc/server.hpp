#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <core/result.hpp>
#include <node/rpc/backend.hpp>
#include <node/rpc/limits.hpp>

namespace polis::node::rpc {

/// JSON-RPC over HTTP and WebSocket, blobs, health and metrics. Spec: docs/spec/rpc.md.
///
/// Runs a thread of its own for sockets and quick answers, and a few workers for what reads blocks
/// and files.
class Server {
  public:
    struct Admin {
        std::string listen;  ///< "127.0.0.1:26602"
        std::string token;   ///< whoever sends it may do everything; not empty
    };

    struct Setup {
        Backend* backend = nullptr;
        std::string listen;  ///< "127.0.0.1:26601"; port 0: any
        std::optional<Admin> admin = std::nullopt;
        Limits limits = {};
        /// Names under which browsers and proxies may reach this node, beside localhost and the
        /// addresses that it listens on. "*" allows every name.
        std::vector<std::string> hosts = {};
        std::string dev_seed = {};  ///< of the devnet's keys; empty: none
        std::size_t workers = 2;
    };

    struct BoundPorts {
        std::uint16_t rpc = 0;
        std::uint16_t admin = 0;  ///< 0: none
    };

    struct Counts {
        std::size_t connections = 0;
        std::size_t websockets = 0;
        std::uint64_t accepted = 0;
        std::uint64_t refused = 0;   ///< connections and requests beyond a limit
        std::uint64_t requests = 0;  ///< HTTP requests and WebSocket messages
    };

    /// @pre the backend outlives the server, and will answer nothing more once this is destroyed
    explicit Server(Setup setup);

    /// stop(), if that was not called.
    ~Server();

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens and begins to answer.
    /// @error one line: what is wrong and what to do about it
    [[nodiscard]] Result<BoundPorts, std::string> start();

    /// Closes every connection and ends the threads. Answers of the backend that come later are
    /// dropped. May be called twice, not from a callback.
    void stop();

    [[nodiscard]] Counts counts() const;  ///< from any thread

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::node::rpc
