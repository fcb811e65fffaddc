#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include <core/check.hpp>
#include <node/runtime/mutex.hpp>

namespace polis::node {

/// How much one lane of a channel may hold.
struct LaneLimits {
    std::size_t count_max = 0;
    std::size_t bytes_max = 0;
};

/// A bounded queue from many threads to one, in lanes: what lies in a lower lane is taken first, in
/// its own order. Overflow policy: push() says no and the caller decides (drop, hold back the
/// sender, answer "busy"); nothing is ever dropped in here. An item larger than a lane passes while
/// the lane is empty, so a limit cannot make a legal message undeliverable.
template <class Item, std::size_t kLanes>
class Channel {
  public:
    explicit Channel(const std::array<LaneLimits, kLanes>& limits) : limits_(limits) {}

    /// Takes the item over, or leaves it with the caller if its lane is full or all is closed.
    [[nodiscard]] bool push(std::size_t lane, Item&& item, std::size_t bytes) {
        {
            const MutexLock lock(mutex_);
            Lane& queue = lanes_[lane];
            const LaneLimits& limit = limits_[lane];
            const bool fits = queue.items.size() < limit.count_max &&
                              (queue.items.empty() || queue.bytes + bytes <= limit.bytes_max);
            if (closed_ || !fits) {
                return false;
            }
            queue.items.emplace_back(std::move(item), bytes);
            queue.bytes += bytes;
        }
        ready_.notify_one();
        return true;
    }

    /// The next item; nothing if none came within the time or the channel is closed. One reader.
    [[nodiscard]] std::optional<Item> pop(std::optional<std::uint64_t> wait_ms) {
        const MutexLock lock(mutex_);
        if (auto item = take()) {
            return item;
        }
        if (closed_) {
            return std::nullopt;
        }
        if (wait_ms) {
            ready_.wait_for(mutex_, *wait_ms);
        } else {
            ready_.wait(mutex_);
        }
        return take();
    }

    /// The next item, without waiting.
    [[nodiscard]] std::optional<Item> try_pop() {
        const MutexLock lock(mutex_);
        return take();
    }

    /// Nothing goes in any more and the reader wakes; what is inside can still be taken.
    void close() {
        {
            const MutexLock lock(mutex_);
            closed_ = true;
        }
        ready_.notify_all();
    }

    [[nodiscard]] std::size_t count(std::size_t lane) const {
        const MutexLock lock(mutex_);
        return lanes_[lane].items.size();
    }

    [[nodiscard]] std::size_t bytes(std::size_t lane) const {
        const MutexLock lock(mutex_);
        return lanes_[lane].bytes;
    }

  private:
    struct Lane {
        std::deque<std::pair<Item, std::size_t>> items;
        std::size_t bytes = 0;
    };

    std::optional<Item> take() POLIS_REQUIRES(mutex_) {
        for (Lane& lane : lanes_) {
            if (!lane.items.empty()) {
                auto [item, bytes] = std::move(lane.items.front());
                lane.items.pop_front();
                lane.bytes -= bytes;
                return std::optional<Item>(std::move(item));
            }
        }
        return std::nullopt;
    }

    const std::array<LaneLimits, kLanes> limits_;
    mutable Mutex mutex_;
    Condition ready_;
    std::array<Lane, kLanes> lanes_ POLIS_GUARDED_BY(mutex_);
    bool closed_ POLIS_GUARDED_BY(mutex_) = false;
};

}  // namespace polis::node
