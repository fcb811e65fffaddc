#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <core/types.hpp>
#include <node/rpc/registry.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

/// Calls that wait for something to happen on the chain. One thread: the loop's.
class Waiters {
  public:
    /// @pre backend, loop and limits outlive this
    Waiters(Backend& backend, Loop& loop, const Limits& limits)
        : backend_(backend), loop_(loop), limits_(limits) {}

    enum class Level : std::uint8_t {
        kPending,    ///< the mempool has it, or it is final
        kFinalized,  ///< executed in a final block
    };

    /// Answers with the shape TxnStatus once the transaction has come so far, or with kTimeout.
    /// One that is there already answers soon.
    void wait_txn(const Hash& id, Level level, std::uint64_t timeout_ms, Respond respond);

    /// Answers {height}, that of the head, once it is at least `height`.
    void wait_height(Height height, std::uint64_t timeout_ms, Respond respond);

    void on_block(const BlockFinalized& block);
    void on_pending(const Hash& id);

    /// Events were lost: looks for everything on the chain again.
    void look_again();

    /// Ends what has waited too long.
    void tick();

    [[nodiscard]] std::size_t count() const { return deadlines_.size(); }

    /// Whether on_pending() would find anybody. Any thread.
    [[nodiscard]] bool wait_for_txns() const { return txn_count_.load() > 0; }

  private:
    using Ticket = std::uint64_t;

    struct TxnWaiter {
        Ticket ticket = 0;
        Level level = Level::kFinalized;
        std::uint64_t deadline = 0;
        Respond respond;
    };

    struct HeightWaiter {
        Ticket ticket = 0;
        std::uint64_t deadline = 0;
        Respond respond;
    };

    [[nodiscard]] bool room(const Respond& respond) const;
    void look(const Hash& id);
    void ask_pool(const Hash& id);

    /// Answers those who wait for `id`, or only those who are content with a pending one.
    void resolve(const Hash& id, Level reached, const Outcome& outcome);
    void reach(Height height);
    void expire(std::uint64_t deadline, Ticket ticket);

    Backend& backend_;
    Loop& loop_;
    const Limits& limits_;
    Ticket tickets_ = 0;
    std::multimap<Hash, TxnWaiter> txns_;
    std::atomic<std::size_t> txn_count_{0};  ///< in txns_
    std::multimap<Height, HeightWaiter> heights_;
    std::set<std::pair<std::uint64_t, Ticket>> deadlines_;
};

}  // namespace polis::node::rpc
