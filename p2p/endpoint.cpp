#include <p2p/endpoint.hpp>

#include <algorithm>
#include <charconv>
#include <string>

#include <arpa/inet.h>

namespace polis::p2p {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const Endpoint& endpoint) {
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.address.begin());
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool whole = failed == std::errc{} && end == text.data() + text.size();
    return whole && port != 0 ? std::optional{port} : std::nullopt;
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto port = parse_port(text.substr(colon + 1));
    std::string host(text.substr(0, colon));
    if (!port) {
        return std::nullopt;
    }
    Endpoint out{.address = {}, .port = *port};
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        return inet_pton(AF_INET6, host.c_str(), out.address.data()) == 1 ? std::optional{out}
                                                                          : std::nullopt;
    }
    std::ranges::copy(kMappedPrefix, out.address.begin());
    return inet_pton(AF_INET, host.c_str(), out.address.data() + kMappedPrefix.size()) == 1
               ? std::optional{out}
               : std::nullopt;
}

std::string to_string(const Endpoint& endpoint) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_mapped(endpoint)) {
        inet_ntop(
            AF_INET, endpoint.address.data() + kMappedPrefix.size(), text.data(), text.size());
        return std::string(text.data()) + ":" + std::to_string(endpoint.port);
    }
    inet_ntop(AF_INET6, endpoint.address.data(), text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(endpoint.port);
}

}  // namespace polis::p2p
