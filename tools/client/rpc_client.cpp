#include <tools/client/rpc_client.hpp>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace polis::tools {

namespace {

constexpr unsigned kHttpOk = 200;
constexpr unsigned kHttpUnauthorized = 401;

/// A member that is there and of the right kind, or the default.
std::string text_member(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

ClientError refusal(const Json& error) {
    ClientError out;
    out.kind = ClientErrorKind::kRefused;
    out.message = text_member(error, "message");
    if (const auto code = error.find("code"); code != error.end() && code->is_number_integer()) {
        out.code = code->get<std::int64_t>();
    }
    if (const auto data = error.find("data"); data != error.end() && data->is_object()) {
        out.name = text_member(*data, "name");
        out.hint = text_member(*data, "hint");
        const auto after = data->find("retryAfterMs");
        if (after != data->end() && after->is_number_unsigned()) {
            out.retry_after_ms = after->get<std::uint64_t>();
        }
    }
    if (out.message.empty()) {
        out.message = fmt::format("the node refuses with code {}", out.code);
    }
    return out;
}

}  // namespace

std::optional<std::uint64_t> find_number(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_number_unsigned()
               ? std::optional{found->get<std::uint64_t>()}
               : std::nullopt;
}

std::uint64_t number_in(const Json& object, const char* key) {
    return find_number(object, key).value_or(0);
}

std::string text_in(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<Json> parse_json(std::string_view text) {
    bool too_deep = false;
    const auto watch = [&](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
        too_deep = too_deep || depth > kJsonDepthMax;
        return !too_deep;
    };
    Json parsed = Json::parse(text, watch, /*allow_exceptions=*/false);
    if (too_deep || parsed.is_discarded()) {
        return std::nullopt;
    }
    return parsed;
}

ClientError RpcClient::bad_answer(std::string_view what) const {
    ClientError out;
    out.kind = ClientErrorKind::kBadAnswer;
    out.message = fmt::format("{} answers with {}", address().text(), what);
    out.hint = "is it the RPC port of a node?";
    return out;
}

Result<Json, ClientError> RpcClient::exchange(const Json& request, Milliseconds timeout) {
    HttpRequest post;
    post.body = request.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
    post.token = options_.token;
    POLIS_TRY(const HttpResponse response, http_.send(post, timeout));
    if (response.status == kHttpUnauthorized) {
        ClientError error = bad_answer("a demand for a token");
        error.hint = "admin and dev methods need the one in api.token of the node's home";
        return std::unexpected(std::move(error));
    }
    auto parsed = parse_json(response.body);
    if (!parsed || !(parsed->is_object() || parsed->is_array())) {
        return std::unexpected(bad_answer(fmt::format("HTTP status {}", response.status)));
    }
    return *std::move(parsed);
}

RpcClient::Answer RpcClient::answer_of(const Json& response, std::uint64_t id) const {
    if (!response.is_object()) {
        return std::unexpected(bad_answer("no JSON-RPC response"));
    }
    if (const auto error = response.find("error"); error != response.end() && error->is_object()) {
        return std::unexpected(refusal(*error));
    }
    const auto found = response.find("id");
    const auto result = response.find("result");
    if (found == response.end() || *found != id || result == response.end()) {
        return std::unexpected(bad_answer("a response to something else"));
    }
    return *result;
}

RpcClient::Answer RpcClient::call(std::string_view method, Json params) {
    return call(method, std::move(params), options_.timeout);
}

RpcClient::Answer RpcClient::call(std::string_view method, Json params, Milliseconds timeout) {
    const std::uint64_t id = next_id_++;
    const Json request = {
        {"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
    POLIS_TRY(const Json response, exchange(request, timeout));
    return answer_of(response, id);
}

Result<std::vector<RpcClient::Answer>, ClientError> RpcClient::batch(
    std::span<const RpcCall> calls) {
    const std::uint64_t first = next_id_;
    next_id_ += calls.size();
    Json request = Json::array();
    for (std::uint64_t i = 0; i < calls.size(); ++i) {
        request.push_back(
            {{"jsonrpc", "2.0"},
             {"id", first + i},
             {"method", calls[i].method},
             {"params", calls[i].params}});
    }
    POLIS_TRY(const Json response, exchange(request, options_.timeout));
    if (!response.is_array()) {
        // The whole batch was refused.
        auto refused = answer_of(response, first);
        return std::unexpected(refused ? bad_answer("one response to many") : refused.error());
    }
    std::vector<Answer> answers;
    for (std::uint64_t i = 0; i < calls.size(); ++i) {
        const auto mine = std::ranges::find_if(response, [&](const Json& one) {
            return one.is_object() && one.contains("id") && one["id"] == first + i;
        });
        answers.push_back(
            mine == response.end() ? Answer(std::unexpected(bad_answer("a response less")))
                                   : answer_of(*mine, first + i));
    }
    return answers;
}

Result<std::string, ClientError> RpcClient::get(std::string_view target) {
    HttpRequest request;
    request.method = "GET";
    request.target = std::string(target);
    request.token = options_.token;
    POLIS_TRY(HttpResponse response, http_.send(request, options_.timeout));
    if (response.status != kHttpOk) {
        return std::unexpected(bad_answer(fmt::format("HTTP status {}", response.status)));
    }
    return std::move(response.body);
}

Failure to_failure(const ClientError& error) {
    const bool late = error.kind == ClientErrorKind::kTimeout || error.name == "timeout";
    return Failure(describe(error), late ? FailureKind::kTimeout : FailureKind::kFailed);
}

Failure odd_answer(const RpcClient& client, std::string_view method) {
    return Failure(fmt::format(
        "{} answers {} in a way that this program does not know; are both of one version?",
        client.address().text(),
        method));
}

}  // namespace polis::tools
