#include <limits>
#include <utility>

#include <fmt/format.h>

#include <core/codec/borsh.hpp>
#include <core/codec/utf8.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <tools/contract/abi.hpp>
#include <tools/contract/literal.hpp>

namespace polis::tools::contract {

namespace {

using Kind = AbiType::Kind;

/// Types within types that an example shows; an interface from the chain may hold many.
constexpr int kExampleDepthMax = 2;
constexpr std::size_t kExampleBytesMax = 200;

std::string example_of(const AbiType& type, int depth = 0) {
    switch (type.kind) {
        case Kind::kUnsigned:
            return "1000";
        case Kind::kSigned:
            return "-5";
        case Kind::kBool:
            return "true";
        case Kind::kString:
            return "hello";
        case Kind::kBytes:
            return "0x00ff";
        case Kind::kAddress:
            return "dev:1";
        case Kind::kHash:
            return "0x" + to_hex(Hash{}.view());
        case Kind::kOption:
            return depth > kExampleDepthMax ? "null" : example_of(*type.inner, depth + 1);
        case Kind::kList:
            return depth > kExampleDepthMax ? "[]" : '[' + example_of(*type.inner, depth + 1) + ']';
        case Kind::kStruct:
            break;
    }
    if (depth > kExampleDepthMax) {
        return "{...}";
    }
    std::string out;
    for (const AbiField& field : *type.fields) {
        if (out.size() > kExampleBytesMax) {
            return '{' + out + ", ...}";
        }
        out += (out.empty() ? "" : ", ") + field.name + ": " + example_of(field.type, depth + 1);
    }
    return '{' + out + '}';
}

/// Encodes one argument; the path names the part that is wrong: "orders[2].to".
class Encoding {
  public:
    explicit Encoding(const ResolveAddress& resolve) : resolve_(resolve) {}

    Fallible<void> add(const AbiType& type, const Literal& literal, const std::string& path) {
        switch (type.kind) {
            case Kind::kUnsigned:
            case Kind::kSigned:
                return add_number(type, literal, path);
            case Kind::kBool:
                return add_bool(type, literal, path);
            case Kind::kString:
                return add_string(type, literal, path);
            case Kind::kBytes:
            case Kind::kHash:
                return add_bytes(type, literal, path);
            case Kind::kAddress:
                return add_address(type, literal, path);
            case Kind::kOption:
                return add_option(type, literal, path);
            case Kind::kList:
                return add_list(type, literal, path);
            case Kind::kStruct:
                return add_struct(type, literal, path);
        }
        return {};
    }

    Bytes take() { return std::move(out_); }

  private:
    static std::unexpected<Failure> refuse(
        const AbiType& type, const std::string& path, const std::string& what) {
        return wrong_usage(fmt::format(
            "argument {} ({}): {}; write it like '{}'{}",
            path,
            type.name,
            what,
            example_of(type),
            type.kind == Kind::kOption ? " or null" : ""));
    }

    static bool is_single(const Literal& literal) {
        return literal.kind == Literal::Kind::kWord || literal.kind == Literal::Kind::kQuoted;
    }

    Fallible<void> add_number(
        const AbiType& type, const Literal& literal, const std::string& path) {
        const bool negative = literal.text.starts_with('-');
        const auto size = is_single(literal)
                              ? parse_u128(std::string_view(literal.text).substr(negative ? 1 : 0))
                              : std::nullopt;
        if (!size || (negative && type.kind == Kind::kUnsigned)) {
            return refuse(type, path, fmt::format("'{}' is no such number", shown(literal)));
        }
        const bool is_signed = type.kind == Kind::kSigned;
        const u128 half = u128{1} << (type.bits - 1);
        const u128 largest = is_signed ? (negative ? half : half - 1) : half - 1 + half;
        if (*size > largest) {
            return refuse(
                type,
                path,
                fmt::format(
                    "{} does not fit, at most {}{}",
                    literal.text,
                    negative ? "-" : "",
                    to_decimal(largest)));
        }
        const u128 value = negative ? ~*size + 1 : *size;
        for (unsigned shift = 0; shift < type.bits; shift += 8) {
            out_.push_back(static_cast<std::uint8_t>((value >> shift) & 0xff));
        }
        return {};
    }

    Fallible<void> add_bool(const AbiType& type, const Literal& literal, const std::string& path) {
        if (literal.text != "true" && literal.text != "false") {
            return refuse(
                type, path, fmt::format("'{}' is neither true nor false", shown(literal)));
        }
        codec::encode_to(out_, literal.text == "true");
        return {};
    }

    Fallible<void> add_string(
        const AbiType& type, const Literal& literal, const std::string& path) {
        if (!is_single(literal)) {
            return refuse(type, path, "a list or an object is no text");
        }
        if (!codec::is_utf8(as_bytes(literal.text))) {
            return refuse(type, path, "the text is not UTF-8");
        }
        codec::encode_to(out_, literal.text);
        return {};
    }

