// A reader of RFC 8259 that is as strict as the grammar and stricter where the grammar is silent.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/codec/utf8.hpp>
#include <node/rpc/json/value.hpp>

namespace polis::node::rpc {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The value of a hexadecimal digit; nothing for another character.
std::optional<std::uint32_t> hex_digit(char c) {
    if (is_digit(c)) {
        return static_cast<std::uint32_t>(c - '0');
    }
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') {
        return static_cast<std::uint32_t>(lower - 'a' + 10);
    }
    return std::nullopt;
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | (point >> 6));
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | (point >> 12));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3F));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

/// Recursion is bounded by the depth rule.
class Parser {
  public:
    Parser(std::string_view text, const JsonRules& rules) : text_(text), rules_(rules) {}

    Result<Json, JsonFault> run() {
        Json out;
        skip_space();
        if (!value(out, 0)) {
            return std::unexpected(fault_);
        }
        skip_space();
        if (at_ != text_.size()) {
            return std::unexpected(JsonFault{JsonError::kTrailing, at_});
        }
        return out;
    }

  private:
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool fail(JsonError code) {
        fault_ = {code, at_};
        return false;
    }

    bool take(char c) {
        if (peek() != c || at_ >= text_.size()) {
            return false;
        }
        ++at_;
        return true;
    }

    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r')) {
            ++at_;
        }
    }

    bool word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) {
            return fail(JsonError::kSyntax);
        }
        at_ += expected.size();
        return true;
    }

    bool value(Json& out, std::size_t depth) {
        if (++values_ > rules_.values_max) {
            return fail(JsonError::kTooMany);
        }
        switch (peek()) {
            case '{':
                return object(out, depth);
            case '[':
                return array(out, depth);
            case '"':
                out.kind = Json::Kind::kString;
                return string(out.text);
            case 't':
                out.kind = Json::Kind::kBool;
                out.truth = true;
                return word("true");
            case 'f':
                out.kind = Json::Kind::kBool;
                return word("false");
            case 'n':
                return word("null");
            default:
                out.kind = Json::Kind::kNumber;
                return number(out.text);
        }
    }

    bool array(Json& out, std::size_t depth) {
        out.kind = Json::Kind::kArray;
        if (depth >= rules_.depth_max) {
            return fail(JsonError::kTooDeep);
        }
        ++at_;
        skip_space();
        if (take(']')) {
            return true;
        }
        for (;;) {
            skip_space();
            if (!value(out.items.emplace_back(), depth + 1)) {
                return false;
            }
            skip_space();
            if (take(']')) {
                return true;
            }
            if (!take(',')) {
                return fail(JsonError::kSyntax);
            }
        }
    }

    bool object(Json& out, std::size_t depth) {
        out.kind = Json::Kind::kObject;
        if (depth >= rules_.depth_max) {
            return fail(JsonError::kTooDeep);
        }
        ++at_;
        skip_space();
        if (take('}')) {
            return true;
        }
        for (;;) {
            skip_space();
            Json::Member& member = out.members.emplace_back();
            if (peek() != '"') {
                return fail(JsonError::kSyntax);
            }
            if (!string(member.name)) {
                return false;
            }
            skip_space();
            if (!take(':')) {
                return fail(JsonError::kSyntax);
            }
            skip_space();
            if (!value(member.value, depth + 1)) {
                return false;
            }
            skip_space();
            if (take('}')) {
                return unique(out);
            }
            if (!take(',')) {
                return fail(JsonError::kSyntax);
            }
        }
    }

    bool unique(const Json& object) {
        if (rules_.duplicate_keys) {
            return true;
        }
        std::vector<std::string_view> names;
        names.reserve(object.members.size());
        for (const Json::Member& member : object.members) {
            names.emplace_back(member.name);
        }
        std::ranges::sort(names);
        const bool twice = std::ranges::adjacent_find(names) != names.end();
        return !twice || fail(JsonError::kDuplicateKey);
    }

    bool digits() {
        if (!is_digit(peek())) {
            return fail(JsonError::kSyntax);
        }
        while (is_digit(peek())) {
            ++at_;
        }
        return true;
    }

    bool number(std::string& out) {
        const std::size_t begin = at_;
        take('-');
        if (!take('0') && !digits()) {
            return false;
        }
        if (take('.') && !digits()) {
            return false;
        }
        if (take('e') || take('E')) {
            if (!take('+')) {
                take('-');
            }
            if (!digits()) {
                return false;
            }
        }
        out.assign(text_.substr(begin, at_ - begin));
        return true;
    }

    bool string(std::string& out) {
        ++at_;
        for (;;) {
            const std::size_t begin = at_;
            while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
                   static_cast<unsigned char>(text_[at_]) >= 0x20) {
                ++at_;
            }
            out.append(text_.substr(begin, at_ - begin));
            if (take('"')) {
                return true;
            }
            if (!take('\\')) {
                return fail(JsonError::kSyntax);
            }
            if (!escape(out)) {
                return false;
            }
        }
    }

    bool escape(std::string& out) {
        constexpr std::string_view kNames = "\"\\/bfnrt";
        constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
        if (at_ < text_.size()) {
            if (const auto found = kNames.find(text_[at_]); found != std::string_view::npos) {
                out += kValues[found];
                ++at_;
                return true;
            }
        }
        std::uint32_t point = 0;
        if (!take('u')) {
            return fail(JsonError::kSyntax);
        }
        if (!four_digits(point)) {
            return false;
        }
        if (point >= 0xDC00 && point <= 0xDFFF) {
            return fail(JsonError::kLoneSurrogate);
        }
        if (point >= 0xD800 && point <= 0xDBFF) {
            std::uint32_t low = 0;
            if (!take('\\') || !take('u')) {
                return fail(JsonError::kLoneSurrogate);
            }
            if (!four_digits(low)) {
                return false;
            }
            if (low < 0xDC00 || low > 0xDFFF) {
                return fail(JsonError::kLoneSurrogate);
            }
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        }
        append_utf8(out, point);
        return true;
    }

    bool four_digits(std::uint32_t& out) {
        for (int i = 0; i < 4; ++i) {
            const auto digit = at_ < text_.size() ? hex_digit(text_[at_]) : std::nullopt;
            if (!digit) {
                return fail(JsonError::kSyntax);
            }
            out = (out << 4) | *digit;
            ++at_;
        }
        return true;
    }

    const std::string_view text_;
    const JsonRules& rules_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
    JsonFault fault_;
};

}  // namespace

Result<Json, JsonFault> parse_json(std::string_view text, const JsonRules& rules) {
    POLIS_ASSERT_OP(rules.depth_max, <=, kJsonDepthMax);
    if (!codec::is_utf8(as_bytes(text))) {
        return std::unexpected(JsonFault{JsonError::kBadUtf8, 0});
    }
    return Parser(text, rules).run();
}

}  // namespace polis::node::rpc
