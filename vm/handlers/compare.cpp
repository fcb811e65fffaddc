// Comparisons that branch or choose.
#include <vm/handlers/state.hpp>
#include <vm/handlers/tables.hpp>

namespace polis::vm::handlers {

namespace {

template <Binary op, bool wide, bool imm>
void branch(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const auto a = static_cast<Unsigned>(slots[pc->a]);
    const auto b = second<Unsigned, imm>(pc, slots, pc->dst);
    if (compare<op>(a, b)) {
        POLIS_VM_ENTER(target(pc));
    }
    POLIS_VM_ENTER(pc + 1);
}

template <Binary op, bool imm, bool when>
void compare_branch(POLIS_VM_STATE) {
    const auto a = static_cast<std::uint32_t>(slots[pc->a]);
    const auto b = static_cast<std::uint32_t>(imm ? extended(pc->imm) : slots[pc->imm]);
    const bool holds = compare<op>(a, b);
    slots[pc->dst] = holds ? 1 : 0;
    if (holds == when) {
        POLIS_VM_ENTER(target(pc));
    }
    POLIS_VM_ENTER(pc + 1);
}

template <Binary op, bool imm>
void add_branch(POLIS_VM_STATE) {
    const auto add = static_cast<std::uint32_t>(imm ? extended(pc->dst) : extended(pc->imm));
    const auto a = static_cast<std::uint32_t>(slots[pc->a]) + add;
    slots[pc->a] = a;
    const auto b = static_cast<std::uint32_t>(imm ? extended(pc->imm) : slots[pc->dst]);
    if (compare<op>(a, b)) {
        POLIS_VM_ENTER(target(pc));
    }
    POLIS_VM_ENTER(pc + 1);
}

template <Binary op, bool wide, bool first_imm>
void select_if(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const bool holds =
        compare<op>(static_cast<Unsigned>(slots[pc->a]), static_cast<Unsigned>(slots[pc->b]));
    const std::uint64_t first = first_imm ? extended(pc->c) : slots[pc->c];
    const std::uint64_t second = slots[pc->imm];
    slots[pc->dst] = holds ? first : second;
    POLIS_VM_GO(pc + 1);
}

struct Compare {
    template <std::size_t code>
    static constexpr Handler handler() {
        if constexpr (code < static_cast<std::size_t>(Code::kAddBranch)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kBranch);
            return &branch < static_cast<Binary>(kIndex / 4), (kIndex & 2) != 0,
                   (kIndex & 1) != 0 > ;
        } else if constexpr (code < static_cast<std::size_t>(Code::kSelectIf)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kAddBranch);
            return &add_branch < static_cast<Binary>(kIndex / 2), (kIndex & 1) != 0 > ;
        } else if constexpr (code >= static_cast<std::size_t>(Code::kCompareBranch)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kCompareBranch);
            return &compare_branch < static_cast<Binary>(kIndex / 4), (kIndex & 2) != 0,
                   (kIndex & 1) != 0 > ;
        } else {
            constexpr bool kFirst = code >= static_cast<std::size_t>(Code::kSelectIfFirst);
            constexpr Code kFamily = kFirst ? Code::kSelectIfFirst : Code::kSelectIf;
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(kFamily);
            return &select_if < static_cast<Binary>(kIndex / 2), (kIndex & 1) != 0, kFirst > ;
        }
    }
};

}  // namespace

const std::array<Handler, kCompareCount> kCompareHandlers =
    table_of<Compare, Code::kBranch, kCompareCount>();

}  // namespace polis::vm::handlers
