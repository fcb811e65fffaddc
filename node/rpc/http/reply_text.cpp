#include <node/rpc/http/reply_text.hpp>

namespace polis::node::rpc {

namespace {

std::string_view reason(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 426:
            return "Upgrade Required";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "Answer";
    }
}

}  // namespace

std::string head_text(const ReplyHead& head) {
    std::string out = "HTTP/1.1 ";
    out += std::to_string(head.status);
    out += ' ';
    out += reason(head.status);
    out += "\r\n";
    const bool bodiless = head.status == 204 || head.status == 304;
    if (!bodiless) {
        out += "Content-Type: ";
        out += head.type;
        out += "\r\nContent-Length: ";
        out += std::to_string(head.length);
        out += "\r\n";
    }
    out += "X-Content-Type-Options: nosniff\r\n";
    out += head.headers;
    if (!head.keep_alive) {
        out += "Connection: close\r\n";
    }
    out += "\r\n";
    return out;
}

}  // namespace polis::node::rpc
