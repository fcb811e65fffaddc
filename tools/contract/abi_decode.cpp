#include <utility>

#include <fmt/format.h>

#include <core/codec/reader.hpp>
#include <core/codec/utf8.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <tools/contract/abi.hpp>

namespace polis::tools::contract {

namespace {

using Kind = AbiType::Kind;

/// The largest number that every JSON parser keeps.
constexpr unsigned kNumberBits = 32;

/// The fewest bytes that a value takes. Types are at most kAbiDepthMax deep.
std::size_t bytes_min(const AbiType& type) {
    switch (type.kind) {
        case Kind::kUnsigned:
        case Kind::kSigned:
            return type.bits / 8;
        case Kind::kBool:
        case Kind::kOption:
            return 1;
        case Kind::kString:
        case Kind::kBytes:
        case Kind::kList:
            return 4;
        case Kind::kAddress:
            return Address::kSize;
        case Kind::kHash:
            return Hash::kSize;
        case Kind::kStruct:
            return type.fields->size();  // no field takes less than a byte
    }
    return 1;
}

class Decoding {
  public:
    explicit Decoding(ByteView bytes) : in_(bytes) {}

    Json value(const AbiType& type) {
        if (++values_ > kAbiValuesMax) {
            in_.fail(codec::DecodeError::kCountOverLimit);
        }
        if (!in_.ok()) {
            return nullptr;
        }
        switch (type.kind) {
            case Kind::kUnsigned:
                return number(type.bits);
            case Kind::kSigned:
                return signed_number(type.bits);
            case Kind::kBool:
                return flag();
            case Kind::kString:
                return text();
            case Kind::kBytes:
                return to_hex_prefixed(in_.take(in_.count(in_.remaining(), 1)));
            case Kind::kAddress:
                return address();
            case Kind::kHash:
                return to_hex_prefixed(in_.take(Hash::kSize));
            case Kind::kOption:
                return tag() ? value(*type.inner) : Json(nullptr);
            case Kind::kList:
                return list(*type.inner);
            case Kind::kStruct:
                return fields(*type.fields);
        }
        return nullptr;
    }

    Json fields(const std::vector<AbiField>& list) {
        Json out = Json::object();
        for (const AbiField& field : list) {
            out[field.name] = value(field.type);
        }
        return out;
    }

    /// The whole, if all bytes were good and none is left.
    Fallible<Json> finish(Json decoded) {
        if (in_.ok() && in_.remaining() != 0) {
            in_.fail(codec::DecodeError::kTrailingBytes);
        }
        if (!in_.ok()) {
            return std::unexpected(Failure(fmt::format(
                "the bytes are not what the contract's interface (ABI) says: {}; look at them with "
                "--raw",
                to_string(*in_.error()))));
        }
        return decoded;
    }

  private:
    u128 unsigned_number(unsigned bits) {
        u128 out = 0;
        const ByteView bytes = in_.take(bits / 8);
        for (std::size_t i = bytes.size(); i > 0; --i) {
            out = (out << 8) | bytes[i - 1];
        }
        return out;
    }

    Json number(unsigned bits) {
        const u128 out = unsigned_number(bits);
        return bits <= kNumberBits ? Json(static_cast<std::uint64_t>(out)) : Json(to_decimal(out));
    }

    Json signed_number(unsigned bits) {
        const u128 raw = unsigned_number(bits);
        const bool negative = (raw >> (bits - 1)) != 0;
        const u128 size = negative ? (u128{1} << bits) - raw : raw;
        if (bits <= kNumberBits) {
            const auto small = static_cast<std::int64_t>(size);
            return negative ? -small : small;
        }
        return (negative ? "-" : "") + to_decimal(size);
    }

    bool flag() {
        const auto raw = in_.integer<std::uint8_t>();
        if (raw > 1) {
            in_.fail(codec::DecodeError::kBadBool);
        }
        return raw == 1;
    }

    bool tag() {
        const auto raw = in_.integer<std::uint8_t>();
        if (raw > 1) {
            in_.fail(codec::DecodeError::kBadTag);
        }
        return raw == 1;
    }

    Json text() {
        const ByteView bytes = in_.take(in_.count(in_.remaining(), 1));
        if (!codec::is_utf8(bytes)) {
            in_.fail(codec::DecodeError::kBadUtf8);
            return nullptr;
        }
        return std::string(as_text(bytes));
    }

    Json address() {
        const ByteView bytes = in_.take(Address::kSize);
        return in_.ok() ? Json(crypto::to_text(Address::from_view(bytes))) : Json(nullptr);
    }

    Json list(const AbiType& inner) {
        const std::size_t least = bytes_min(inner);
        const std::size_t count = in_.count(kAbiValuesMax, least == 0 ? 1 : least);
        Json out = Json::array();
        for (std::size_t i = 0; i < count && in_.ok(); ++i) {
            out.push_back(value(inner));
        }
        return out;
    }

    codec::Reader in_;
    std::size_t values_ = 0;
};

}  // namespace

Fallible<Json> decode_value(const AbiType& type, ByteView bytes) {
    Decoding decoding(bytes);
    Json out = decoding.value(type);
    return decoding.finish(std::move(out));
}

Fallible<Json> decode_fields(const std::vector<AbiField>& fields, ByteView bytes) {
    Decoding decoding(bytes);
    Json out = decoding.fields(fields);
    return decoding.finish(std::move(out));
}

}  // namespace polis::tools::contract
