#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <node/rpc/http/core.hpp>
#include <node/rpc/http/text_body.hpp>

namespace polis::node::rpc {

/// JSON-RPC over one WebSocket: calls in any number up to a limit, their answers in the order in
/// which they are ready, and events of subscriptions in between.
class WebSocketSession : public std::enable_shared_from_this<WebSocketSession> {
  public:
    WebSocketSession(Core& core, const Door& door, boost::asio::ip::tcp::socket socket);
    ~WebSocketSession();

    /// Answers the upgrade and begins.
    void start(boost::beast::http::request<TextBody> request);

    /// Ends the session if its client does not read.
    void check(std::uint64_t now);

    /// Sends what the subscriptions have, as far as there is room.
    void pump();

    void close();

  private:
    void read();
    void on_message(std::size_t bytes);
    void send(std::string text);
    void write();

    Core& core_;
    const Door& door_;
    boost::beast::websocket::stream<boost::asio::ip::tcp::socket> stream_;
    boost::beast::flat_buffer buffer_;
    boost::beast::http::request<TextBody> request_;  ///< until the upgrade is answered
    std::shared_ptr<Subscriptions> subscriptions_;
    bool closed_ = false;
    std::size_t open_calls_ = 0;
    std::deque<std::string> queue_;  ///< the first is being sent
    std::size_t queue_bytes_ = 0;
    std::uint64_t write_deadline_ = UINT64_MAX;
};

}  // namespace polis::node::rpc
