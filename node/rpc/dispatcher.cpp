#include <node/rpc/dispatcher.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <node/rpc/json/value.hpp>
#include <node/rpc/subscriptions.hpp>

namespace polis::node::rpc {

namespace {

constexpr std::size_t kSlice = 8;  ///< requests of a batch that run in one go

/// One request as it was read. The method's parameters are not looked at yet.
struct Request {
    std::string id = "null";  ///< as JSON
    bool notification = false;
    const Method* method = nullptr;
    const Json* params = nullptr;
};

/// A request that cannot be run, with the id to answer to.
struct Refusal {
    std::string id = "null";
    RpcError error;
};

std::string result_response(std::string_view result, std::string_view id) {
    std::string out;
    out.reserve(result.size() + id.size() + 40);
    out += R"({"jsonrpc":"2.0","result":)";
    out += result;
    out += R"(,"id":)";
    out += id;
    out += '}';
    return out;
}

/// The id as JSON; nothing if it is of a type that no id has.
std::optional<std::string> id_text(const Json& id) {
    switch (id.kind) {
        case Json::Kind::kNull:
            return "null";
        case Json::Kind::kNumber:
            return id.text;
        case Json::Kind::kString: {
            std::string out;
            append_json_string(out, id.text);
            return out;
        }
        case Json::Kind::kBool:
        case Json::Kind::kArray:
        case Json::Kind::kObject:
            return std::nullopt;
    }
    return std::nullopt;
}

/// Why this caller may not call the method here; nothing if it may.
std::optional<RpcError> forbidden(const Method& method, const Services& node, bool admin) {
    if (method.side == Side::kPublic) {
        return std::nullopt;
    }
    if (method.side == Side::kDev && !node.backend.info().dev) {
        return rpc_error(ErrorName::kDevDisabled);
    }
    if (admin) {
        return std::nullopt;
    }
    const std::string& where = node.backend.info().admin_listen;
    return rpc_error(
        ErrorName::kWrongPort,
        std::string(method.name) +
            (where.empty() ? " needs the admin port, which is off" : " is served on " + where));
}

RpcError unknown_method(const Registry& registry, std::string_view name) {
    constexpr std::size_t kEchoBytesMax = 64;
    std::string message = "no method " + std::string(name.substr(0, kEchoBytesMax));
    if (const auto meant = registry.suggest(name)) {
        message += "; did you mean " + std::string(*meant) + "?";
    }
    return rpc_error(ErrorName::kUnknownMethod, std::move(message));
}

/// Members of a request object. The order of the checks decides which id an error answers to.
Result<Request, Refusal> read_request(const Json& json, const Services& node, bool admin) {
    Request out;
    const auto refuse = [&out](RpcError error) {
        return std::unexpected(Refusal{out.id, std::move(error)});
    };
    const auto invalid = [&refuse](std::string message) {
        return refuse(rpc_error(ErrorName::kInvalidRequest, std::move(message)));
    };
    if (json.kind != Json::Kind::kObject) {
        return invalid("a request is an object");
    }
    const Json* const id = json.find("id");
    out.notification = id == nullptr;
    if (id != nullptr) {
        auto text = id_text(*id);
        if (!text) {
            return invalid("an id is a string or a number");
        }
        out.id = *std::move(text);
    }
    const Json* const version = json.find("jsonrpc");
    if (version == nullptr || version->kind != Json::Kind::kString || version->text != "2.0") {
        return invalid("member jsonrpc must be \"2.0\"");
    }
    const Json* const method = json.find("method");
    if (method == nullptr || method->kind != Json::Kind::kString) {
        return invalid("member method must be a string");
    }
    out.params = json.find("params");
    if (out.params != nullptr && out.params->kind != Json::Kind::kArray &&
        out.params->kind != Json::Kind::kObject) {
        return invalid("member params must be an object or an array");
    }
    out.method = node.registry.find(method->text);
    if (out.method == nullptr) {
        return refuse(unknown_method(node.registry, method->text));
    }
    if (auto error = forbidden(*out.method, node, admin)) {
        return refuse(*std::move(error));
    }
    return out;
}

/// One text with all its calls.
class Exchange : public std::enable_shared_from_this<Exchange> {
  public:
    Exchange(Services& node, const Caller& caller, Done done)
        : node_(node),
          admin_(caller.admin),
          subscriptions_(caller.subscriptions),
          done_(std::move(done)) {}