    Fallible<void> add_bytes(const AbiType& type, const Literal& literal, const std::string& path) {
        const auto bytes = is_single(literal) && literal.text.starts_with("0x")
                               ? from_hex(literal.text)
                               : std::nullopt;
        if (!bytes) {
            return refuse(
                type, path, fmt::format("'{}' is no hexadecimal with 0x", shown(literal)));
        }
        if (type.kind == Kind::kBytes) {
            codec::encode_to(out_, *bytes);
            return {};
        }
        if (bytes->size() != Hash::kSize) {
            return refuse(type, path, fmt::format("{} bytes, a hash has 32", bytes->size()));
        }
        append(out_, *bytes);
        return {};
    }

    Fallible<void> add_address(
        const AbiType& type, const Literal& literal, const std::string& path) {
        if (!is_single(literal)) {
            return refuse(type, path, "a list or an object is no address");
        }
        const auto address = resolve_(literal.text);
        if (!address) {
            return refuse(type, path, address.error().message);
        }
        append(out_, address->view());
        return {};
    }

    Fallible<void> add_option(
        const AbiType& type, const Literal& literal, const std::string& path) {
        const bool none = literal.kind == Literal::Kind::kWord && literal.text == "null";
        codec::encode_to(out_, !none);
        return none ? Fallible<void>{} : add(*type.inner, literal, path);
    }

    Fallible<void> add_list(const AbiType& type, const Literal& literal, const std::string& path) {
        if (literal.kind != Literal::Kind::kList) {
            return refuse(type, path, fmt::format("'{}' is no list", shown(literal)));
        }
        codec::encode_to(out_, static_cast<std::uint32_t>(literal.members.size()));
        for (std::size_t i = 0; i < literal.members.size(); ++i) {
            const std::string part = fmt::format("{}[{}]", path, i);
            POLIS_TRY_VOID(add(*type.inner, literal.members[i], part));
        }
        return {};
    }

    Fallible<void> add_struct(
        const AbiType& type, const Literal& literal, const std::string& path) {
        if (literal.kind != Literal::Kind::kObject) {
            return refuse(type, path, fmt::format("'{}' is no object", shown(literal)));
        }
        if (literal.members.size() != type.fields->size()) {
            return refuse(
                type,
                path,
                fmt::format(
                    "{} members, {} has {}",
                    literal.members.size(),
                    type.name,
                    type.fields->size()));
        }
        for (const AbiField& field : *type.fields) {
            const Literal* member = nullptr;
            for (const Literal& value : literal.members) {
                if (value.name == field.name) {
                    member = &value;
                }
            }
            if (member == nullptr) {
                return refuse(type, path, fmt::format("it has no member {}", field.name));
            }
            POLIS_TRY_VOID(add(field.type, *member, path + '.' + field.name));
        }
        return {};
    }

    static std::string shown(const Literal& literal) {
        switch (literal.kind) {
            case Literal::Kind::kWord:
            case Literal::Kind::kQuoted:
                return literal.text;
            case Literal::Kind::kList:
                return "[...]";
            case Literal::Kind::kObject:
                return "{...}";
        }
        return {};
    }

    const ResolveAddress& resolve_;
    Bytes out_;
};

bool is_structured(const AbiType& type) {
    return type.kind == Kind::kList || type.kind == Kind::kStruct ||
           (type.kind == Kind::kOption && is_structured(*type.inner));
}

/// A single value is the text itself, with all its spaces and colons; only a text that begins with
/// a quote is read as quoted.
Fallible<Literal> literal_of(const AbiField& param, const std::string& text) {
    if (!is_structured(param.type) && !text.starts_with('"')) {
        return Literal{Literal::Kind::kWord, text, {}, {}};
    }
    auto literal = parse_literal(text);
    if (!literal) {
        return wrong_usage(fmt::format(
            "argument {} ({}): '{}' cannot be read: brackets, quotes or commas do not match; write "
            "it like '{}'",
            param.name,
            param.type.name,
            text,
            example_of(param.type)));
    }
    return *std::move(literal);
}

}  // namespace

Fallible<Bytes> encode_arguments(
    const AbiMethod& method, const std::vector<std::string>& texts, const ResolveAddress& resolve) {
    if (texts.size() != method.params.size()) {
        std::string example = method.name;
        for (const AbiField& param : method.params) {
            example += " '" + example_of(param.type) + '\'';
        }
        return wrong_usage(fmt::format(
            "{} takes {} arguments and {} were given: {}; write them like {}",
            method.name,
            method.params.size(),
            texts.size(),
            signature(method),
            example));
    }
    Encoding encoding(resolve);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const AbiField& param = method.params[i];
        POLIS_TRY(const Literal literal, literal_of(param, texts[i]));
        POLIS_TRY_VOID(encoding.add(param.type, literal, param.name));
    }
    return encoding.take();
}

Fallible<Bytes> encode_value(
    const AbiField& field, const std::string& text, const ResolveAddress& resolve) {
    Encoding encoding(resolve);
    POLIS_TRY(const Literal literal, literal_of(field, text));
    POLIS_TRY_VOID(encoding.add(field.type, literal, field.name));
    return encoding.take();
}

}  // namespace polis::tools::contract
