#include <tests/support/rpc_client.hpp>

#include <deque>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace polis::tests {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

}  // namespace

std::string HttpReply::header(std::string_view name) const {
    const std::string line = "\r\n" + std::string(name) + ": ";
    const auto begin = headers.find(line);
    if (begin == std::string::npos) {
        return {};
    }
    const auto value = begin + line.size();
    return headers.substr(value, headers.find("\r\n", value) - value);
}

nlohmann::json HttpReply::json() const { return nlohmann::json::parse(body); }

struct HttpClient::Impl {
    asio::io_context context;
    tcp::socket socket{context};
    beast::flat_buffer buffer;
};

HttpClient::HttpClient(std::uint16_t port) : impl_(std::make_unique<Impl>()) {
    impl_->socket.connect(local(port));
    impl_->socket.set_option(tcp::no_delay(true));
}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

void HttpClient::send(std::string_view bytes) {
    error_code ignored;  // a server that has answered and closed is read from below
    asio::write(impl_->socket, asio::buffer(bytes), ignored);
}

std::optional<HttpReply> HttpClient::read(bool head) {
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(boost::none);
    parser.skip(head);
    error_code error;
    beast::http::read(impl_->socket, impl_->buffer, parser, error);
    if (error) {
        return std::nullopt;
    }
    HttpReply out;
    out.status = parser.get().result_int();
    for (const auto& field : parser.get()) {
        out.headers +=
            "\r\n" + std::string(field.name_string()) + ": " + std::string(field.value());
    }
    out.headers += "\r\n";
    out.body = std::move(parser.get().body());
    return out;
}

HttpReply HttpClient::post(std::string_view body, std::string_view headers) {
    std::string request =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    request += headers;
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    request += body;
    send(request);
    return read().value();
}

HttpReply HttpClient::get(
    std::string_view target, std::string_view headers, std::string_view method) {
    std::string request = std::string(method) + ' ' + std::string(target);
    request += " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n";
    send(request);
    return read(method == "HEAD").value();
}

nlohmann::json HttpClient::call(
    std::string_view method, const nlohmann::json& params, std::string_view headers) {
    const nlohmann::json request = {
        {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    return post(request.dump(), headers).json();
}

bool HttpClient::closed() {
    char byte = 0;
    error_code error;
    asio::read(impl_->socket, asio::buffer(&byte, 1), error);
    return static_cast<bool>(error);
}

struct WebSocketClient::Impl {
    asio::io_context context;
    beast::websocket::stream<tcp::socket> stream{context};
    std::deque<nlohmann::json> events;
    int id = 0;
};

WebSocketClient::WebSocketClient(std::uint16_t port) : impl_(std::make_unique<Impl>()) {
    impl_->stream.next_layer().connect(local(port));
    impl_->stream.handshake("localhost", "/");
}

WebSocketClient::~WebSocketClient() = default;

void WebSocketClient::send(std::string_view text) {
    error_code ignored;
    impl_->stream.write(asio::buffer(text), ignored);
}

std::optional<nlohmann::json> WebSocketClient::read() {
    beast::flat_buffer buffer;
    error_code error;
    impl_->stream.read(buffer, error);
    if (error) {
        return std::nullopt;
    }
    return nlohmann::json::parse(beast::buffers_to_string(buffer.data()));
}

nlohmann::json WebSocketClient::call(std::string_view method, const nlohmann::json& params) {
    const nlohmann::json request = {
        {"jsonrpc", "2.0"}, {"id", ++impl_->id}, {"method", method}, {"params", params}};
    send(request.dump());
    for (;;) {
        nlohmann::json message = read().value();
        if (message.contains("id")) {
            return message;
        }
        impl_->events.push_back(message.at("params"));
    }
}

nlohmann::json WebSocketClient::event() {
    if (impl_->events.empty()) {
        return read().value().at("params");
    }
    nlohmann::json out = std::move(impl_->events.front());
    impl_->events.pop_front();
    return out;
}

}  // namespace polis::tests
