#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <node/rpc/backend.hpp>
#include <node/rpc/limits.hpp>

namespace polis::node::rpc {

class EventLog;
class Faucet;
class HeadCache;
class Registry;
class Waiters;

/// The thread on which calls are taken and answered, and its workers.
class Loop {
  public:
    virtual ~Loop() = default;

    /// Runs the task on the loop's thread, later. From any thread; after the end it does nothing.
    virtual void post(std::function<void()> task) = 0;

    /// Runs the task on a worker's thread. False if too many wait already.
    [[nodiscard]] virtual bool work(std::function<void()> task) = 0;

    /// Milliseconds of a clock that never goes back.
    [[nodiscard]] virtual std::uint64_t now_ms() const = 0;
};

/// What methods work with. Everything but the backend and the loop belongs to the loop's thread.
struct Services {
    Backend& backend;
    Loop& loop;
    const Registry& registry;
    const Limits& limits;
    HeadCache& heads;
    EventLog& events;
    Waiters& waiters;
    Faucet& faucet;
    std::string dev_seed;  ///< of the devnet's keys; empty: unknown
};

}  // namespace polis::node::rpc
