// Reading JSON: the decided cases of a public suite, and what the grammar leaves open.
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <node/rpc/json/value.hpp>
#include <node/rpc/json/write.hpp>
#include <tests/support/vectors.hpp>

namespace polis::node::rpc::testing {
namespace {

JsonError error_of(std::string_view text, const JsonRules& rules = {}) {
    const auto parsed = parse_json(text, rules);
    EXPECT_FALSE(parsed.has_value()) << text;
    return parsed ? JsonError{} : parsed.error().code;
}

Json value_of(std::string_view text) {
    auto parsed = parse_json(text, {});
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed ? *std::move(parsed) : Json{};
}

TEST(JsonSuite, accepts_and_rejects_as_decided) {
    if (!tests::have_vectors()) {
        GTEST_SKIP() << tests::no_vectors_text();
    }
    std::map<char, int> seen;
    std::map<char, int> accepted;
    const JsonRules grammar{.depth_max = kJsonDepthMax, .duplicate_keys = true};
    for (const std::string& name : tests::vector_names("json/test_parsing")) {
        const std::string text = tests::read_vectors("json/test_parsing/" + name);
        const bool good = parse_json(text, grammar).has_value();
        ++seen[name[0]];
        accepted[name[0]] += good ? 1 : 0;
        if (name[0] == 'y') {
            EXPECT_TRUE(good) << name;
        } else if (name[0] == 'n') {
            EXPECT_FALSE(good) << name;
        }
    }
    EXPECT_EQ(seen['y'], 95);
    EXPECT_EQ(seen['n'], 188);
    EXPECT_EQ(seen['i'], 35);
    EXPECT_EQ(accepted['i'], 11);  // ten numbers of any size, and 500 nested arrays
}

TEST(JsonSuite, is_stricter_about_duplicate_keys_only) {
    if (!tests::have_vectors()) {
        GTEST_SKIP() << tests::no_vectors_text();
    }
    int refused = 0;
    for (const std::string& name : tests::vector_names("json/test_parsing")) {
        if (name[0] != 'y') {
            continue;
        }
        const auto parsed = parse_json(tests::read_vectors("json/test_parsing/" + name), {});
        if (!parsed) {
            ++refused;
            EXPECT_EQ(parsed.error().code, JsonError::kDuplicateKey) << name;
        }
    }
    EXPECT_EQ(refused, 2);
}

TEST(Json, names_what_is_wrong) {
    EXPECT_EQ(error_of(""), JsonError::kSyntax);
    EXPECT_EQ(error_of("{} {}"), JsonError::kTrailing);
    EXPECT_EQ(error_of("\"\xff\""), JsonError::kBadUtf8);
    EXPECT_EQ(error_of("\"\xed\xa0\x80\""), JsonError::kBadUtf8);
    EXPECT_EQ(error_of(R"("\ud800")"), JsonError::kLoneSurrogate);
    EXPECT_EQ(error_of(R"("\udc00\ud800")"), JsonError::kLoneSurrogate);
    EXPECT_EQ(error_of(R"("\ud800A")"), JsonError::kLoneSurrogate);
    EXPECT_EQ(error_of(R"({"a":1,"b":2,"a":3})"), JsonError::kDuplicateKey);
    EXPECT_EQ(error_of(R"({"a":1,"\u0061":3})"), JsonError::kDuplicateKey);
    EXPECT_EQ(error_of("[1,2,3,4]", {.values_max = 4}), JsonError::kTooMany);
    EXPECT_EQ(error_of(std::string(65, '[') + std::string(65, ']')), JsonError::kTooDeep);
    EXPECT_EQ(error_of(std::string(100'000, '[')), JsonError::kTooDeep);
}

TEST(Json, takes_the_deepest_that_is_allowed) {
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']'), {}).has_value());
}

TEST(Json, joins_the_halves_of_a_character) {
    EXPECT_EQ(value_of(R"("\ud83d\ude00")").text, "\xf0\x9f\x98\x80");
    EXPECT_EQ(value_of(R"("\u00e9\n\/\u0000")").text, std::string("\xc3\xa9\n/\0", 5));
}

TEST(Json, keeps_integers_exact_and_refuses_others_by_name) {
    EXPECT_EQ(as_unsigned(value_of("18446744073709551615")), UINT64_MAX);
    EXPECT_EQ(as_unsigned(value_of("-0")), 0U);
    EXPECT_EQ(as_signed(value_of("-9223372036854775807")), -INT64_MAX);
    EXPECT_EQ(as_unsigned(value_of("18446744073709551616")).error(), IntegerError::kOutOfRange);
    EXPECT_EQ(as_unsigned(value_of("-1")).error(), IntegerError::kOutOfRange);
    EXPECT_EQ(as_unsigned(value_of("1e999")).error(), IntegerError::kNotInteger);
    EXPECT_EQ(as_unsigned(value_of("1.0")).error(), IntegerError::kNotInteger);
    EXPECT_EQ(
        as_unsigned(value_of("1" + std::string(4'000, '0'))).error(), IntegerError::kOutOfRange);
    EXPECT_EQ(as_signed(value_of("9223372036854775808")).error(), IntegerError::kOutOfRange);
}

TEST(JsonWriter, escapes_what_must_be_and_replaces_what_is_no_text) {
    JsonWriter out;
    out.begin_object().text("a\"", "\x01\n\\").text("b", "\xff!").end_object();
    EXPECT_EQ(out.text(), R"({"a\"":"\u0001\n\\","b":"\ufffd!"})");
    EXPECT_TRUE(parse_json(out.text(), {}).has_value());
}

}  // namespace
}  // namespace polis::node::rpc::testing
