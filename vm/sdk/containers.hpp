#pragma once

#include <vm/sdk/memory.hpp>
#include <vm/sdk/types.hpp>

namespace polis::sdk {

/// A value or nothing.
template <class T>
class Option {
  public:
    Option() = default;

    /// Implicit, so that a function that returns an option returns a value.
    Option(const T& value) : value_(value), has_value_(true) {}

    [[nodiscard]] bool has_value() const { return has_value_; }

    explicit operator bool() const { return has_value_; }

    /// Reverts if there is none.
    [[nodiscard]] const T& value() const {
        require(has_value_, "a value that is not there");
        return value_;
    }

    [[nodiscard]] const T& operator*() const { return value(); }

    [[nodiscard]] const T* operator->() const { return &value(); }

    [[nodiscard]] T value_or(const T& other) const { return has_value_ ? value_ : other; }

    bool operator==(const Option& other) const {
        return has_value_ == other.has_value_ && (!has_value_ || value_ == other.value_);
    }

  private:
    T value_{};
    bool has_value_ = false;
};

/// A growing list in the memory of the call. What it outgrows is not given back.
template <class T>
class Vec {
  public:
    Vec() = default;

    Vec(const Vec& other) {
        reserve(other.size_);
        for (const T& item : other) {
            push(item);
        }
    }

    Vec(Vec&& other) noexcept : data_(other.data_), size_(other.size_), room_(other.room_) {
        other.data_ = nullptr;
        other.size_ = other.room_ = 0;
    }

    Vec& operator=(Vec other) noexcept {
        data_ = other.data_;
        size_ = other.size_;
        room_ = other.room_;
        return *this;
    }

    ~Vec() = default;

    void push(const T& item) {
        if (size_ == room_) {
            reserve(room_ == 0 ? kFirstRoom : room_ * 2);
        }
        new (detail::Place{data_ + size_}) T(item);
        ++size_;
    }

    /// Takes the last one off. Reverts if there is none.
    T pop() {
        require(size_ != 0, "nothing to take from an empty list");
        return data_[--size_];
    }

    void reserve(size_t room) {
        if (room <= room_) {
            return;
        }
        require(room <= kBytesMax / sizeof(T), "a list that is too long");
        T* larger = static_cast<T*>(allocate(room * sizeof(T)));
        for (size_t i = 0; i < size_; ++i) {
            new (detail::Place{larger + i}) T(data_[i]);
        }
        data_ = larger;
        room_ = room;
    }

    [[nodiscard]] size_t size() const { return size_; }

    [[nodiscard]] bool is_empty() const { return size_ == 0; }

    [[nodiscard]] T& operator[](size_t index) {
        require(index < size_, "index beyond the end of a list");
        return data_[index];
    }

    [[nodiscard]] const T& operator[](size_t index) const {
        require(index < size_, "index beyond the end of a list");
        return data_[index];
    }

    [[nodiscard]] const T* data() const { return data_; }

    [[nodiscard]] T* begin() { return data_; }

    [[nodiscard]] T* end() { return data_ + size_; }

    [[nodiscard]] const T* begin() const { return data_; }

    [[nodiscard]] const T* end() const { return data_ + size_; }

  private:
    static constexpr size_t kFirstRoom = 4;
    static constexpr size_t kBytesMax = size_t{1} << 22;  // more than any contract's memory

    T* data_ = nullptr;
    size_t size_ = 0;
    size_t room_ = 0;
};

}  // namespace polis::sdk
