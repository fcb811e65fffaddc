#include <node/rpc/subscriptions.hpp>

#include <algorithm>
#include <utility>

#include <core/check.hpp>
#include <core/integer.hpp>
#include <node/rpc/json/write.hpp>

namespace polis::node::rpc {

Topic topic_of(std::string_view name) {
    const auto found = std::ranges::find(kTopicNames, name);
    POLIS_ASSERT(found != kTopicNames.end());
    return static_cast<Topic>(found - kTopicNames.begin());
}

void EventLog::push(Topic topic, std::string data) {
    List& events = list(topic);
    events.bytes += data.size();
    events.events.push_back(std::move(data));
    while (events.events.size() > limits_.events_kept || events.bytes > limits_.event_bytes_max) {
        events.bytes -= events.events.front().size();
        events.events.pop_front();
        ++events.first;
    }
}

void EventLog::skip(Topic topic) {
    List& events = list(topic);
    events.first += events.events.size() + 1;
    events.events.clear();
    events.bytes = 0;
}

std::uint64_t EventLog::first(Topic topic) const { return list(topic).first; }

std::uint64_t EventLog::next(Topic topic) const {
    return list(topic).first + list(topic).events.size();
}

const std::string& EventLog::at(Topic topic, std::uint64_t seq) const {
    POLIS_ASSERT_OP(seq, >=, first(topic));
    POLIS_ASSERT_OP(seq, <, next(topic));
    return list(topic).events[seq - first(topic)];
}

std::string EventLog::cursor(std::uint64_t seq) const {
    return std::to_string(run_) + '-' + std::to_string(seq);
}

std::optional<EventLog::Place> EventLog::parse_cursor(std::string_view text) const {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto run = parse_u64(text.substr(0, dash));
    const auto seq = parse_u64(text.substr(dash + 1));
    if (!run || !seq) {
        return std::nullopt;
    }
    return Place{*run == run_, *seq};
}

Subscriptions::~Subscriptions() {
    for (const Subscription& subscription : subscriptions_) {
        log_.unwatch(subscription.topic);
    }
}

Result<Subscriptions::Added, RpcError> Subscriptions::add(
    Topic topic, const std::optional<std::string>& from_cursor) {
    if (subscriptions_.size() >= count_max_) {
        return std::unexpected(rpc_error(ErrorName::kTooManySubscriptions));
    }
    Subscription added;
    added.topic = topic;
    added.next = log_.next(topic);
    if (from_cursor) {
        const auto place = log_.parse_cursor(*from_cursor);
        if (!place || (place->this_run && place->seq > log_.next(topic))) {
            return std::unexpected(rpc_error(ErrorName::kBadCursor));
        }
        added.restarted = !place->this_run;
        added.next = place->this_run ? place->seq : log_.first(topic);
    }
    added.id = std::to_string(++ids_);
    log_.watch(topic);
    subscriptions_.push_back(added);
    return Added{added.id, log_.cursor(added.next)};
}

bool Subscriptions::remove(std::string_view id) {
    const auto found = std::ranges::find(subscriptions_, id, &Subscription::id);
    if (found == subscriptions_.end()) {
        return false;
    }
    log_.unwatch(found->topic);
    subscriptions_.erase(found);
    return true;
}

std::optional<std::string> Subscriptions::next() {
    for (std::size_t tried = 0; tried < subscriptions_.size(); ++tried) {
        turn_ = (turn_ + 1) % subscriptions_.size();
        if (auto message = next_of(subscriptions_[turn_])) {
            return message;
        }
    }
    return std::nullopt;
}

std::optional<std::string> Subscriptions::next_of(Subscription& subscription) {
    const std::uint64_t first = log_.first(subscription.topic);
    const std::uint64_t end = log_.next(subscription.topic);
    const bool gap = subscription.next < first || subscription.restarted;
    if (!gap && subscription.next == end) {
        return std::nullopt;
    }
    JsonWriter out;
    out.begin_object().text("jsonrpc", "2.0").text("method", "sub_event").begin_object("params");
    out.text("subscription", subscription.id);
    out.text("topic", kTopicNames[static_cast<std::size_t>(subscription.topic)]);
    if (gap) {
        out.begin_object("gap");
        if (subscription.restarted) {
            out.null("from").null("to").text("reason", "restarted");
        } else {
            out.number("from", subscription.next).number("to", first - 1);
            out.text("reason", "dropped");
        }
        out.end_object();
        subscription.restarted = false;
        subscription.next = std::max(subscription.next, first);
        out.text("cursor", log_.cursor(subscription.next));
    } else {
        out.number("seq", subscription.next);
        out.text("cursor", log_.cursor(subscription.next + 1));
        out.raw("data", log_.at(subscription.topic, subscription.next));
        ++subscription.next;
    }
    out.end_object().end_object();
    return out.take();
}

}  // namespace polis::node::rpc
