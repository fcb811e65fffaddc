#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <tests/support/contract_args.hpp>
#include <tools/contract/abi.hpp>
#include <tools/contract/literal.hpp>
#include <tools/contract/wasm_file.hpp>

/// Goal: what a person writes becomes the bytes that a contract reads, and back; everything else is
/// refused with words that help. Method: core's codec says what the bytes have to be.
namespace polis::tools::contract {

namespace {

using namespace std::string_literals;
using tests::args;
using tests::person;

constexpr std::string_view kShop = R"({
  "name": "shop", "version": 1,
  "types": {
    "Item": {"fields": [["id", "u32"], ["price", "u128"]]},
    "Order": {"fields": [["buyer", "address"], ["items", "list<Item>"], ["note", "option<string>"]]}
  },
  "constructor": {"payable": true, "params": [["owner", "address"]]},
  "methods": [
    {"name": "place", "mutates": true, "payable": true, "params": [["order", "Order"]],
     "result": "hash"},
    {"name": "numbers", "mutates": false, "payable": false,
     "params": [["a", "u8"], ["b", "i16"], ["c", "u64"], ["d", "i64"], ["e", "bool"]],
     "result": "list<option<i8>>"},
    {"name": "words", "mutates": true, "payable": false,
     "params": [["text", "string"], ["data", "bytes"], ["maybe", "option<u16>"]], "result": null}],
  "events": [{"name": "Placed", "fields": [["order", "Order"], ["paid", "u64"]]}]})";

Abi shop() { return parse_abi(kShop).value(); }

/// Knows one word.
Fallible<Address> resolve(const std::string& word) {
    if (const auto address = crypto::parse_address(word)) {
        return *address;
    }
    if (word == "alice") {
        return person("alice");
    }
    return std::unexpected(Failure("there is no key " + word));
}

Fallible<Bytes> encode(const std::string& method, const std::vector<std::string>& texts) {
    return encode_arguments(*shop().find_method(method), texts, resolve);
}

std::string refusal(const std::string& method, const std::vector<std::string>& texts) {
    const auto bytes = encode(method, texts);
    if (bytes) {
        return "accepted: " + to_hex(*bytes);
    }
    EXPECT_EQ(bytes.error().kind, FailureKind::kUsage);
    return bytes.error().message;
}

TEST(ContractAbi, reads_what_the_compiler_wrote) {
    const Abi abi = shop();
    EXPECT_EQ(abi.name, "shop");
    ASSERT_TRUE(abi.constructor.has_value());
    EXPECT_TRUE(abi.constructor->payable);
    EXPECT_EQ(signature(*abi.find_method("place")), "place(order: Order) -> hash");
    EXPECT_EQ(
        signature(*abi.find_method("words")),
        "words(text: string, data: bytes, maybe: option<u16>)");
    EXPECT_FALSE(abi.find_method("numbers")->mutates);
    EXPECT_EQ(abi.find_method("place")->params[0].type.fields->at(1).type.inner->name, "Item");
    EXPECT_EQ(abi.find_event("Placed")->fields.size(), 2);
    EXPECT_EQ(abi.find_method("none"), nullptr);
}

TEST(ContractAbi, encodes_what_a_person_writes) {
    EXPECT_EQ(
        encode("numbers", {"255", "-32768", "18446744073709551615", "-1", "true"}),
        args(std::uint8_t{255}, std::int16_t{-32768}, ~std::uint64_t{0}, std::int64_t{-1}, true));
    EXPECT_EQ(
        encode("words", {"two words: and [more]", "0x00Ff", "null"}),
        args("two words: and [more]"s, Bytes{0, 255}, std::optional<std::uint16_t>{}));
    EXPECT_EQ(
        encode("words", {"\"null \\\"x\\\"\"", "0x", "7"}),
        args("null \"x\""s, Bytes{}, std::optional<std::uint16_t>{7}));
}

TEST(ContractAbi, encodes_lists_and_structs_in_the_order_of_the_type) {
    const Bytes items =
        args(std::uint32_t{2}, std::uint32_t{1}, u128{5}, std::uint32_t{9}, ~u128{0});
    Bytes expected = args(person("alice"));
    append(expected, items);
    append(expected, args(std::optional{"hi, you"s}));
    EXPECT_EQ(
        encode(
            "place",
            {"{note: \"hi, you\", buyer: alice, items: [{id: 1, price: 5}, "
             "{price: 340282366920938463463374607431768211455, id: 9}]}"}),
        expected);
    const std::string bob = crypto::to_text(person("bob"));
    EXPECT_EQ(
        encode("place", {"{\"buyer\":\"" + bob + "\",\"items\":[],\"note\":null}"}),
        args(person("bob"), std::uint32_t{0}, std::optional<std::string>{}));
}

