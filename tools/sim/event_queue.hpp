#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <core/check.hpp>
#include <core/types.hpp>

namespace polis::sim {

/// What will happen, in a total order: by time, and at one time in the order in which it was
/// decided. So nothing is left to chance.
template <class Event>
class EventQueue {
  public:
    struct Entry {
        TimeMs time;
        std::uint64_t sequence = 0;
        Event event;
    };

    void push(TimeMs time, Event event) {
        entries_.push_back({time, next_sequence_++, std::move(event)});
        std::ranges::push_heap(entries_, later);
    }

    [[nodiscard]] bool empty() const { return entries_.empty(); }

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    /// @pre !empty()
    [[nodiscard]] TimeMs next_time() const {
        POLIS_ASSERT(!entries_.empty());
        return entries_.front().time;
    }

    /// @pre !empty()
    Entry pop() {
        POLIS_ASSERT(!entries_.empty());
        std::ranges::pop_heap(entries_, later);
        Entry first = std::move(entries_.back());
        entries_.pop_back();
        return first;
    }

  private:
    static bool later(const Entry& left, const Entry& right) {
        return std::pair{left.time, left.sequence} > std::pair{right.time, right.sequence};
    }

    std::vector<Entry> entries_;  ///< a heap, the next event first
    std::uint64_t next_sequence_ = 0;
};

}  // namespace polis::sim
