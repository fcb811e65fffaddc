#include <tools/learning/blobs.hpp>

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include <core/blob.hpp>
#include <core/hex.hpp>

namespace polis::tools::learning {

namespace {

constexpr std::uint64_t kPortionBytes = std::uint64_t{8} << 20;
constexpr std::chrono::seconds kPortionPatience{60};
constexpr unsigned kHttpPartial = 206;

}  // namespace

Fallible<Bytes> fetch_blob(
    RpcClient& client, const Hash& root, std::string_view what, std::uint64_t bytes_max) {
    const std::string name = to_hex_prefixed(root.view());
    const auto stat = client.call("blob_stat", {{"root", name}});
    if (!stat) {
        return std::unexpected(to_failure(stat.error()));
    }
    if (!stat->is_object()) {
        return std::unexpected(Failure(fmt::format(
            "the node at {} has not, or no longer, {}, the blob {}; ask another node with --rpc",
            client.address().text(),
            what,
            name)));
    }
    const std::uint64_t size = stat->value("bytes", std::uint64_t{0});
    if (size > bytes_max) {
        return std::unexpected(Failure(fmt::format(
            "{} has {} bytes, and at most {} make sense; it is not what it is said to be",
            what,
            size,
            bytes_max)));
    }
    HttpClient http(client.address());
    Bytes out;
    while (out.size() < size) {
        const std::uint64_t last = std::min(out.size() + kPortionBytes, size) - 1;
        const auto answer = http.send(
            {.method = "GET",
             .target = "/v1/blobs/" + name,
             .body = {},
             .content_type = {},
             .token = {},
             .range = fmt::format("bytes={}-{}", out.size(), last)},
            kPortionPatience);
        if (!answer) {
            return std::unexpected(to_failure(answer.error()));
        }
        if (answer->status != kHttpPartial || answer->body.size() != last + 1 - out.size()) {
            return std::unexpected(Failure(fmt::format(
                "the node at {} does not give {} (HTTP status {}); ask another node with --rpc",
                client.address().text(),
                what,
                answer->status)));
        }
        append(out, as_bytes(answer->body));
    }
    if (blob_root(out) != root) {
        return std::unexpected(Failure(fmt::format(
            "the node at {} gives other bytes than {} for {}; ask another node with --rpc",
            client.address().text(),
            name,
            what)));
    }
    return out;
}

}  // namespace polis::tools::learning
