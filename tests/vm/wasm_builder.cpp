#include <tests/vm/wasm_builder.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace polis::vm::tests {

namespace {

constexpr std::uint8_t kNoResult = 0x40;

std::uint8_t byte_of(ValueType type) { return static_cast<std::uint8_t>(type); }

Bytes name_bytes(std::string_view name) { return sized(as_bytes(name)); }

Bytes joined(std::initializer_list<ByteView> parts) {
    Bytes out;
    for (const ByteView part : parts) {
        append(out, part);
    }
    return out;
}

Bytes constant(ValueType type, std::int64_t value) {
    Code code;
    if (type == kI32) {
        code.i32(static_cast<std::int32_t>(value));
    } else {
        code.i64(value);
    }
    return Code(code).end().bytes();
}

}  // namespace

Bytes leb(std::uint64_t value) {
    Bytes out;
    do {
        const auto part = static_cast<std::uint8_t>(value & 0x7f);
        value >>= 7;
        out.push_back(value == 0 ? part : static_cast<std::uint8_t>(part | 0x80));
    } while (value != 0);
    return out;
}

Bytes signed_leb(std::int64_t value) {
    Bytes out;
    while (true) {
        const auto part = static_cast<std::uint8_t>(value & 0x7f);
        value >>= 7;
        const bool is_last = (value == 0 && (part & 0x40) == 0) || (value == -1 && (part & 0x40));
        out.push_back(is_last ? part : static_cast<std::uint8_t>(part | 0x80));
        if (is_last) {
            return out;
        }
    }
}

Bytes sized(ByteView content) { return joined({leb(content.size()), content}); }

Bytes encoded(const Limits& limits) {
    Bytes out{static_cast<std::uint8_t>(limits.max ? 1 : 0)};
    append(out, leb(limits.min));
    if (limits.max) {
        append(out, leb(*limits.max));
    }
    return out;
}

Bytes header() { return {0, 'a', 's', 'm', 1, 0, 0, 0}; }

Code& Code::op(std::uint8_t opcode) {
    bytes_.push_back(opcode);
    return *this;
}

Code& Code::raw(ByteView bytes) {
    append(bytes_, bytes);
    return *this;
}

Code& Code::u32(std::uint64_t immediate) { return raw(leb(immediate)); }

Code& Code::i32(std::int32_t value) { return op(0x41).raw(signed_leb(value)); }

Code& Code::i64(std::int64_t value) { return op(0x42).raw(signed_leb(value)); }

Code& Code::begin(std::uint8_t opcode, std::optional<ValueType> result) {
    return op(opcode).op(result ? byte_of(*result) : kNoResult);
}

Code& Code::br_table(const std::vector<std::uint32_t>& labels) {
    op(0x0e).u32(labels.size() - 1);
    for (const std::uint32_t label : labels) {
        u32(label);
    }
    return *this;
}

Code& Code::repeat(const Code& code, std::size_t times) {
    const Bytes once = code.bytes();
    for (std::size_t i = 0; i < times; ++i) {
        append(bytes_, once);
    }
    return *this;
}

void ModuleBuilder::List::add(ByteView item) {
    ++count;
    append(items, item);
}

std::uint32_t ModuleBuilder::type(std::vector<ValueType> params, std::optional<ValueType> result) {
    Bytes item{0x60};
    append(item, leb(params.size()));
    for (const ValueType param : params) {
        item.push_back(byte_of(param));
    }
    item.push_back(result ? 1 : 0);
    if (result) {
        item.push_back(byte_of(*result));
    }
    types_.add(item);
    return types_.count - 1;
}

std::uint32_t ModuleBuilder::import_function(
    std::string_view module, std::string_view name, std::uint32_t type) {
    import_other(module, name, ExternKind::kFunction, leb(type));
    return imported_functions_++;
}

void ModuleBuilder::import_other(
    std::string_view module, std::string_view name, ExternKind kind, ByteView description) {
    const std::array<std::uint8_t, 1> kind_byte{static_cast<std::uint8_t>(kind)};
    imports_.add(joined({name_bytes(module), name_bytes(name), kind_byte, description}));
}

