#include <vm/translate/function_translator.hpp>

#include <string>
#include <utility>

#include <fmt/format.h>

namespace polis::vm {

namespace {

/// First bytes of what came after WebAssembly 1.0.
bool is_newer(std::uint8_t byte) {
    const bool exceptions = byte >= 0x06 && byte <= 0x0a;
    const bool tail_calls = byte >= 0x12 && byte <= 0x19;
    const bool typed_select = byte == 0x1c;
    const bool tables = byte == 0x25 || byte == 0x26;
    const bool sign_extension = byte >= 0xc0 && byte <= 0xc4;
    const bool references = byte >= 0xd0 && byte <= 0xd6;
    return exceptions || tail_calls || typed_select || tables || sign_extension || references ||
           byte >= 0xfb;
}

std::string_view name_of(std::optional<ValueType> type) {
    return type ? to_string(*type) : std::string_view("nothing");
}

}  // namespace

FunctionTranslator::FunctionTranslator(
    const Module& module,
    const Rules& rules,
    const GasSchedule& gas,
    const std::vector<std::uint32_t>& canonical_types,
    std::vector<Instruction>& code)
    : module_(module),
      rules_(rules),
      gas_(gas),
      canonical_types_(canonical_types),
      emitter_(code),
      operands_(emitter_),
      in_(ByteView{}) {}

VmResult<CompiledFunction> FunctionTranslator::translate(std::uint32_t defined) {
    const std::uint32_t index = module_.imported_functions + defined;
    const Body& body = module_.bodies[defined];
    type_ = &module_.type_of(index);
    in_ = Reader(module_.bytes, body.begin, body.end);
    emitter_.begin_function();
    const std::uint32_t entry = emitter_.here();
    begin(body);
    while (in_.ok() && !controls_.empty()) {
        instruction();
    }
    if (in_.ok() && !in_.at_end()) {
        in_.fail(RejectionCode::kBadEnd, "code behind the end of a function");
    }
    if (!in_.ok()) {
        return std::unexpected(in_.failure());
    }
    CompiledFunction out = finish(index);
    out.entry = entry;
    out.entry_gas = emitter_.at(entry).gas + gas_.locals_8 * ((body.local_count + 7) / 8);
    return out;
}

void FunctionTranslator::begin(const Body& body) {
    locals_ = type_->params;
    for (const LocalGroup& group : body.locals) {
        locals_.insert(locals_.end(), group.count, group.type);
    }
    operands_.begin_function(locals_.size());
    controls_.clear();
    live_ = true;
    // A branch out of the outermost block is a return, so it carries the function's result.
    push_control(Op::kBlock, type_->result);
    emitter_.position();
}

CompiledFunction FunctionTranslator::finish(std::uint32_t index) {
    const auto parameters = static_cast<std::uint32_t>(type_->params.size());
    return {
        .index = index,
        .entry = 0,
        .first = nullptr,
        .frame_slots = operands_.frame_slots(),
        .parameters = parameters,
        .zeroed_locals = static_cast<std::uint32_t>(locals_.size()) - parameters,
        .entry_gas = 0,
        .type = canonical_types_[module_.functions[index]]};
}

void FunctionTranslator::instruction() {
    opcode_at_ = in_.offset();
    if (in_.at_end()) {
        fail(RejectionCode::kBadEnd, "a function without its last end");
        return;
    }
    const std::uint8_t byte = in_.byte();
    const OpInfo& info = op_info(byte);
    if (info.shape == OpShape::kNone) {
        fail(
            is_newer(byte) ? RejectionCode::kNewerFeature : RejectionCode::kBadOpcode,
            fmt::format("instruction {:#04x}", byte));
        return;
    }
    if (info.is_float_op() && !rules_.is_specification()) {
        fail(RejectionCode::kFloat, std::string(info.name));
        return;
    }
    dispatch(byte, info);
}

void FunctionTranslator::dispatch(std::uint8_t byte, const OpInfo& info) {
    const Op op = static_cast<Op>(byte);
    switch (info.shape) {
        case OpShape::kControl:
            return control(op);
        case OpShape::kParametric:
            return parametric(op);
        case OpShape::kVariable:
            return variable(op);
        case OpShape::kLoad:
            return load(byte, info);
        case OpShape::kStore:
            return store(info);
        case OpShape::kMemory:
            return memory(op);
        case OpShape::kConst:
            return constant(op, info);
        case OpShape::kUnary:
            return unary(op, info);
        case OpShape::kBinary:
            return binary(byte, info);
        case OpShape::kNone:
            break;
    }
}

void FunctionTranslator::push(Type type) {
    if (operands_.height() >= rules_.operand_height) {
        fail(RejectionCode::kOperandsTooHigh, fmt::format("at most {}", rules_.operand_height));
        return;
    }
    operands_.push(type);
}

Operand FunctionTranslator::pop(Type wanted) {
    const Control& block = innermost();
    if (operands_.height() == block.height) {
        if (!block.unreachable) {
            fail_type(wanted, std::nullopt);
        }
        return {
            .kind = Operand::Kind::kSlot,
            .type = std::nullopt,
            .height = block.height,
            .local = 0,
            .value = 0};
    }
    Operand out = operands_.pop();
    if (wanted && out.type && *out.type != *wanted) {
        fail_type(wanted, out.type);
    }
    return out;
}

void FunctionTranslator::pop_params(const FuncType& type) {
    for (std::size_t i = type.params.size(); i > 0; --i) {
        pop(type.params[i - 1]);
    }
}

void FunctionTranslator::set_unreachable() {
    operands_.truncate(innermost().height);
    innermost().unreachable = true;
    live_ = false;
}

void FunctionTranslator::fail(RejectionCode code, std::string detail) {
    in_.fail_at(opcode_at_, code, std::move(detail));
}

void FunctionTranslator::fail_type(Type wanted, Type got) {
    fail(
        RejectionCode::kTypeMismatch,
        fmt::format("wants {}, finds {}", wanted ? name_of(wanted) : "a value", name_of(got)));
}

}  // namespace polis::vm
