#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/codec/reader.hpp>
#include <core/codec/utf8.hpp>
#include <core/integer.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

/// Strict Borsh (https://borsh.io): one value has one encoding, and only that one decodes.
///
/// A struct takes part by listing its members once:
///
///     struct Transfer {
///         Address to;
///         Amount amount;
///         static constexpr auto kFields = codec::fields(&Transfer::to, &Transfer::amount);
///     };
///
///     Bytes bytes = codec::encode(transfer);
///     Result<Transfer, DecodeError> back = codec::decode<Transfer>(bytes);
///
/// A container member states its protocol limit with `codec::bounded(&T::member, count_max)`.
/// An enum names its last value: `template <> inline constexpr auto kEnumLast<E> = E::kLast;`.
namespace polis::codec {

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

/// Specialised per kind of type: `kBytesMin`, `encode(out, value)`, `decode(reader, value)`.
template <class T>
struct Codec;

template <class T>
void encode_to(Bytes& out, const T& value) {
    Codec<T>::encode(out, value);
}

template <class T>
[[nodiscard]] Bytes encode(const T& value) {
    Bytes out;
    Codec<T>::encode(out, value);
    return out;
}

/// Decodes a value that fills `bytes` exactly.
/// @error every DecodeError; the first one in reading order.
template <class T>
[[nodiscard]] Result<T, DecodeError> decode(ByteView bytes) {
    Reader reader(bytes);
    T value{};
    Codec<T>::decode(reader, value);
    if (!reader.ok()) {
        return std::unexpected(*reader.error());
    }
    if (reader.remaining() != 0) {
        return std::unexpected(DecodeError::kTrailingBytes);
    }
    return value;
}

/// A struct's member with the largest count it may hold.
template <class Class, class Member>
struct Field {
    Member Class::* member;
    std::size_t count_max;
};

template <class Class, class Member>
consteval auto bounded(Member Class::* member, std::size_t count_max) {
    return Field<Class, Member>{member, count_max};
}

namespace detail {

template <class Class, class Member>
consteval auto as_field(Member Class::* member) {
    return Field<Class, Member>{member, kNoLimit};
}

template <class Class, class Member>
consteval auto as_field(Field<Class, Member> field) {
    return field;
}

template <class F>
struct FieldMember;

template <class Class, class Member>
struct FieldMember<Field<Class, Member>> {
    using Type = Member;
};

}  // namespace detail

template <class... Members>
consteval auto fields(Members... members) {
    return std::make_tuple(detail::as_field(members)...);
}

/// The largest valid value of an enum; enums start at 0 and have no gaps.
template <class Enum>
inline constexpr std::nullptr_t kEnumLast = nullptr;

template <class T>
concept WireInteger = std::integral<T> && !std::same_as<T, bool>;

template <class T>
concept WireEnum = std::is_enum_v<T> && !std::same_as<decltype(kEnumLast<T>), const std::nullptr_t>;

template <class T>
concept WireStruct = requires { T::kFields; };

template <WireInteger T>
struct Codec<T> {
    using Raw = std::make_unsigned_t<T>;
    static constexpr std::size_t kBytesMin = sizeof(T);

    static void encode(Bytes& out, const T& value) {
        const auto raw = static_cast<Raw>(value);
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(raw) >> (8 * i)));
        }
    }

    static void decode(Reader& reader, T& value) { value = static_cast<T>(reader.integer<Raw>()); }
};

template <>
struct Codec<u128> {
    static constexpr std::size_t kBytesMin = 16;

    static void encode(Bytes& out, const u128& value) {
        encode_to(out, static_cast<std::uint64_t>(value));
        encode_to(out, static_cast<std::uint64_t>(value >> 64));
    }

    static void decode(Reader& reader, u128& value) {
        const u128 low = reader.integer<std::uint64_t>();
        const u128 high = reader.integer<std::uint64_t>();
        value = (high << 64) | low;
    }
};

template <>
struct Codec<i128> {
    static constexpr std::size_t kBytesMin = 16;

    static void encode(Bytes& out, const i128& value) { encode_to(out, static_cast<u128>(value)); }

    static void decode(Reader& reader, i128& value) {
        u128 raw = 0;
        Codec<u128>::decode(reader, raw);
        value = static_cast<i128>(raw);
    }
};

template <>
struct Codec<bool> {
    static constexpr std::size_t kBytesMin = 1;

    static void encode(Bytes& out, const bool& value) { out.push_back(value ? 1 : 0); }

    static void decode(Reader& reader, bool& value) {
        const auto raw = reader.integer<std::uint8_t>();
        if (raw > 1) {
            reader.fail(DecodeError::kBadBool);
        }
        value = raw == 1;
    }
};