TEST(ContractAbi, says_which_argument_is_wrong_and_how_to_write_it) {
    EXPECT_EQ(
        refusal("words", {"a"}),
        "words takes 3 arguments and 1 were given: words(text: string, data: bytes, maybe: "
        "option<u16>); write them like words 'hello' '0x00ff' '1000'");
    EXPECT_EQ(
        refusal("numbers", {"256", "0", "0", "0", "true"}),
        "argument a (u8): 256 does not fit, at most 255; write it like '1000'");
    EXPECT_EQ(
        refusal("numbers", {"1", "-32769", "0", "0", "true"}),
        "argument b (i16): -32769 does not fit, at most -32768; write it like '-5'");
    EXPECT_EQ(
        refusal("numbers", {"-1", "0", "0", "0", "true"}),
        "argument a (u8): '-1' is no such number; write it like '1000'");
    EXPECT_EQ(
        refusal("numbers", {"1", "0", "0", "0", "yes"}),
        "argument e (bool): 'yes' is neither true nor false; write it like 'true'");
    EXPECT_EQ(
        refusal("words", {"a", "ff", "null"}),
        "argument data (bytes): 'ff' is no hexadecimal with 0x; write it like '0x00ff'");
    EXPECT_EQ(
        refusal("words", {"\xff", "0x", "null"}),
        "argument text (string): the text is not UTF-8; write it like 'hello'");
    EXPECT_EQ(
        refusal("place", {"{buyer: bob, items: [], note: null}"}),
        "argument order.buyer (address): there is no key bob; write it like 'dev:1'");
    EXPECT_EQ(
        refusal(
            "place", {"{buyer: alice, items: [{id: 1, price: 1}, {id: x, price: 1}], note: null}"}),
        "argument order.items[1].id (u32): 'x' is no such number; write it like '1000'");
    EXPECT_EQ(
        refusal("place", {"{buyer: alice, items: []}"}),
        "argument order (Order): 2 members, Order has 3; write it like '{buyer: dev:1, items: "
        "[{id: 1000, price: 1000}], note: hello}'");
    EXPECT_EQ(
        refusal("place", {"{buyer: alice, items: [, note: null}"}),
        "argument order (Order): '{buyer: alice, items: [, note: null}' cannot be read: brackets, "
        "quotes or commas do not match; write it like '{buyer: dev:1, items: [{id: 1000, price: "
        "1000}], note: hello}'");
}

TEST(ContractAbi, shows_what_it_decodes) {
    const AbiEvent placed = *shop().find_event("Placed");
    Bytes data = args(person("alice"), std::uint32_t{1}, std::uint32_t{3}, ~u128{0});
    append(data, args(std::optional{"\u00fc"s}, std::uint64_t{1} << 60));
    const Json shown = decode_fields(placed.fields, data).value();
    EXPECT_EQ(
        shown.dump(),
        R"({"order":{"buyer":")" + crypto::to_text(person("alice")) +
            R"(","items":[{"id":3,"price":"340282366920938463463374607431768211455"}],)"
            "\"note\":\"\u00fc\"},\"paid\":\"1152921504606846976\"}");
    const AbiType list = *shop().find_method("numbers")->result;
    EXPECT_EQ(
        decode_value(
            list, args(std::vector<std::optional<std::int8_t>>{std::int8_t{-128}, std::nullopt}))
            .value()
            .dump(),
        "[-128,null]");
    const AbiType wide = parse_type(kShop, "i64").value();
    EXPECT_EQ(
        decode_value(wide, args(std::numeric_limits<std::int64_t>::min())).value().dump(),
        "\"-9223372036854775808\"");
}

TEST(ContractAbi, refuses_bytes_that_are_no_encoding) {
    const AbiType order = parse_type(kShop, "Order").value();
    Bytes good = args(person("alice"), std::uint32_t{0}, std::optional{"ab"s});
    ASSERT_TRUE(decode_value(order, good).has_value());
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(decode_value(order, ByteView(good).first(size)).has_value()) << size;
    }
    good.push_back(0);
    EXPECT_FALSE(decode_value(order, good).has_value());
    const AbiType list = parse_type(kShop, "list<Item>").value();
    EXPECT_FALSE(decode_value(list, args(~std::uint32_t{0})).has_value()) << "no room is made";
    EXPECT_FALSE(decode_value(parse_type(kShop, "bool").value(), Bytes{2}).has_value());
    EXPECT_FALSE(decode_value(parse_type(kShop, "option<u8>").value(), Bytes{2, 1}).has_value());
    EXPECT_FALSE(decode_value(parse_type(kShop, "string").value(), args("\x80"s)).has_value());
}

