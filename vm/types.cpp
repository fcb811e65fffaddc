#include <vm/types.hpp>

namespace polis::vm {

std::string_view to_string(ValueType type) {
    switch (type) {
        case ValueType::kI32:
            return "i32";
        case ValueType::kI64:
            return "i64";
        case ValueType::kF32:
            return "f32";
        case ValueType::kF64:
            return "f64";
    }
    return "?";
}

std::string_view to_string(ExternKind kind) {
    switch (kind) {
        case ExternKind::kFunction:
            return "function";
        case ExternKind::kTable:
            return "table";
        case ExternKind::kMemory:
            return "memory";
        case ExternKind::kGlobal:
            return "global";
    }
    return "?";
}

std::string to_string(const FuncType& type) {
    std::string out = "(";
    for (const ValueType param : type.params) {
        if (out.size() > 1) {
            out += ", ";
        }
        out += to_string(param);
    }
    out += ")";
    if (type.result) {
        out += " -> ";
        out += to_string(*type.result);
    }
    return out;
}

}  // namespace polis::vm
