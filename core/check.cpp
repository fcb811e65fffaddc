#include <core/check.hpp>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace polis::detail {

void check_failed(
    const char* condition,
    const char* file,
    int line,
    std::initializer_list<CheckValue> values) noexcept {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    for (const CheckValue& item : values) {
        std::fprintf(stderr, "  %s = %" PRIu64 "\n", item.name, item.value);
    }
    std::abort();
}

}  // namespace polis::detail