TEST(ContractAbi, refuses_interfaces_that_make_no_sense) {
    const auto fault = [](const std::string& json) {
        const auto abi = parse_abi(json);
        return abi ? "accepted" : abi.error().message;
    };
    const std::string begin = R"({"name":"x","version":1,)";
    EXPECT_NE(fault("[]").find("it is no JSON object"), std::string::npos);
    EXPECT_NE(fault(R"({"name":"x","version":2})").find("version is not 1"), std::string::npos);
    EXPECT_NE(
        fault(begin + R"("methods":[{"name":"a","params":[["b","u7"]]}]})")
            .find("there is no type 'u7'"),
        std::string::npos);
    EXPECT_NE(
        fault(
            begin + R"("types":{"A":{"fields":[["a","list<A>"]]}},)"
                    R"("methods":[{"name":"a","params":[["b","A"]]}]})")
            .find("nested too deep, or in itself"),
        std::string::npos);
    EXPECT_NE(fault(begin + R"("methods":[5]})").find("no list of objects"), std::string::npos);
    EXPECT_NE(
        fault(begin + R"("methods":[{"name":"a","params":[["b"]]}]})").find("no pair"),
        std::string::npos);
    EXPECT_NE(fault(std::string(kAbiBytesMax + 1, ' ')).find("at most"), std::string::npos);
    EXPECT_EQ(fault(begin + R"("methods":[]})"), "accepted");
}

TEST(ContractAbi, stays_quick_with_types_that_multiply) {
    std::string types;
    std::string fields = R"(["f0","u8"])";
    for (int level = 0; level < 12; ++level) {
        types += (level == 0 ? "\"" : ",\"") + ("T" + std::to_string(level)) + "\":{\"fields\":[" +
                 fields + "]}";
        fields.clear();
        for (int i = 0; i < 60; ++i) {
            fields += (i == 0 ? "[\"" : ",[\"") + ("f" + std::to_string(i)) + "\",\"T" +
                      std::to_string(level) + "\"]";
        }
    }
    const std::string json = R"({"name":"x","version":1,"types":{)" + types +
                             R"(},"methods":[{"name":"m","params":[["a","T11"]],"result":"T11"}]})";
    const auto abi = parse_abi(json);
    ASSERT_TRUE(abi.has_value()) << abi.error().message;
    const AbiMethod& method = abi->methods[0];
    const auto refused = encode_arguments(method, {"5"}, resolve);
    ASSERT_FALSE(refused.has_value());
    EXPECT_LT(refused.error().message.size(), 2'000);
    EXPECT_FALSE(decode_value(*method.result, Bytes(100'000)).has_value());
}

TEST(Literal, reads_words_quotes_lists_and_objects) {
    const auto list = parse_literal(" [ a , \"b c\", [ ], {x: dev:0, \"y z\":-1} ] ");
    ASSERT_TRUE(list.has_value());
    ASSERT_EQ(list->members.size(), 4);
    EXPECT_EQ(list->members[0].text, "a");
    EXPECT_EQ(list->members[1].kind, Literal::Kind::kQuoted);
    EXPECT_TRUE(list->members[2].members.empty());
    EXPECT_EQ(list->members[3].members[0].text, "dev:0");
    EXPECT_EQ(list->members[3].members[1].name, "y z");
    for (const char* bad : {"", "[", "]", "[1,]", "{a}", "{a:}", "\"a", "1 2", "[1]]", "\"\\x\""}) {
        EXPECT_FALSE(parse_literal(bad).has_value()) << bad;
    }
    const std::string deep(kLiteralDepthMax + 2, '[');
    EXPECT_FALSE(parse_literal(deep + std::string(deep.size(), ']')).has_value());
}

TEST(WasmFile, carries_the_interface_in_a_section_of_its_own) {
    const Bytes empty = {0, 'a', 's', 'm', 1, 0, 0, 0};
    const Bytes once = with_custom_section(empty, kAbiSection, as_bytes("{}")).value();
    EXPECT_EQ(as_text(*custom_section(once, kAbiSection)), "{}");
    EXPECT_EQ(custom_section(once, "other"), std::nullopt);
    const std::string large(300, 'x');
    const Bytes twice = with_custom_section(once, kAbiSection, as_bytes(large)).value();
    EXPECT_EQ(as_text(*custom_section(twice, kAbiSection)), large) << "the old one is gone";
    EXPECT_EQ(twice.size(), empty.size() + 1 + 2 + 1 + kAbiSection.size() + large.size());
    EXPECT_FALSE(with_custom_section(Bytes{1, 2, 3}, kAbiSection, {}).has_value());
    for (std::size_t size = empty.size() + 1; size < once.size(); ++size) {
        EXPECT_FALSE(custom_section(ByteView(once).first(size), kAbiSection).has_value());
    }
}

}  // namespace

}  // namespace polis::tools::contract
