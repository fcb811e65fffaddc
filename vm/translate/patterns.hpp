#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include <vm/code.hpp>
#include <vm/translate/emitter.hpp>

/// What fusion recognises in instructions of the register code.
namespace polis::vm {

template <class Narrow>
[[nodiscard]] constexpr bool fits(std::int64_t value) {
    return value >= std::numeric_limits<Narrow>::min() &&
           value <= std::numeric_limits<Narrow>::max();
}

/// The operator with its operands exchanged, where there is one.
[[nodiscard]] std::optional<Binary> exchanged(Binary op);

/// The comparison that holds exactly when the other does not.
[[nodiscard]] Binary opposite(Binary compare);

[[nodiscard]] inline bool is_compare(Binary op) { return static_cast<std::size_t>(op) < kCompares; }

[[nodiscard]] std::optional<Combine> combine_of(Binary op);

/// A shift by a constant; a rotation to the right is one to the left.
struct ShiftForm {
    Shift shift;
    std::int32_t bits;
};

[[nodiscard]] std::optional<ShiftForm> shift_form(const BinaryForm& form, std::int32_t imm);

/// [base +] (index << shift) + imm, in 32 bits.
struct LeaForm {
    bool has_base = false;
    std::uint16_t base = 0;
    std::uint16_t index = 0;
    std::uint16_t shift = 0;
    std::int32_t imm = 0;
};

[[nodiscard]] std::optional<LeaForm> lea_form(const Instruction& instruction);

/// a [+ b] + imm, in 32 or 64 bits.
struct SumForm {
    bool wide = false;
    bool has_b = false;
    std::uint16_t a = 0;
    std::uint16_t b = 0;
    std::int32_t imm = 0;
};

[[nodiscard]] std::optional<SumForm> sum_form(const Instruction& instruction);

/// The load that gives the bytes of a store without a sign. @pre bytes_log2 < kStores
[[nodiscard]] Load load_of_bytes(std::size_t bytes_log2);

}  // namespace polis::vm
