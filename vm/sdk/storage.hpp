#pragma once

#include <vm/sdk/codec.hpp>

/// What a contract keeps between calls. Nothing is read before it is asked for, everything is
/// written at once, and nothing is remembered: a contract that is called again while it calls
/// another one sees what was written.
///
/// Keys: a value is at its name, an entry of a map at name 00 key, an element of a list at
/// name 01 index (u32) and the list's length at name 01. So names must be different, and hold no
/// 00 and 01.
namespace polis::sdk {

namespace detail {

POLIS_OUTLINE inline Option<Bytes> read_storage(Bytes key) {
    constexpr size_t kFirstRoom = 64;
    size_t room = kFirstRoom;
    void* out = allocate(room);
    i32 size = polis_host_storage_get(key.data(), key.size(), out, room);
    if (size > 0 && static_cast<size_t>(size) > room) {
        room = static_cast<size_t>(size);
        out = allocate(room);
        size = polis_host_storage_get(key.data(), key.size(), out, room);
    }
    if (size < 0) {
        return {};
    }
    return Bytes(static_cast<const u8*>(out), static_cast<size_t>(size));
}

POLIS_OUTLINE inline void write_storage(Bytes key, Bytes value) {
    polis_host_storage_set(key.data(), key.size(), value.data(), value.size());
}

}  // namespace detail

/// One place of the storage. Reads as T{} while nothing is there.
template <class T>
class Entry {
  public:
    explicit Entry(Bytes key) : key_(key) {}

    Entry(const Entry&) = default;

    [[nodiscard]] T get() const { return find().value_or(T{}); }

    [[nodiscard]] Option<T> find() const {
        const Option<Bytes> found = detail::read_storage(key_);
        return found ? Option<T>{decode<T>(*found, "storage")} : Option<T>{};
    }

    [[nodiscard]] bool exists() const {
        return polis_host_storage_get(key_.data(), key_.size(), nullptr, 0) >= 0;
    }

    void set(const T& value) { detail::write_storage(key_, encode(value)); }

    void remove() { polis_host_storage_remove(key_.data(), key_.size()); }

    /// Implicit, so that an entry reads like a variable.
    operator T() const { return get(); }

    Entry& operator=(const T& value) {
        set(value);
        return *this;
    }

    /// Copies what the other place holds.
    Entry& operator=(const Entry& other) {
        set(other.get());
        return *this;
    }

    Entry& operator+=(const T& value) {
        set(get() + value);
        return *this;
    }

    Entry& operator-=(const T& value) {
        set(get() - value);
        return *this;
    }

  private:
    Bytes key_;
};

/// A value of the contract: Value<u128> supply{"supply"};
template <class T>
class Value : public Entry<T> {
  public:
    explicit Value(String name) : Entry<T>(name.bytes()) {}

    using Entry<T>::operator=;
};

/// Values by key: Map<Address, u128> balances{"balance"};
template <class Key, class T>
class Map {
  public:
    explicit Map(String name) : name_(name) {}

    /// To read and to write.
    [[nodiscard]] Entry<T> operator[](const Key& key) { return Entry<T>(key_of(key)); }

    /// To read only.
    [[nodiscard]] const Entry<T> operator[](const Key& key) const { return Entry<T>(key_of(key)); }

  private:
    [[nodiscard]] Bytes key_of(const Key& key) const {
        Encoder out;
        out.put(name_);
        out.put(u8{0});
        Codec<Key>::encode(out, key);
        return out.bytes();
    }

    String name_;
};

/// Values by index, from 0: List<Address> players{"players"};
template <class T>
class List {
  public:
    explicit List(String name) : name_(name) {}

    [[nodiscard]] u32 size() const { return length().get(); }

    /// Reverts if there is none.
    [[nodiscard]] T get(u32 index) const {
        const Option<T> found = Entry<T>(key_of(index)).find();
        require(found.has_value(), "index beyond the end of a list");
        return *found;
    }

    void set(u32 index, const T& value) {
        require(index < size(), "index beyond the end of a list");
        Entry<T>(key_of(index)).set(value);
    }

    void push(const T& value) {
        const u32 index = size();
        Entry<T>(key_of(index)).set(value);
        length().set(add(index, u32{1}));
    }

    /// Takes the last one off. Reverts if there is none.
    T pop() {
        const u32 index = sub(size(), u32{1});
        const T value = get(index);
        Entry<T>(key_of(index)).remove();
        length().set(index);
        return value;
    }

  private:
    [[nodiscard]] Entry<u32> length() const { return Entry<u32>(key().bytes()); }

    [[nodiscard]] Bytes key_of(u32 index) const {
        Encoder out = key();
        Codec<u32>::encode(out, index);
        return out.bytes();
    }

    [[nodiscard]] Encoder key() const {
        Encoder out;
        out.put(name_);
        out.put(u8{1});
        return out;
    }

    String name_;
};

}  // namespace polis::sdk