template <WireEnum T>
struct Codec<T> {
    using Raw = std::underlying_type_t<T>;
    static_assert(std::same_as<Raw, std::uint8_t>);
    static constexpr std::size_t kBytesMin = 1;

    static void encode(Bytes& out, const T& value) { out.push_back(static_cast<Raw>(value)); }

    static void decode(Reader& reader, T& value) {
        auto raw = reader.integer<Raw>();
        if (raw > static_cast<Raw>(kEnumLast<T>)) {
            reader.fail(DecodeError::kBadTag);
            raw = 0;
        }
        value = static_cast<T>(raw);
    }
};

template <class Tag, std::size_t N>
struct Codec<FixedBytes<Tag, N>> {
    static constexpr std::size_t kBytesMin = N;

    static void encode(Bytes& out, const FixedBytes<Tag, N>& value) { append(out, value.view()); }

    static void decode(Reader& reader, FixedBytes<Tag, N>& value) {
        const ByteView raw = reader.take(N);
        std::ranges::copy(raw, value.data.begin());
    }
};

template <class Tag>
struct Codec<Quantity<Tag>> {
    static constexpr std::size_t kBytesMin = 8;

    static void encode(Bytes& out, const Quantity<Tag>& value) { encode_to(out, value.value); }

    static void decode(Reader& reader, Quantity<Tag>& value) {
        value.value = reader.integer<std::uint64_t>();
    }
};

template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
    static constexpr std::size_t kBytesMin = N * Codec<T>::kBytesMin;

    static void encode(Bytes& out, const std::array<T, N>& value) {
        for (const T& item : value) {
            encode_to(out, item);
        }
    }

    static void decode(Reader& reader, std::array<T, N>& value) {
        for (T& item : value) {
            Codec<T>::decode(reader, item);
        }
    }
};

template <class T>
struct Codec<std::optional<T>> {
    static constexpr std::size_t kBytesMin = 1;

    static void encode(Bytes& out, const std::optional<T>& value) {
        out.push_back(value ? 1 : 0);
        if (value) {
            encode_to(out, *value);
        }
    }

    static void decode(Reader& reader, std::optional<T>& value) {
        const auto tag = reader.integer<std::uint8_t>();
        value.reset();
        if (tag > 1) {
            reader.fail(DecodeError::kBadTag);
        } else if (tag == 1) {
            Codec<T>::decode(reader, value.emplace());
        }
    }
};

template <class... Ts>
struct Codec<std::variant<Ts...>> {
    static_assert(sizeof...(Ts) <= 256);
    static constexpr std::size_t kBytesMin = 1 + std::min({Codec<Ts>::kBytesMin...});

    static void encode(Bytes& out, const std::variant<Ts...>& value) {
        out.push_back(static_cast<std::uint8_t>(value.index()));
        std::visit([&out](const auto& item) { encode_to(out, item); }, value);
    }

    static void decode(Reader& reader, std::variant<Ts...>& value) {
        const std::size_t tag = reader.integer<std::uint8_t>();
        if (tag >= sizeof...(Ts)) {
            reader.fail(DecodeError::kBadTag);
            return;
        }
        decode_alternative(reader, value, tag, std::index_sequence_for<Ts...>{});
    }

  private:
    template <std::size_t... Index>
    static void decode_alternative(
        Reader& reader,
        std::variant<Ts...>& value,
        std::size_t tag,
        std::index_sequence<Index...> /*indexes*/) {
        (void)((tag == Index &&
                (Codec<Ts>::decode(reader, value.template emplace<Index>()), true)) ||
               ...);
    }
};

template <>
struct Codec<std::string> {
    static constexpr std::size_t kBytesMin = 4;

    static void encode(Bytes& out, const std::string& value) {
        POLIS_ASSERT_OP(value.size(), <=, std::numeric_limits<std::uint32_t>::max());
        encode_to(out, static_cast<std::uint32_t>(value.size()));
        append(out, as_bytes(value));
    }

    static void decode(Reader& reader, std::string& value, std::size_t count_max = kNoLimit) {
        const ByteView raw = reader.take(reader.count(count_max, 1));
        if (!is_utf8(raw)) {
            reader.fail(DecodeError::kBadUtf8);
            return;
        }
        value.assign(as_text(raw));
    }
};

template <class T>
struct Codec<std::vector<T>> {
    static constexpr std::size_t kBytesMin = 4;

