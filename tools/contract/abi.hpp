#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <tools/failure.hpp>

/// The interface of a contract: what its methods take and answer, and how a person writes that.
/// Format and encoding: docs/spec/sdk.md.
namespace polis::tools::contract {

using Json = nlohmann::ordered_json;

// An ABI comes from whoever deployed the contract, so it is bounded like any other bytes.
inline constexpr std::size_t kAbiBytesMax = 64 * 1024;
inline constexpr std::size_t kAbiDepthMax = 16;       ///< types within types
inline constexpr std::size_t kAbiFieldsMax = 64;      ///< of a method, a type or an event
inline constexpr std::size_t kAbiValuesMax = 65'536;  ///< that one decoding may give

struct AbiField;

struct AbiType {
    enum class Kind : std::uint8_t {
        kUnsigned,
        kSigned,
        kBool,
        kString,
        kBytes,
        kAddress,
        kHash,
        kOption,
        kList,
        kStruct,
    };

    Kind kind = Kind::kBool;
    unsigned bits = 0;                                    ///< of a number: 8 to 128
    std::string name;                                     ///< as the ABI writes it: "list<Order>"
    std::shared_ptr<const AbiType> inner;                 ///< of an option or a list
    std::shared_ptr<const std::vector<AbiField>> fields;  ///< of a struct
};

struct AbiField {
    std::string name;
    AbiType type;
};

struct AbiMethod {
    std::string name;
    bool mutates = true;
    bool payable = false;
    std::vector<AbiField> params;
    std::optional<AbiType> result;
};

struct AbiEvent {
    std::string name;
    std::vector<AbiField> fields;
};

struct Abi {
    std::string name;
    std::optional<AbiMethod> constructor;
    std::vector<AbiMethod> methods;
    std::vector<AbiEvent> events;

    [[nodiscard]] const AbiMethod* find_method(std::string_view method) const;
    [[nodiscard]] const AbiEvent* find_event(std::string_view event) const;
};

/// @error for a person: what is wrong with it, and where
[[nodiscard]] Fallible<Abi> parse_abi(std::string_view json);

/// A type by its name in an ABI: "u64", "list<Order>". @error it has no such type
[[nodiscard]] Fallible<AbiType> parse_type(std::string_view abi_json, const std::string& name);

/// "transfer(to: address, amount: u128) -> bool"
[[nodiscard]] std::string signature(const AbiMethod& method);

/// Finds the address that a word stands for which is none itself: "alice", "dev:0".
using ResolveAddress = std::function<Fallible<Address>(const std::string& word)>;

/// The Borsh of arguments as a person writes them, one text for each parameter:
/// 5, -3, true, text, 0xabcd, polis1..., [1, 2], {id: 5, to: dev:1}, null.
/// @error kUsage: which argument, what was expected, an example
[[nodiscard]] Fallible<Bytes> encode_arguments(
    const AbiMethod& method, const std::vector<std::string>& texts, const ResolveAddress& resolve);

/// The same for one value. `name` is for messages.
[[nodiscard]] Fallible<Bytes> encode_value(
    const AbiField& field, const std::string& text, const ResolveAddress& resolve);

/// Numbers of at most 32 bits as numbers, larger ones as decimal strings; bytes as 0x hex.
/// @error the bytes are no encoding of the type
[[nodiscard]] Fallible<Json> decode_value(const AbiType& type, ByteView bytes);

/// Fields one after the other, as of an event. @error as decode_value()
[[nodiscard]] Fallible<Json> decode_fields(const std::vector<AbiField>& fields, ByteView bytes);

}  // namespace polis::tools::contract
