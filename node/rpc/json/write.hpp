#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::node::rpc {

/// Writes JSON straight into a text, in the conventions of docs/spec/rpc.md. No tree in between: a
/// large block costs its bytes.
///
/// Functions with a name write a member of the object that is open, those without an item of the
/// array. The caller keeps the order; nesting is checked by the tests of every method.
class JsonWriter {
  public:
    [[nodiscard]] std::string take() { return std::move(out_); }

    [[nodiscard]] const std::string& text() const { return out_; }

    JsonWriter& begin_object();
    JsonWriter& begin_object(std::string_view name);
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& begin_array(std::string_view name);
    JsonWriter& end_array();

    JsonWriter& name(std::string_view name);  ///< of the value that follows

    JsonWriter& text(std::string_view value);
    JsonWriter& text(std::string_view key, std::string_view value);
    JsonWriter& number(std::uint64_t value);
    JsonWriter& number(std::string_view key, std::uint64_t value);
    JsonWriter& signed_number(std::string_view key, std::int64_t value);
    JsonWriter& flag(std::string_view key, bool value);
    JsonWriter& null(std::string_view key);
    JsonWriter& bytes(ByteView value);
    JsonWriter& bytes(std::string_view key, ByteView value);
    JsonWriter& address(std::string_view key, const Address& value);
    JsonWriter& decimal(std::string_view key, std::uint64_t value);  ///< amounts, gas, prices

    /// JSON that was written elsewhere.
    JsonWriter& raw(std::string_view json);
    JsonWriter& raw(std::string_view key, std::string_view json);

  private:
    void before();
    JsonWriter& after();

    std::string out_;
    bool comma_ = false;  ///< something stands before in the same array or object
};

/// A text as JSON, quotes included. Bytes that are no UTF-8 come out as U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace polis::node::rpc
