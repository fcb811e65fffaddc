#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <node/rpc/describe.hpp>
#include <node/rpc/dispatcher.hpp>
#include <node/rpc/faucet.hpp>
#include <node/rpc/services.hpp>
#include <node/rpc/subscriptions.hpp>
#include <node/rpc/waiters.hpp>

namespace polis::node::rpc::testing {

/// A loop without threads: tasks run when the test says so, and time is what the test says.
class InlineLoop final : public Loop {
  public:
    void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

    [[nodiscard]] bool work(std::function<void()> task) override {
        if (!refuse_work) {
            tasks_.push_back(std::move(task));
        }
        return !refuse_work;
    }

    [[nodiscard]] std::uint64_t now_ms() const override { return now; }

    void run() {
        while (!tasks_.empty()) {
            const auto task = std::move(tasks_.front());
            tasks_.pop_front();
            task();
        }
    }

    std::uint64_t now = 1'000;
    bool refuse_work = false;

  private:
    std::deque<std::function<void()>> tasks_;
};

/// Methods over a backend, without sockets.
class Desk {
  public:
    explicit Desk(Backend& node, Registry methods = all_methods(), Limits given = {})
        : limits(given),
          registry(std::move(methods)),
          heads(node.info().params.term_blocks),
          events(limits, node.info().started.value),
          waiters(node, loop, limits),
          faucet(node, loop, "polis-devnet"),
          services{node, loop, registry, limits, heads, events, waiters, faucet, "polis-devnet"},
          dispatcher(services) {}

    /// The answer's text; nothing if none has come yet.
    std::optional<std::string> ask(
        std::string_view text,
        bool admin = true,
        std::shared_ptr<Subscriptions> subscriptions = nullptr) {
        auto out = std::make_shared<std::optional<std::string>>();
        dispatcher.handle(
            text,
            {.admin = admin, .subscriptions = std::move(subscriptions)},
            [out](std::string answer) { *out = std::move(answer); });
        loop.run();
        return *out;
    }

    const Limits limits;
    InlineLoop loop;
    Registry registry;
    HeadCache heads;
    EventLog events;
    Waiters waiters;
    Faucet faucet;
    Services services;
    Dispatcher dispatcher;
};

}  // namespace polis::node::rpc::testing
