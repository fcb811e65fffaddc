#include <tools/contract/literal.hpp>

namespace polis::tools::contract {

namespace {

constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kWordEnds = " \t\r\n,:[]{}\"";

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    std::optional<Literal> whole() {
        auto out = value(0);
        skip_spaces();
        return at_ == text_.size() ? std::move(out) : std::nullopt;
    }

  private:
    void skip_spaces() { at_ = std::min(text_.find_first_not_of(kSpaces, at_), text_.size()); }

    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    /// Steps over the character if it comes next, after spaces.
    bool take(char wanted) {
        skip_spaces();
        if (peek() != wanted) {
            return false;
        }
        ++at_;
        return true;
    }

    std::optional<Literal> value(std::size_t depth) {
        if (depth > kLiteralDepthMax) {
            return std::nullopt;
        }
        skip_spaces();
        switch (peek()) {
            case '[':
                return members(Literal::Kind::kList, ']', depth);
            case '{':
                return members(Literal::Kind::kObject, '}', depth);
            case '"':
                return quoted();
            default:
                return word(kWordEnds);
        }
    }

    std::optional<Literal> members(Literal::Kind kind, char end, std::size_t depth) {
        Literal out{kind, {}, {}, {}};
        ++at_;
        if (take(end)) {
            return out;
        }
        do {
            std::string name;
            if (kind == Literal::Kind::kObject) {
                skip_spaces();
                auto key = peek() == '"' ? quoted() : word(kWordEnds);
                if (!key || !take(':')) {
                    return std::nullopt;
                }
                name = std::move(key->text);
            }
            auto member = value(depth + 1);
            if (!member) {
                return std::nullopt;
            }
            member->name = std::move(name);
            out.members.push_back(*std::move(member));
        } while (take(','));
        return take(end) ? std::optional{std::move(out)} : std::nullopt;
    }

    std::optional<Literal> word(std::string_view ends) {
        std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
        // "dev:0" is one word: a colon with a digit behind it does not end a name.
        if (end < text_.size() && text_[end] == ':' && end + 1 < text_.size() &&
            text_.substr(at_, end - at_) == "dev" && text_[end + 1] >= '0' &&
            text_[end + 1] <= '9') {
            end = std::min(text_.find_first_of(ends, end + 1), text_.size());
        }
        if (end == at_) {
            return std::nullopt;
        }
        Literal out{Literal::Kind::kWord, std::string(text_.substr(at_, end - at_)), {}, {}};
        at_ = end;
        return out;
    }

    /// With \" and \\ and \n for what cannot stand in quotes.
    std::optional<Literal> quoted() {
        Literal out{Literal::Kind::kQuoted, {}, {}, {}};
        for (++at_; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (c == '"') {
                ++at_;
                return out;
            }
            if (c == '\\') {
                if (++at_ == text_.size()) {
                    return std::nullopt;
                }
                c = text_[at_] == 'n' ? '\n' : text_[at_];
                if (c != '\n' && c != '"' && c != '\\') {
                    return std::nullopt;
                }
            }
            out.text += c;
        }
        return std::nullopt;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::optional<Literal> parse_literal(std::string_view text) { return Parser(text).whole(); }

}  // namespace polis::tools::contract
