#include <node/rpc/openrpc.hpp>

#include <node/rpc/json/write.hpp>
#include <node/rpc/shape.hpp>

namespace polis::node::rpc {

namespace {

std::string_view tag_of(Side side) {
    switch (side) {
        case Side::kPublic:
            return "public";
        case Side::kAdmin:
            return "admin";
        case Side::kDev:
            return "dev";
    }
    return "public";
}

void write_method(JsonWriter& out, const Method& method) {
    out.begin_object().text("name", method.name).text("summary", method.summary);
    out.begin_array("tags").begin_object().text("name", tag_of(method.side)).end_object();
    out.end_array().text("paramStructure", "either").begin_array("params");
    for (const Param& param : method.params) {
        out.begin_object().text("name", param.name).text("description", param.description);
        out.flag("required", param.required).name("schema");
        write_schema(out, param);
        out.end_object();
    }
    out.end_array().begin_object("result").text("name", "result").name("schema");
    write_shape(out, method.result);
    out.end_object().begin_array("errors");
    for (const ErrorName error : method.errors) {
        const ErrorRow& row = row_of(error);
        out.begin_object().signed_number("code", row.code).text("message", row.meaning);
        out.begin_object("data").text("name", row.name).text("hint", row.hint).end_object();
        out.end_object();
    }
    out.end_array().end_object();
}

}  // namespace

std::string openrpc_document(const Registry& registry, const DocumentOptions& options) {
    JsonWriter out;
    out.begin_object().text("openrpc", "1.2.6").begin_object("info");
    out.text("title", "Polis node").text("version", options.version);
    out.text(
        "description",
        "JSON-RPC 2.0 over HTTP (POST /) and WebSocket (GET /). Bytes are 0x and lower-case hex, "
        "amounts, gas and prices decimal texts, times milliseconds since 1970.");
    out.end_object().begin_array("methods");
    for (const Method& method : registry.methods()) {
        const bool shown = method.side == Side::kPublic ||
                           (options.admin && (method.side == Side::kAdmin || options.dev));
        if (shown) {
            write_method(out, method);
        }
    }
    out.end_array().begin_object("components").begin_object("schemas");
    for (const NamedShape& shape : named_shapes()) {
        out.name(shape.name);
        write_shape(out, shape.shape);
    }
    out.end_object().end_object().end_object();
    return out.take();
}

}  // namespace polis::node::rpc
