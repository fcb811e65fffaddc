// Loads and stores that take in how their address, or their value, was computed. See fusion.cpp.
#include <vm/translate/function_translator.hpp>
#include <vm/translate/patterns.hpp>

namespace polis::vm {

namespace {

/// The number whose low bytes a store writes, if it has a short form.
std::optional<std::uint16_t> store_imm(const Operand& value, std::size_t bytes_log2) {
    if (!value.is_const()) {
        return std::nullopt;
    }
    const int unused = 64 - (8 << bytes_log2);
    const std::int64_t number = static_cast<std::int64_t>(value.value << unused) >> unused;
    return fits<std::int16_t>(number) ? std::optional{static_cast<std::uint16_t>(number)}
                                      : std::nullopt;
}

}  // namespace

std::optional<FunctionTranslator::AddressForm> FunctionTranslator::take_address(
    const Operand& address, std::uint32_t offset) {
    const Instruction* const last = producer_of(address);
    if (last == nullptr) {
        return std::nullopt;
    }
    AddressForm out;
    if (code_in(*last) == binary_code(Binary::kAdd, false, true) && fits<std::uint16_t>(offset)) {
        out.kind = Address::kDisplaced;
        out.a = last->a;
        out.c = static_cast<std::uint16_t>(offset);
        out.imm = last->imm;
        emitter_.drop_last();
        return out;
    }
    const auto sum = lea_form(*last);
    if (!sum || (offset != 0 && (sum->imm != 0 || !sum->has_base))) {
        return std::nullopt;
    }
    out.a = sum->base;
    out.index = sum->index;
    out.c = sum->shift;
    out.imm = sum->imm;
    if (!sum->has_base) {
        out.kind = Address::kLeaIndex;
    } else if (sum->imm != 0) {
        out.kind = Address::kLea;
    } else {
        out.kind = sum->shift == 0 ? Address::kSum : Address::kScaled;
        out.imm = static_cast<std::int32_t>(offset);
    }
    emitter_.drop_last();
    return out;
}

FunctionTranslator::AddressForm FunctionTranslator::address_form(
    const Operand& address, std::uint32_t offset) {
    AddressForm out;
    out.imm = static_cast<std::int32_t>(offset);
    if (address.is_const() &&
        fits<std::uint32_t>(static_cast<std::int64_t>(address.value + offset))) {
        out.kind = Address::kAbsolute;
        out.imm = static_cast<std::int32_t>(address.value + offset);
        return out;
    }
    if (address.kind == Operand::Kind::kLocalPlus && fits<std::uint16_t>(offset)) {
        out.kind = Address::kDisplaced;
        out.a = static_cast<std::uint16_t>(address.local);
        out.c = static_cast<std::uint16_t>(offset);
        out.imm = static_cast<std::int32_t>(address.value);
        return out;
    }
    if (const auto taken = take_address(address, offset)) {
        return *taken;
    }
    out.a = operands_.slot_of(address);
    return out;
}

void FunctionTranslator::emit_load(Load load, const Operand& address, std::uint32_t offset) {
    const AddressForm form = address_form(address, offset);
    Instruction& out = emitter_.emit(load_code(load, form.kind));
    out.dst = operands_.slot(address.height);
    out.a = form.a;
    out.b = form.index;
    out.c = form.c;
    out.imm = form.imm;
}

void FunctionTranslator::emit_store(
    std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset) {
    if (emit_memory_add(bytes_log2, address, value, offset) ||
        emit_move(bytes_log2, address, value, offset) ||
        emit_add_store(bytes_log2, address, value, offset)) {
        return;
    }
    const auto imm = store_imm(value, bytes_log2);
    // First the value: if that emits something, the address is left as it was computed.
    const std::uint16_t from = imm ? *imm : operands_.slot_of(value);
    const AddressForm form = address_form(address, offset);
    Instruction& out = emitter_.emit(store_code(bytes_log2, form.kind, imm.has_value()));
    out.a = form.a;
    out.dst = form.index;
    out.b = from;
    out.c = form.c;
    out.imm = form.imm;
}

/// A store of what was just loaded from the same place and added to.
bool FunctionTranslator::emit_memory_add(
    std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset) {
    const Instruction* const last = producer_of(value);
    const Instruction* const load = emitter_.before_last();
    const auto sum = last != nullptr ? sum_form(*last) : std::nullopt;
    const bool absolute = address.is_const();
    if (!sum || load == nullptr || (!absolute && !address.is_local()) ||
        sum->wide != (bytes_log2 == 3) || !fits<std::int16_t>(sum->imm)) {
        return false;
    }
    const Address kind = absolute ? Address::kAbsolute : Address::kSlot;
    const std::uint64_t where = absolute ? address.value + offset : offset;
    const bool same_place = code_in(*load) == load_code(load_of_bytes(bytes_log2), kind) &&
                            static_cast<std::uint32_t>(load->imm) == where &&
                            (absolute || load->a == address.local);
    // The loaded value must be an operand that the sum has used up, not a local that stays.
    const bool used_up = load->dst >= locals_.size() &&
                         (load->dst == sum->a || (sum->has_b && load->dst == sum->b)) &&
                         (!sum->has_b || sum->a != sum->b);
    if (!same_place || !used_up) {
        return false;
    }
    Instruction out{};
    out.code = static_cast<std::uint64_t>(memory_add_code(bytes_log2, absolute, !sum->has_b));
    out.a = load->a;
    out.imm = load->imm;
    if (sum->has_b) {
        out.b = load->dst == sum->b ? sum->a : sum->b;
        out.c = static_cast<std::uint16_t>(sum->imm);
    } else {
        out.b = static_cast<std::uint16_t>(sum->imm);
    }
    const bool sum_is_one = !sum->has_b && sum->imm == 1;
    emitter_.drop_last();
    emitter_.drop_last();
    emitter_.emit(code_in(out)) = out;
    if (!absolute && sum_is_one) {
        count_in_place();
    }
    return true;
}

/// A store of a sum that was just computed.
bool FunctionTranslator::emit_add_store(
    std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset) {
    const Instruction* const last =
        value.is_local() ? emitter_.producer_of(static_cast<std::uint16_t>(value.local))
                         : producer_of(value);
    const auto form = last != nullptr ? binary_form(code_in(*last)) : std::nullopt;
    const bool absolute = address.is_const() &&
                          fits<std::uint32_t>(static_cast<std::int64_t>(address.value + offset));
    if (!form || form->op != Binary::kAdd || bytes_log2 != (form->wide ? 3U : 2U) ||
        (form->imm && !fits<std::int16_t>(last->imm)) ||
        !(absolute || address.is_local() || address.is_slot())) {
        return false;
    }
    const Instruction sum = *last;
    emitter_.drop_last();
    Instruction& out = emitter_.emit(add_store_code(form->wide, absolute, form->imm));
    out.dst = sum.dst;
    out.a = sum.a;
    out.b = form->imm ? static_cast<std::uint16_t>(sum.imm) : sum.b;
    out.c = absolute ? std::uint16_t{0} : operands_.slot_of(address);
    out.imm = static_cast<std::int32_t>(absolute ? address.value + offset : offset);
    return true;
}

/// The address of an increment that was just computed into a local: a histogram's step.
void FunctionTranslator::count_in_place() {
    const Instruction add = *emitter_.last();
    const Instruction* const address = emitter_.before_last();
    if (address == nullptr || add.imm != 0 || address->dst != add.a ||
        (code_in(*address) != Code::kLea && code_in(*address) != Code::kLeaIndex)) {
        return;
    }
    const Instruction lea = *address;
    const std::size_t bytes_log2 =
        (static_cast<std::size_t>(code_in(add)) - static_cast<std::size_t>(Code::kMemoryAdd)) / 4;
    emitter_.drop_last();
    emitter_.drop_last();
    Instruction& out = emitter_.emit(increment_code(bytes_log2, code_in(lea) == Code::kLea));
    out.dst = lea.dst;
    out.a = lea.a;
    out.b = lea.b;
    out.c = lea.c;
    out.imm = lea.imm;
}

/// A store of what was just loaded from another place.
bool FunctionTranslator::emit_move(
    std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset) {
    const Instruction* const load = producer_of(value);
    if (load == nullptr || offset != 0 || !address.reads_local()) {
        return false;
    }
    const Code code = code_in(*load);
    const Load same = load_of_bytes(bytes_log2);
    const bool displaced = code == load_code(same, Address::kDisplaced) && load->c == 0;
    const bool plain = code == load_code(same, Address::kSlot) && load->imm == 0;
    if (!displaced && !plain) {
        return false;
    }
    const std::uint16_t from = load->a;
    const std::int32_t displacement = load->imm;
    emitter_.drop_last();
    Instruction& out = emitter_.emit(move_code(bytes_log2));
    out.a = from;
    out.imm = displacement;
    out.dst = static_cast<std::uint16_t>(address.local);
    out.set_jump(address.is_local() ? 0 : static_cast<std::int32_t>(address.value));
    return true;
}

}  // namespace polis::vm
