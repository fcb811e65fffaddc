#include <node/rpc/http/connection.hpp>

#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include <core/integer.hpp>
#include <node/rpc/http/reply_text.hpp>

namespace polis::node::rpc {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kBufferMax = std::size_t{128} << 10;  // a head and what was sent behind it
constexpr std::size_t kUploadPartBytes = std::size_t{256} << 10;  // of a blob, then to the disk
constexpr std::size_t kBufferKept = std::size_t{4} << 10;         // between requests
constexpr std::uint64_t kLingerMs = 2'000;
constexpr std::size_t kWriteBytesPerS = std::size_t{256} << 10;  // the slowest reader we wait for

}  // namespace

Connection::Connection(Core& core, const Door& door, asio::ip::tcp::socket socket)
    : core_(core), door_(door), socket_(std::move(socket)), buffer_(kBufferMax) {}

Connection::~Connection() {
    static_cast<void>(core_.charge(charged_, 0));
    release_upload();
}

void Connection::start(Place place) {
    place_ = place;
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    wait();
}

void Connection::check(std::uint64_t now) {
    if (closed_) {
        return;
    }
    if (now >= deadline_) {
        close();
    } else if (now >= scheduled_) {  // else an earlier look is still to come
        scheduled_ = deadline_;
        core_.schedule(shared_from_this(), deadline_);
    }
}

void Connection::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    set_idle(false);
    error_code ignored;
    socket_.close(ignored);
    core_.remove(*this);
}

void Connection::set_deadline(std::uint64_t ms) {
    deadline_ = core_.loop.now_ms() + ms;
    if (deadline_ < scheduled_) {
        scheduled_ = deadline_;
        core_.schedule(shared_from_this(), deadline_);
    }
}

void Connection::set_idle(bool idle) {
    if (idle && !idle_) {
        idle_ = core_.idle.insert(core_.idle.end(), this);
    } else if (!idle && idle_) {
        core_.idle.erase(*idle_);
        idle_.reset();
    }
}

/// Tells the core how much memory this connection holds. False if all together hold too much.
bool Connection::charge() {
    const std::size_t now = (parser_ ? parser_->get().body().size() : 0) + body_.size();
    const bool fits = core_.charge(charged_, now);
    charged_ = now;
    return fits;
}

void Connection::release_upload() {
    if (std::exchange(uploading_, false)) {
        --core_.uploads;
        upload_.reset();
        uploaded_bytes_ = 0;
    }
}

// ---- reading ------------------------------------------------------------------------------------

/// Waits for the first byte of a request with next to no memory.
void Connection::wait() {
    parser_.reset();
    body_ = {};
    head_.clear();
    static_cast<void>(charge());
    if (buffer_.size() > 0) {
        read_head();
        return;
    }
    if (buffer_.capacity() > kBufferKept) {
        buffer_.shrink_to_fit();
    }
    set_deadline(core_.setup.limits.idle_ms);
    set_idle(true);
    socket_.async_wait(
        asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
            error ? self->close() : self->read_head();
        });
}

void Connection::read_head() {
    set_deadline(core_.setup.limits.header_ms);
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(core_.setup.limits.header_bytes_max));
    parser_->body_limit(boost::none);  // known when the head is
    http::async_read_header(
        socket_,
        buffer_,
        *parser_,
        [self = shared_from_this()](const error_code& error, std::size_t) {
            self->on_head(error);
        });
}

/// What to say to a request that cannot be read.
void Connection::refuse_reading(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        reply(problem(431, ErrorName::kTooLarge, "the head of the request is too large"));
    } else if (error == http::error::body_limit) {
        reply(problem(413, ErrorName::kTooLarge, "the body of the request is too large"));
    } else if (
        error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
        reply(problem(400, ErrorName::kInvalidRequest, "not HTTP/1.1: " + error.message()));
    } else {
        close();
    }
}

void Connection::on_head(const error_code& error) {
    if (closed_) {
        return;
    }
    set_idle(false);
    if (error) {
        refuse_reading(error);
        return;
    }
    ++core_.requests;
    keep_alive_ = parser_->get().keep_alive();
    if (auto refusal = check_head()) {
        refusal->close = refusal->close || !parser_->is_done();
        reply(*std::move(refusal));
        return;
    }
    if (parser_->is_done()) {
        on_request();
        return;
    }
    parser_->body_limit(body_limit());
    set_deadline(uploading_ ? core_.setup.limits.upload_ms : core_.setup.limits.body_ms);
    if (field(http::field::expect).empty()) {
        read_body();
        return;
    }
    head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(
        socket_,
        asio::buffer(head_),
        [self = shared_from_this()](const error_code& failed, std::size_t) {
            failed ? self->close() : self->read_body();
        });
}

void Connection::read_body() {
    http::async_read_some(
        socket_,
        buffer_,
        *parser_,
        [self = shared_from_this()](const error_code& error, std::size_t) {
            self->on_body(error);
        });
}

