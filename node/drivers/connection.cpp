#include <node/drivers/connection.hpp>

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <core/integer.hpp>

namespace polis::node {

Connection::Connection(
    p2p::ConnectionId id,
    tcp::socket socket,
    p2p::Session session,
    ConnectionOwner& owner,
    Clock& clock)
    : id_(id),
      socket_(std::move(socket)),
      session_(std::move(session)),
      owner_(owner),
      clock_(clock),
      flow_(std::make_shared<Flow>()) {
    flow_->resume_bytes = kInFlightBytesMax / 2;
}

void Connection::start() {
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    flow_->resume = [executor = socket_.get_executor(), weak = weak_from_this()] {
        asio::post(executor, [weak] {
            if (const auto self = weak.lock()) {
                self->read_more();
            }
        });
    };
    read_more();
    flush();
}

// ---- reading ------------------------------------------------------------------------------------

void Connection::read_more() {
    if (closed_ || reading_ || end_) {
        return;
    }
    if (in_flight_bytes() > kInFlightBytesMax) {
        flow_->paused.store(true);
        // What was in flight may have gone in between: then nobody else would resume.
        if (in_flight_bytes() > kInFlightBytesMax || !flow_->paused.exchange(false)) {
            return;
        }
    }
    reading_ = true;
    socket_.async_wait(
        tcp::socket::wait_read,
        [self = shared_from_this()](const boost::system::error_code& error) {
            self->reading_ = false;
            if (!error) {
                self->on_readable();
            }
        });
}

void Connection::on_readable() {
    for (int i = 0; i < kReadsMax && !closed_ && !end_; ++i) {
        if (!read_once()) {
            break;
        }
    }
    flush();
    read_more();
}

/// True if the buffer came back full, so that there may be more.
bool Connection::read_once() {
    const std::span<std::uint8_t> space = owner_.read_buffer();
    boost::system::error_code error;
    const std::size_t count = socket_.read_some(asio::buffer(space.data(), space.size()), error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
        return false;
    }
    if (error) {
        abort({});  // the other side is gone
        return false;
    }
    owner_.on_events(*this, session_.receive(space.first(count), clock_.now()));
    return count == space.size();
}

// ---- writing ------------------------------------------------------------------------------------

void Connection::flush() {
    if (closed_ || !writing_.empty()) {
        return;
    }
    writing_ = session_.take_output(kWriteBytesMax, clock_.now());
    if (writing_.empty()) {
        if (end_) {
            close_now();
        }
        return;
    }
    asio::async_write(
        socket_,
        asio::buffer(writing_),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t /*count*/) {
            self->on_written(error);
        });
}

void Connection::on_written(const boost::system::error_code& error) {
    writing_.clear();
    if (error) {
        abort({});
        return;
    }
    flush();
}

// ---- time and the end ---------------------------------------------------------------------------

void Connection::tick(TimeMs now) {
    if (finish_by_ && *finish_by_ <= now) {
        close_now();
        return;
    }
    const auto due = end_ ? std::nullopt : session_.next_timer();
    if (due && *due <= now) {
        owner_.on_events(*this, session_.tick(now));
        flush();
    }
}

std::optional<TimeMs> Connection::next_timer() const {
    return end_ ? finish_by_ : session_.next_timer();
}

void Connection::finish(End end, std::string_view note) {
    if (end_) {
        return;
    }
    end_ = end;
    session_.close(end.reason.value_or(p2p::CloseReason::kLeft), note);
    finish_by_ = TimeMs{saturating_add(clock_.now().value, kFinishMs)};
}

void Connection::abort(End end) {
    if (!end_) {
        end_ = end;
    }
    close_now();
}

void Connection::close_now() {
    if (std::exchange(closed_, true)) {
        return;
    }
    if (!end_) {
        end_ = End{};
    }
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    const auto self = shared_from_this();  // the owner forgets it
    owner_.on_closed(*this);
}

}  // namespace polis::node
