#pragma once

#include <stddef.h>
#include <stdint.h>

/// The ground that contracts stand on: integers by their size, and the few pieces of a standard
/// library that a contract needs. The compiler for wasm32 has no library, so they are here.
namespace polis::sdk {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using i8 = int8_t;
using i16 = int16_t;
using i32 = int32_t;
using i64 = int64_t;

/// A list of types, for code that is written once for any number of them.
template <class... T>
struct Types {};

template <class Left, class Right>
inline constexpr bool kIsSame = false;

template <class T>
inline constexpr bool kIsSame<T, T> = true;

template <class T, class... Others>
inline constexpr bool kIsOneOf = (kIsSame<T, Others> || ...);

namespace detail {

template <class T>
struct Plain {
    using Type = T;
};

template <class T>
struct Plain<const T> {
    using Type = T;
};

template <class T>
struct Plain<T&> : Plain<T> {};

template <class T>
struct Plain<T&&> : Plain<T> {};

/// Marks the operator new below as ours.
struct Place {
    void* at;
};

}  // namespace detail

/// The type without reference and const.
template <class T>
using PlainOf = typename detail::Plain<T>::Type;

template <class T>
concept UnsignedInteger = kIsOneOf<T, u8, u16, u32, u64>;

template <class T>
concept SignedInteger = kIsOneOf<T, i8, i16, i32, i64>;

template <class T>
concept Integer = UnsignedInteger<T> || SignedInteger<T>;

/// A value of a type that nobody makes: for decltype only.
template <class T>
T&& any_value();

}  // namespace polis::sdk

/// Makes an object where memory is already.
inline void* operator new(size_t /*size*/, polis::sdk::detail::Place place) noexcept {
    return place.at;
}

inline void operator delete(void* /*at*/, polis::sdk::detail::Place /*place*/) noexcept {}
