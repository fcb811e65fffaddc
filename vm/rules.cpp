#include <vm/rules.hpp>

namespace polis::vm {

Rules Rules::specification() {
    Rules out;
    out.profile = Profile::kSpecification;
    out.code_bytes = 64U << 20;
    out.body_bytes = 16U << 20;
    out.functions = 100'000;
    out.types = 100'000;
    out.parameters = 1'000;
    // Slots of a frame have 16-bit numbers.
    out.locals = 30'000;
    out.operand_height = 30'000;
    out.nesting = 100'000;
    out.branch_table = 1'000'000;
    out.globals = 100'000;
    out.table_entries = 10'000'000;
    out.segments = 100'000;
    out.exports = 100'000;
    out.imports = 100'000;
    out.name_bytes = 100'000;
    out.memory_pages = 65'536;
    return out;
}

}  // namespace polis::vm
