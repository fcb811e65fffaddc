#include <vm/trap.hpp>

namespace polis::vm {

std::string_view to_string(Trap trap) {
    switch (trap) {
        case Trap::kUnreachable:
            return "unreachable";
        case Trap::kDivideByZero:
            return "divide_by_zero";
        case Trap::kIntegerOverflow:
            return "integer_overflow";
        case Trap::kMemoryBounds:
            return "memory_bounds";
        case Trap::kTableBounds:
            return "table_bounds";
        case Trap::kEmptyElement:
            return "empty_element";
        case Trap::kSignature:
            return "signature";
        case Trap::kStackExhausted:
            return "stack_exhausted";
        case Trap::kOutOfGas:
            return "out_of_gas";
        case Trap::kHost:
            return "host";
        case Trap::kFloat:
            return "float";
    }
    return "?";
}

}  // namespace polis::vm
