#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <vm/code.hpp>

namespace polis::vm {

/// Writes the register code of one function after the other, with the gas of its runs.
///
/// A position is a place where a run may begin: its gas, known at the next terminator, goes into
/// the instruction that stands there. Nothing before a position may be changed after it.
class Emitter {
  public:
    /// Where a branch still has to be told its target: the last of a chain through Instruction's
    /// jump.
    using Chain = std::int32_t;
    static constexpr Chain kNoChain = -1;

    explicit Emitter(std::vector<Instruction>& code) : code_(code) {}

    void begin_function();

    [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(code_.size()); }

    /// Counts an instruction of the contract towards the runs that it lies in.
    void pay(std::uint32_t gas) { paid_ += gas; }

    /// A run may begin here.
    void position();

    /// The runs end here: after paying for a br, br_if, br_table, if, else, return, unreachable or
    /// for the end of the function.
    void end_runs();

    Instruction& emit(Code code);

    /// Two copies in a row become one instruction.
    void copy(std::uint16_t dst, std::uint16_t from);
    void constant(std::uint16_t dst, std::uint64_t value);

    /// An operator of 64 bits with a constant that no other instruction has room for.
    void wide(Binary op, std::uint16_t dst, std::uint16_t a, std::uint64_t value);

    /// Adds a branch that was just emitted to a chain.
    void link_last(Chain& chain) { link(here() - 1, chain); }

    void link(std::uint32_t instruction, Chain& chain);

    /// All branches of the chain lead here.
    void resolve(Chain chain);

    void set_target(std::uint32_t instruction, std::uint32_t target);

    [[nodiscard]] Instruction& at(std::uint32_t index) { return code_[index]; }

    /// The last instruction, if its result went to `slot` and nobody can come between.
    [[nodiscard]] Instruction* producer_of(std::uint16_t slot);

    /// The last instruction, if it may still be changed and is no constant behind a kWide.
    [[nodiscard]] const Instruction* last() const;

    /// The instruction before it, if there is one that may still be changed.
    [[nodiscard]] const Instruction* before_last() const;

    /// Takes the last instruction back. @pre producer_of() has just given it
    void drop_last() { code_.pop_back(); }

  private:
    struct Position {
        std::uint32_t instruction;
        std::uint64_t paid;  ///< before it
    };

    std::vector<Instruction>& code_;
    std::vector<Position> open_;  ///< whose run has not ended
    std::uint64_t paid_ = 0;
    std::uint32_t barrier_ = 0;  ///< first instruction that may still be changed
};

[[nodiscard]] inline Code code_in(const Instruction& instruction) {
    return static_cast<Code>(instruction.code);
}

/// The operator of an instruction of the family kBinary.
struct BinaryForm {
    Binary op;
    bool wide;
    bool imm;
};

/// @return nothing for any other instruction
[[nodiscard]] std::optional<BinaryForm> binary_form(Code code);

/// The instructions of a finished program that are no constants behind a kWide.
/// @return the index of the one after `index`
[[nodiscard]] inline std::size_t next_instruction(std::size_t index, Code code) {
    return index + (code >= Code::kWide && code < Code::kShifted ? 2 : 1);
}

}  // namespace polis::vm
