#include <vm/handlers/tables.hpp>

namespace polis::vm {

namespace {

Handler handler_of(std::size_t code) {
    const auto since = [code](Code first) { return code - static_cast<std::size_t>(first); };
    if (code < static_cast<std::size_t>(Code::kBinary)) {
        return handlers::kPlainHandlers[code];
    }
    if (code < static_cast<std::size_t>(Code::kBranch)) {
        return handlers::kArithmeticHandlers[since(Code::kBinary)];
    }
    if (code < static_cast<std::size_t>(Code::kMemoryAdd)) {
        return handlers::kCompareHandlers[since(Code::kBranch)];
    }
    return handlers::kMemoryHandlers[since(Code::kMemoryAdd)];
}

}  // namespace

void bind_handler(Instruction& instruction) { instruction.handler = handler_of(instruction.code); }

std::optional<Code> code_of(const Instruction& instruction) {
    for (std::size_t code = 0; code < kCodes; ++code) {
        if (handler_of(code) == instruction.handler) {
            return static_cast<Code>(code);
        }
    }
    return std::nullopt;
}

}  // namespace polis::vm
