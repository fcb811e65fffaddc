#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <node/rpc/error.hpp>
#include <node/rpc/json/value.hpp>
#include <node/rpc/json/write.hpp>
#include <p2p/peers.hpp>

/// What a method takes: described once, for the check of every call and for the document.
namespace polis::node::rpc {

enum class ParamType : std::uint8_t {
    kBlock,    ///< height, block hash or "finalized"
    kHash,     ///< 0x and 64 digits
    kBytes,    ///< 0x and digits; `max` bytes
    kAddress,  ///< polis1...
    kAmount,   ///< decimal text
    kCount,    ///< integer from `min` to `max`
    kSigned,   ///< integer of 64 bits
    kFlag,     ///< true or false
    kText,     ///< at most `max` bytes
    kChoice,   ///< one of `choices`
    kNodeId,   ///< identity key in hexadecimal
    kPeer,     ///< ip:port or id@ip:port
};

struct Param {
    std::string_view name;
    ParamType type = ParamType::kText;
    std::string_view description;
    bool required = true;
    std::string_view standard = {};  ///< JSON of the value that a missing one has; empty: none
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
    std::vector<std::string_view> choices = {};
};

struct Finalized {};  ///< the latest block

using BlockRef = std::variant<Finalized, Height, Hash>;

/// The parameters of one call, each of the type that its description says.
class Params {
  public:
    /// Checks what a client sent against the method's parameters. `given` may be null (nothing
    /// sent), an array (by position) or an object (by name).
    [[nodiscard]] static Result<Params, RpcError> bind(
        std::span<const Param> params, const Json* given);

    /// False for an optional one without a standard value that was not sent.
    [[nodiscard]] bool has(std::string_view name) const;

    // @pre the method has a parameter of that name and type, and has(name)
    [[nodiscard]] const BlockRef& block(std::string_view name) const;
    [[nodiscard]] const Hash& hash(std::string_view name) const;
    [[nodiscard]] const Bytes& bytes(std::string_view name) const;
    [[nodiscard]] const Address& address(std::string_view name) const;
    [[nodiscard]] std::uint64_t count(std::string_view name) const;  ///< also amounts
    [[nodiscard]] std::int64_t signed_count(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] const std::string& text(std::string_view name) const;  ///< also choices
    [[nodiscard]] const p2p::NodeId& node_id(std::string_view name) const;
    [[nodiscard]] const p2p::Dial& peer(std::string_view name) const;

  private:
    using Value = std::variant<
        std::monostate,
        BlockRef,
        Hash,
        Bytes,
        Address,
        std::uint64_t,
        std::int64_t,
        bool,
        std::string,
        p2p::NodeId,
        p2p::Dial>;

    [[nodiscard]] const Value& value(std::string_view name) const;
    [[nodiscard]] static Result<Value, RpcError> read(const Param& param, const Json& json);

    std::span<const Param> params_;
    std::vector<Value> values_;  ///< in the order of params_
};

/// JSON Schema of a parameter's value.
void write_schema(JsonWriter& out, const Param& param);

/// Reads "127.0.0.1:26600" or "ID@127.0.0.1:26600".
[[nodiscard]] std::optional<p2p::Dial> parse_peer(std::string_view text);

}  // namespace polis::node::rpc