    void run(std::string_view text) {
        auto parsed = parse_json(text, {.depth_max = node_.limits.depth_max});
        if (!parsed) {
            done_(error_response(rpc_error(parsed.error())));
            return;
        }
        json_ = *std::move(parsed);
        batch_ = json_.kind == Json::Kind::kArray;
        if (batch_ && json_.items.empty()) {
            done_(error_response(rpc_error(ErrorName::kEmptyBatch)));
            return;
        }
        if (batch_ && json_.items.size() > node_.limits.batch_max) {
            done_(error_response(rpc_error(
                ErrorName::kBatchTooLarge,
                std::to_string(json_.items.size()) + " requests, at most " +
                    std::to_string(node_.limits.batch_max))));
            return;
        }
        open_ = batch_ ? json_.items.size() : 1;
        batch_ ? run_slice() : run_one(json_);
    }

  private:
    void run_slice() {
        const std::size_t end = std::min(next_ + kSlice, json_.items.size());
        while (next_ < end) {
            run_one(json_.items[next_++]);
        }
        if (next_ < json_.items.size()) {
            node_.loop.post([self = shared_from_this()] { self->run_slice(); });
        }
    }

    void run_one(const Json& json) {
        auto request = read_request(json, node_, admin_);
        if (!request) {
            // Without a valid request nobody knows whether it was a notification, but an unknown
            // method can be told: its request is well-formed.
            const bool silent = request.error().error.code != -32600 && json.find("id") == nullptr;
            finish(silent ? "" : error_response(request.error().error, request.error().id));
            return;
        }
        auto params = Params::bind(request->method->params, request->params);
        if (!params) {
            answer(*request, std::unexpected(std::move(params).error()));
            return;
        }
        std::visit(
            [&](const auto& handler) { start(handler, *std::move(request), *std::move(params)); },
            request->method->handler);
    }

    void start(const OnLoop& handler, const Request& request, const Params& params) {
        const auto subscriptions = subscriptions_.lock();
        const Call call{node_, params, subscriptions.get(), admin_};
        answer(request, handler.run(call));
    }

    void start(const OnWorker& handler, Request request, Params params) {
        auto self = shared_from_this();
        auto shared = std::make_shared<Params>(std::move(params));
        const bool taken = node_.loop.work([self, handler, request, shared] {
            const Call call{self->node_, *shared, nullptr, self->admin_};
            self->node_.loop.post(
                [self, request, outcome = handler.run(call)] { self->answer(request, outcome); });
        });
        if (!taken) {
            RpcError error = rpc_error(ErrorName::kBusy);
            error.retry_after_ms = kRetryMs;
            answer(request, std::unexpected(std::move(error)));
        }
    }

    void start(const Async& handler, Request request, const Params& params) {
        const Call call{node_, params, nullptr, admin_};
        Loop& loop = node_.loop;
        handler.run(call, [self = shared_from_this(), &loop, request](Outcome outcome) {
            loop.post(
                [self, request, outcome = std::move(outcome)] { self->answer(request, outcome); });
        });
    }

    void answer(const Request& request, const Outcome& outcome) {
        if (request.notification) {
            finish("");
        } else if (!outcome) {
            finish(error_response(outcome.error(), request.id));
        } else if (bytes_ + outcome->size() > node_.limits.response_bytes_max) {
            finish(error_response(rpc_error(ErrorName::kResponseTooLarge), request.id));
        } else {
            finish(result_response(*outcome, request.id));
        }
    }

    void finish(std::string reply) {
        bytes_ += reply.size();
        if (!reply.empty()) {
            replies_.push_back(std::move(reply));
        }
        if (--open_ > 0) {
            return;
        }
        if (!batch_) {
            done_(replies_.empty() ? std::string() : std::move(replies_.front()));
            return;
        }
        std::string out;
        out.reserve(bytes_ + replies_.size() + 2);
        for (const std::string& text : replies_) {
            out += out.empty() ? '[' : ',';
            out += text;
        }
        if (!out.empty()) {
            out += ']';
        }
        done_(std::move(out));
    }

    static constexpr std::uint64_t kRetryMs = 100;

    Services& node_;
    const bool admin_;
    const std::weak_ptr<Subscriptions> subscriptions_;  ///< a late answer keeps no connection
    const Done done_;
    Json json_;
    bool batch_ = false;
    std::size_t next_ = 0;  ///< request of the batch to run
    std::size_t open_ = 0;  ///< requests without an answer
    std::size_t bytes_ = 0;
    std::vector<std::string> replies_;
};

}  // namespace

std::string error_response(const RpcError& error, std::string_view id) {
    JsonWriter out;
    out.begin_object().text("jsonrpc", "2.0").name("error");
    write_error(out, error);
    out.raw("id", id).end_object();
    return out.take();
}

void Dispatcher::handle(std::string_view text, const Caller& caller, Done done) {
    std::make_shared<Exchange>(services_, caller, std::move(done))->run(text);
}

}  // namespace polis::node::rpc
