#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <vm/module.hpp>
#include <vm/types.hpp>

/// Writes modules of WebAssembly by hand, valid or not: nothing is checked.
namespace polis::vm::tests {

/// Opcodes that tests name.
namespace op {

inline constexpr std::uint8_t kUnreachable = 0x00;
inline constexpr std::uint8_t kNop = 0x01;
inline constexpr std::uint8_t kElse = 0x05;
inline constexpr std::uint8_t kEnd = 0x0b;
inline constexpr std::uint8_t kReturn = 0x0f;
inline constexpr std::uint8_t kDrop = 0x1a;
inline constexpr std::uint8_t kSelect = 0x1b;
inline constexpr std::uint8_t kI32Load = 0x28;
inline constexpr std::uint8_t kI64Load = 0x29;
inline constexpr std::uint8_t kI32Load8S = 0x2c;
inline constexpr std::uint8_t kI32Load8U = 0x2d;
inline constexpr std::uint8_t kI64Load32S = 0x34;
inline constexpr std::uint8_t kI32Store = 0x36;
inline constexpr std::uint8_t kI64Store = 0x37;
inline constexpr std::uint8_t kI32Store8 = 0x3a;
inline constexpr std::uint8_t kI32Eqz = 0x45;
inline constexpr std::uint8_t kI32LtU = 0x49;
inline constexpr std::uint8_t kI64Eqz = 0x50;
inline constexpr std::uint8_t kI32Add = 0x6a;
inline constexpr std::uint8_t kI32Sub = 0x6b;
inline constexpr std::uint8_t kI32Mul = 0x6c;
inline constexpr std::uint8_t kI32DivS = 0x6d;
inline constexpr std::uint8_t kI32DivU = 0x6e;
inline constexpr std::uint8_t kI32RemS = 0x6f;
inline constexpr std::uint8_t kI32RemU = 0x70;
inline constexpr std::uint8_t kI32And = 0x71;
inline constexpr std::uint8_t kI32Or = 0x72;
inline constexpr std::uint8_t kI32Xor = 0x73;
inline constexpr std::uint8_t kI32Shl = 0x74;
inline constexpr std::uint8_t kI32Rotr = 0x78;
inline constexpr std::uint8_t kI64Add = 0x7c;
inline constexpr std::uint8_t kI64Mul = 0x7e;
inline constexpr std::uint8_t kI64DivS = 0x7f;
inline constexpr std::uint8_t kI64RemU = 0x82;
inline constexpr std::uint8_t kI64Or = 0x84;
inline constexpr std::uint8_t kI64Xor = 0x85;
inline constexpr std::uint8_t kI64Shl = 0x86;
inline constexpr std::uint8_t kI64Rotr = 0x8a;
inline constexpr std::uint8_t kI32WrapI64 = 0xa7;
inline constexpr std::uint8_t kI64ExtendI32S = 0xac;
inline constexpr std::uint8_t kI64ExtendI32U = 0xad;

}  // namespace op

inline constexpr ValueType kI32 = ValueType::kI32;
inline constexpr ValueType kI64 = ValueType::kI64;

/// LEB128, as short as it goes.
[[nodiscard]] Bytes leb(std::uint64_t value);
[[nodiscard]] Bytes signed_leb(std::int64_t value);

/// A length and the bytes.
[[nodiscard]] Bytes sized(ByteView content);

/// Instructions, one after the other; the last `end` is the builder's to add.
class Code {
  public:
    Code& op(std::uint8_t opcode);
    Code& raw(ByteView bytes);
    Code& u32(std::uint64_t immediate);
    Code& i32(std::int32_t value);
    Code& i64(std::int64_t value);

    Code& get(std::uint32_t local) { return op(0x20).u32(local); }

    Code& set(std::uint32_t local) { return op(0x21).u32(local); }

    Code& tee(std::uint32_t local) { return op(0x22).u32(local); }

    Code& global_get(std::uint32_t global) { return op(0x23).u32(global); }

