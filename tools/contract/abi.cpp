#include <tools/contract/abi.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <core/integer.hpp>

namespace polis::tools::contract {

namespace {

using Kind = AbiType::Kind;

std::unexpected<Failure> bad_abi(const std::string& what) {
    return std::unexpected(Failure(fmt::format(
        "the contract's interface (ABI) cannot be read: {}; build it again with "
        "`polis contract build`",
        what)));
}

/// Makes types of their names; structs by their definitions, each made once.
class TypeMaker {
  public:
    explicit TypeMaker(const Json& definitions) : definitions_(definitions) {}

    Fallible<AbiType> make(const std::string& name, std::size_t depth = 0) {
        if (depth > kAbiDepthMax) {
            return bad_abi(fmt::format("type {} is nested too deep, or in itself", name));
        }
        if (auto simple = simple_type(name)) {
            return *simple;
        }
        for (const auto& [prefix, kind] :
             {std::pair{std::string_view("option<"), Kind::kOption},
              std::pair{std::string_view("list<"), Kind::kList}}) {
            if (name.starts_with(prefix) && name.ends_with('>')) {
                const std::string inside =
                    name.substr(prefix.size(), name.size() - prefix.size() - 1);
                POLIS_TRY(AbiType inner, make(inside, depth + 1));
                AbiType out{.kind = kind, .bits = 0, .name = name, .inner = {}, .fields = {}};
                out.inner = std::make_shared<const AbiType>(std::move(inner));
                return out;
            }
        }
        return make_struct(name, depth);
    }

    /// [["to","address"],...]
    Fallible<std::vector<AbiField>> make_fields(const Json& list, std::size_t depth = 0) {
        if (!list.is_array() || list.size() > kAbiFieldsMax) {
            return bad_abi("fields that are no list of at most 64");
        }
        std::vector<AbiField> out;
        for (const Json& field : list) {
            const bool is_pair = field.is_array() && field.size() == 2 && field[0].is_string() &&
                                 field[1].is_string();
            if (!is_pair) {
                return bad_abi("a field that is no pair of a name and a type");
            }
            POLIS_TRY(AbiType type, make(field[1].get<std::string>(), depth));
            out.push_back({field[0].get<std::string>(), std::move(type)});
        }
        return out;
    }

  private:
    static std::optional<AbiType> simple_type(const std::string& name) {
        const auto of = [&name](Kind kind, unsigned bits = 0) {
            return AbiType{.kind = kind, .bits = bits, .name = name, .inner = {}, .fields = {}};
        };
        for (const unsigned bits : {8U, 16U, 32U, 64U, 128U}) {
            if (name == 'u' + std::to_string(bits)) {
                return of(Kind::kUnsigned, bits);
            }
            if (bits < 128 && name == 'i' + std::to_string(bits)) {
                return of(Kind::kSigned, bits);
            }
        }
        constexpr std::pair<std::string_view, Kind> kNames[] = {
            {"bool", Kind::kBool},
            {"string", Kind::kString},
            {"bytes", Kind::kBytes},
            {"address", Kind::kAddress},
            {"hash", Kind::kHash}};
        for (const auto& [known, kind] : kNames) {
            if (name == known) {
                return of(kind);
            }
        }
        return std::nullopt;
    }

    Fallible<AbiType> make_struct(const std::string& name, std::size_t depth) {
        AbiType out{.kind = Kind::kStruct, .bits = 0, .name = name, .inner = {}, .fields = {}};
        if (const auto known = structs_.find(name); known != structs_.end()) {
            out.fields = known->second;
            return out;
        }
        const auto found = definitions_.find(name);
        if (found == definitions_.end() || !found->is_object() || !found->contains("fields")) {
            return bad_abi(fmt::format("there is no type '{}'", name));
        }
        POLIS_TRY(auto fields, make_fields((*found)["fields"], depth + 1));
        out.fields = std::make_shared<const std::vector<AbiField>>(std::move(fields));
        structs_.emplace(name, out.fields);
        return out;
    }

    const Json& definitions_;
    std::map<std::string, std::shared_ptr<const std::vector<AbiField>>> structs_;
};

Fallible<std::string> text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) {
        return bad_abi(fmt::format("'{}' is no text", key));
    }
    return found->get<std::string>();
}

