#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <vm/arithmetic.hpp>
#include <vm/gas_schedule.hpp>
#include <vm/module.hpp>
#include <vm/opcodes.hpp>
#include <vm/program.hpp>
#include <vm/reader.hpp>
#include <vm/rules.hpp>
#include <vm/translate/emitter.hpp>
#include <vm/translate/operands.hpp>

namespace polis::vm {

/// Decodes, validates and translates function after function, each in one linear pass.
///
/// Validation is the algorithm of the standard's appendix (W3C Core 1.0, 7.3). Code that cannot be
/// reached is validated and not translated.
class FunctionTranslator {
  public:
    /// @pre all outlive the translator; canonical_types has one number for each type of the module
    FunctionTranslator(
        const Module& module,
        const Rules& rules,
        const GasSchedule& gas,
        const std::vector<std::uint32_t>& canonical_types,
        std::vector<Instruction>& code);

    /// @param defined the function's number without the imported ones
    [[nodiscard]] VmResult<CompiledFunction> translate(std::uint32_t defined);

  private:
    using Type = std::optional<ValueType>;  ///< nothing: any

    /// A block that is open, the function itself being the outermost.
    struct Control {
        Op kind = Op::kBlock;
        Type result;
        std::uint32_t height = 0;  ///< of the operands below it
        bool unreachable =
            false;               ///< the rest of it cannot be reached: operands may be of any type
        bool entered = true;     ///< its beginning can be reached
        std::uint32_t loop = 0;  ///< where a loop begins
        Emitter::Chain branches = Emitter::kNoChain;  ///< that lead to its end
        std::optional<std::uint32_t> to_else;         ///< the branch of an `if` that is false
    };

    /// What a load or store says about its address.
    struct MemoryArgument {
        std::uint32_t offset = 0;
    };

    void begin(const Body& body);
    CompiledFunction finish(std::uint32_t index);
    void instruction();
    void dispatch(std::uint8_t byte, const OpInfo& info);

    // translate/control.cpp
    void control(Op op);
    void open_block(Op op);
    void open_if(Type result);
    void begin_else();
    void end_block();
    void end_function(const Control& control);
    void br();
    void br_if();
    void br_table();
    void return_now();
    void call(std::uint32_t function);
    void call_indirect();
    Type block_type();
    Control* label(std::uint32_t depth);
    void push_control(Op kind, Type result);
    void branch_always(Control& to);
    void branch_if(const Operand& condition, Control& to, bool has_value);
    void invoke(const FuncType& type, Code code, std::int32_t what);
    void emit_return();
    void read_targets(std::vector<std::uint32_t>& out);
    void emit_table(const Operand& index, const std::vector<std::uint32_t>& depths, Type result);
    void lead_to(std::uint32_t branch, Control& to);

    [[nodiscard]] static Type label_type(const Control& control) {
        return control.kind == Op::kLoop ? Type{} : control.result;
    }

    // translate/values.cpp
    void parametric(Op op);
    void select();
    void variable(Op op);
    void local_set(std::uint32_t index, bool tee);
    void assign(std::uint32_t local, const Operand& value);
    void global(Op op);
    void load(std::uint8_t byte, const OpInfo& info);
    void store(const OpInfo& info);
    void memory(Op op);
    void constant(Op op, const OpInfo& info);
    void unary(Op op, const OpInfo& info);
    void eqz(const Operand& operand, bool wide);
    void binary(std::uint8_t byte, const OpInfo& info);
    void need_memory();
    MemoryArgument memory_argument(const OpInfo& info);
    void trap(Trap why);
    void float_trap();

    // translate/fusion.cpp: several instructions of the contract that become one
    /// An address with the instruction that computed it taken back into the load or store.
    struct AddressForm {
        Address kind = Address::kSlot;
        std::uint16_t a = 0;
        std::uint16_t index = 0;
        std::uint16_t c = 0;
        std::int32_t imm = 0;
    };

    /// Emits a branch that is taken if the condition is true, or false, and gives its index.
    std::uint32_t emit_branch(const Operand& condition, bool when);
    void emit_binary(const BinaryForm& form, const Operand& left, const Operand& right);
    bool push_sum(const BinaryForm& form, const Operand& left, const Operand& right);
    bool combine(const BinaryForm& form, const Operand& first, const Operand& second);
    bool emit_and_not(const BinaryForm& form, const Operand& first, const Operand& second);
    bool emit_lea(const Operand& operand, std::uint16_t dst, std::int32_t imm);
    void emit_select(const Operand& first, const Operand& second, const Operand& condition);
    bool emit_select_if(const Operand& first, const Operand& second, const Operand& condition);
    void emit_load(Load load, const Operand& address, std::uint32_t offset);
    void emit_store(
        std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset);
    bool emit_move(
        std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset);
    bool emit_compare_branch(const Operand& condition, bool when);
    void count_in_place();
    bool emit_memory_add(
        std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset);
    bool emit_add_store(
        std::size_t bytes_log2, const Operand& address, const Operand& value, std::uint32_t offset);
    AddressForm address_form(const Operand& address, std::uint32_t offset);
    std::optional<AddressForm> take_address(const Operand& address, std::uint32_t offset);
    const Instruction* producer_of(const Operand& operand);

    // translate/function_translator.cpp: the stack of types
    void push(Type type);
    Operand pop(Type wanted);
    void pop_params(const FuncType& type);
    void set_unreachable();
    void fail(RejectionCode code, std::string detail = {});
    void fail_type(Type wanted, Type got);

    [[nodiscard]] Control& innermost() { return controls_.back(); }

    const Module& module_;
    const Rules& rules_;
    const GasSchedule& gas_;
    const std::vector<std::uint32_t>& canonical_types_;
    Emitter emitter_;
    Operands operands_;
    Reader in_;
    std::size_t opcode_at_ = 0;
    const FuncType* type_ = nullptr;
    std::vector<ValueType> locals_;
    std::vector<Control> controls_;
    std::vector<std::uint32_t> targets_;
    bool live_ = true;  ///< the next instruction can be reached
};

}  // namespace polis::vm