    Code& global_set(std::uint32_t global) { return op(0x24).u32(global); }

    Code& block(std::optional<ValueType> result = {}) { return begin(0x02, result); }

    Code& loop(std::optional<ValueType> result = {}) { return begin(0x03, result); }

    Code& if_(std::optional<ValueType> result = {}) { return begin(0x04, result); }

    Code& else_() { return op(op::kElse); }

    Code& end() { return op(op::kEnd); }

    Code& br(std::uint32_t label) { return op(0x0c).u32(label); }

    Code& br_if(std::uint32_t label) { return op(0x0d).u32(label); }

    /// The last label is the default.
    Code& br_table(const std::vector<std::uint32_t>& labels);

    Code& call(std::uint32_t function) { return op(0x10).u32(function); }

    Code& call_indirect(std::uint32_t type) { return op(0x11).u32(type).u32(0); }

    /// A load or store with natural alignment at most.
    Code& memory(std::uint8_t opcode, std::uint32_t offset = 0, std::uint32_t alignment = 0) {
        return op(opcode).u32(alignment).u32(offset);
    }

    Code& memory_size() { return op(0x3f).op(0); }

    Code& memory_grow() { return op(0x40).op(0); }

    /// Takes `times` times what the code is.
    Code& repeat(const Code& code, std::size_t times);

    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

  private:
    Code& begin(std::uint8_t opcode, std::optional<ValueType> result);

    Bytes bytes_;
};

/// A module in the making. Imports come before what the module defines; functions return indices.
class ModuleBuilder {
  public:
    /// Always a new type, even if there is an equal one.
    std::uint32_t type(std::vector<ValueType> params, std::optional<ValueType> result = {});

    /// @pre before the first function()
    std::uint32_t import_function(
        std::string_view module, std::string_view name, std::uint32_t type);

    /// Of a table, memory or global, whose description is given in bytes.
    void import_other(
        std::string_view module, std::string_view name, ExternKind kind, ByteView description);

    std::uint32_t function(
        std::uint32_t type, const Code& code, const std::vector<LocalGroup>& locals = {});

    /// As many groups of locals as wanted, and a body whose bytes are taken as they are.
    std::uint32_t raw_function(std::uint32_t type, ByteView body);

    void table(const Limits& limits);
    void memory(const Limits& limits);

    /// Counts from `imported` on if there are imported ones.
    std::uint32_t global(const GlobalType& type, std::int64_t value, std::uint32_t imported = 0);

    void export_as(std::string_view name, std::uint32_t function) {
        export_as(name, ExternKind::kFunction, function);
    }

    void export_as(std::string_view name, ExternKind kind, std::uint32_t index);
    void start(std::uint32_t function);
    void element(std::int32_t offset, const std::vector<std::uint32_t>& functions);
    void data(std::int32_t offset, ByteView bytes);
    void custom(std::string_view name, ByteView content);

    /// In place of what the calls above would give: the content of a section without its size.
    void raw_section(std::uint8_t id, ByteView content);

    [[nodiscard]] Bytes build() const;

  private:
    struct List {
        std::uint32_t count = 0;
        Bytes items;

        void add(ByteView item);
    };

    List types_;
    List imports_;
    List functions_;
    List tables_;
    List memories_;
    List globals_;
    List exports_;
    std::optional<std::uint32_t> start_;
    List elements_;
    List bodies_;
    List data_;
    Bytes customs_;
    std::uint32_t imported_functions_ = 0;
    std::vector<std::pair<std::uint8_t, Bytes>> raw_;
};

/// A module of one function, exported as "run", with one page of memory that may grow to four.
[[nodiscard]] Bytes one_function(
    const std::vector<ValueType>& params,
    std::optional<ValueType> result,
    const Code& code,
    const std::vector<LocalGroup>& locals = {});

/// Limits as the binary format has them.
[[nodiscard]] Bytes encoded(const Limits& limits);

/// The eight bytes that every module begins with.
[[nodiscard]] Bytes header();

}  // namespace polis::vm::tests
