#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <core/types.hpp>

namespace polis {

/// An odd number that nobody outside of this process knows: whoever chooses the hashes that come
/// into a table cannot choose where they come to lie.
[[nodiscard]] std::uint64_t table_salt();

/// Values by hash: an open table for those that are looked up far more often than walked through.
/// It has no order and cannot be walked, so what is done with it cannot depend on where its entries
/// lie. Pointers to values hold until the next change.
///
/// Placement is multiply-shift with a secret factor (Dietzfelbinger et al., 1997); collisions go to
/// the next free place, and an erased place is filled again (Knuth, TAOCP 3, 6.4, algorithm R).
template <class Value>
class HashMap {
  public:
    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] bool empty() const { return size_ == 0; }

    [[nodiscard]] bool contains(const Hash& key) const { return find(key) != nullptr; }

    /// Null if there is none.
    [[nodiscard]] Value* find(const Hash& key) {
        return const_cast<Value*>(std::as_const(*this).find(key));
    }

    [[nodiscard]] const Value* find(const Hash& key) const {
        if (empty()) {
            return nullptr;
        }
        const Place& place = places_[place_of(key)];
        return place.used ? &place.value : nullptr;
    }

    /// @return whether it is new; a value that is there already stays
    bool insert(const Hash& key, Value value) {
        if ((size_ + 1) * 2 > places_.size()) {
            grow();
        }
        Place& place = places_[place_of(key)];
        if (place.used) {
            return false;
        }
        place = {.key = key, .value = std::move(value), .used = true};
        ++size_;
        return true;
    }

    /// @return whether it was there
    bool erase(const Hash& key) {
        if (empty()) {
            return false;
        }
        std::size_t hole = place_of(key);
        if (!places_[hole].used) {
            return false;
        }
        // Entries behind the hole that may not stay behind a free place move into it.
        for (std::size_t i = next(hole); places_[i].used; i = next(i)) {
            if (distance(home_of(places_[i].key), i) >= distance(hole, i)) {
                places_[hole] = std::move(places_[i]);
                hole = i;
            }
        }
        places_[hole] = Place{};
        --size_;
        return true;
    }

    void clear() {
        places_.clear();
        size_ = 0;
    }

    /// Of the table itself.
    [[nodiscard]] std::size_t memory_bytes() const { return places_.capacity() * sizeof(Place); }

  private:
    static constexpr std::size_t kPlacesMin = 16;

    struct Place {
        Hash key;
        Value value{};
        bool used = false;
    };

    [[nodiscard]] std::size_t home_of(const Hash& key) const {
        std::uint64_t word = 0;
        std::memcpy(&word, key.data.data(), sizeof word);
        return static_cast<std::size_t>((word * salt_) >> shift_);
    }

    [[nodiscard]] std::size_t next(std::size_t place) const {
        return (place + 1) & (places_.size() - 1);
    }

    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const {
        return (to - from) & (places_.size() - 1);
    }

    /// Where the key is, or the free place where it would be. @pre there is a free place
    [[nodiscard]] std::size_t place_of(const Hash& key) const {
        std::size_t place = home_of(key);
        while (places_[place].used && places_[place].key != key) {
            place = next(place);
        }
        return place;
    }

    void grow() {
        std::vector<Place> before(std::max(kPlacesMin, places_.size() * 2));
        before.swap(places_);
        shift_ = 64;
        for (std::size_t size = places_.size(); size > 1; size /= 2) {
            --shift_;
        }
        for (Place& place : before) {
            if (place.used) {
                places_[place_of(place.key)] = std::move(place);
            }
        }
    }

    std::uint64_t salt_ = table_salt();
    std::vector<Place> places_;  ///< none, or a power of two of them
    std::size_t size_ = 0;
    unsigned shift_ = 64;
};

/// Hashes, without anything that belongs to them.
class HashSet {
  public:
    [[nodiscard]] std::size_t size() const { return map_.size(); }

    [[nodiscard]] bool contains(const Hash& key) const { return map_.contains(key); }

    /// @return whether it is new
    bool insert(const Hash& key) { return map_.insert(key, {}); }

    /// @return whether it was there
    bool erase(const Hash& key) { return map_.erase(key); }

    [[nodiscard]] std::size_t memory_bytes() const { return map_.memory_bytes(); }

  private:
    struct Nothing {};

    HashMap<Nothing> map_;
};

}  // namespace polis
