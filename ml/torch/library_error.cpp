#include <ml/torch/library_error.hpp>

#include <new>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>

namespace polis::trainer {

Failure failure_of(const std::exception& error) {
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
        return {.code = FailureCode::kOutOfMemory, .detail = {}};
    }
    const std::string_view text(error.what());
    // A GPU's allocator has a type of its own; that of the CPU, and libraries beneath, only words.
    const bool memory = dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                        text.find("out of memory") != std::string_view::npos ||
                        text.find("not enough memory") != std::string_view::npos ||
                        text.find("can't allocate memory") != std::string_view::npos;
    return {
        .code = memory ? FailureCode::kOutOfMemory : FailureCode::kInternal,
        .detail = std::string(text.substr(0, text.find('\n')))};
}

}  // namespace polis::trainer
