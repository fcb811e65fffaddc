#pragma once

#include <span>
#include <string_view>

#include <node/rpc/json/write.hpp>

/// The form of results in one line, as the methods declare it and the document repeats it in JSON
/// Schema:
///
///     {height: number, peers: [Peer], leader: address|null, note?: text}
///
/// Words: number, signed, text, flag, hash, hex, address, decimal, json, null, true; 'a'|'b' are
/// exact texts; a capital letter begins the name of a shared shape.
namespace polis::node::rpc {

/// Writes the JSON Schema of a shape. @pre the shape is well-formed; a test reads all of them
void write_shape(JsonWriter& out, std::string_view shape);

struct NamedShape {
    std::string_view name;
    std::string_view shape;
};

/// Shapes that several methods give.
[[nodiscard]] std::span<const NamedShape> named_shapes();

}  // namespace polis::node::rpc
