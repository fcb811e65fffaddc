#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <vm/translate/emitter.hpp>
#include <vm/types.hpp>

namespace polis::vm {

/// A value of the operand stack while its function is translated.
///
/// local.get and constants emit nothing: the value stays where it is until an instruction wants it
/// in its slot.
struct Operand {
    enum class Kind : std::uint8_t {
        kSlot,       ///< in the slot of its height
        kLocal,      ///< still the local
        kLocalPlus,  ///< i32: the local and a constant, not yet added
        kConst,
    };

    Kind kind = Kind::kSlot;
    std::optional<ValueType> type;  ///< nothing: any, in code that is never reached
    std::uint32_t height = 0;       ///< place on the stack
    std::uint32_t local = 0;
    std::uint64_t value = 0;

    [[nodiscard]] bool is_const() const { return kind == Kind::kConst; }

    [[nodiscard]] bool is_local() const { return kind == Kind::kLocal; }

    [[nodiscard]] bool is_slot() const { return kind == Kind::kSlot; }

    /// Whether it depends on a local.
    [[nodiscard]] bool reads_local() const { return is_local() || kind == Kind::kLocalPlus; }
};

/// The operand stack of the function that is translated. Every value that is pushed costs constant
/// time in all, however long it waits.
class Operands {
  public:
    Operands(Emitter& emitter) : emitter_(emitter) {}

    void begin_function(std::size_t locals);

    [[nodiscard]] std::uint32_t height() const { return static_cast<std::uint32_t>(stack_.size()); }

    /// Slots that a frame needs.
    [[nodiscard]] std::uint32_t frame_slots() const {
        return static_cast<std::uint32_t>(heads_.size()) + height_max_;
    }

    void push(std::optional<ValueType> type);
    void push_local(ValueType type, std::uint32_t local);
    void push_const(ValueType type, std::uint64_t value);

    /// The i32 sum of a local and a constant: often the address of a load or store, which adds
    /// itself.
    void push_local_plus(std::uint32_t local, std::uint32_t value);

    /// Pushes what was just popped, as a value of another type.
    void push_again(const Operand& operand, ValueType type);

    /// @pre height() > 0
    Operand pop();

    [[nodiscard]] const Operand& top() const { return stack_.back().operand; }

    void truncate(std::uint32_t height);

    /// The slot of a height.
    [[nodiscard]] std::uint16_t slot(std::uint32_t height) const {
        return static_cast<std::uint16_t>(heads_.size() + height);
    }

    /// A slot that holds the value; a constant is put into the slot of its height.
    std::uint16_t slot_of(const Operand& operand);

    /// Puts the value into a slot of the caller's choice.
    void move_to(std::uint16_t slot, const Operand& operand);

    /// Puts the `count` topmost values into their own slots.
    void settle_top(std::uint32_t count);

    /// The same for all.
    void settle_all();

    /// Puts values that are still this local into their own slots: the local is about to change.
    void settle_reads_of(std::uint32_t local);

  private:
    static constexpr std::uint32_t kNone = UINT32_MAX;

    struct Entry {
        Operand operand;
        std::uint32_t below = kNone;  ///< the next deeper value that is the same local
    };

    void push_entry(const Operand& operand);
    void push_read(const Operand& operand);
    void settle(Entry& entry);

    Emitter& emitter_;
    std::vector<Entry> stack_;
    std::vector<std::uint32_t> heads_;  ///< by local: the topmost value that is it
    std::vector<std::uint32_t> lazy_;  ///< heights, ascending, of all values not in their slot; and
                                       ///< perhaps of some that were settled since
    std::uint32_t height_max_ = 0;
};

}  // namespace polis::vm
