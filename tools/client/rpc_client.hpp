#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <core/result.hpp>
#include <tools/client/http_client.hpp>
#include <tools/failure.hpp>

/// JSON-RPC 2.0 over HTTP: docs/spec/rpc.md.
namespace polis::tools {

/// Members keep the order in which the node sent them.
using Json = nlohmann::ordered_json;

/// Deeper answers are no answers of a node.
inline constexpr int kJsonDepthMax = 64;

/// A number in an answer; nothing if it is missing or something else.
[[nodiscard]] std::optional<std::uint64_t> find_number(const Json& object, const char* key);

/// The same, then 0: for what is shown or counted and decides nothing.
[[nodiscard]] std::uint64_t number_in(const Json& object, const char* key);

/// The same for a text.
[[nodiscard]] std::string text_in(const Json& object, const char* key);

struct RpcOptions {
    std::string token;  ///< of the admin port
    std::chrono::milliseconds timeout{10'000};
};

struct RpcCall {
    std::string method;
    Json params = Json::object();
};

/// JSON from somebody else: bounded depth. Nothing if it is none.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text);

class RpcClient {
  public:
    using Milliseconds = std::chrono::milliseconds;
    using Answer = Result<Json, ClientError>;

    explicit RpcClient(HttpAddress address, RpcOptions options = {})
        : http_(std::move(address)), options_(std::move(options)) {}

    [[nodiscard]] const HttpAddress& address() const { return http_.address(); }

    [[nodiscard]] Answer call(std::string_view method, Json params = Json::object());
    [[nodiscard]] Answer call(
        std::string_view method, Json params, std::chrono::milliseconds timeout);

    /// One request, one answer to each call, in their order. @error if there is no answer at all
    [[nodiscard]] Result<std::vector<Answer>, ClientError> batch(std::span<const RpcCall> calls);

    /// Text of a GET, such as /metrics.
    [[nodiscard]] Result<std::string, ClientError> get(std::string_view target);

  private:
    [[nodiscard]] Result<Json, ClientError> exchange(const Json& request, Milliseconds timeout);
    [[nodiscard]] Answer answer_of(const Json& response, std::uint64_t id) const;
    [[nodiscard]] ClientError bad_answer(std::string_view what) const;

    HttpClient http_;
    const RpcOptions options_;
    std::uint64_t next_id_ = 1;
};

/// For commands: a timeout stays a timeout.
[[nodiscard]] Failure to_failure(const ClientError& error);

/// Of an answer that lacks what it should have.
[[nodiscard]] Failure odd_answer(const RpcClient& client, std::string_view method);

}  // namespace polis::tools