    static void encode(Bytes& out, const std::vector<T>& value) {
        POLIS_ASSERT_OP(value.size(), <=, std::numeric_limits<std::uint32_t>::max());
        encode_to(out, static_cast<std::uint32_t>(value.size()));
        if constexpr (std::same_as<T, std::uint8_t>) {
            append(out, value);
        } else {
            for (const T& item : value) {
                encode_to(out, item);
            }
        }
    }

    static void decode(Reader& reader, std::vector<T>& value, std::size_t count_max = kNoLimit) {
        static_assert(Codec<T>::kBytesMin > 0, "a count of empty elements cannot be bounded");
        const std::size_t count = reader.count(count_max, Codec<T>::kBytesMin);
        value.clear();
        if constexpr (std::same_as<T, std::uint8_t>) {
            const ByteView raw = reader.take(count);
            value.assign(raw.begin(), raw.end());
        } else {
            value.reserve(count);
            for (std::size_t i = 0; i < count && reader.ok(); ++i) {
                if constexpr (std::same_as<T, bool>) {  // packed: there is no bool to refer to
                    bool item = false;
                    Codec<bool>::decode(reader, item);
                    value.push_back(item);
                } else {
                    Codec<T>::decode(reader, value.emplace_back());
                }
            }
        }
    }
};

template <class K, class V>
struct Codec<std::map<K, V>> {
    static constexpr std::size_t kBytesMin = 4;

    static void encode(Bytes& out, const std::map<K, V>& value) {
        POLIS_ASSERT_OP(value.size(), <=, std::numeric_limits<std::uint32_t>::max());
        encode_to(out, static_cast<std::uint32_t>(value.size()));
        for (const auto& [key, item] : value) {
            encode_to(out, key);
            encode_to(out, item);
        }
    }

    static void decode(Reader& reader, std::map<K, V>& value, std::size_t count_max = kNoLimit) {
        static_assert(Codec<K>::kBytesMin > 0, "a count of empty keys cannot be bounded");
        const std::size_t count =
            reader.count(count_max, Codec<K>::kBytesMin + Codec<V>::kBytesMin);
        value.clear();
        for (std::size_t i = 0; i < count && reader.ok(); ++i) {
            K key{};
            Codec<K>::decode(reader, key);
            if (!value.empty() && !(value.rbegin()->first < key)) {
                reader.fail(DecodeError::kUnsorted);
                return;
            }
            Codec<V>::decode(reader, value.emplace_hint(value.end(), std::move(key), V{})->second);
        }
    }
};

template <class K>
struct Codec<std::set<K>> {
    static constexpr std::size_t kBytesMin = 4;

    static void encode(Bytes& out, const std::set<K>& value) {
        POLIS_ASSERT_OP(value.size(), <=, std::numeric_limits<std::uint32_t>::max());
        encode_to(out, static_cast<std::uint32_t>(value.size()));
        for (const K& key : value) {
            encode_to(out, key);
        }
    }

    static void decode(Reader& reader, std::set<K>& value, std::size_t count_max = kNoLimit) {
        static_assert(Codec<K>::kBytesMin > 0, "a count of empty elements cannot be bounded");
        const std::size_t count = reader.count(count_max, Codec<K>::kBytesMin);
        value.clear();
        for (std::size_t i = 0; i < count && reader.ok(); ++i) {
            K key{};
            Codec<K>::decode(reader, key);
            if (!value.empty() && !(*value.rbegin() < key)) {
                reader.fail(DecodeError::kUnsorted);
                return;
            }
            value.emplace_hint(value.end(), std::move(key));
        }
    }
};

template <WireStruct T>
struct Codec<T> {
    static constexpr std::size_t kBytesMin = std::apply(
        [](const auto&... field) {
            return (
                std::size_t{0} + ... +
                Codec<
                    typename detail::FieldMember<std::decay_t<decltype(field)>>::Type>::kBytesMin);
        },
        T::kFields);

    static void encode(Bytes& out, const T& value) {
        std::apply(
            [&](const auto&... field) { (encode_to(out, value.*(field.member)), ...); },
            T::kFields);
    }

    static void decode(Reader& reader, T& value) {
        std::apply(
            [&](const auto&... field) { (decode_field(reader, value, field), ...); }, T::kFields);
    }

  private:
    template <class Member>
    static void decode_field(Reader& reader, T& value, const Field<T, Member>& field) {
        if constexpr (requires {
                          Codec<Member>::decode(reader, value.*(field.member), kNoLimit);
                      }) {
            Codec<Member>::decode(reader, value.*(field.member), field.count_max);
        } else {
            Codec<Member>::decode(reader, value.*(field.member));
        }
    }
};

}  // namespace polis::codec
