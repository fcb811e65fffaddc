#include <node/rpc/http/target.hpp>

#include <algorithm>

#include <core/hex.hpp>
#include <core/integer.hpp>

namespace polis::node::rpc {

namespace {

constexpr std::string_view kBlobsPath = "/v1/blobs";
constexpr std::string_view kModelsPath = "/v1/models";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The root of "PATH/0x...".
std::optional<Hash> root_under(std::string_view path, std::string_view folder) {
    if (!path.starts_with(folder) || !path.substr(folder.size()).starts_with("/0x")) {
        return std::nullopt;
    }
    return fixed_from_hex<Hash>(path.substr(folder.size() + 1));
}

bool is_port(std::string_view text) {
    const auto port = parse_u64(text);
    return port && *port <= 65'535;
}

}  // namespace

Target parse_target(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/") {
        return {Resource::kRpc, {}};
    }
    if (path == "/livez") {
        return {Resource::kLive, {}};
    }
    if (path == "/readyz") {
        return {Resource::kReady, {}};
    }
    if (path == "/metrics") {
        return {Resource::kMetrics, {}};
    }
    if (path == kBlobsPath) {
        return {Resource::kBlobs, {}};
    }
    if (const auto blob = root_under(path, kBlobsPath)) {
        return {Resource::kBlob, *blob};
    }
    if (const auto model = root_under(path, kModelsPath)) {
        return {Resource::kModel, *model};
    }
    return {};
}

std::string_view methods_of(Resource resource) {
    switch (resource) {
        case Resource::kRpc:
            return "POST, GET, HEAD";
        case Resource::kLive:
        case Resource::kReady:
        case Resource::kMetrics:
        case Resource::kBlob:
        case Resource::kModel:
            return "GET, HEAD";
        case Resource::kBlobs:
            return "PUT";
        case Resource::kNothing:
            return "GET, HEAD, POST, PUT";
    }
    return "";
}

std::optional<std::string_view> host_name(std::string_view host) {
    std::string_view name;
    std::string_view rest;
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        name = host.substr(1, end - 1);
        rest = host.substr(end + 1);
    } else {
        const auto colon = host.find(':');
        name = host.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view{} : host.substr(colon);
    }
    const bool port = rest.empty() || (rest.starts_with(':') && is_port(rest.substr(1)));
    if (!port || name.empty() || name.find_first_of(" \t/@,") != std::string_view::npos) {
        return std::nullopt;
    }
    return name;
}

bool host_allowed(std::string_view name, std::span<const std::string> allowed) {
    return std::ranges::any_of(
        allowed, [name](const std::string& one) { return one == "*" || same_word(one, name); });
}

bool origin_allowed(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme)) {
            return same_word(origin.substr(scheme.size()), host);
        }
    }
    return false;
}

bool is_json_type(std::string_view content_type) {
    return same_word(trimmed(content_type.substr(0, content_type.find(';'))), "application/json");
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (!same_word(authorization.substr(0, kScheme.size()), kScheme)) {
        return std::nullopt;
    }
    const std::string_view token = trimmed(authorization.substr(kScheme.size()));
    if (token.empty()) {
        return std::nullopt;
    }
    return token;
}

bool same_secret(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) {
        return false;
    }
    volatile unsigned char difference = 0;  // no early way out that a compiler could find
    for (std::size_t i = 0; i < left.size(); ++i) {
        difference = static_cast<unsigned char>(
            difference |
            (static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(right[i])));
    }
    return difference == 0;
}

std::optional<ByteRange> parse_range(
    std::string_view header, std::uint64_t size, RangeError& error) {
    error = RangeError::kIgnored;
    constexpr std::string_view kUnit = "bytes=";
    if (!header.starts_with(kUnit)) {
        return std::nullopt;
    }
    const std::string_view text = trimmed(header.substr(kUnit.size()));
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = parse_u64(text.substr(0, dash));
    const auto last = parse_u64(text.substr(dash + 1));
    if (dash == 0) {  // the last bytes
        if (!last) {
            return std::nullopt;
        }
        if (*last == 0 || size == 0) {
            error = RangeError::kUnsatisfiable;
            return std::nullopt;
        }
        const std::uint64_t count = std::min(*last, size);
        return ByteRange{size - count, count};
    }
    const bool open = dash + 1 == text.size();
    if (!first || (!open && (!last || *last < *first))) {
        return std::nullopt;
    }
    if (*first >= size) {
        error = RangeError::kUnsatisfiable;
        return std::nullopt;
    }
    const std::uint64_t end = open ? size - 1 : std::min(*last, size - 1);
    return ByteRange{*first, end - *first + 1};
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
    while (!if_none_match.empty()) {
        const auto comma = if_none_match.find(',');
        std::string_view one = trimmed(if_none_match.substr(0, comma));
        if (one.starts_with("W/")) {
            one.remove_prefix(2);
        }
        if (one == tag || one == "*") {
            return true;
        }
        if (comma == std::string_view::npos) {
            return false;
        }
        if_none_match.remove_prefix(comma + 1);
    }
    return false;
}

}  // namespace polis::node::rpc