std::uint32_t ModuleBuilder::function(
    std::uint32_t type, const Code& code, const std::vector<LocalGroup>& locals) {
    Bytes body = leb(locals.size());
    for (const LocalGroup& group : locals) {
        append(body, leb(group.count));
        body.push_back(byte_of(group.type));
    }
    append(body, code.bytes());
    body.push_back(op::kEnd);
    return raw_function(type, body);
}

std::uint32_t ModuleBuilder::raw_function(std::uint32_t type, ByteView body) {
    functions_.add(leb(type));
    bodies_.add(sized(body));
    return imported_functions_ + functions_.count - 1;
}

void ModuleBuilder::table(const Limits& limits) {
    Bytes item{0x70};
    append(item, encoded(limits));
    tables_.add(item);
}

void ModuleBuilder::memory(const Limits& limits) { memories_.add(encoded(limits)); }

std::uint32_t ModuleBuilder::global(
    const GlobalType& type, std::int64_t value, std::uint32_t imported) {
    const std::array<std::uint8_t, 2> head{
        byte_of(type.type), static_cast<std::uint8_t>(type.is_mutable ? 1 : 0)};
    globals_.add(joined({head, constant(type.type, value)}));
    return imported + globals_.count - 1;
}

void ModuleBuilder::export_as(std::string_view name, ExternKind kind, std::uint32_t index) {
    const std::array<std::uint8_t, 1> kind_byte{static_cast<std::uint8_t>(kind)};
    exports_.add(joined({name_bytes(name), kind_byte, leb(index)}));
}

void ModuleBuilder::start(std::uint32_t function) { start_ = function; }

void ModuleBuilder::element(std::int32_t offset, const std::vector<std::uint32_t>& functions) {
    Bytes item = joined({leb(0), constant(kI32, offset), leb(functions.size())});
    for (const std::uint32_t function : functions) {
        append(item, leb(function));
    }
    elements_.add(item);
}

void ModuleBuilder::data(std::int32_t offset, ByteView bytes) {
    data_.add(joined({leb(0), constant(kI32, offset), sized(bytes)}));
}

void ModuleBuilder::custom(std::string_view name, ByteView content) {
    customs_.push_back(0);
    append(customs_, sized(joined({name_bytes(name), content})));
}

void ModuleBuilder::raw_section(std::uint8_t id, ByteView content) {
    raw_.emplace_back(id, to_bytes(content));
}

Bytes ModuleBuilder::build() const {
    const std::array<const List*, 12> lists{
        nullptr,
        &types_,
        &imports_,
        &functions_,
        &tables_,
        &memories_,
        &globals_,
        &exports_,
        nullptr,
        &elements_,
        &bodies_,
        &data_};
    Bytes out = header();
    const auto add = [&out](std::size_t id, ByteView content) {
        out.push_back(static_cast<std::uint8_t>(id));
        append(out, sized(content));
    };
    for (std::size_t id = 1; id < lists.size(); ++id) {
        const auto raw = std::ranges::find(raw_, id, &std::pair<std::uint8_t, Bytes>::first);
        if (raw != raw_.end()) {
            add(id, raw->second);
        } else if (lists[id] != nullptr && lists[id]->count > 0) {
            add(id, joined({leb(lists[id]->count), lists[id]->items}));
        } else if (id == 8 && start_) {
            add(id, leb(*start_));
        }
    }
    for (const auto& [id, content] : raw_) {
        if (id >= lists.size()) {
            add(id, content);
        }
    }
    append(out, customs_);
    return out;
}

Bytes one_function(
    const std::vector<ValueType>& params,
    std::optional<ValueType> result,
    const Code& code,
    const std::vector<LocalGroup>& locals) {
    ModuleBuilder builder;
    const std::uint32_t function = builder.function(builder.type(params, result), code, locals);
    builder.memory({.min = 1, .max = 4});
    builder.export_as("run", function);
    return builder.build();
}

}  // namespace polis::vm::tests
