#include <node/rpc/server.hpp>

#include <deque>
#include <thread>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <core/check.hpp>
#include <core/integer.hpp>
#include <node/rpc/http/connection.hpp>
#include <node/rpc/http/core.hpp>
#include <node/rpc/http/target.hpp>
#include <node/runtime/thread_name.hpp>

namespace polis::node::rpc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// "127.0.0.1:26601" or "[::1]:26601".
Result<tcp::endpoint, std::string> parse_listen(const std::string& text) {
    const auto name = host_name(text);
    const auto colon = text.rfind(':');
    error_code error;
    const auto address =
        name ? asio::ip::make_address(std::string(*name), error) : asio::ip::address();
    const auto port = name && colon != std::string::npos
                          ? parse_u64(std::string_view(text).substr(colon + 1))
                          : std::nullopt;
    if (!port || error) {
        return std::unexpected(
            "cannot listen on " + text + ": write an address and a port, as 127.0.0.1:26601");
    }
    return tcp::endpoint(address, static_cast<std::uint16_t>(*port));
}

std::string cure(const error_code& error, std::string_view key) {
    if (error == asio::error::address_in_use) {
        return "stop the program that uses it, or set " + std::string(key) + " to another port";
    }
    if (error == asio::error::access_denied) {
        return "take a port above 1023 in " + std::string(key);
    }
    return "set " + std::string(key) + " to an address of this machine";
}

/// Accepts for one port. A full table of files is no end: it tries again when something closed.
class Acceptor {
  public:
    Acceptor(Core& core, Door door)
        : core_(core), door_(std::move(door)), acceptor_(core.loop.context()) {}

    Result<std::uint16_t, std::string> listen(const std::string& text, std::string_view key) {
        POLIS_TRY(const tcp::endpoint endpoint, parse_listen(text));
        error_code error;
        acceptor_.open(endpoint.protocol(), error);
        if (!error) {
            acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        }
        if (!error) {
            acceptor_.bind(endpoint, error);
        }
        if (!error) {
            acceptor_.listen(asio::socket_base::max_listen_connections, error);
        }
        if (error) {
            return std::unexpected(
                "cannot listen on " + text + ": " + error.message() + "; " + cure(error, key));
        }
        door_.hosts.push_back(endpoint.address().to_string());
        accept();
        return acceptor_.local_endpoint().port();
    }

    void close() {
        error_code ignored;
        acceptor_.close(ignored);
    }

  private:
    void accept() {
        acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
            if (error == asio::error::operation_aborted || !acceptor_.is_open()) {
                return;
            }
            if (!error) {
                core_.admit(std::move(socket), door_);
            } else if (!core_.idle.empty()) {
                core_.idle.front()->close();  // makes room in the table of files
            }
            accept();
        });
    }

    Core& core_;
    Door door_;
    tcp::acceptor acceptor_;
};

std::vector<std::string> hosts_of(const Server::Setup& setup) {
    std::vector<std::string> out = setup.hosts;
    for (const std::string_view name : {"localhost", "127.0.0.1", "::1"}) {
        out.emplace_back(name);
    }
    return out;
}

}  // namespace

class Server::Impl {
  public:
    explicit Impl(Setup setup) : core_(std::move(setup)) {}

    ~Impl() { stop(); }

    Result<BoundPorts, std::string> start() {
        const Setup& setup = core_.setup;
        BoundPorts ports;
        auto& open =
            doors_.emplace_back(core_, Door{.admin = false, .token = {}, .hosts = hosts_of(setup)});
        POLIS_TRY(ports.rpc, open.listen(setup.listen, "rpc.listen"));
        if (setup.admin) {
            POLIS_ASSERT(!setup.admin->token.empty());
            auto& admin = doors_.emplace_back(
                core_, Door{.admin = true, .token = setup.admin->token, .hosts = hosts_of(setup)});
            POLIS_TRY(ports.admin, admin.listen(setup.admin->listen, "admin.listen"));
        }
        core_.start();
        thread_ = std::thread([this] {
            name_this_thread("rpc");
            core_.loop.context().run();
        });
        return ports;
    }

    void stop() {
        if (!thread_.joinable()) {
            return;
        }
        core_.setup.backend->listen(nullptr);
        core_.loop.close();
        thread_.join();
        for (Acceptor& door : doors_) {
            door.close();
        }
        core_.close_all();
    }

    [[nodiscard]] Counts counts() const {
        return {
            .connections = core_.connection_count,
            .websockets = core_.websocket_count,
            .accepted = core_.accepted,
            .refused = core_.refused,
            .requests = core_.requests};
    }

  private:
    Core core_;
    std::deque<Acceptor> doors_;
    std::thread thread_;
};

Server::Server(Setup setup) : impl_(std::make_unique<Impl>(std::move(setup))) {}

Server::~Server() = default;

Result<Server::BoundPorts, std::string> Server::start() { return impl_->start(); }

void Server::stop() { impl_->stop(); }

Server::Counts Server::counts() const { return impl_->counts(); }

}  // namespace polis::node::rpc
