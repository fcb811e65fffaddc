#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <core/result.hpp>
#include <ml/exact/safetensors.hpp>

namespace polis::exact {

/// Reads JSON whose form is known: the caller asks for what must come next. Nothing here calls
/// itself, so text that is nested deeper than the caller asks for is an error and no danger.
/// Texts are ASCII without \u escapes, numbers are unsigned integers of 64 bits.
class JsonCursor {
  public:
    using Verdict = Result<void, SafetensorsError>;

    explicit JsonCursor(std::string_view text) : rest_(text) {}

    Result<std::string, SafetensorsError> string();

    Result<std::uint64_t, SafetensorsError> number();

    /// Calls `member(name)` with the cursor at each value. @error kBadJson, kDuplicateName
    template <class Member>
    Verdict object(Member&& member) {
        std::set<std::string> names;
        return list('{', '}', [&]() -> Verdict {
            POLIS_TRY(std::string name, string());
            if (!names.insert(name).second) {
                return std::unexpected(SafetensorsError::kDuplicateName);
            }
            POLIS_TRY_VOID(want(':'));
            return member(std::string_view{name});
        });
    }

    /// Calls `item()` with the cursor at each value. @error kBadJson
    template <class Item>
    Verdict array(Item&& item) {
        return list('[', ']', std::forward<Item>(item));
    }

    /// Only blanks are left.
    Verdict end();

  private:
    template <class Item>
    Verdict list(char open, char close, Item&& item) {
        POLIS_TRY_VOID(want(open));
        if (eat(close)) {
            return {};
        }
        do {
            POLIS_TRY_VOID(item());
        } while (eat(','));
        return want(close);
    }

    void skip_blanks();
    bool eat(char wanted);
    Verdict want(char wanted);

    std::string_view rest_;
};

}  // namespace polis::exact
