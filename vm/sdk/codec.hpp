#pragma once

#include <vm/sdk/bytes.hpp>
#include <vm/sdk/containers.hpp>
#include <vm/sdk/integer.hpp>

/// Strict Borsh: one value has one encoding, and only that one decodes (docs/formats/borsh.md).
///
/// A struct takes part by naming its members once, in their order:
///
///     struct Order {
///         u64 id;
///         Address buyer;
///         POLIS_STRUCT(Order, id, buyer)
///     };
namespace polis::sdk {

/// Within a struct: its name and its members, for encoding, decoding and the ABI.
#define POLIS_STRUCT(name, ...)                                               \
    static constexpr const char* kStructName = #name;                         \
    [[maybe_unused]] static constexpr const char* kFieldNames = #__VA_ARGS__; \
    template <class Visit>                                                    \
    constexpr decltype(auto) with_fields(Visit&& visit) const {               \
        return visit(__VA_ARGS__);                                            \
    }                                                                         \
    template <class Visit>                                                    \
    constexpr decltype(auto) with_fields(Visit&& visit) {                     \
        return visit(__VA_ARGS__);                                            \
    }

template <class T>
concept Struct = requires { T::kStructName; };

/// Builds an encoding in the memory of the call.
class Encoder {
  public:
    void put(u8 byte) { put(&byte, 1); }

    POLIS_OUTLINE void put(const void* data, size_t size) {
        if (size > room_ - size_) {
            grow(size);
        }
        copy(data_ + size_, data, size);
        size_ += size;
    }

    void put(String text) { put(text.data(), text.size()); }

    [[nodiscard]] Bytes bytes() const { return {data_, size_}; }

  private:
    static constexpr size_t kFirstRoom = 64;

    /// Doubles, so that many small pieces cost no more than one large.
    void grow(size_t more) {
        size_t room = room_ == 0 ? kFirstRoom : room_ * 2;
        while (room - size_ < more) {
            room *= 2;
        }
        auto* larger = static_cast<u8*>(allocate(room));
        copy(larger, data_, size_);
        data_ = larger;
        room_ = room;
    }

    u8* data_ = nullptr;
    size_t size_ = 0;
    size_t room_ = 0;
};

/// Reads an encoding. A wrong one reverts with `what` and the reason.
class Decoder {
  public:
    Decoder(Bytes bytes, String what) : bytes_(bytes), what_(what) {}

    /// What is read next, for the message.
    void expect(String what) { what_ = what; }

    POLIS_OUTLINE const u8* take(size_t size) {
        if (size > remaining()) {
            fail("truncated");
        }
        const u8* out = bytes_.data() + at_;
        at_ += size;
        return out;
    }

    /// A count of elements that take at least `bytes_min` each.
    POLIS_OUTLINE size_t take_count(size_t bytes_min) {
        u32 count = 0;
        copy(&count, take(4), 4);
        if (bytes_min != 0 && count > remaining() / bytes_min) {
            fail("count over limit");
        }
        return count;
    }

    [[nodiscard]] size_t remaining() const { return bytes_.size() - at_; }

    void finish() {
        if (remaining() != 0) {
            fail("trailing bytes");
        }
    }

    [[noreturn]] POLIS_OUTLINE void fail(const char* reason) const {
        Encoder message;
        message.put(what_);
        message.put(": ");
        message.put(String(reason));
        polis_host_revert(message.bytes().data(), message.bytes().size());
    }

  private:
    Bytes bytes_;
    String what_;
    size_t at_ = 0;
};

/// Specialised for each kind of type: kBytesMin, encode(), decode().
template <class T>
struct Codec;

template <Integer T>
struct Codec<T> {
    static constexpr size_t kBytesMin = sizeof(T);

    static void encode(Encoder& out, T value) { out.put(&value, sizeof(T)); }

    static T decode(Decoder& in) {
        T value;
        copy(&value, in.take(sizeof(T)), sizeof(T));
        return value;
    }
};

template <UnsignedInteger T>
struct Codec<Checked<T>> {
    static constexpr size_t kBytesMin = sizeof(T);

    static void encode(Encoder& out, Checked<T> value) { out.put(&value.value, sizeof(T)); }

    static Checked<T> decode(Decoder& in) { return Codec<T>::decode(in); }
};

template <>
struct Codec<u128> {
    static constexpr size_t kBytesMin = 16;

    static void encode(Encoder& out, u128 value) {
        out.put(&value.low, 8);
        out.put(&value.high, 8);
    }

    static u128 decode(Decoder& in) {
        u128 value;
        value.low = Codec<u64>::decode(in);
        value.high = Codec<u64>::decode(in);
        return value;
    }
};

template <>
struct Codec<Fixed> {
    static constexpr size_t kBytesMin = 8;

    static void encode(Encoder& out, Fixed value) { out.put(&value.raw, 8); }

    static Fixed decode(Decoder& in) { return Fixed::from_raw(Codec<i64>::decode(in)); }
};

template <>
struct Codec<bool> {
    static constexpr size_t kBytesMin = 1;