void Connection::on_body(const error_code& error) {
    if (closed_) {
        return;
    }
    if (error) {
        refuse_reading(error);
        return;
    }
    if (!charge()) {
        ++core_.refused;
        reply(problem(503, ErrorName::kBusy, "too many requests are in memory"));
        return;
    }
    if (parser_->is_done()) {
        on_request();
    } else if (uploading_ && parser_->get().body().size() >= kUploadPartBytes) {
        store_part();
    } else {
        read_body();
    }
}

// ---- what is asked for --------------------------------------------------------------------------

bool Connection::is(http::verb verb) const { return parser_->get().method() == verb; }

std::string_view Connection::field(http::field name) const {
    const auto value = parser_->get()[name];
    return {value.data(), value.size()};
}

std::size_t Connection::body_limit() const {
    const Limits& limits = core_.setup.limits;
    return target_.resource == Resource::kBlobs ? limits.blob_bytes_max : limits.body_bytes_max;
}

/// One length, told in one way: else two readers of one stream may see different requests.
std::optional<Connection::Reply> Connection::check_framing() {
    const auto& request = parser_->get();
    const bool chunked = request.count(http::field::transfer_encoding) > 0;
    const bool length = request.count(http::field::content_length) > 0;
    const bool twice = request.count(http::field::content_length) > 1 ||
                       request.count(http::field::transfer_encoding) > 1 ||
                       request.count(http::field::host) > 1;
    const bool other_coding =
        chunked && (request.version() < 11 ||
                    !boost::beast::iequals(request[http::field::transfer_encoding], "chunked"));
    if (twice || (chunked && length) || other_coding) {
        Reply out =
            problem(400, ErrorName::kInvalidRequest, "the length of the body is told in two ways");
        out.close = true;
        return out;
    }
    const auto expect = field(http::field::expect);
    if (!expect.empty() && !boost::beast::iequals(expect, "100-continue")) {
        return problem(417, ErrorName::kInvalidRequest, "only Expect: 100-continue is known");
    }
    return std::nullopt;
}

/// Names that a foreign web page cannot make a browser send, and the admin port's token.
std::optional<Connection::Reply> Connection::check_who() {
    const auto host = field(http::field::host);
    const auto name = host_name(host);
    if (!name) {
        return problem(400, ErrorName::kInvalidRequest, "the Host header is missing or malformed");
    }
    if (!host_allowed(*name, door_.hosts)) {
        return named_problem(
            403,
            "hostNotAllowed",
            "this node does not answer under the name " + std::string(name->substr(0, 64)),
            "add the name to rpc.hosts of the configuration");
    }
    const auto origin = field(http::field::origin);
    if (!origin.empty() && !origin_allowed(origin, host)) {
        return named_problem(
            403,
            "originNotAllowed",
            "a page of another origin may not use this node",
            "call from a program, or serve the page from the same address");
    }
    if (!door_.admin) {
        return std::nullopt;
    }
    const auto token = bearer_token(field(http::field::authorization));
    if (!token || !same_secret(*token, door_.token)) {
        Reply out = named_problem(
            401,
            "unauthorized",
            "the admin port needs the node's token",
            "send Authorization: Bearer TOKEN; the token is in the file api.token of the node");
        out.headers = "WWW-Authenticate: Bearer\r\n";
        return out;
    }
    return std::nullopt;
}

std::optional<Connection::Reply> Connection::check_body() {
    if (target_.resource == Resource::kRpc && is(http::verb::post) &&
        !is_json_type(field(http::field::content_type))) {
        return named_problem(
            415,
            "wrongContentType",
            "the body must be JSON",
            "send Content-Type: application/json");
    }
    const auto length = parser_->content_length();
    if (length && *length > body_limit()) {
        return problem(
            413,
            ErrorName::kTooLarge,
            "the body has more than " + std::to_string(body_limit()) + " bytes");
    }
    if (target_.resource == Resource::kBlobs) {
        if (core_.uploads >= core_.setup.limits.uploads_max) {
            ++core_.refused;
            Reply out = problem(503, ErrorName::kBusy, "too many uploads at once");
            out.headers = "Retry-After: 1\r\n";
            return out;
        }
        ++core_.uploads;
        uploading_ = true;
    }
    return std::nullopt;
}

