#include <node/rpc/json/write.hpp>

#include <array>
#include <charconv>

#include <core/codec/utf8.hpp>
#include <core/crypto/address.hpp>

namespace polis::node::rpc {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

void append_escaped(std::string& out, unsigned char c, bool utf8) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    if (c < 0x20) {
        out += "\\u00";
        out += kDigits[c >> 4];
        out += kDigits[c & 15];
    } else if (c >= 0x80 && !utf8) {
        out += "\\ufffd";
    } else {
        out += static_cast<char>(c);
    }
}

template <class Integer>
void append_number(std::string& out, Integer value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_hex(std::string& out, ByteView bytes) {
    const std::size_t begin = out.size();
    out.resize(begin + 2 * bytes.size() + 4);
    char* to = out.data() + begin;
    *to++ = '"';
    *to++ = '0';
    *to++ = 'x';
    for (const std::uint8_t byte : bytes) {
        *to++ = kDigits[byte >> 4];
        *to++ = kDigits[byte & 15];
    }
    *to = '"';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    const bool utf8 = codec::is_utf8(as_bytes(text));
    out += '"';
    for (const char c : text) {
        append_escaped(out, static_cast<unsigned char>(c), utf8);
    }
    out += '"';
}

void JsonWriter::before() {
    if (comma_) {
        out_ += ',';
    }
    comma_ = false;
}

JsonWriter& JsonWriter::after() {
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::begin_object() {
    before();
    out_ += '{';
    return *this;
}

JsonWriter& JsonWriter::begin_object(std::string_view key) { return name(key).begin_object(); }

JsonWriter& JsonWriter::end_object() {
    out_ += '}';
    return after();
}

JsonWriter& JsonWriter::begin_array() {
    before();
    out_ += '[';
    return *this;
}

JsonWriter& JsonWriter::begin_array(std::string_view key) { return name(key).begin_array(); }

JsonWriter& JsonWriter::end_array() {
    out_ += ']';
    return after();
}

JsonWriter& JsonWriter::name(std::string_view name) {
    before();
    append_json_string(out_, name);
    out_ += ':';
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    before();
    append_json_string(out_, value);
    return after();
}

JsonWriter& JsonWriter::text(std::string_view key, std::string_view value) {
    return name(key).text(value);
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
    before();
    append_number(out_, value);
    return after();
}

JsonWriter& JsonWriter::number(std::string_view key, std::uint64_t value) {
    return name(key).number(value);
}

JsonWriter& JsonWriter::signed_number(std::string_view key, std::int64_t value) {
    name(key);
    append_number(out_, value);
    return after();
}

JsonWriter& JsonWriter::flag(std::string_view key, bool value) {
    return raw(key, value ? "true" : "false");
}

JsonWriter& JsonWriter::null(std::string_view key) { return raw(key, "null"); }

JsonWriter& JsonWriter::bytes(ByteView value) {
    before();
    append_hex(out_, value);
    return after();
}

JsonWriter& JsonWriter::bytes(std::string_view key, ByteView value) {
    return name(key).bytes(value);
}

JsonWriter& JsonWriter::address(std::string_view key, const Address& value) {
    return text(key, crypto::to_text(value));
}

JsonWriter& JsonWriter::decimal(std::string_view key, std::uint64_t value) {
    name(key);
    out_ += '"';
    append_number(out_, value);
    out_ += '"';
    return after();
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    before();
    out_ += json;
    return after();
}

JsonWriter& JsonWriter::raw(std::string_view key, std::string_view json) {
    return name(key).raw(json);
}

}  // namespace polis::node::rpc
