#include <node/rpc/params.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <genesis/suggest.hpp>

namespace polis::node::rpc {

namespace {

constexpr std::string_view kFinalized = "finalized";
constexpr std::size_t kEchoBytesMax = 64;  ///< of what a client wrote, in a message

std::string named(const Param& param, std::string_view what) {
    return "parameter " + std::string(param.name) + ": " + std::string(what);
}

std::unexpected<RpcError> refuse(ErrorName error, const Param& param, std::string_view what) {
    return std::unexpected(rpc_error(error, named(param, what)));
}

std::unexpected<RpcError> wrong_type(const Param& param, std::string_view want, const Json& json) {
    return refuse(
        ErrorName::kWrongType,
        param,
        "wants " + std::string(want) + ", not " + std::string(to_string(json.kind)));
}

std::string shortened(std::string_view text) {
    return text.size() <= kEchoBytesMax ? std::string(text)
                                        : std::string(text.substr(0, kEchoBytesMax)) + "...";
}

Result<std::string_view, RpcError> text_of(
    const Param& param, const Json& json, std::string_view want) {
    if (json.kind != Json::Kind::kString) {
        return wrong_type(param, want, json);
    }
    return std::string_view(json.text);
}

RpcError integer_error(const Param& param, IntegerError error) {
    if (error == IntegerError::kNotInteger) {
        return rpc_error(ErrorName::kNotInteger, named(param, "has a fraction or an exponent"));
    }
    return rpc_error(ErrorName::kOutOfRange, named(param, "is negative or beyond 64 bits"));
}

Result<std::uint64_t, RpcError> in_range(const Param& param, std::uint64_t value) {
    if (value < param.min || value > param.max) {
        return refuse(
            ErrorName::kOutOfRange,
            param,
            "must be from " + std::to_string(param.min) + " to " + std::to_string(param.max));
    }
    return value;
}

Result<std::uint64_t, RpcError> read_count(const Param& param, const Json& json) {
    if (json.kind != Json::Kind::kNumber) {
        return wrong_type(param, "a number", json);
    }
    const auto value = as_unsigned(json);
    if (!value) {
        return std::unexpected(integer_error(param, value.error()));
    }
    return in_range(param, *value);
}

Result<std::uint64_t, RpcError> read_amount(const Param& param, const Json& json) {
    constexpr std::string_view kWant = "a decimal number in quotes, in units of 10^-9 POLIS";
    POLIS_TRY(const auto text, text_of(param, json, kWant));
    const auto value = parse_u64(text);
    if (!value) {
        const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
        return refuse(
            digits && !text.empty() ? ErrorName::kOutOfRange : ErrorName::kNotInteger,
            param,
            "wants " + std::string(kWant));
    }
    return in_range(param, *value);
}

Result<Hash, RpcError> read_hash(const Param& param, std::string_view text) {
    const auto hash = text.starts_with("0x") ? fixed_from_hex<Hash>(text) : std::nullopt;
    if (!hash) {
        return refuse(ErrorName::kBadHex, param, "wants 0x and 64 hexadecimal digits");
    }
    return *hash;
}

Result<BlockRef, RpcError> read_block(const Param& param, const Json& json) {
    if (json.kind == Json::Kind::kNumber) {
        POLIS_TRY(const std::uint64_t height, read_count(param, json));
        return Height{height};
    }
    POLIS_TRY(const auto text, text_of(param, json, "a height, a block hash or \"finalized\""));
    if (text == kFinalized) {
        return Finalized{};
    }
    POLIS_TRY(const Hash hash, read_hash(param, text));
    return hash;
}

Result<Bytes, RpcError> read_bytes(const Param& param, const Json& json) {
    POLIS_TRY(const auto text, text_of(param, json, "0x and hexadecimal digits"));
    auto bytes = text.starts_with("0x") ? from_hex(text) : std::nullopt;
    if (!bytes) {
        return refuse(ErrorName::kBadHex, param, "wants 0x and an even number of digits");
    }
    if (bytes->size() > param.max) {
        return refuse(
            ErrorName::kTooLarge, param, "has more than " + std::to_string(param.max) + " bytes");
    }
    return *std::move(bytes);
}

Result<std::string, RpcError> read_choice(const Param& param, std::string_view text) {
    if (std::ranges::find(param.choices, text) != param.choices.end()) {
        return std::string(text);
    }
    std::string all;
    for (const std::string_view choice : param.choices) {
        all += (all.empty() ? "" : ", ") + std::string(choice);
    }
    return refuse(ErrorName::kBadChoice, param, "must be one of: " + all);
}

RpcError unknown_param(std::span<const Param> params, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Param& param : params) {
        names.push_back(param.name);
    }
    std::string message = "no parameter " + shortened(name);
    if (const auto meant = genesis::suggest(name, names)) {
        message += "; did you mean " + std::string(*meant) + "?";
    }
    return rpc_error(ErrorName::kUnknownParam, std::move(message));
}

/// For each parameter what was sent, or null.
Result<std::vector<const Json*>, RpcError> assign(
    std::span<const Param> params, const Json* given) {
    std::vector<const Json*> out(params.size(), nullptr);
    if (given == nullptr) {
        return out;
    }
    if (given->kind == Json::Kind::kArray) {
        if (given->items.size() > params.size()) {
            return std::unexpected(rpc_error(
                ErrorName::kTooManyParams,
                std::to_string(given->items.size()) + " parameters, at most " +
                    std::to_string(params.size())));
        }
        for (std::size_t i = 0; i < given->items.size(); ++i) {
            out[i] = &given->items[i];
        }
        return out;
    }
    for (const Json::Member& member : given->members) {
        const auto found = std::ranges::find(params, member.name, &Param::name);
        if (found == params.end()) {
            return std::unexpected(unknown_param(params, member.name));
        }
        out[static_cast<std::size_t>(found - params.begin())] = &member.value;
    }
    return out;
}

template <class T, class V>
const T& get(const V& value) {
    const T* const out = std::get_if<T>(&value);
    POLIS_ASSERT(out != nullptr);
    return *out;
}

}  // namespace