std::optional<Connection::Reply> Connection::check_head() {
    if (auto refusal = check_framing()) {
        return refusal;
    }
    if (auto refusal = check_who()) {
        return refusal;
    }
    const auto target = parser_->get().target();
    target_ = parse_target({target.data(), target.size()});
    if (target_.resource == Resource::kNothing) {
        return named_problem(
            404,
            "noSuchPath",
            "there is nothing here",
            "JSON-RPC: POST /; blobs: /v1/blobs; state: /livez /readyz /metrics");
    }
    const bool reads = is(http::verb::get) || is(http::verb::head);
    const bool allowed =
        (target_.resource == Resource::kRpc && (reads || is(http::verb::post))) ||
        (target_.resource == Resource::kBlobs && is(http::verb::put)) ||
        (target_.resource != Resource::kRpc && target_.resource != Resource::kBlobs && reads);
    if (!allowed) {
        Reply out = named_problem(
            405, "methodNotAllowed", "this path has no such method", "see the header Allow");
        out.headers = "Allow: " + std::string(methods_of(target_.resource)) + "\r\n";
        return out;
    }
    return check_body();
}

void Connection::on_request() {
    set_deadline(core_.setup.limits.call_ms);
    switch (target_.resource) {
        case Resource::kRpc:
            is(http::verb::post) ? call() : upgrade();
            return;
        case Resource::kBlobs:
            store_part();
            return;
        case Resource::kBlob:
        case Resource::kModel:
            serve_blob();
            return;
        case Resource::kLive:
        case Resource::kReady:
        case Resource::kMetrics:
        case Resource::kNothing:
            serve_page();
            return;
    }
}

void Connection::call() {
    const Caller caller{.admin = door_.admin, .subscriptions = nullptr};
    // Whoever answers late keeps no connection: Core::connections does.
    core_.dispatcher.handle(
        parser_->get().body(), caller, [weak = weak_from_this()](std::string text) {
            const auto self = weak.lock();
            if (!self || self->closed_) {
                return;
            }
            Reply out;
            out.status = text.empty() ? 204 : 200;
            out.body = std::move(text);
            self->reply(std::move(out));
        });
}

void Connection::serve_page() {
    Backend& backend = *core_.setup.backend;
    Reply out;
    out.type = "text/plain; charset=utf-8";
    if (target_.resource == Resource::kLive) {
        out.body = "ok\n";
    } else if (target_.resource == Resource::kMetrics) {
        out.type = "text/plain; version=0.0.4; charset=utf-8";
        out.body = backend.metrics_text();
    } else {
        const auto reasons = backend.not_ready();
        out.status = reasons.empty() ? 200 : 503;
        out.type = "application/json";
        JsonWriter json;
        json.begin_object().flag("ready", reasons.empty()).begin_array("reasons");
        for (const std::string& reason : reasons) {
            json.text(reason);
        }
        json.end_array().end_object();
        out.body = json.take();
    }
    reply(std::move(out));
}

// ---- writing ------------------------------------------------------------------------------------

Connection::Reply Connection::problem(unsigned status, ErrorName name, std::string message) {
    return named_problem(status, row_of(name).name, std::move(message), row_of(name).hint);
}

Connection::Reply Connection::named_problem(
    unsigned status, std::string_view name, std::string message, std::string_view hint) {
    JsonWriter json;
    json.begin_object().begin_object("error").text("name", name).text("message", message);
    json.text("hint", hint).end_object().end_object();
    Reply out;
    out.status = status;
    out.body = json.take();
    return out;
}

void Connection::reply(Reply reply) {
    release_upload();
    const bool whole = parser_ && parser_->is_done();
    keep_alive_ = keep_alive_ && whole && !reply.close;
    body_ = std::move(reply.body);
    head_ = head_text(
        {.status = reply.status,
         .type = reply.type,
         .headers = reply.headers,
         .length = body_.size(),
         .keep_alive = keep_alive_});
    blob_ = {};
    if (parser_ && is(http::verb::head)) {
        body_.clear();
    }
    if (parser_) {
        parser_->get().body() = {};
    }
    if (!charge() && body_.size() > kBufferMax) {
        ++core_.refused;
        close();
        return;
    }
    write(body_.size());
}

void Connection::write(std::size_t body_bytes) {
    set_deadline(core_.setup.limits.write_ms + 1'000 * (body_bytes / kWriteBytesPerS));
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head_), asio::buffer(body_)};
    asio::async_write(
        socket_, parts, [self = shared_from_this()](const error_code& error, std::size_t) {
            self->on_written(error);
        });
}

void Connection::on_written(const error_code& error) {
    if (closed_) {
        return;
    }
    if (error) {
        close();
    } else if (blob_.count > 0) {
        send_blob_part();
    } else if (keep_alive_) {
        wait();
    } else {
        linger();
    }
}

/// Gives the client time to read the last answer: a socket that is closed with unread bytes in it
/// takes the answer back.
void Connection::linger() {
    error_code ignored;
    if (!std::exchange(lingering_, true)) {
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        set_deadline(kLingerMs);
        body_.assign(kBufferKept, '\0');
    }
    socket_.async_read_some(
        asio::buffer(body_), [self = shared_from_this()](const error_code& error, std::size_t) {
            error || self->closed_ ? self->close() : self->linger();
        });
}

}  // namespace polis::node::rpc
