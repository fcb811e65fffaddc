// Borsh vectors of the reference implementations: borsh-js values with their bytes, borsh-rs inputs
// that must be refused. Each schema maps to a C++ type by its exact JSON text; what has no C++ type
// here is counted as skipped, with its reason, and the counts are pinned.
#include <functional>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <tests/support/vectors.hpp>

namespace polis::codec {
namespace {

using Json = nlohmann::ordered_json;
using tests::hex_bytes;

/// Builds the C++ value that a vector's JSON describes.
template <class T>
struct FromJson;

template <class T>
T value_of(const Json& json) {
    return FromJson<T>::get(json);
}

template <class T>
    requires WireInteger<T> || std::same_as<T, u128> || std::same_as<T, i128>
struct FromJson<T> {
    static T get(const Json& json) {
        if (!json.is_object()) {
            return static_cast<T>(json.get<std::int64_t>());
        }
        const auto text = json.at("int").get<std::string>();
        const bool negative = text.starts_with('-');
        const u128 magnitude = parse_u128(text.substr(negative ? 1 : 0)).value();
        return static_cast<T>(negative ? 0 - magnitude : magnitude);
    }
};

template <class T>
    requires std::same_as<T, bool> || std::same_as<T, std::string>
struct FromJson<T> {
    static T get(const Json& json) { return json.get<T>(); }
};

template <class T>
struct FromJson<std::vector<T>> {
    static std::vector<T> get(const Json& json) {
        if constexpr (std::same_as<T, std::uint8_t>) {
            if (json.is_object()) {
                return hex_bytes(json.at("bytes").get<std::string>());
            }
        }
        std::vector<T> out;
        for (const Json& item : json) {
            out.push_back(value_of<T>(item));
        }
        return out;
    }
};

template <class T, std::size_t N>
struct FromJson<std::array<T, N>> {
    static std::array<T, N> get(const Json& json) {
        const auto items = value_of<std::vector<T>>(json);
        std::array<T, N> out{};
        std::copy_n(items.begin(), N, out.begin());
        return out;
    }
};

template <class T>
struct FromJson<std::optional<T>> {
    static std::optional<T> get(const Json& json) {
        return json.is_null() ? std::nullopt : std::optional{value_of<T>(json)};
    }
};

template <class K, class V>
struct FromJson<std::map<K, V>> {
    static std::map<K, V> get(const Json& json) {
        std::map<K, V> out;
        if (json.contains("map")) {
            for (const Json& pair : json.at("map")) {
                out[value_of<K>(pair.at(0))] = value_of<V>(pair.at(1));
            }
            return out;
        }
        for (const auto& [key, item] : json.at("struct").items()) {
            out[value_of<K>(Json(key))] = value_of<V>(item);
        }
        return out;
    }
};

template <class K>
struct FromJson<std::set<K>> {
    static std::set<K> get(const Json& json) {
        std::set<K> out;
        for (const Json& item : json.at("set")) {
            out.insert(value_of<K>(item));
        }
        return out;
    }
};

/// A struct with the names of its members as the schema has them.
template <class T>
    requires requires { T::kNames; }
struct FromJson<T> {
    static T get(const Json& json) {
        T out;
        const Json& members = json.at("struct");
        std::size_t next = 0;
        std::apply(
            [&](const auto&... field) {
                ((out.*(field.member) = value_of<std::decay_t<decltype(out.*(field.member))>>(
                      members.at(T::kNames[next++]))),
                 ...);
            },
            T::kFields);
        return out;
    }
};

struct Options {
    std::optional<std::uint32_t> number;
    std::optional<std::string> text;
    std::optional<std::uint8_t> small;
    static constexpr auto kFields = fields(&Options::number, &Options::text, &Options::small);
    static constexpr std::array kNames{"u32", "option", "u8"};
    bool operator==(const Options&) const = default;
};

struct Inner {
    std::uint8_t n = 0;
    static constexpr auto kFields = fields(&Inner::n);
    static constexpr std::array kNames{"n"};
    bool operator==(const Inner&) const = default;
};

struct Middle {
    Inner sa;
    static constexpr auto kFields = fields(&Middle::sa);
    static constexpr std::array kNames{"sa"};
    bool operator==(const Middle&) const = default;
};

struct Nested {
    Middle a;
    std::uint16_t b = 0;
    std::uint32_t c = 0;
    static constexpr auto kFields = fields(&Nested::a, &Nested::b, &Nested::c);
    static constexpr std::array kNames{"a", "b", "c"};
    bool operator==(const Nested&) const = default;
};

struct Mixture {
    std::uint32_t foo = 0;
    std::int32_t bar = 0;
    std::uint64_t u64 = 0;
    std::int64_t i64 = 0;
    bool flag = false;
    std::string baz;
    std::array<std::uint8_t, 2> pair{};
    std::vector<std::vector<std::string>> arr;
    std::vector<std::uint32_t> u32s;
    std::vector<std::int32_t> i32s;
    u128 wide = 0;
    std::vector<std::array<std::uint8_t, 2>> pairs;
    std::vector<std::uint64_t> u64s;
    static constexpr auto kFields = fields(
        &Mixture::foo,
        &Mixture::bar,
        &Mixture::u64,
        &Mixture::i64,
        &Mixture::flag,
        &Mixture::baz,
        &Mixture::pair,
        &Mixture::arr,
        &Mixture::u32s,
        &Mixture::i32s,
        &Mixture::wide,
        &Mixture::pairs,
        &Mixture::u64s);
    static constexpr std::array kNames{
        "foo",
        "bar",
        "u64Val",
        "i64Val",
        "flag",
        "baz",
        "uint8array",
        "arr",
        "u32Arr",
        "i32Arr",
        "u128Val",
        "uint8arrays",
        "u64Arr"};
    bool operator==(const Mixture&) const = default;
};

struct Big {
    std::uint64_t u64 = 0;
    u128 wide = 0;
    std::array<std::uint8_t, 254> arr{};
    static constexpr auto kFields = fields(&Big::u64, &Big::wide, &Big::arr);
    static constexpr std::array kNames{"u64", "u128", "arr"};
    bool operator==(const Big&) const = default;
};

struct Ordered {
    std::uint8_t a = 0;
    std::uint8_t b = 0;
    static constexpr auto kFields = fields(&Ordered::a, &Ordered::b);
    static constexpr std::array kNames{"a", "b"};
    bool operator==(const Ordered&) const = default;
};

/// Alternative 0 of the schema holds floats, which Polis does not encode; the value is
/// alternative 1.
struct MixtureMember {
    Mixture mixture;
    static constexpr auto kFields = fields(&MixtureMember::mixture);
    static constexpr std::array kNames{"mixture"};
    bool operator==(const MixtureMember&) const = default;
};

using Enum = std::variant<bool, MixtureMember>;

template <>
struct FromJson<Enum> {
    static Enum get(const Json& json) { return value_of<MixtureMember>(json); }
};

template <class T>
void check(const Json& vector) {
    const auto mode = vector.at("mode").get<std::string>();
    const Bytes bytes = hex_bytes(vector.at("hex").get<std::string>());
    const T value = value_of<T>(vector.at("value"));
    if (mode != "decode") {
        EXPECT_TRUE(encode(value) == bytes) << vector.dump();
    }
    if (mode != "encode") {
        const auto back = decode<T>(bytes);
        EXPECT_TRUE(back.has_value() && *back == value) << vector.dump();
    }
}

/// Parallel to the C++ types above: schema text to check.
const std::map<std::string, std::function<void(const Json&)>>& checks() {
    static const std::map<std::string, std::function<void(const Json&)>> table{
        {R"("u8")", check<std::uint8_t>},
        {R"("u16")", check<std::uint16_t>},
        {R"("u32")", check<std::uint32_t>},
        {R"("u64")", check<std::uint64_t>},
        {R"("u128")", check<u128>},
        {R"("i8")", check<std::int8_t>},
        {R"("i16")", check<std::int16_t>},
        {R"("i32")", check<std::int32_t>},
        {R"("i64")", check<std::int64_t>},
        {R"("i128")", check<i128>},
        {R"("bool")", check<bool>},
        {R"("string")", check<std::string>},
        {R"({"array":{"type":"bool"}})", check<std::vector<bool>>},
        {R"({"array":{"type":"bool","len":2}})", check<std::array<bool, 2>>},
        {R"({"array":{"type":"u8"}})", check<std::vector<std::uint8_t>>},
        {R"({"array":{"type":"u8","len":2}})", check<std::array<std::uint8_t, 2>>},
        {R"({"option":"u8"})", check<std::optional<std::uint8_t>>},
        {R"({"option":"u32"})", check<std::optional<std::uint32_t>>},
        {R"({"map":{"key":"u8","value":"u8"}})", check<std::map<std::uint8_t, std::uint8_t>>},
        {R"({"map":{"key":"string","value":"u32"}})", check<std::map<std::string, std::uint32_t>>},
        {R"({"map":{"key":"string","value":"u8"}})", check<std::map<std::string, std::uint8_t>>},
        {R"({"set":"u8"})", check<std::set<std::uint8_t>>},
        {R"({"struct":{"u32":{"option":"u32"},"option":{"option":"string"},"u8":{"option":"u8"}}})",
         check<Options>},
        {R"({"struct":{"a":{"struct":{"sa":{"struct":{"n":"u8"}}}},"b":"u16","c":"u32"}})",
         check<Nested>},
        {R"({"struct":{"u64":"u64","u128":"u128","arr":{"array":{"type":"u8","len":254}}}})",
         check<Big>},
        {R"({"struct":{"a":"u8","b":"u8"}})", check<Ordered>},
    };
    return table;
}

bool has_member(const Json& schema, const char* name) {
    return schema.is_object() && schema.contains("struct") && schema.at("struct").contains(name);
}

/// @return false if the vector needs a type that Polis leaves out
bool check_value(const Json& vector) {
    const Json& schema = vector.at("schema");
    if (has_member(schema, "foo")) {
        check<Mixture>(vector);
        return true;
    }
    if (schema.is_object() && schema.contains("enum") &&
        has_member(vector.at("value"), "mixture")) {
        check<Enum>(vector);
        return true;
    }
    const auto found = checks().find(schema.dump());
    if (found == checks().end()) {
        EXPECT_NE(schema.dump().find(R"("f)"), std::string::npos) << schema.dump();
        return false;
    }
    found->second(vector);
    return true;
}

TEST(BorshVectors, borsh_js_values) {
    POLIS_NEEDS_VECTORS();
    int checked = 0;
    int skipped_floats = 0;  // consensus data has no floats: 4 scalars, 1 struct, 1 enum
    const Json file = tests::read_json_vectors("borsh/borsh_js_vectors.json");
    for (const Json& vector : file.at("vectors")) {
        ++(check_value(vector) ? checked : skipped_floats);
    }
    EXPECT_EQ(checked, 35);
    EXPECT_EQ(skipped_floats, 6);
}

struct Pair {
    std::uint64_t x = 0;
    std::uint32_t y = 0;
    static constexpr auto kFields = fields(&Pair::x, &Pair::y);
};

template <class T>
bool rejects(ByteView bytes) {
    return !decode<T>(bytes).has_value();
}

TEST(BorshVectors, borsh_rs_rejections) {
    POLIS_NEEDS_VECTORS();
    const std::map<std::string, std::function<bool(ByteView)>> types{
        {"bool", rejects<bool>},
        {"option<u8>", rejects<std::optional<std::uint8_t>>},
        // A result is an enum with two alternatives: 0 is the error, 1 the value.
        {"result<u64,string>", rejects<std::variant<std::string, std::uint64_t>>},
        {"enum with 2 variants", rejects<std::variant<std::uint8_t, std::uint16_t>>},
        {"string", rejects<std::string>},
        {"struct{u64,u32}", rejects<Pair>},
        {"vec<u8>", rejects<std::vector<std::uint8_t>>},
        {"vec<u64>", rejects<std::vector<std::uint64_t>>},
        {"vec<[u8;32]>", rejects<std::vector<std::array<std::uint8_t, 32>>>},
        {"nonzero u64", rejects<std::uint64_t>},  // the one vector is a truncated number
    };
    int checked = 0;
    std::map<std::string, int> skipped;
    const Json file = tests::read_json_vectors("borsh/borsh_rs_reject.json");
    for (const Json& vector : file.at("vectors")) {
        const auto type = vector.at("type").get<std::string>();
        const auto found = types.find(type);
        if (found == types.end()) {
            ++skipped[type];
            continue;
        }
        EXPECT_TRUE(found->second(hex_bytes(vector.at("hex").get<std::string>()))) << vector.dump();
        ++checked;
    }
    EXPECT_EQ(checked, 771);
    // Polis has no floats and no non-zero integers on the wire.
    const std::map<std::string, int> left_out{
        {"f32", 1}, {"nonzero u8", 1}, {"nonzero u32", 1}, {"nonzero i64", 1}};
    EXPECT_EQ(skipped, left_out);
}

}  // namespace
}  // namespace polis::codec
