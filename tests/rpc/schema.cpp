#include <tests/rpc/schema.hpp>

#include <regex>
#include <set>

namespace polis::node::rpc::testing {

namespace {

using nlohmann::json;

const std::set<std::string> kKnown = {
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "oneOf",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "maxLength",
    "default"};

bool has_type(const std::string& type, const json& value) {
    if (type == "integer") {
        return value.is_number_integer();
    }
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
           (type == "null" && value.is_null());
}

std::string object_fault(const json& document, const json& schema, const json& value) {
    for (const json& name : schema.value("required", json::array())) {
        if (!value.contains(name.get<std::string>())) {
            return "no member " + name.get<std::string>();
        }
    }
    const json properties = schema.value("properties", json::object());
    for (const auto& [name, member] : value.items()) {
        if (!properties.contains(name)) {
            return "unknown member " + name;
        }
        if (const auto fault = schema_fault(document, properties[name], member); !fault.empty()) {
            return name + ": " + fault;
        }
    }
    return {};
}

std::string one_of_fault(const json& document, const json& schema, const json& value) {
    std::string all;
    int fitting = 0;
    for (const json& one : schema["oneOf"]) {
        const auto fault = schema_fault(document, one, value);
        fitting += fault.empty() ? 1 : 0;
        all += fault + "; ";
    }
    return fitting == 1 ? "" : std::to_string(fitting) + " alternatives fit: " + all;
}

}  // namespace

std::string schema_fault(const json& document, const json& schema, const json& value) {
    for (const auto& [keyword, argument] : schema.items()) {
        if (!kKnown.contains(keyword)) {
            return "unknown keyword " + keyword;
        }
    }
    if (schema.contains("$ref")) {
        const auto path = schema["$ref"].get<std::string>().substr(1);
        return schema_fault(document, document.at(json::json_pointer(path)), value);
    }
    if (schema.contains("oneOf")) {
        return one_of_fault(document, schema, value);
    }
    if (schema.contains("type") && !has_type(schema["type"], value)) {
        return value.dump() + " is no " + schema["type"].get<std::string>();
    }
    if (schema.contains("enum")) {
        const auto& choices = schema["enum"];
        if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
            return value.dump() + " is not allowed";
        }
    }
    if (schema.contains("pattern") &&
        !std::regex_match(
            value.get<std::string>(), std::regex(schema["pattern"].get<std::string>()))) {
        return value.dump() + " does not match " + schema["pattern"].dump();
    }
    if (schema.contains("minimum") && value.get<std::int64_t>() < schema["minimum"]) {
        return value.dump() + " is too small";
    }
    if (schema.contains("items")) {
        for (const json& item : value) {
            if (const auto fault = schema_fault(document, schema["items"], item); !fault.empty()) {
                return "item: " + fault;
            }
        }
    }
    return value.is_object() && schema.contains("properties")
               ? object_fault(document, schema, value)
               : "";
}

}  // namespace polis::node::rpc::testing