bool flag_at(const Json& object, const char* key, bool standard) {
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() ? found->get<bool>() : standard;
}

Fallible<AbiMethod> make_method(TypeMaker& types, const Json& object, std::string name) {
    AbiMethod out;
    out.name = std::move(name);
    out.mutates = flag_at(object, "mutates", /*standard=*/true);
    out.payable = flag_at(object, "payable", /*standard=*/false);
    POLIS_TRY(out.params, types.make_fields(object.value("params", Json())));
    const auto result = object.find("result");
    if (result != object.end() && result->is_string()) {
        POLIS_TRY(out.result, types.make(result->get<std::string>()));
    }
    return out;
}

/// The members of a list, each an object.
Fallible<std::vector<Json>> objects_at(const Json& json, const char* key) {
    const Json list = json.value(key, Json::array());
    if (!list.is_array() ||
        !std::ranges::all_of(list, [](const Json& one) { return one.is_object(); })) {
        return bad_abi(fmt::format("'{}' is no list of objects", key));
    }
    return std::vector<Json>(list.begin(), list.end());
}

/// The JSON, within its limits and of a version that we know.
Fallible<Json> object_of(std::string_view json) {
    if (json.size() > kAbiBytesMax) {
        return bad_abi(fmt::format("it has {} bytes, at most {}", json.size(), kAbiBytesMax));
    }
    const auto within = [](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
        return std::cmp_less_equal(depth, kAbiDepthMax);
    };
    Json parsed = Json::parse(json, within, /*allow_exceptions=*/false);
    if (!parsed.is_object()) {
        return bad_abi("it is no JSON object");
    }
    if (parsed.value("version", Json()) != Json(1)) {
        return bad_abi("its version is not 1");
    }
    if (!parsed.value("types", Json::object()).is_object()) {
        return bad_abi("'types' is no object");
    }
    return parsed;
}

}  // namespace

const AbiMethod* Abi::find_method(std::string_view method) const {
    const auto found = std::ranges::find(methods, method, &AbiMethod::name);
    return found == methods.end() ? nullptr : &*found;
}

const AbiEvent* Abi::find_event(std::string_view event) const {
    const auto found = std::ranges::find(events, event, &AbiEvent::name);
    return found == events.end() ? nullptr : &*found;
}

Fallible<Abi> parse_abi(std::string_view json) {
    POLIS_TRY(const Json parsed, object_of(json));
    const Json definitions = parsed.value("types", Json::object());
    TypeMaker types(definitions);
    Abi out;
    POLIS_TRY(out.name, text_at(parsed, "name"));
    const Json constructor = parsed.value("constructor", Json());
    if (constructor.is_object()) {
        POLIS_TRY(out.constructor, make_method(types, constructor, "init"));
    }
    POLIS_TRY(const auto methods, objects_at(parsed, "methods"));
    for (const Json& method : methods) {
        POLIS_TRY(std::string name, text_at(method, "name"));
        POLIS_TRY(AbiMethod made, make_method(types, method, std::move(name)));
        out.methods.push_back(std::move(made));
    }
    POLIS_TRY(const auto events, objects_at(parsed, "events"));
    for (const Json& event : events) {
        AbiEvent made;
        POLIS_TRY(made.name, text_at(event, "name"));
        POLIS_TRY(made.fields, types.make_fields(event.value("fields", Json())));
        out.events.push_back(std::move(made));
    }
    return out;
}

Fallible<AbiType> parse_type(std::string_view abi_json, const std::string& name) {
    POLIS_TRY(const Json parsed, object_of(abi_json));
    const Json definitions = parsed.value("types", Json::object());
    return TypeMaker(definitions).make(name);
}

std::string signature(const AbiMethod& method) {
    std::string out = method.name + '(';
    for (const AbiField& param : method.params) {
        out += (&param == method.params.data() ? "" : ", ") + param.name + ": " + param.type.name;
    }
    return out + ')' + (method.result ? " -> " + method.result->name : "");
}

}  // namespace polis::tools::contract
