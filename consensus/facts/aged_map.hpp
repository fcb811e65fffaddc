#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include <core/check.hpp>

namespace polis::consensus {

/// A map that holds at most `count_max` entries: the oldest makes room for the newest. Iterates by
/// key. All operations O(log n).
template <class Key, class Value>
class AgedMap {
  public:
    struct Entry {
        Value value;
        std::uint64_t age = 0;
    };

    using Items = std::map<Key, Entry>;

    /// @pre count_max >= 1
    explicit AgedMap(std::size_t count_max) : count_max_(count_max) {
        POLIS_ASSERT_OP(count_max, >=, 1);
    }

    [[nodiscard]] const Items& items() const { return items_; }

    [[nodiscard]] std::size_t size() const { return items_.size(); }

    [[nodiscard]] bool contains(const Key& key) const { return items_.contains(key); }

    [[nodiscard]] Value* find(const Key& key) {
        const auto found = items_.find(key);
        return found == items_.end() ? nullptr : &found->second.value;
    }

    [[nodiscard]] const Value* find(const Key& key) const {
        const auto found = items_.find(key);
        return found == items_.end() ? nullptr : &found->second.value;
    }

    /// Adds an entry, in place of an earlier one of this key.
    /// @return what had to make room
    std::optional<std::pair<Key, Value>> put(const Key& key, Value value) {
        erase(key);
        std::optional<std::pair<Key, Value>> evicted;
        if (items_.size() == count_max_) {
            const auto oldest = items_.find(by_age_.begin()->second);
            evicted.emplace(oldest->first, std::move(oldest->second.value));
            by_age_.erase(by_age_.begin());
            items_.erase(oldest);
        }
        by_age_.emplace(next_age_, key);
        items_.emplace(key, Entry{.value = std::move(value), .age = next_age_});
        ++next_age_;
        return evicted;
    }

    void erase(const Key& key) {
        if (const auto found = items_.find(key); found != items_.end()) {
            by_age_.erase(found->second.age);
            items_.erase(found);
        }
    }

    template <class Predicate>
    void erase_if(Predicate predicate) {
        for (auto it = items_.begin(); it != items_.end();) {
            if (predicate(it->second.value)) {
                by_age_.erase(it->second.age);
                it = items_.erase(it);
            } else {
                ++it;
            }
        }
    }

  private:
    std::size_t count_max_;
    Items items_;
    std::map<std::uint64_t, Key> by_age_;
    std::uint64_t next_age_ = 0;
};

}  // namespace polis::consensus
