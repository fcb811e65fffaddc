#include <vm/module.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace polis::vm {

const Export* Module::find_export(std::string_view name) const {
    const auto found = std::ranges::find(exports, name, &Export::name);
    return found == exports.end() ? nullptr : &*found;
}

std::optional<ByteView> Module::custom_section(std::string_view name) const {
    const auto found = std::ranges::find(customs, name, &CustomSection::name);
    if (found == customs.end()) {
        return std::nullopt;
    }
    return ByteView{bytes}.subspan(found->begin, found->size);
}

std::string Module::function_name(std::uint32_t function) const {
    if (function < imported_functions) {
        std::uint32_t left = function;
        for (const Import& import : imports) {
            if (import.kind == ExternKind::kFunction && left-- == 0) {
                return import.module + "." + import.name;
            }
        }
    }
    for (const Export& exported : exports) {
        if (exported.kind == ExternKind::kFunction && exported.index == function) {
            return exported.name;
        }
    }
    return fmt::format("#{}", function);
}

}  // namespace polis::vm
