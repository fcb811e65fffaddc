#include <node/rpc/http/websocket.hpp>

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>

namespace polis::node::rpc {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

WebSocketSession::WebSocketSession(Core& core, const Door& door, asio::ip::tcp::socket socket)
    : core_(core),
      door_(door),
      stream_(std::move(socket)),
      subscriptions_(
          std::make_shared<Subscriptions>(core.events, core.setup.limits.subscriptions_max)) {
    core_.add(*this);
}

WebSocketSession::~WebSocketSession() {
    if (!closed_) {
        core_.remove(*this);
    }
}

void WebSocketSession::start(boost::beast::http::request<TextBody> request) {
    request_ = std::move(request);
    const Limits& limits = core_.setup.limits;
    stream_.read_message_max(limits.body_bytes_max);
    stream_.auto_fragment(false);
    stream_.set_option(websocket::stream_base::timeout{
        .handshake_timeout = std::chrono::milliseconds(limits.header_ms),
        .idle_timeout = std::chrono::milliseconds(limits.idle_ms),
        .keep_alive_pings = true});
    stream_.async_accept(request_, [self = shared_from_this()](const error_code& error) {
        if (error) {
            self->close();
            return;
        }
        self->request_ = {};
        self->read();
    });
}

void WebSocketSession::check(std::uint64_t now) {
    if (now >= write_deadline_) {
        close();
    }
}

void WebSocketSession::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    core_.remove(*this);
    subscriptions_ = nullptr;
    error_code ignored;
    stream_.next_layer().close(ignored);
}

void WebSocketSession::read() {
    stream_.async_read(
        buffer_, [self = shared_from_this()](const error_code& error, std::size_t bytes) {
            error || self->closed_ ? self->close() : self->on_message(bytes);
        });
}

void WebSocketSession::on_message(std::size_t bytes) {
    const std::string text = boost::beast::buffers_to_string(buffer_.data());
    buffer_.consume(bytes);
    buffer_.shrink_to_fit();
    ++core_.requests;
    if (open_calls_ >= core_.setup.limits.calls_max) {
        ++core_.refused;
        send(error_response(rpc_error(ErrorName::kTooManyCalls)));
    } else {
        ++open_calls_;
        const Caller caller{.admin = door_.admin, .subscriptions = subscriptions_};
        core_.dispatcher.handle(text, caller, [weak = weak_from_this()](std::string answer) {
            const auto self = weak.lock();
            if (!self) {
                return;
            }
            --self->open_calls_;
            if (!answer.empty()) {
                self->send(std::move(answer));
            }
            self->pump();
        });
    }
    if (!closed_) {
        read();
    }
}

void WebSocketSession::pump() {
    while (!closed_ && queue_bytes_ < core_.setup.limits.queue_bytes_max) {
        auto message = subscriptions_->next();
        if (!message) {
            return;
        }
        send(*std::move(message));
    }
}

void WebSocketSession::send(std::string text) {
    if (closed_) {
        return;
    }
    const Limits& limits = core_.setup.limits;
    queue_bytes_ += text.size();
    if (queue_bytes_ > limits.response_bytes_max + limits.queue_bytes_max) {
        ++core_.refused;
        close();  // asks and asks, and does not read
        return;
    }
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) {
        write();
    }
}

void WebSocketSession::write() {
    write_deadline_ = core_.loop.now_ms() + core_.setup.limits.write_ms;
    stream_.text(true);
    stream_.async_write(
        asio::buffer(queue_.front()),
        [self = shared_from_this()](const error_code& error, std::size_t) {
            if (error || self->closed_) {
                self->close();
                return;
            }
            self->write_deadline_ = UINT64_MAX;
            self->queue_bytes_ -= self->queue_.front().size();
            self->queue_.pop_front();
            if (!self->queue_.empty()) {
                self->write();
            }
            self->pump();
        });
}

}  // namespace polis::node::rpc
