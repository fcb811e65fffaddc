// Loads, stores, and what combines them.
#include <bit>
#include <cstring>

#include <vm/handlers/state.hpp>
#include <vm/handlers/tables.hpp>

namespace polis::vm::handlers {

namespace {

template <Load load>
std::uint64_t loaded(const std::uint8_t* from) {
    const auto read = [from](auto value) {
        std::memcpy(&value, from, sizeof value);
        return value;
    };
    if constexpr (load == Load::kU8) {
        return read(std::uint8_t{});
    } else if constexpr (load == Load::kU16) {
        return read(std::uint16_t{});
    } else if constexpr (load == Load::kU32) {
        return read(std::uint32_t{});
    } else if constexpr (load == Load::kU64) {
        return read(std::uint64_t{});
    } else if constexpr (load == Load::kS8To32) {
        const auto value = static_cast<std::uint32_t>(read(std::int8_t{}));
        return value;
    } else if constexpr (load == Load::kS16To32) {
        const auto value = static_cast<std::uint32_t>(read(std::int16_t{}));
        return value;
    } else if constexpr (load == Load::kS8To64) {
        return static_cast<std::uint64_t>(read(std::int8_t{}));
    } else if constexpr (load == Load::kS16To64) {
        return static_cast<std::uint64_t>(read(std::int16_t{}));
    } else {
        return static_cast<std::uint64_t>(read(std::int32_t{}));
    }
}

constexpr std::uint64_t bytes_of(Load load) {
    constexpr std::array<std::uint8_t, kLoads> kBytes{1, 2, 4, 8, 1, 2, 1, 2, 4};
    return kBytes[static_cast<std::size_t>(load)];
}

/// The address in 64 bits: what a contract adds wraps at 32, what the instruction adds never does.
template <Address address>
std::uint64_t address_of(const Instruction* pc, const std::uint64_t* slots, std::uint16_t index) {
    const auto imm = static_cast<std::uint32_t>(pc->imm);
    switch (address) {
        case Address::kSlot:
            return slots[pc->a] + imm;
        case Address::kSum:
            return std::uint64_t{static_cast<std::uint32_t>(slots[pc->a] + slots[index])} + imm;
        case Address::kScaled:
            return std::uint64_t{
                       static_cast<std::uint32_t>(slots[pc->a] + (slots[index] << (pc->c & 31)))} +
                   imm;
        case Address::kDisplaced:
            return std::uint64_t{static_cast<std::uint32_t>(slots[pc->a] + imm)} + pc->c;
        case Address::kAbsolute:
            return imm;
        case Address::kLea:
            return static_cast<std::uint32_t>(slots[pc->a] + (slots[index] << (pc->c & 31)) + imm);
        case Address::kLeaIndex:
            return static_cast<std::uint32_t>((slots[index] << (pc->c & 31)) + imm);
    }
    return 0;
}

template <Load load, Address address>
void load_from(POLIS_VM_STATE) {
    const std::uint64_t begin = address_of<address>(pc, slots, pc->b);
    if (begin + bytes_of(load) > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    slots[pc->dst] = loaded<load>(memory + begin);
    POLIS_VM_GO(pc + 1);
}

template <std::size_t bytes_log2, Address address, bool constant>
void store_to(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t begin = address_of<address>(pc, slots, pc->dst);
    if (begin + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    const std::uint64_t value = constant ? extended(pc->b) : slots[pc->b];
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(memory + begin, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

/// A load, an addition and a store at one place.
template <std::size_t bytes_log2, bool absolute, bool constant>
void memory_add(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t begin = (absolute ? 0 : slots[pc->a]) + static_cast<std::uint32_t>(pc->imm);
    if (begin + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    Bytes<kBytes> value = 0;
    std::memcpy(&value, memory + begin, kBytes);
    const std::uint64_t more = (constant ? extended(pc->b) : slots[pc->b]) + extended(pc->c);
    value = static_cast<Bytes<kBytes>>(value + more);
    std::memcpy(memory + begin, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

template <std::size_t bytes_log2, bool has_base>
void increment(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t sum = (slots[pc->b] << (pc->c & 31)) + extended(pc->imm);
    const std::uint64_t begin = static_cast<std::uint32_t>(has_base ? slots[pc->a] + sum : sum);
    slots[pc->dst] = begin;
    if (begin + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    Bytes<kBytes> value = 0;
    std::memcpy(&value, memory + begin, kBytes);
    value = static_cast<Bytes<kBytes>>(value + 1U);
    std::memcpy(memory + begin, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

/// A load and a store of what it loaded.
template <std::size_t bytes_log2>
void move(POLIS_VM_STATE) {
    constexpr std::size_t kBytes = std::size_t{1} << bytes_log2;
    const std::uint64_t from = static_cast<std::uint32_t>(slots[pc->a] + extended(pc->imm));
    const std::uint64_t to = static_cast<std::uint32_t>(slots[pc->dst] + extended(pc->jump()));
    if (from + kBytes > memory_bytes || to + kBytes > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    Bytes<kBytes> value = 0;
    std::memcpy(&value, memory + from, kBytes);
    std::memcpy(memory + to, &value, kBytes);
    POLIS_VM_GO(pc + 1);
}

/// An addition and a store of the sum. As in the contract, the sum is there before the address is
/// read.
template <bool wide, bool absolute, bool constant>
void add_store(POLIS_VM_STATE) {
    using Unsigned = Number<wide>;
    const std::uint64_t other = constant ? extended(pc->b) : slots[pc->b];
    const auto sum = static_cast<Unsigned>(slots[pc->a] + other);
    slots[pc->dst] = sum;
    const std::uint64_t begin = (absolute ? 0 : slots[pc->c]) + static_cast<std::uint32_t>(pc->imm);
    if (begin + sizeof sum > memory_bytes) [[unlikely]] {
        return stop(context, gas, Trap::kMemoryBounds);
    }
    std::memcpy(memory + begin, &sum, sizeof sum);
    POLIS_VM_GO(pc + 1);
}

struct MemoryAccess {
    template <std::size_t code>
    static constexpr Handler handler() {
        if constexpr (code < static_cast<std::size_t>(Code::kIncrement)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kMemoryAdd);
            return &memory_add < kIndex / 4, (kIndex & 2) != 0, (kIndex & 1) != 0 > ;
        } else if constexpr (code < static_cast<std::size_t>(Code::kMove)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kIncrement);
            return &increment < kIndex / 2, (kIndex & 1) != 0 > ;
        } else if constexpr (code < static_cast<std::size_t>(Code::kAddStore)) {
            return &move<code - static_cast<std::size_t>(Code::kMove)>;
        } else if constexpr (code < static_cast<std::size_t>(Code::kLoad)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kAddStore);
            return &add_store < (kIndex & 4) != 0, (kIndex & 2) != 0, (kIndex & 1) != 0 > ;
        } else if constexpr (code < static_cast<std::size_t>(Code::kStore)) {
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(Code::kLoad);
            return &load_from<
                static_cast<Load>(kIndex / kAddresses),
                static_cast<Address>(kIndex % kAddresses)>;
        } else {
            constexpr bool kConstant = code >= static_cast<std::size_t>(Code::kStoreConst);
            constexpr Code kFamily = kConstant ? Code::kStoreConst : Code::kStore;
            constexpr std::size_t kIndex = code - static_cast<std::size_t>(kFamily);
            return &store_to<
                kIndex / kAddresses,
                static_cast<Address>(kIndex % kAddresses),
                kConstant>;
        }
    }
};

}  // namespace

const std::array<Handler, kMemoryCount> kMemoryHandlers =
    table_of<MemoryAccess, Code::kMemoryAdd, kMemoryCount>();

}  // namespace polis::vm::handlers
