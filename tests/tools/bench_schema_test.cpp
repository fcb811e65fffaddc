// Goal: docs/formats/bench-summary.schema.json says of summaries what the program does.
// Method: a checker for the keywords that the schema uses (JSON Schema 2020-12), every other
// keyword is a mistake; random summaries must be valid, damaged ones invalid.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <tests/tools/bench_fixture.hpp>
#include <tools/bench/report/json.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::bench {
namespace {

using Json = nlohmann::ordered_json;

class Schema {
  public:
    explicit Schema(Json schema) : root_(std::move(schema)) {}

    /// Empty, or where and why the value is not as the schema wants it.
    [[nodiscard]] std::string mistake(const Json& value) const { return mistake(root_, value, ""); }

  private:
    [[nodiscard]] std::string mistake(
        const Json& schema, const Json& value, const std::string& at) const {
        for (const auto& [keyword, wanted] : schema.items()) {
            if (std::string found = check(keyword, wanted, value, at); !found.empty()) {
                return found;
            }
        }
        if (schema.contains("properties") && value.is_object()) {
            for (const auto& [name, member] : value.items()) {
                if (!schema["properties"].contains(name)) {
                    return at + '/' + name + " is unknown";
                }
            }
        }
        return {};
    }

    [[nodiscard]] std::string check(
        const std::string& keyword,
        const Json& wanted,
        const Json& value,
        const std::string& at) const {
        constexpr std::array<std::string_view, 4> kNotes = {
            "$schema", "title", "description", "$defs"};
        if (std::ranges::find(kNotes, keyword) != kNotes.end()) {
            return {};
        }
        if (keyword == "$ref") {
            const auto pointer = wanted.get<std::string>().substr(1);
            return mistake(root_.at(Json::json_pointer(pointer)), value, at);
        }
        if (keyword == "type") {
            return is_type(wanted.get<std::string>(), value) ? "" : at + " is no " + wanted.dump();
        }
        if (keyword == "const") {
            return value == wanted ? "" : at + " is not " + wanted.dump();
        }
        if (keyword == "minimum" || keyword == "maximum") {
            const bool fits = keyword == "minimum" ? value >= wanted : value <= wanted;
            return !value.is_number() || fits ? "" : at + " is out of range";
        }
        if (keyword == "anyOf") {
            const bool one = std::ranges::any_of(
                wanted, [&](const Json& schema) { return mistake(schema, value, at).empty(); });
            return one ? "" : at + " is none of what it may be";
        }
        return check_members(keyword, wanted, value, at);
    }

    [[nodiscard]] std::string check_members(
        const std::string& keyword,
        const Json& wanted,
        const Json& value,
        const std::string& at) const {
        if (keyword == "additionalProperties") {
            return wanted == false ? "" : "this checker knows only closed objects";
        }
        if (keyword == "required") {
            for (const Json& name : wanted) {
                if (!value.contains(name.get<std::string>())) {
                    return at + '/' + name.get<std::string>() + " is missing";
                }
            }
            return {};
        }
        if (keyword == "properties") {
            for (const auto& [name, schema] : wanted.items()) {
                const auto member = value.find(name);
                if (member == value.end()) {
                    continue;
                }
                if (std::string found = mistake(schema, *member, at + '/' + name); !found.empty()) {
                    return found;
                }
            }
            return {};
        }
        if (keyword == "items") {
            for (const Json& item : value) {
                if (std::string found = mistake(wanted, item, at + "/*"); !found.empty()) {
                    return found;
                }
            }
            return {};
        }
        return "this checker does not know the keyword " + keyword;
    }

    static bool is_type(const std::string& type, const Json& value) {
        return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
               (type == "string" && value.is_string()) || (type == "number" && value.is_number()) ||
               (type == "integer" && value.is_number_integer()) ||
               (type == "boolean" && value.is_boolean()) || (type == "null" && value.is_null());
    }

    Json root_;
};

Schema schema() {
    const auto text = devnet::read_file("docs/formats/bench-summary.schema.json");
    EXPECT_TRUE(text);
    return Schema(Json::parse(text ? *text : "{}"));
}

TEST(BenchSchema, describes_every_summary_that_is_written) {
    const Schema wanted = schema();
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        EXPECT_EQ(wanted.mistake(Json::parse(to_json(random_report(seed)))), "") << seed;
    }
    EXPECT_EQ(wanted.mistake(Json::parse(to_json(example_report()))), "");
}

TEST(BenchSchema, refuses_what_the_reader_refuses) {
    const Schema wanted = schema();
    const Json whole = Json::parse(to_json(small_report()));
    const Json flat = whole.flatten();
    for (const auto& [pointer, value] : flat.items()) {
        const Json::json_pointer at(pointer);
        Json wrong = whole;
        wrong[at] = value.is_string() ? Json(7) : Json("x");
        EXPECT_NE(wanted.mistake(wrong), "") << pointer;
        if (whole[at.parent_pointer()].is_object()) {
            Json less = whole;
            less[at.parent_pointer()].erase(at.back());
            EXPECT_NE(wanted.mistake(less), "") << pointer;
            Json more = whole;
            more[at.parent_pointer()]["something_else"] = 1;
            EXPECT_NE(wanted.mistake(more), "") << pointer;
        }
    }
}

}  // namespace
}  // namespace polis::tools::bench
