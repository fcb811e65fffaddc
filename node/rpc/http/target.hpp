#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <core/types.hpp>

/// What clients write into HTTP heads, read strictly. No sockets here.
namespace polis::node::rpc {

enum class Resource : std::uint8_t {
    kRpc,      ///< /
    kLive,     ///< /livez
    kReady,    ///< /readyz
    kMetrics,  ///< /metrics
    kBlobs,    ///< /v1/blobs
    kBlob,     ///< /v1/blobs/ROOT
    kModel,    ///< /v1/models/ROOT: the same bytes, under a file name
    kNothing,
};

struct Target {
    Resource resource = Resource::kNothing;
    Hash root;  ///< of kBlob and kModel
};

/// The path of a request; a query behind it is ignored.
[[nodiscard]] Target parse_target(std::string_view target);

/// The methods that a resource has, as the header Allow lists them.
[[nodiscard]] std::string_view methods_of(Resource resource);

/// The name or address in a Host header, without port and brackets; nothing if it is malformed.
[[nodiscard]] std::optional<std::string_view> host_name(std::string_view host);

/// True if the name is in the list, letters' case aside, or the list has "*".
[[nodiscard]] bool host_allowed(std::string_view name, std::span<const std::string> allowed);

/// True if a page of this Origin may use the server that it reached under this Host: only one that
/// the same server served.
[[nodiscard]] bool origin_allowed(std::string_view origin, std::string_view host);

/// True for application/json, with parameters or without.
[[nodiscard]] bool is_json_type(std::string_view content_type);

/// The token of "Bearer TOKEN"; nothing for anything else.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view authorization);

/// Compares in a time that depends on the lengths only.
[[nodiscard]] bool same_secret(std::string_view left, std::string_view right);

/// A part of a resource.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    bool operator==(const ByteRange&) const = default;
};

enum class RangeError : std::uint8_t {
    kIgnored,        ///< malformed, several ranges or another unit: the whole is served
    kUnsatisfiable,  ///< begins behind the end
};

/// A Range header against a resource of `size` bytes (RFC 9110, section 14): "bytes=0-99",
/// "bytes=100-", "bytes=-100".
[[nodiscard]] std::optional<ByteRange> parse_range(
    std::string_view header, std::uint64_t size, RangeError& error);

/// True if If-None-Match names this tag, or is "*".
[[nodiscard]] bool names_tag(std::string_view if_none_match, std::string_view tag);

}  // namespace polis::node::rpc
