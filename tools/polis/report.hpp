#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <tools/polis/command.hpp>

namespace polis::tools {

/// What a command answers, once for people (aligned text, tables) and once for programs (JSON:
/// bytes as 0x hex, amounts as decimal strings of 10^-9 POLIS, other integers as numbers).
class Report {
  public:
    using Json = nlohmann::ordered_json;

    Report& text(std::string_view key, std::string_view value);
    Report& number(std::string_view key, std::uint64_t value);
    Report& flag(std::string_view key, bool value);
    Report& bytes(std::string_view key, ByteView value);
    Report& amount(std::string_view key, Amount value);
    Report& address(std::string_view key, const Address& value);
    Report& time(std::string_view key, TimeMs value);

    /// Only in JSON.
    Report& json(std::string_view key, Json value);

    /// Only for people.
    Report& note(std::string_view key, std::string_view value);

    /// A list of reports with the same keys: a table, an array of objects.
    Report& list(std::string_view key, std::vector<Report> rows);

    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] Json to_json() const;

  private:
    struct Cell {
        std::string key;
        Json json;         ///< null: only for people
        std::string text;  ///< empty: only in JSON
    };

    struct List {
        std::string key;
        std::vector<Report> rows;
    };

    Report& add(std::string_view key, Json json, std::string text);
    void append_table(std::string& out, const List& list) const;

    std::vector<Cell> cells_;
    std::vector<List> lists_;
};

/// Prints the report on standard output. @error if nobody can read it, for example on a full disk
[[nodiscard]] Outcome print(const Report& report, bool as_json);

/// Prints text on standard output as it is.
[[nodiscard]] Outcome print(std::string_view text);

}  // namespace polis::tools