    static void encode(Encoder& out, bool value) { out.put(value ? u8{1} : u8{0}); }

    static bool decode(Decoder& in) {
        const u8 raw = *in.take(1);
        if (raw > 1) {
            in.fail("bool is neither 0 nor 1");
        }
        return raw == 1;
    }
};

template <class Tag, size_t N>
struct Codec<FixedBytes<Tag, N>> {
    static constexpr size_t kBytesMin = N;

    static void encode(Encoder& out, const FixedBytes<Tag, N>& value) { out.put(value.data, N); }

    static FixedBytes<Tag, N> decode(Decoder& in) {
        FixedBytes<Tag, N> value;
        copy(value.data, in.take(N), N);
        return value;
    }
};

template <>
struct Codec<Bytes> {
    static constexpr size_t kBytesMin = 4;

    static void encode(Encoder& out, Bytes value) {
        const u32 count = static_cast<u32>(value.size());
        out.put(&count, 4);
        out.put(value.data(), value.size());
    }

    /// Shows the bytes where they are.
    static Bytes decode(Decoder& in) {
        const size_t size = in.take_count(1);
        return {in.take(size), size};
    }
};

namespace detail {

/// The bytes of the UTF-8 character that begins here, or 0 if it is none: no overlong form, no
/// surrogate, nothing above U+10FFFF.
inline size_t utf8_character(const u8* at, size_t room) {
    const u8 first = at[0];
    if (first < 0x80) {
        return 1;
    }
    const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || size > room) {
        return 0;
    }
    const u8 second_min = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const u8 second_max = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < second_min || at[1] > second_max) {
        return 0;
    }
    for (size_t i = 2; i < size; ++i) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
}

}  // namespace detail

template <>
struct Codec<String> {
    static constexpr size_t kBytesMin = 4;

    static void encode(Encoder& out, String value) { Codec<Bytes>::encode(out, value.bytes()); }

    static String decode(Decoder& in) {
        const Bytes text = Codec<Bytes>::decode(in);
        for (size_t at = 0; at < text.size();) {
            const size_t size = detail::utf8_character(text.data() + at, text.size() - at);
            if (size == 0) {
                in.fail("string is not UTF-8");
            }
            at += size;
        }
        return {reinterpret_cast<const char*>(text.data()), text.size()};
    }
};

template <class T>
struct Codec<Option<T>> {
    static constexpr size_t kBytesMin = 1;

    static void encode(Encoder& out, const Option<T>& value) {
        Codec<bool>::encode(out, value.has_value());
        if (value) {
            Codec<T>::encode(out, *value);
        }
    }

    static Option<T> decode(Decoder& in) {
        const u8 tag = *in.take(1);
        if (tag > 1) {
            in.fail("tag out of range");
        }
        return tag == 0 ? Option<T>{} : Option<T>{Codec<T>::decode(in)};
    }
};

template <class T>
struct Codec<Vec<T>> {
    static constexpr size_t kBytesMin = 4;

    static void encode(Encoder& out, const Vec<T>& value) {
        const u32 count = static_cast<u32>(value.size());
        out.put(&count, 4);
        for (const T& item : value) {
            Codec<T>::encode(out, item);
        }
    }

    static Vec<T> decode(Decoder& in) {
        static_assert(Codec<T>::kBytesMin != 0, "a list of nothing could be of any length");
        const size_t count = in.take_count(Codec<T>::kBytesMin);
        Vec<T> out;
        out.reserve(count);
        for (size_t i = 0; i < count; ++i) {
            out.push(Codec<T>::decode(in));
        }
        return out;
    }
};

/// The types of a struct's members.
template <Struct T>
using FieldTypes = decltype(any_value<T&>().with_fields(
    [](auto&... fields) { return Types<PlainOf<decltype(fields)>...>{}; }));

namespace detail {

template <class... T>
constexpr size_t bytes_min(Types<T...> /*types*/) {
    return (Codec<T>::kBytesMin + ... + 0);
}

}  // namespace detail

template <Struct T>
struct Codec<T> {
    static constexpr size_t kBytesMin = detail::bytes_min(FieldTypes<T>{});

    static void encode(Encoder& out, const T& value) {
        value.with_fields([&out](const auto&... fields) {
            (Codec<PlainOf<decltype(fields)>>::encode(out, fields), ...);
        });
    }

    static T decode(Decoder& in) {
        T value{};
        value.with_fields([&in](auto&... fields) {
            ((fields = Codec<PlainOf<decltype(fields)>>::decode(in)), ...);
        });
        return value;
    }
};

/// The encodings of all values, one after the other: the arguments of a call.
template <class... T>
[[nodiscard]] Bytes encode(const T&... values) {
    Encoder out;
    (Codec<T>::encode(out, values), ...);
    return out.bytes();
}

/// Reverts with `what` and the reason if the bytes are no encoding of a T.
template <class T>
[[nodiscard]] T decode(Bytes bytes, String what) {
    Decoder in(bytes, what);
    T value = Codec<T>::decode(in);
    in.finish();
    return value;
}

}  // namespace polis::sdk