std::optional<p2p::Dial> parse_peer(std::string_view text) {
    p2p::Dial out;
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        out.expected = fixed_from_hex<p2p::NodeId>(text.substr(0, at));
        if (!out.expected) {
            return std::nullopt;
        }
        text.remove_prefix(at + 1);
    }
    const auto endpoint = p2p::parse_endpoint(text);
    if (!endpoint) {
        return std::nullopt;
    }
    out.endpoint = *endpoint;
    return out;
}

Result<Params::Value, RpcError> Params::read(const Param& param, const Json& json) {
    switch (param.type) {
        case ParamType::kBlock:
            return read_block(param, json);
        case ParamType::kBytes:
            return read_bytes(param, json);
        case ParamType::kAmount:
            return read_amount(param, json);
        case ParamType::kCount:
            return read_count(param, json);
        case ParamType::kSigned: {
            if (json.kind != Json::Kind::kNumber) {
                return wrong_type(param, "a number", json);
            }
            const auto value = as_signed(json);
            if (!value) {
                return std::unexpected(integer_error(param, value.error()));
            }
            return *value;
        }
        case ParamType::kFlag:
            if (json.kind != Json::Kind::kBool) {
                return wrong_type(param, "true or false", json);
            }
            return json.truth;
        case ParamType::kHash: {
            POLIS_TRY(const auto text, text_of(param, json, "a hash"));
            return read_hash(param, text);
        }
        case ParamType::kAddress: {
            POLIS_TRY(const auto text, text_of(param, json, "an address"));
            const auto address = crypto::parse_address(text);
            if (!address) {
                return refuse(ErrorName::kBadAddress, param, to_string(address.error()));
            }
            return *address;
        }
        case ParamType::kText: {
            POLIS_TRY(const auto text, text_of(param, json, "a string"));
            if (text.size() > param.max) {
                return refuse(ErrorName::kTooLarge, param, "is too long");
            }
            return std::string(text);
        }
        case ParamType::kChoice: {
            POLIS_TRY(const auto text, text_of(param, json, "a string"));
            return read_choice(param, text);
        }
        case ParamType::kNodeId: {
            POLIS_TRY(const auto text, text_of(param, json, "a node id"));
            const auto id = fixed_from_hex<p2p::NodeId>(text);
            if (!id) {
                return refuse(ErrorName::kBadHex, param, "wants 64 hexadecimal digits");
            }
            return *id;
        }
        case ParamType::kPeer: {
            POLIS_TRY(const auto text, text_of(param, json, "a peer"));
            const auto peer = parse_peer(text);
            if (!peer) {
                return refuse(ErrorName::kBadPeer, param, "is neither ip:port nor id@ip:port");
            }
            return *peer;
        }
    }
    return refuse(ErrorName::kWrongType, param, "has no type");
}

