// sub_*: events as they happen, over WebSocket.
#include <optional>
#include <utility>

#include <node/rpc/methods/methods.hpp>
#include <node/rpc/services.hpp>
#include <node/rpc/subscriptions.hpp>

namespace polis::node::rpc {

namespace {

Outcome subscribe(const Call& call) {
    if (call.subscriptions == nullptr) {
        return std::unexpected(rpc_error(ErrorName::kNeedsWebSocket));
    }
    std::optional<std::string> from;
    if (call.params.has("fromCursor")) {
        from = call.params.text("fromCursor");
    }
    POLIS_TRY(const auto added, call.subscriptions->add(topic_of(call.params.text("topic")), from));
    JsonWriter out;
    out.begin_object().text("subscription", added.id).text("cursor", added.cursor).end_object();
    return out.take();
}

Outcome unsubscribe(const Call& call) {
    if (call.subscriptions == nullptr) {
        return std::unexpected(rpc_error(ErrorName::kNeedsWebSocket));
    }
    if (!call.subscriptions->remove(call.params.text("subscription"))) {
        return std::unexpected(rpc_error(ErrorName::kNotFound, "no such subscription"));
    }
    return "true";
}

}  // namespace

std::vector<Method> sub_methods() {
    return {
        {.name = "sub_subscribe",
         .summary = "Sends the events of a topic as notifications sub_event, over WebSocket.",
         .params =
             {{.name = "topic",
               .type = ParamType::kChoice,
               .description = "What to hear of.",
               .choices = {kTopicNames.begin(), kTopicNames.end()}},
              {.name = "fromCursor",
               .type = ParamType::kText,
               .description = "Cursor of an earlier event: what came since is sent first, and what "
                              "is no longer kept is named as a gap.",
               .required = false,
               .max = 64}},
         .result = "{subscription: text, cursor: text}",
         .errors =
             {ErrorName::kNeedsWebSocket, ErrorName::kTooManySubscriptions, ErrorName::kBadCursor},
         .handler = OnLoop{subscribe}},
        {.name = "sub_unsubscribe",
         .summary = "Ends a subscription.",
         .params =
             {{.name = "subscription",
               .type = ParamType::kText,
               .description = "As sub_subscribe named it.",
               .max = 64}},
         .result = "true",
         .errors = {ErrorName::kNeedsWebSocket, ErrorName::kNotFound},
         .handler = OnLoop{unsubscribe}}};
}

}  // namespace polis::node::rpc
