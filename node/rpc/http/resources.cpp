// What a connection serves beside JSON-RPC: blobs, and the way to WebSocket.
#include <algorithm>
#include <utility>

#include <boost/beast/websocket/rfc6455.hpp>

#include <core/hex.hpp>
#include <node/rpc/http/connection.hpp>
#include <node/rpc/http/reply_text.hpp>
#include <node/rpc/http/websocket.hpp>

namespace polis::node::rpc {

namespace http = boost::beast::http;

namespace {

constexpr std::uint64_t kPartBytes = std::uint64_t{256} << 10;  // of a blob in memory at once

constexpr std::string_view kPage =
    "Polis node: JSON-RPC 2.0.\n"
    "\n"
    "  POST /                 a request or a batch, Content-Type: application/json\n"
    "  GET /                  the same over WebSocket, with subscriptions\n"
    "  PUT /v1/blobs          stores a blob; GET /v1/blobs/ROOT reads it, also in parts\n"
    "  GET /v1/models/ROOT    the same for a model, as a file to keep\n"
    "  GET /livez /readyz /metrics\n"
    "\n"
    "The method rpc.discover gives the OpenRPC document of all methods:\n"
    R"(  {"jsonrpc":"2.0","id":1,"method":"rpc.discover"})"
    "\n";

}  // namespace

void Connection::upgrade() {
    if (!boost::beast::websocket::is_upgrade(parser_->get())) {
        Reply out;
        out.type = "text/plain; charset=utf-8";
        out.body = kPage;
        reply(std::move(out));
        return;
    }
    if (core_.websocket_count >= core_.setup.limits.websockets_max) {
        ++core_.refused;
        reply(problem(503, ErrorName::kBusy, "too many WebSockets are open"));
        return;
    }
    auto session = std::make_shared<WebSocketSession>(core_, door_, std::move(socket_));
    session->start(parser_->release());
    closed_ = true;
    core_.remove(*this);
}

/// Hands what has come of a blob to the disk. Nothing is read meanwhile: a client that is faster
/// than the disk waits, and memory does not grow.
void Connection::store_part() {
    if (upload_ == nullptr) {
        upload_ = core_.setup.backend->upload_blob();
    }
    auto part = std::make_shared<std::string>(std::exchange(parser_->get().body(), {}));
    const bool taken =
        core_.loop.work([self = shared_from_this(), part, last = parser_->is_done()] {
            auto added = self->upload_->add(as_bytes(*part));
            Result<std::optional<Hash>, std::string> done = std::nullopt;
            if (!added) {
                done = std::unexpected(added.error());
            } else if (last) {
                done = self->upload_->finish();
            }
            self->core_.loop.post([self, done = std::move(done), bytes = part->size()] {
                self->on_part_stored(done, bytes);
            });
        });
    if (!taken) {
        reply(problem(503, ErrorName::kBusy, "too many calls wait"));
    }
}

void Connection::on_part_stored(
    const Result<std::optional<Hash>, std::string>& done, std::size_t bytes) {
    if (closed_) {
        return;
    }
    uploaded_bytes_ += bytes;
    if (!done) {
        reply(problem(500, ErrorName::kBlobFailed, done.error()));
        return;
    }
    if (!*done) {
        static_cast<void>(charge());
        read_body();
        return;
    }
    const Hash& root = **done;
    JsonWriter json;
    json.begin_object().bytes("root", root.view()).number("bytes", uploaded_bytes_).end_object();
    Reply out;
    out.status = 201;
    out.body = json.take();
    out.headers = "Location: /v1/blobs/" + to_hex_prefixed(root.view()) + "\r\n";
    reply(std::move(out));
}

void Connection::serve_blob() {
    const auto size = core_.setup.backend->blob_bytes(target_.root);
    if (!size) {
        reply(problem(404, ErrorName::kNotFound, "this node has no such blob"));
        return;
    }
    const std::string tag = '"' + to_hex_prefixed(target_.root.view()) + '"';
    Reply out;
    out.type = "application/octet-stream";
    out.headers = "ETag: " + tag + "\r\nAccept-Ranges: bytes\r\n";
    if (target_.resource == Resource::kModel) {
        constexpr std::size_t kNameBytes = 8;
        out.headers += "Content-Disposition: attachment; filename=\"model-" +
                       to_hex(target_.root.view().first(kNameBytes)) + ".polis\"\r\n";
    }
    if (names_tag(field(http::field::if_none_match), tag)) {
        out.status = 304;
        reply(std::move(out));
        return;
    }
    ByteRange part{0, *size};
    if (const auto wish = field(http::field::range); !wish.empty() && is(http::verb::get)) {
        RangeError error = RangeError::kIgnored;
        const auto range = parse_range(wish, *size, error);
        if (!range && error == RangeError::kUnsatisfiable) {
            Reply refusal = problem(416, ErrorName::kOutOfRange, "the blob is not as long");
            refusal.headers = "Content-Range: bytes */" + std::to_string(*size) + "\r\n";
            reply(std::move(refusal));
            return;
        }
        if (range) {
            part = *range;
            out.status = 206;
            out.headers += "Content-Range: bytes " + std::to_string(part.first) + '-' +
                           std::to_string(part.first + part.count - 1) + '/' +
                           std::to_string(*size) + "\r\n";
        }
    }
    head_ = head_text(
        {.status = out.status,
         .type = out.type,
         .headers = out.headers,
         .length = part.count,
         .keep_alive = keep_alive_});
    body_.clear();
    blob_ = is(http::verb::head) ? ByteRange{} : part;
    write(0);
}

/// Reads the next part on a worker's thread and sends it; the next one is read when it has left.
void Connection::send_blob_part() {
    const std::uint64_t count = std::min(blob_.count, kPartBytes);
    const bool taken = core_.loop.work([self = shared_from_this(), first = blob_.first, count] {
        auto part = self->core_.setup.backend->read_blob(self->target_.root, first, count);
        self->core_.loop.post([self, part = std::move(part)] { self->on_blob_part(part); });
    });
    if (!taken) {
        close();  // the head has promised the bytes
    }
}

void Connection::on_blob_part(const Result<Bytes, std::string>& part) {
    if (closed_) {
        return;
    }
    if (!part || part->empty() || part->size() > blob_.count) {
        close();
        return;
    }
    blob_.first += part->size();
    blob_.count -= part->size();
    head_.clear();
    body_.assign(as_text(*part));
    static_cast<void>(charge());
    write(body_.size());
}

}  // namespace polis::node::rpc