Result<Params, RpcError> Params::bind(std::span<const Param> params, const Json* given) {
    POLIS_TRY(const auto sent, assign(params, given));
    Params out;
    out.params_ = params;
    out.values_.resize(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) {
        const Param& param = params[i];
        const bool missing =
            sent[i] == nullptr || (sent[i]->kind == Json::Kind::kNull && !param.required);
        if (!missing) {
            POLIS_TRY(out.values_[i], read(param, *sent[i]));
        } else if (param.required) {
            return std::unexpected(rpc_error(
                ErrorName::kMissingParam, "parameter " + std::string(param.name) + " is missing"));
        } else if (!param.standard.empty()) {
            const auto standard = parse_json(param.standard, {});
            POLIS_ASSERT(standard.has_value());
            POLIS_TRY(out.values_[i], read(param, *standard));
        }
    }
    return out;
}

const Params::Value& Params::value(std::string_view name) const {
    const auto found = std::ranges::find(params_, name, &Param::name);
    POLIS_ASSERT(found != params_.end());
    return values_[static_cast<std::size_t>(found - params_.begin())];
}

bool Params::has(std::string_view name) const {
    return !std::holds_alternative<std::monostate>(value(name));
}

const BlockRef& Params::block(std::string_view name) const { return get<BlockRef>(value(name)); }

const Hash& Params::hash(std::string_view name) const { return get<Hash>(value(name)); }

const Bytes& Params::bytes(std::string_view name) const { return get<Bytes>(value(name)); }

const Address& Params::address(std::string_view name) const { return get<Address>(value(name)); }

std::uint64_t Params::count(std::string_view name) const { return get<std::uint64_t>(value(name)); }

std::int64_t Params::signed_count(std::string_view name) const {
    return get<std::int64_t>(value(name));
}

bool Params::flag(std::string_view name) const { return get<bool>(value(name)); }

const std::string& Params::text(std::string_view name) const {
    return get<std::string>(value(name));
}

const p2p::NodeId& Params::node_id(std::string_view name) const {
    return get<p2p::NodeId>(value(name));
}

const p2p::Dial& Params::peer(std::string_view name) const { return get<p2p::Dial>(value(name)); }

namespace {

void write_block_schema(JsonWriter& out) {
    out.begin_array("oneOf");
    out.begin_object().text("type", "integer").number("minimum", 0).end_object();
    out.begin_object().text("type", "string").text("pattern", "^0x[0-9a-fA-F]{64}$").end_object();
    out.begin_object().text("type", "string").begin_array("enum").text(kFinalized).end_array();
    out.end_object();
    out.end_array();
}

void write_type(JsonWriter& out, const Param& param) {
    switch (param.type) {
        case ParamType::kBlock:
            write_block_schema(out);
            return;
        case ParamType::kHash:
            out.text("type", "string").text("pattern", "^0x[0-9a-fA-F]{64}$");
            return;
        case ParamType::kBytes:
            out.text("type", "string").text("pattern", "^0x([0-9a-fA-F]{2})*$");
            out.number("maxLength", 2 + 2 * param.max);
            return;
        case ParamType::kAddress:
            out.text("type", "string").text("pattern", "^polis1[0-9a-z]+$");
            return;
        case ParamType::kAmount:
            out.text("type", "string").text("pattern", "^(0|[1-9][0-9]*)$");
            return;
        case ParamType::kCount:
            out.text("type", "integer").number("minimum", param.min);
            if (param.max != UINT64_MAX) {
                out.number("maximum", param.max);
            }
            return;
        case ParamType::kSigned:
            out.text("type", "integer");
            return;
        case ParamType::kFlag:
            out.text("type", "boolean");
            return;
        case ParamType::kText:
            out.text("type", "string").number("maxLength", param.max);
            return;
        case ParamType::kChoice:
            out.text("type", "string").begin_array("enum");
            for (const std::string_view choice : param.choices) {
                out.text(choice);
            }
            out.end_array();
            return;
        case ParamType::kNodeId:
            out.text("type", "string").text("pattern", "^(0x)?[0-9a-fA-F]{64}$");
            return;
        case ParamType::kPeer:
            out.text("type", "string").text("pattern", "^([^@]+@)?.+:[0-9]+$");
            return;
    }
}

}  // namespace

void write_schema(JsonWriter& out, const Param& param) {
    out.begin_object();
    write_type(out, param);
    if (!param.standard.empty()) {
        out.raw("default", param.standard);
    }
    out.end_object();
}

}  // namespace polis::node::rpc
