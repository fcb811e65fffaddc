#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/result.hpp>
#include <node/rpc/error.hpp>
#include <node/rpc/limits.hpp>

/// Events with numbers, kept for a while: a client that comes back asks for what it missed, and
/// what is no longer there is said, never left out silently.
namespace polis::node::rpc {

enum class Topic : std::uint8_t {
    kHeads,
    kFinalized,
    kLogs,
    kPendingTxs,
    kConsensusSteps,
    kTaskEvents,
    kTaskMetrics,
    kContractEvents
};

inline constexpr std::size_t kTopics = 8;

/// In the order of the enumeration, as clients name them.
inline constexpr std::array<std::string_view, kTopics> kTopicNames = {
    "heads",
    "finalized",
    "logs",
    "pendingTxs",
    "consensusSteps",
    "taskEvents",
    "taskMetrics",
    "contractEvents"};

/// @pre `name` is one of kTopicNames
[[nodiscard]] Topic topic_of(std::string_view name);

/// The latest events of every topic. One thread.
class EventLog {
  public:
    /// @param run names this run of the program in cursors: numbers begin at 0 in each
    EventLog(const Limits& limits, std::uint64_t run) : limits_(limits), run_(run) {}

    /// @param data of the event, as JSON
    void push(Topic topic, std::string data);

    /// Something happened that is not kept: whoever asks for it is told of a gap.
    void skip(Topic topic);

    /// Number of the oldest event that is kept, and of the next one that will come.
    [[nodiscard]] std::uint64_t first(Topic topic) const;
    [[nodiscard]] std::uint64_t next(Topic topic) const;

    /// @pre first() <= seq < next()
    [[nodiscard]] const std::string& at(Topic topic, std::uint64_t seq) const;

    /// A place in a topic as clients keep it: "RUN-SEQ".
    [[nodiscard]] std::string cursor(std::uint64_t seq) const;

    struct Place {
        bool this_run = false;
        std::uint64_t seq = 0;
    };

    /// @return nothing if the text is no cursor
    [[nodiscard]] std::optional<Place> parse_cursor(std::string_view text) const;

    // How many subscribe: what nobody hears need not be made.
    void watch(Topic topic) { ++list(topic).watchers; }

    void unwatch(Topic topic) { --list(topic).watchers; }

    /// Any thread.
    [[nodiscard]] bool watched(Topic topic) const { return list(topic).watchers > 0; }

  private:
    struct List {
        std::deque<std::string> events;
        std::uint64_t first = 0;
        std::size_t bytes = 0;
        std::atomic<std::size_t> watchers{0};
    };

    [[nodiscard]] List& list(Topic topic) { return lists_[static_cast<std::size_t>(topic)]; }

    [[nodiscard]] const List& list(Topic topic) const {
        return lists_[static_cast<std::size_t>(topic)];
    }

    const Limits& limits_;
    const std::uint64_t run_;
    std::array<List, kTopics> lists_;
};

/// The subscriptions of one connection. Events are taken out of the log when there is room to send
/// them, so a slow reader costs no memory and misses what the log has dropped, with a gap.
class Subscriptions {
  public:
    /// @pre `log` outlives this
    Subscriptions(EventLog& log, std::size_t count_max) : log_(log), count_max_(count_max) {}

    ~Subscriptions();
    Subscriptions(const Subscriptions&) = delete;
    Subscriptions& operator=(const Subscriptions&) = delete;

    struct Added {
        std::string id;
        std::string cursor;  ///< of the first event that will come
    };

    /// @param from_cursor where to go on; nothing: from now on
    /// @error kBadCursor, kTooManySubscriptions
    [[nodiscard]] Result<Added, RpcError> add(
        Topic topic, const std::optional<std::string>& from_cursor);

    /// False if there is none of that name.
    bool remove(std::string_view id);

    /// The next notification to send; nothing if all have been sent. Subscriptions take turns.
    [[nodiscard]] std::optional<std::string> next();

    [[nodiscard]] bool empty() const { return subscriptions_.empty(); }

  private:
    struct Subscription {
        std::string id;
        Topic topic = Topic::kHeads;
        std::uint64_t next = 0;
        bool restarted = false;  ///< the cursor was of an earlier run
    };

    [[nodiscard]] std::optional<std::string> next_of(Subscription& subscription);

    EventLog& log_;
    const std::size_t count_max_;
    std::vector<Subscription> subscriptions_;
    std::size_t turn_ = 0;
    std::uint64_t ids_ = 0;
};

}  // namespace polis::node::rpc
