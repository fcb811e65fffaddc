#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include <core/codec/borsh.hpp>

/// Where the fields of a struct lie in its encoding, to compare tables of docs/formats with.
namespace polis::formats {

/// Where a field starts when all before it have their least size, and its own least size.
struct Place {
    std::size_t offset;
    std::size_t bytes_min;
    bool fixed;  ///< always of that size
};

template <class T>
consteval bool is_fixed();

template <class T>
inline constexpr bool kIsFixed = is_fixed<T>();
template <class T>
inline constexpr bool kIsFixed<std::vector<T>> = false;
template <class T>
inline constexpr bool kIsFixed<std::optional<T>> = false;
template <class K, class V>
inline constexpr bool kIsFixed<std::map<K, V>> = false;
template <class K>
inline constexpr bool kIsFixed<std::set<K>> = false;
template <>
inline constexpr bool kIsFixed<std::string> = false;
template <class... Ts>
inline constexpr bool kIsFixed<std::variant<Ts...>> = false;

template <class Field>
using MemberOf = typename codec::detail::FieldMember<std::decay_t<Field>>::Type;

/// A struct is of fixed size if all its fields are.
template <class T>
consteval bool is_fixed() {
    if constexpr (codec::WireStruct<T>) {
        return std::apply(
            [](const auto&... field) { return (kIsFixed<MemberOf<decltype(field)>> && ...); },
            T::kFields);
    }
    return true;
}

template <class T>
std::vector<Place> layout_of() {
    std::vector<Place> out;
    std::size_t offset = 0;
    const auto add = [&](const auto& field) {
        using Member = MemberOf<decltype(field)>;
        out.push_back({offset, codec::Codec<Member>::kBytesMin, kIsFixed<Member>});
        offset += codec::Codec<Member>::kBytesMin;
    };
    std::apply([&](const auto&... field) { (add(field), ...); }, T::kFields);
    return out;
}

/// Compares the table after `<!-- layout NAME -->`. The offset column holds a number as long as
/// everything before is of fixed size, then "...".
void expect_layout(
    const std::string& document, const std::string& name, const std::vector<Place>& places);

}  // namespace polis::formats
