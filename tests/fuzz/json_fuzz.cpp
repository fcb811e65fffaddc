// JSON from clients: what our reader takes, another library takes too, and the other way round for
// everything that both define. No input crashes.
#include <cstddef>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <node/rpc/json/value.hpp>
#include <node/rpc/json/write.hpp>

namespace polis {
namespace {

using node::rpc::Json;
using node::rpc::JsonError;
using node::rpc::JsonRules;
using node::rpc::JsonWriter;
using node::rpc::parse_json;

constexpr JsonRules kGrammar{.depth_max = 64, .duplicate_keys = true};

/// Writes a value again, so that it can be compared.
void write(JsonWriter& out, const Json& json) {
    switch (json.kind) {
        case Json::Kind::kNull:
            out.raw("null");
            return;
        case Json::Kind::kBool:
            out.raw(json.truth ? "true" : "false");
            return;
        case Json::Kind::kNumber:
            out.raw(json.text);
            return;
        case Json::Kind::kString:
            out.text(json.text);
            return;
        case Json::Kind::kArray:
            out.begin_array();
            for (const Json& item : json.items) {
                write(out, item);
            }
            out.end_array();
            return;
        case Json::Kind::kObject:
            out.begin_object();
            for (const auto& [name, value] : json.members) {
                out.name(name);
                write(out, value);
            }
            out.end_object();
            return;
    }
}

/// The library has no number beyond a double, reads a byte order mark, and ends at a zero byte.
bool both_define(std::string_view text) {
    return !text.starts_with("\xef\xbb\xbf") && text.find_first_of("eE0123456789") != 0 &&
           text.find('e') == std::string_view::npos && text.find('E') == std::string_view::npos &&
           !text.contains('\0') && text.size() < 300;
}

void run(ByteView input) {
    const std::string_view text = as_text(input);
    static_cast<void>(parse_json(text, {}));
    const auto ours = parse_json(text, kGrammar);
    if (ours) {
        JsonWriter out;
        write(out, *ours);
        const auto again = parse_json(out.text(), kGrammar);
        POLIS_ASSERT(again.has_value());
        JsonWriter twice;
        write(twice, *again);
        POLIS_ASSERT(out.text() == twice.text());
    }
    const bool deep = !ours && ours.error().code == JsonError::kTooDeep;
    if (!deep && both_define(text)) {
        POLIS_ASSERT(nlohmann::json::accept(text) == ours.has_value());
    }
}

}  // namespace
}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::run({data, size});
    return 0;
}
